// What pages tell of broadcasts at a moment of the server's time. The same rules as the pages' own (air.go), and
// nothing of the page: whoever is told of a start ahead turns to it by the clock, at the same second as all others.

/**
 * A broadcast, as docs/protocol.md has it. Times are milliseconds since 1970; what is absent does not apply.
 * @typedef {{id: number, title: string, state: string, from: string, level: string, source: string, watch: string, delay: number,
 *   announce?: number, starts?: number, ends?: number, began?: number, ended?: number, urgent?: boolean, replay?: string}} Card
 * @typedef {{on: Card[], next: Card[], urgent: Card | null}} Told
 * @typedef {Card & {before: string, after: string, instead: Card | null}} Full
 */

const levels = ["province", "city", "county", "township", "village", "partner"];

/** @param {Card} c @param {number} now */
const over = (c, now) => c.ends !== undefined && c.ends <= now;

/** @param {Card} c */
const since = (c) => c.began ?? c.starts ?? 0;

/** Urgent ones first, then the highest level, then the first. @param {Card} a @param {Card} b */
function rank(a, b) {
  return Number(b.urgent ?? false) - Number(a.urgent ?? false) || levels.indexOf(a.level) - levels.indexOf(b.level) || since(a) - since(b) || a.id - b.id;
}

/**
 * What a page shows, and when that is something else.
 * @param {Told} told @param {number} now
 * @returns {{on: Card[], next: Card | null, urgent: Card | null, change: number}}
 */
export function pick(told, now) {
  let change = Infinity;
  /** @param {number | undefined} at */
  const soon = (at) => {
    if (at !== undefined && at > now) change = Math.min(change, at);
  };
  const on = told.on.filter((c) => !over(c, now));
  let next = null;
  for (const c of told.next) {
    soon(c.announce);
    soon(c.starts);
    if ((c.starts ?? 0) <= now) {
      if (!over(c, now)) on.push({ ...c, state: "onair", began: c.starts });
    } else if (c.announce !== undefined && c.announce <= now) {
      next ??= c;
    }
  }
  for (const c of [...told.on, ...told.next]) soon(c.ends);
  on.sort(rank);
  return { on, next, urgent: on[0]?.urgent ? on[0] : null, change };
}

/**
 * What a broadcast's own page shows, and when that is something else. A viewer sees everything later by the
 * broadcast's delay: the last picture as well.
 * @param {Full} told @param {number} now
 * @returns {{show: "before" | "player" | "after", state: string, play: Card | null, instead: boolean, count: number, change: number}}
 */
export function stage(told, now) {
  const x = { show: /** @type {"before" | "player" | "after"} */ ("after"), state: told.state, play: /** @type {Card | null} */ (null), instead: false, count: 0, change: Infinity };
  if (told.state === "planned" && (told.starts ?? 0) > now) {
    return { ...x, show: "before", count: (told.starts ?? 0) - now, change: told.starts ?? Infinity };
  }
  const end = told.ended ?? told.ends;
  const last = end === undefined ? Infinity : end + told.delay;
  if (told.state === "cancelled" || last <= now || (told.state === "ended" && told.began === undefined)) {
    return { ...x, state: told.state === "cancelled" ? "cancelled" : "ended" };
  }
  const play = told.instead ?? told;
  return { ...x, show: "player", state: "onair", play, instead: told.instead !== null, change: last };
}

/**
 * A time to wait, as a clock has it: 12:05, 1:02:03, "2 天 1:02:03".
 * @param {number} ms @param {string} days with %d in it
 */
export function countdown(ms, days) {
  const all = Math.max(0, Math.ceil(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const d = Math.floor(all / 86400);
  const h = Math.floor(all / 3600) % 24;
  const rest = `${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
  if (d > 0) return `${days.replace("%d", String(d))} ${h}:${rest}`;
  return h > 0 ? `${h}:${rest}` : rest;
}

/** Puts texts in the place of %s and %d. @param {string} text @param {(string | number)[]} values */
export function fill(text, ...values) {
  let i = 0;
  return text.replace(/%[sd]/g, () => String(values[i++] ?? ""));
}

/** The server's time, and this device's own until it is known. @param {{now: () => number}} clock */
export function serverTime(clock) {
  const t = clock.now();
  return Number.isFinite(t) ? t : Date.now();
}

/**
 * Calls again after some time, a minute at most: a device sleeps, and clocks are set.
 * @param {number} ms @param {() => void} again @returns {number}
 */
export function later(ms, again) {
  return window.setTimeout(again, Math.min(Math.max(ms, 20), 60_000));
}
