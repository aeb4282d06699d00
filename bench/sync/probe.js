// What runs in the measured pages. It reads the number in the picture and when that picture is on the
// screen, and leaves it where the bench can fetch it. These functions are sent to the browser as text.

/**
 * One picture as it was shown.
 * @typedef {object} Shown
 * @property {number} number   in the picture, −1 if it can't be read
 * @property {number} at       performance.now() at which it is on the screen
 * @property {number} rate
 * @property {string} mode
 * @property {number | null} error  what the player believes, ms
 */

/** A computer whose clock is wrong. @param {number} ms */
export function wrongClock(ms) {
  const Real = Date;
  const off = () => Real.now() + ms;
  // @ts-ignore: as much of Date as pages use
  globalThis.Date = class extends Real {
    /** @param {any[]} args */
    constructor(...args) {
      // @ts-ignore: any of its forms
      super(...(args.length ? args : [off()]));
    }
    static now() {
      return off();
    }
  };
  const origin = performance.timeOrigin + ms;
  Object.defineProperty(Performance.prototype, "timeOrigin", { get: () => origin });
}

/** @param {{ cell: number, raw: boolean }} with_ raw: keep more of each picture */
export function probe({ cell, raw }) {
  const w = /** @type {any} */ (window);
  /** @type {Shown[]} */
  w.shown = [];
  w.began = 0;
  w.raw = raw;
  const begin = () => {
    const player = /** @type {any} */ (document.querySelector("xf-player"));
    const video = player?.video;
    if (!video?.requestVideoFrameCallback) {
      setTimeout(begin, 10);
      return;
    }
    w.began ||= performance.now();
    const canvas = document.createElement("canvas");
    canvas.width = 16;
    canvas.height = 4;
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
    const each = (/** @type {number} */ _, /** @type {any} */ meta) => {
      video.requestVideoFrameCallback(each);
      pen.drawImage(video, 0, 0, 8 * cell, 2 * cell, 0, 0, 16, 4);
      const { data } = pen.getImageData(0, 0, 16, 4);
      let bits = 0;
      for (let i = 0; i < 16; i++) {
        let sum = 0;
        for (const [dx, dy] of [[0, 0], [1, 0], [0, 1], [1, 1]]) sum += data[4 * (((i >> 3) * 2 + dy) * 16 + (i % 8) * 2 + dx)];
        if (sum > 4 * 125) bits |= 1 << i;
      }
      const n = bits & 4095;
      const good = (n | (((n ^ (n >> 4) ^ (n >> 8) ^ 10) & 15) << 12)) === bits;
      w.shown.push({ number: good ? n : -1, at: meta.expectedDisplayTime, rate: video.playbackRate, mode: player.syncMode, error: player.syncError, ...(w.raw ? { now: performance.now(), place: video.currentTime, media: meta.mediaTime } : {}) });
      if (w.shown.length > 5000) w.shown.splice(0, 2500);
    };
    video.requestVideoFrameCallback(each);
  };
  begin();
}
