// The server's time, learnt from exchanges of four time stamps. Pure: whoever uses it says what time it is on the
// page's own clock (performance.now(): it never steps, but it may stand still while the computer sleeps).
//
// The offset that an exchange shows is wrong by half its round trip at most, however unequal the two ways were. So
// the exchanges with the shortest round trips count, the offset is their median, and a line through them shows by
// how much the page's clock runs fast or slow.

/** @typedef {{a: number, b: number, c: number, d: number}} Exchange */
/** @typedef {{at: number, offset: number, rtt: number}} Sample */

const memory = 300_000; // ms that an exchange counts
const most = 160; // exchanges
const settled = 8; // exchanges after which time does not jump any more
const slew = 0.004; // ms per ms: by so much time may run fast or slow to come right
const jump = 60; // ms: beyond, it jumps all the same
const steadiness = 500e-6; // no clock that works runs more wrong than this
const lineFrom = 60_000; // ms between the exchanges that a line needs
const doubt = 20e-6; // how much dispersion grows with age

/** @param {number[]} list */
export function median(list) {
  const l = [...list].sort((x, y) => x - y);
  const m = l.length >> 1;
  return l.length % 2 ? l[m] : (l[m - 1] + l[m]) / 2;
}

export class Clock {
  /** @type {Sample[]} */ #samples = [];
  #base = 0; // the offset at #ref
  #ref = 0;
  #skew = 0; // ms per ms
  #half = Infinity; // half the round trip of what counts
  #newest = -Infinity;
  #taken = 0; // since it was last begun anew
  #shown = NaN; // the offset that now() went by last
  #shownAt = 0;

  /** Whether it is known at all. */
  get known() {
    return this.#taken > 0;
  }

  /** By how much the page's clock runs slow, in millionths. */
  get skew() {
    return this.#skew * 1e6;
  }

  /** How many exchanges there were since it began, or had to begin anew. */
  get exchanges() {
    return this.#taken;
  }

  /**
   * How wrong the time may be, in ms. @param {number} at
   */
  dispersion(at) {
    return this.#half + Math.max(0, at - this.#newest) * doubt;
  }

  /**
   * The server's time in ms since 1970 at a moment of the page's clock. It runs evenly: what an exchange corrects is
   * worked off slowly. @param {number} at
   */
  now(at) {
    if (!this.known) return NaN;
    const to = this.offset(at);
    const by = to - this.#shown;
    const may = (at - this.#shownAt) * slew;
    if (!(Math.abs(by) <= jump) || this.#taken < settled) this.#shown = to;
    else if (may > 0) this.#shown += Math.max(-may, Math.min(may, by));
    else return at + this.#shown; // of the past: what was worked off stays so
    this.#shownAt = at;
    return at + this.#shown;
  }

  /** What the page's clock has to be put forward by, as far as is known now. @param {number} at */
  offset(at) {
    return this.#base + this.#skew * (at - this.#ref);
  }

  /**
   * Takes an exchange in. Returns "bad" for one that can't be, "step" where it proves that one of the two clocks
   * has jumped (the computer slept): then all before is forgotten.
   * @param {Exchange} x @returns {"good" | "bad" | "step"}
   */
  add({ a, b, c, d }) {
    if (![a, b, c, d].every(Number.isFinite) || d < a || c < b) return "bad";
    const rtt = d - a - (c - b);
    if (rtt < -2) return "bad"; // it was answered for longer than it was away
    const s = { at: (a + d) / 2, offset: (b - a + (c - d)) / 2, rtt: Math.max(0, rtt) };
    let answer = /** @type {"good" | "step"} */ ("good");
    if (this.known) {
      const age = Math.max(0, s.at - this.#newest);
      if (Math.abs(s.offset - this.offset(s.at)) > s.rtt / 2 + this.#half + 10 + age * steadiness) {
        this.forget();
        answer = "step";
      }
    }
    this.#samples.push(s);
    this.#samples = this.#samples.filter((o) => o.at > s.at - memory).slice(-most);
    this.#newest = Math.max(this.#newest, s.at);
    this.#taken++;
    this.#estimate(s.at);
    return answer;
  }

  /** Forgets all exchanges; how fast the page's clock runs stays known. */
  forget() {
    this.#samples = [];
    this.#taken = 0;
    this.#newest = -Infinity;
    this.#half = Infinity;
    this.#shown = NaN;
  }

  /** @param {number} at */
  #estimate(at) {
    const best = this.#best();
    const first = Math.min(...best.map((s) => s.at));
    const span = Math.max(...best.map((s) => s.at)) - first;
    let use = best;
    if (span >= lineFrom && best.length >= 5) {
      const trust = span ** 2 / (span ** 2 + 45_000 ** 2); // a short line says little
      const fit = slope(best);
      this.#skew += trust * (Math.max(-steadiness, Math.min(steadiness, fit)) - this.#skew);
    } else {
      const recent = best.filter((s) => s.at > at - 45_000); // without a line, old ones mislead
      if (recent.length > 0) use = recent;
    }
    this.#base = median(use.map((s) => s.offset - this.#skew * (s.at - at)));
    this.#ref = at;
    this.#half = median(use.map((s) => s.rtt)) / 2;
  }

  /**
   * The quarter with the shortest round trips, and all that are as good, but none that are far worse than the best. Of
   * many at once (a burst) only the best quarter stands for election, so that they don't outvote all others.
   */
  #best() {
    /** @type {Sample[][]} */
    const groups = [];
    for (const s of this.#samples) {
      const last = groups.at(-1);
      if (last && s.at - last[0].at < 5000) last.push(s);
      else groups.push([s]);
    }
    /** @param {Sample[]} list */
    const quarter = (list) => [...list].sort((x, y) => x.rtt - y.rtt).slice(0, Math.ceil(list.length / 4));
    const list = groups.flatMap(quarter).sort((x, y) => x.rtt - y.rtt);
    const least = list[0].rtt; // what is far worse misleads more than what is old
    const limit = Math.min(2 * least + 10, Math.max(list[Math.ceil(list.length / 4) - 1].rtt, 1.25 * least + 0.5));
    return list.filter((s) => s.rtt <= limit);
  }
}

/**
 * The slope of the line through samples: the median of those through any two that are far enough from each other
 * (Theil and Sen), which a few wrong ones can't bend. @param {Sample[]} list
 */
function slope(list) {
  const all = [];
  for (const [i, x] of list.entries()) {
    for (const y of list.slice(i + 1)) {
      const apart = y.at - x.at;
      if (Math.abs(apart) > lineFrom / 3) all.push((y.offset - x.offset) / apart);
    }
  }
  return all.length > 0 ? median(all) : 0;
}
