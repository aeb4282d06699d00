// How far a player is from where it should be, and how fast its own clock runs, out of many samples. No DOM;
// times are milliseconds.

/** @param {number[]} values */
export function median(values) {
  if (values.length === 0) return NaN;
  const v = [...values].sort((a, b) => a - b);
  const m = v.length >> 1;
  return v.length % 2 ? v[m] : (v[m - 1] + v[m]) / 2;
}

const window = 800; // of samples that count
const recent = 7; // samples; when most of them say something else than those before, the player has jumped
const jump = 8; // ms
const blockLength = 1000;
const blocks = 24; // kept for the drift
const driftFrom = 8; // blocks before a drift is believed
const driftLimit = 3000e-6; // no clock of a player is further off

/** @typedef {{ t: number, y: number }} Sample */

/**
 * What was told to the player is taken out of each sample first, so that samples from before a change of
 * the rate say as much as those after it.
 */
export class Estimate {
  /** @type {Sample[]} without what rates did */
  #samples = [];
  /** @type {Sample[]} one median a second */
  #blocks = [];
  /** @type {Sample[]} */
  #block = [];
  #moved = 0; // what rates have moved until #since
  #since = 0;
  #rate = 1;
  /** What the player gains on the clock by itself, ms per ms. It stays over seeks. */
  drift = 0;

  /** @param {number} t */
  #input(t) {
    return this.#moved + (t - this.#since) * (this.#rate - 1);
  }

  /** From t on the player is told this rate. @param {number} t @param {number} rate */
  setRate(t, rate) {
    if (rate === this.#rate) return;
    this.#moved = this.#input(t);
    this.#since = t;
    this.#rate = rate;
  }

  /** @param {number} t @param {number} error ms ahead of where it should be */
  add(t, error) {
    if (!Number.isFinite(error)) return;
    const s = { t, y: error - this.#input(t) };
    this.#samples.push(s);
    while (this.#samples[0].t < t - window || this.#samples.length > 200) this.#samples.shift();
    this.#seeJump();
    if (this.#block.length && t - this.#block[0].t >= blockLength) this.#close();
    this.#block.push(s);
  }

  /** Where the sound has run dry for a moment, the player's clock steps back. Nothing older counts then. */
  #seeJump() {
    if (this.#samples.length < 2 * recent) return;
    const now = median(this.#samples.slice(-recent).map((s) => s.y));
    const before = median(this.#samples.slice(0, -recent).map((s) => s.y));
    if (Math.abs(now - before) < jump) return;
    this.#samples = this.#samples.slice(-recent);
    this.#block = [];
    for (const b of this.#blocks) b.y += now - before; // a jump is no drift
  }

  #close() {
    const b = this.#block;
    this.#block = [];
    if (b.length < 4) return;
    this.#blocks.push({ t: (b[0].t + b[b.length - 1].t) / 2, y: median(b.map((s) => s.y)) });
    if (this.#blocks.length > blocks) this.#blocks.shift();
    if (this.#blocks.length < driftFrom) return;
    // The median of slopes over a few seconds minds neither outliers nor a jump now and then.
    const slopes = [];
    for (let i = 0; i < this.#blocks.length; i++) {
      for (let j = i + 2; j <= i + 5 && j < this.#blocks.length; j++) {
        slopes.push((this.#blocks[j].y - this.#blocks[i].y) / (this.#blocks[j].t - this.#blocks[i].t));
      }
    }
    const slope = Math.max(-driftLimit, Math.min(driftLimit, median(slopes)));
    this.drift += (slope - this.drift) * Math.min(0.3, this.#blocks.length / 60);
  }

  /** How many samples the value rests on. */
  get count() {
    return this.#samples.length;
  }

  /** The error at t, NaN if nothing is known. @param {number} t */
  at(t) {
    return median(this.#samples.map((s) => s.y + this.drift * (t - s.t))) + this.#input(t);
  }

  /** The player has jumped. */
  clear() {
    this.#samples = [];
    this.#blocks = [];
    this.#block = [];
  }
}
