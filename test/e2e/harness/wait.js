// Waiting for something to become true, bounded, with the last thing seen in the failure.

/** @param {number} ms */
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Asks until ask() returns something truthy, and returns that. The limit only bounds a failure.
 * @template T
 * @param {string} what
 * @param {() => Promise<T> | T} ask
 * @param {{ limit?: number, every?: number, why?: () => string }} [options]
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, ask, { limit = 30_000, every = 100, why = () => "" } = {}) {
  const end = Date.now() + limit;
  /** @type {unknown} */
  let last;
  for (;;) {
    try {
      const got = await ask();
      if (got) return got;
      last = got;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not within ${limit} ms: ${what}; last seen: ${last}\n${why()}`);
    await pause(every);
  }
}
