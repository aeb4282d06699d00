// The servo of WebRTC: the browser plays what comes, after a delay of its own choice but not less than is asked
// for (jitterBufferTarget), and gets there by about 100 ms a second. The server sends late by a ring's delay;
// the rest is asked for here, out of what frames show. No DOM; tested with node --test.

import { median } from "./estimate.js";
import { limits } from "./sync.js";

/** @typedef {import("./sync.js").Mode} Mode */

/** Delays that the server has rings for, ms (docs/api.md). */
export const rings = [7700, 2700, 1200, 0];

const spare = 250; // ms from the ring to the screen at least: the way here, decoding, the jitter buffer
const usual = 60; // of these without being asked for
const mostTarget = 4000; // what browsers accept
const pace = 0.1; // ms per ms by which the buffer changes
const settle = 700;
const enough = 20; // frames
const memory = 75;
const still = 4; // ms that are not worth a change

/** The longest ring that leaves room for the rest. @param {number} delay D, ms */
export const ringFor = (delay) => rings.find((r) => r <= delay - spare) ?? 0;

/** Whether WebRTC can show something as late as that. @param {number} delay D, ms */
export const reaches = (delay) => delay - ringFor(delay) <= mostTarget - 200;

export class Jitter {
  /** @type {number[]} errors since the last change took effect */
  #errors = [];
  #from = 0; // when that is
  #synced = false;
  #newest = -Infinity;
  /** What to ask the browser for, ms. */
  target;
  /** @type {Mode} */
  mode = "rejoin";
  stats = { seeks: 0, rejoins: 1, stalls: 0, syncedMs: 0, fastMs: 0, lateMs: 0 };

  /** @param {number} rest D less the ring's delay, ms */
  constructor(rest) {
    this.target = bound(rest - usual);
  }

  /** The delay that is wanted is another one, by so much. @param {number} t @param {number} by */
  shift(t, by) {
    this.#change(t, by);
  }

  /** A frame will be on the screen at t. @param {number} t @param {number} ahead */
  frame(t, ahead) {
    if (!Number.isFinite(ahead)) return;
    this.#newest = t;
    if (t < this.#from) return;
    this.#errors.push(ahead);
    if (this.#errors.length > memory) this.#errors.shift();
  }

  get error() {
    return this.#errors.length >= 5 ? median(this.#errors) : NaN;
  }

  get inSync() {
    return this.#errors.length >= 5 && Math.abs(this.error) < limits.trim;
  }

  /** @param {number} t @param {number} passed ms since the tick before */
  tick(t, passed) {
    const dry = t - this.#newest > 400;
    if (this.#synced && dry) this.stats.lateMs += passed;
    if (dry && this.#errors.length) {
      // What comes after a stand-still is another time line for the buffer.
      if (this.#synced) this.stats.stalls++;
      this.#errors = [];
      this.mode = "rejoin";
    }
    if (dry) return;
    if (this.inSync) this.#synced = true;
    if (this.#synced) {
      this.stats.syncedMs += passed;
      if (this.mode === "rate") this.stats.fastMs += passed;
    }
    // Far off, few frames do: the change takes longer than they say wrong.
    const few = Math.abs(this.error) > 50 ? 8 : enough;
    if (this.#errors.length < few) return;
    const x = this.error;
    const size = Math.abs(x);
    this.mode = size > limits.trim ? "rate" : size > 2 * limits.hold ? "trim" : "hold";
    if (size < still) return;
    // Below nothing it can't go: then this viewer is late, and nothing is to be wound up.
    const by = size > 40 ? x : x / 2;
    if (bound(this.target + by) === this.target) return;
    if (size < 12 && this.#errors.length < memory) return;
    this.#change(t, by);
  }

  /** @param {number} t @param {number} by */
  #change(t, by) {
    const before = this.target;
    this.target = bound(this.target + by);
    this.#from = t + settle + Math.abs(this.target - before) / pace;
    this.#errors = [];
  }
}

/** @param {number} ms */
const bound = (ms) => Math.max(0, Math.min(mostTarget, Math.round(ms)));
