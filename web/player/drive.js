// Drives a <video> by the servo: frames in, rates and seeks out. What to do is decided in sync.js.

import { coarse, limits, Servo } from "./sync.js";

/**
 * What a way of playing must know for it.
 * @typedef {object} Source
 * @property {(seconds: number) => number} programme  programme time (ms) of a place on the video's timeline; NaN if unknown
 * @property {(programme: number) => number} place    and back, in seconds
 * @property {() => number} oldest                    the first place that could be loaded, in seconds; NaN if unknown
 */

/** @typedef {{ now(): number, known: boolean }} Clock the server's */

const noFrames = 700; // ms without one, then the player's own position has to do

export class Drive {
  #video;
  #source;
  #clock;
  #servo;
  #delay;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #frame = 0;
  #rate = 0;
  #pitch = false;
  #stopped = false;
  #told; // called when it is in sync anew
  /** ms by which this device's sound comes late; it is sent earlier by as much. */
  trim = 0;

  /**
   * @param {{ video: HTMLVideoElement, source: Source, clock: Clock, delay: number, learnt?: Servo["learnt"], told?: () => void, native?: boolean }} with_
   *   native: the browser itself plays HLS
   */
  constructor({ video, source, clock, delay, learnt, told, native = false }) {
    this.#video = video;
    this.#source = source;
    this.#clock = clock;
    this.#delay = delay;
    this.#servo = new Servo(learnt, native ? coarse : limits);
    this.#told = told ?? (() => {});
  }

  start() {
    this.#video.addEventListener("pause", this.#paused);
    this.#video.addEventListener("seeked", this.#soon);
    this.#video.addEventListener("canplay", this.#soon);
    this.#apply(0, false);
    this.#tick();
    this.#ask();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#video.cancelVideoFrameCallback?.(this.#frame);
    this.#video.removeEventListener("pause", this.#paused);
    this.#video.removeEventListener("seeked", this.#soon);
    this.#video.removeEventListener("canplay", this.#soon);
    this.#video.defaultPlaybackRate = 1;
    this.#video.playbackRate = 1;
    this.#video.preservesPitch = true;
  }

  /** @param {number} ms */
  set delay(ms) {
    this.#delay = ms;
  }

  get mode() {
    return this.#servo.mode;
  }
  get error() {
    return this.#servo.error(performance.now());
  }
  get inSync() {
    return this.#servo.inSync(performance.now());
  }
  get stats() {
    return { ...this.#servo.stats, drift: this.#servo.drift, rate: this.#rate };
  }
  get learnt() {
    return this.#servo.learnt;
  }
  /** Whether it stands still on purpose. */
  get waits() {
    return this.#rate === 0;
  }

  /** Finds its place anew. */
  again() {
    this.#servo.reset();
    this.#soon();
  }

  #paused = () => this.#servo.reset();
  #soon = () => {
    clearTimeout(this.#timer);
    if (!this.#stopped) this.#timer = setTimeout(this.#tick, 0);
  };

  /** What should be shown at a moment of performance.now(). @param {number} at */
  #due(at) {
    return this.#clock.now() + (at - performance.now()) - this.#delay + this.trim;
  }

  #ask() {
    if (this.#stopped || !this.#video.requestVideoFrameCallback) return;
    this.#frame = this.#video.requestVideoFrameCallback((_, meta) => {
      this.#ask();
      if (this.#rate === 0 || this.#video.paused || this.#video.seeking || !this.#clock.known) return;
      const at = meta.expectedDisplayTime;
      const t = performance.now();
      this.#servo.sample(t, this.#position(t), this.#source.programme(meta.mediaTime) - this.#due(at));
    });
  }

  /** @param {number} t */
  #position(t) {
    return this.#source.programme(this.#video.currentTime) - this.#due(t);
  }

  #tick = () => {
    if (this.#stopped) return;
    const v = this.#video;
    const t = performance.now();
    let wake = 200;
    if (v.paused || !this.#clock.known) {
      this.#apply(0, false);
      wake = 50;
    } else {
      if (this.#rate !== 0 && !v.seeking && t - this.#servo.newest > noFrames && v.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) this.#servo.sample(t, this.#position(t));
      const due = this.#due(t);
      const command = this.#servo.tick(t, this.#situation(due));
      if (command.seek !== null) {
        const to = this.#source.place(due + command.seek);
        if (Number.isFinite(to)) v.currentTime = to;
      }
      this.#apply(command.rate, command.pitch);
      wake = command.wake;
      this.#told();
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#tick, Math.max(4, wake));
  };

  /** @param {number} due @returns {import("./sync.js").Situation} */
  #situation(due) {
    const v = this.#video;
    /** @type {[number, number][]} */
    const ranges = [];
    for (let i = 0; i < v.buffered.length; i++) {
      const [from, to] = [v.buffered.start(i), v.buffered.end(i)].map((s) => this.#source.programme(s) - due);
      if (Number.isFinite(from) && Number.isFinite(to)) ranges.push([from, to]);
    }
    const oldest = this.#source.oldest();
    return {
      ahead: this.#source.programme(v.currentTime) - due,
      ranges,
      first: Number.isFinite(oldest) ? this.#source.programme(oldest) - due : Infinity,
      seeking: v.seeking,
      ready: v.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA,
    };
  }

  /** @param {number} rate @param {boolean} pitch */
  #apply(rate, pitch) {
    const v = this.#video;
    this.#rate = rate;
    if (this.#pitch !== pitch || v.preservesPitch !== pitch) v.preservesPitch = this.#pitch = pitch;
    if (v.defaultPlaybackRate !== rate) v.defaultPlaybackRate = rate; // what loading puts it back to
    if (v.playbackRate !== rate) v.playbackRate = rate;
  }
}
