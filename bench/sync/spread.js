// From pictures that were shown to figures.

/** @typedef {{ number: number, at: number }} Shown  on one clock for all viewers */

/**
 * Numbers that go on where those in the pictures begin anew. Pictures that could not be read are left out.
 * @template {Shown} T
 * @param {T[]} shown @param {number} count
 * @returns {T[]}
 */
export function unwrap(shown, count) {
  let turns = 0;
  let last = NaN;
  const out = [];
  for (const s of shown) {
    if (s.number < 0) continue;
    if (s.number < last - count / 2) turns++;
    else if (s.number > last + count / 2) turns--;
    last = s.number;
    out.push({ ...s, number: s.number + turns * count });
  }
  return out;
}

/**
 * What a viewer shows at an instant, in ms of programme: the picture's own moment, and how long it has been on
 * the screen, since that is what would be seen if there were more pictures a second.
 */
export class Screen {
  #shown;
  #frame;
  #i = 0;

  /** @param {Shown[]} shown in order @param {number} frame ms */
  constructor(shown, frame) {
    this.#shown = shown;
    this.#frame = frame;
  }

  /**
   * @param {number} t not before that of the last question
   * @returns {{ exact: number, picture: number } | null} null: nothing, or it stands still
   */
  at(t) {
    const s = this.#shown;
    while (this.#i + 1 < s.length && s[this.#i + 1].at <= t) this.#i++;
    const now = s[this.#i];
    if (!now || now.at > t || t - now.at > 500) return null;
    const picture = now.number * this.#frame;
    return { picture, exact: picture + Math.min(t - now.at, 2 * this.#frame) };
  }
}

/**
 * How far apart viewers are, at every 20 ms from one instant to another.
 * @param {Shown[][]} viewers @param {number} from @param {number} to @param {number} frame ms
 * @param {boolean} [forgive] leave out those that show nothing, as a stalled one does
 */
export function spread(viewers, from, to, frame, forgive = false) {
  const screens = viewers.map((v) => new Screen(v, frame));
  /** @type {number[]} */
  const exact = [];
  /** @type {number[]} */
  const pictures = [];
  let nothing = 0;
  for (let t = from; t < to; t += 20) {
    const all = screens.map((s) => s.at(t));
    const some = all.filter((x) => x !== null);
    if (some.length < all.length) nothing++;
    if (some.length < 2 || (some.length < all.length && !forgive)) continue;
    exact.push(Math.max(...some.map((x) => x.exact)) - Math.min(...some.map((x) => x.exact)));
    pictures.push(Math.max(...some.map((x) => x.picture)) - Math.min(...some.map((x) => x.picture)));
  }
  return { exact: summary(exact), pictures: summary(pictures), nothing: nothing / Math.max(1, (to - from) / 20) };
}

/** @param {number[]} values */
export function summary(values) {
  const v = [...values].sort((a, b) => a - b);
  const q = (/** @type {number} */ p) => (v.length ? v[Math.min(v.length - 1, Math.floor(p * v.length))] : NaN);
  return { n: v.length, p50: q(0.5), p95: q(0.95), max: v.length ? v[v.length - 1] : NaN };
}

/**
 * When a viewer came to show what it should and stayed there for a second: the instant, or NaN.
 * @param {Shown[]} shown @param {(t: number) => number} due the exact number of ms of programme due at an instant
 * @param {number} frame ms @param {number} from @param {number} within ms
 */
export function settled(shown, due, frame, from, within) {
  const after = shown.filter((s) => s.at >= from);
  let since = NaN;
  for (const s of after) {
    if (Math.abs(s.number * frame - due(s.at)) > within) since = NaN;
    else if (Number.isNaN(since)) since = s.at;
    else if (s.at - since >= 1000) return since;
  }
  return NaN;
}
