// Drives an RTCPeerConnection by the servo of WebRTC: frames in, targets of the jitter buffers out.

import { Jitter } from "./jitter.js";
import { isMap, programmeOfRTP } from "./programme.js";

/** @typedef {import("./drive.js").Clock} Clock */

const every = 200;

export class DriveRTC {
  #video;
  #clock;
  #map;
  #told;
  #delay;
  #trim = 0;
  #jitter;
  /** @type {RTCRtpReceiver[]} */
  #receivers = [];
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #frame = 0;
  #asked = NaN;
  #last = NaN;
  /** It never stands still on purpose. */
  waits = false;
  /** It learns nothing that another could use. @type {undefined} */
  learnt = undefined;

  /**
   * @param {{ video: HTMLVideoElement, clock: Clock, delay: number, ring: number, map: () => unknown, told?: () => void }} with_
   * map: what the server last said of how stream time lies in programme time
   */
  constructor({ video, clock, delay, ring, map, told }) {
    this.#video = video;
    this.#clock = clock;
    this.#delay = delay;
    this.#map = map;
    this.#told = told ?? (() => {});
    this.#jitter = new Jitter(delay - ring);
  }

  /** A receiver is there: before anything comes, so that playing begins late enough. @param {RTCRtpReceiver} receiver */
  add(receiver) {
    this.#receivers.push(receiver);
    this.#asked = NaN;
    this.#ask();
  }

  start() {
    this.#timer = setInterval(this.#tick, every);
    this.#next();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#video.cancelVideoFrameCallback?.(this.#frame);
    this.#receivers = [];
  }

  get mode() {
    return this.#jitter.mode;
  }
  get error() {
    return this.#jitter.error;
  }
  get inSync() {
    return this.#jitter.inSync;
  }
  get stats() {
    return { ...this.#jitter.stats, drift: 0, rate: 1, target: this.#jitter.target };
  }

  /** @param {number} ms */
  set delay(ms) {
    this.#shift(ms - this.#delay);
    this.#delay = ms;
  }
  /** @param {number} ms */
  set trim(ms) {
    this.#shift(this.#trim - ms);
    this.#trim = ms;
  }

  again() {}

  /** @param {number} by */
  #shift(by) {
    if (by === 0) return;
    this.#jitter.shift(performance.now(), by);
    this.#ask();
  }

  #next() {
    if (!this.#timer || !this.#video.requestVideoFrameCallback) return;
    this.#frame = this.#video.requestVideoFrameCallback((_, meta) => {
      this.#next();
      const map = this.#map();
      if (meta.rtpTimestamp === undefined || !isMap(map) || !this.#clock.known) return;
      const at = meta.expectedDisplayTime;
      const due = this.#clock.now() + (at - performance.now()) - this.#delay + this.#trim;
      this.#jitter.frame(at, programmeOfRTP(map, meta.rtpTimestamp) - due);
    });
  }

  #tick = () => {
    const t = performance.now();
    this.#jitter.tick(t, Number.isNaN(this.#last) ? 0 : Math.min(2000, t - this.#last));
    this.#last = t;
    this.#ask();
    this.#told();
  };

  #ask() {
    const { target } = this.#jitter;
    if (target === this.#asked) return;
    this.#asked = target;
    for (const r of this.#receivers) {
      try {
        if ("jitterBufferTarget" in r) r.jitterBufferTarget = target;
        else /** @type {any} */ (r).playoutDelayHint = target / 1000;
      } catch {
        // more than this browser takes: it shows what it can, and says how far off that is
      }
    }
  }
}
