// Playing over (Low-Latency) HLS: through hls.js where the browser has Media Source Extensions, else by
// the browser itself, as on the iPhone. hls.js is fetched only when it is needed.

import { Drive } from "./drive.js";
import { dateOffset } from "./programme.js";
import { bearer } from "./protocol.js";
import { Failure, kindOfStatus } from "./state.js";

/** @typedef {import("./state.js").ServerClock} ServerClock */
/** @typedef {import("./rtc.js").Measure} Measure */

/**
 * To be at one instant with all others: programme time shown = server time − delay.
 * @typedef {object} Sync
 * @property {number} delay ms
 * @property {{ now(): number, known: boolean }} clock the server's
 * @property {{ lead: number, lag: number }} [learnt] by a player before
 * @property {() => unknown} map  what the server last said of how stream time lies in programme time
 * @property {() => void} [told]  called whenever there is news of it
 */

const native = "application/vnd.apple.mpegurl";
const library = new URL("../thirdparty/hls.js/hls.light.min.mjs", import.meta.url).href;

const hasMSE = () => typeof globalThis.MediaSource === "function";

export function hlsSupported() {
  return hasMSE() || document.createElement("video").canPlayType(native) !== "";
}

/** @param {string} mime an RFC 6381 codec */
export function hlsPlays(mime) {
  if (!/^(avc1|hvc1|av01|vp09|mp4a|opus)/.test(mime)) return false; // what this HLS carries
  const kind = /^(mp4a|opus)/.test(mime) ? "audio" : "video";
  const type = `${kind}/mp4; codecs="${mime}"`;
  return hasMSE() ? MediaSource.isTypeSupported(type) : document.createElement("video").canPlayType(type) !== "";
}

export class HlsPlayback {
  /** @type {"hls"} */
  name = "hls";
  #video;
  #url;
  #key;
  #clock;
  #fail;
  /** @type {any} the Hls instance */
  #hls = null;
  native = false; // the browser itself plays it
  #stopped = false;
  #recovered = 0;
  #live = false; // playback has been at the live edge
  /** What keeps it in sync; null: it plays as near to the live edge as it can. */
  drive;

  /** @param {{ video: HTMLVideoElement, url: string, key: string, clock: ServerClock, fail: (f: Failure) => void, sync?: Sync | null }} with_ */
  constructor({ video, url, key, clock, fail, sync = null }) {
    this.#video = video;
    this.#url = url;
    this.#key = key;
    this.#clock = clock;
    this.#fail = fail;
    this.#sync = sync;
    this.drive = sync && new Drive({ video, source: this, native: !hasMSE(), ...sync });
  }

  #sync;

  /** Loads; fails with a Failure. */
  async start() {
    this.#video.srcObject = null;
    if (!hasMSE()) {
      this.native = true;
      this.#video.onerror = () => this.#fail(this.#nativeFailure());
      this.#video.src = this.#url;
      this.drive?.start();
      return;
    }
    const { default: Hls } = await import(library).catch(() => {
      throw new Failure("network", "hls.js");
    });
    if (this.#stopped) return;
    const headers = bearer(this.#key);
    const hls = new Hls({
      lowLatencyMode: true,
      enableWorker: false, // parts are fMP4 already, there is nothing to convert
      backBufferLength: 10,
      ...(this.#sync ? together(this.#sync.delay) : { maxLiveSyncPlaybackRate: 1.05 }), // catches up without being heard
      liveDurationInfinity: true,
      startFragPrefetch: true,
      xhrSetup: (/** @type {XMLHttpRequest} */ xhr) => {
        for (const [k, v] of Object.entries(headers)) xhr.setRequestHeader(k, v);
      },
    });
    this.#hls = hls;
    hls.on(Hls.Events.ERROR, (/** @type {string} */ _, /** @type {any} */ data) => {
      if (!data.fatal || this.#stopped) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && data.details !== Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR && this.#recovered++ < 2) {
        hls.recoverMediaError();
        return;
      }
      this.#fail(failureOf(data, Hls));
    });
    if (!this.drive) hls.on(Hls.Events.BUFFER_APPENDED, () => this.#catchUp());
    this.drive?.start();
    hls.loadSource(this.#url);
    hls.attachMedia(this.#video);
  }

  #nativeFailure() {
    const code = this.#video.error?.code;
    if (code === MediaError.MEDIA_ERR_DECODE) return new Failure("codec");
    return new Failure("network", this.#video.error?.message);
  }

  stop() {
    this.#stopped = true;
    this.drive?.stop();
    this.#hls?.destroy();
    this.#hls = null;
    if (this.native) {
      this.#video.onerror = null;
      this.#video.removeAttribute("src");
      this.#video.load();
    }
  }

  /** Jumps to the newest moment that can be played without a stall. */
  goLive() {
    if (this.drive) {
      this.drive.again();
      return;
    }
    const at = this.#hls ? this.#hls.liveSyncPosition : this.#edge();
    if (Number.isFinite(at)) this.#video.currentTime = at;
  }

  /**
   * Shows the newest key frame as soon as it has come, and jumps to the live edge when everything up to it has. hls.js
   * by itself shows nothing before that: with long groups of pictures twenty requests later.
   */
  #catchUp() {
    const v = this.#video;
    if (this.#live || !this.#hls || v.seeking || !v.buffered.length) return;
    if (v.currentTime < v.buffered.start(0)) {
      v.currentTime = v.buffered.start(0);
      return;
    }
    const at = this.#hls.liveSyncPosition;
    if (v.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || !Number.isFinite(at) || v.buffered.end(v.buffered.length - 1) < at) return;
    this.#live = true;
    if (at - v.currentTime > 0.3) v.currentTime = at; // less is caught up by playing faster
  }

  #edge() {
    const { seekable } = this.#video;
    return seekable.length ? seekable.end(seekable.length - 1) - 1 : NaN;
  }

  /** @returns {readonly import("./programme.js").Dated[]} */
  get #fragments() {
    const details = this.#hls?.latestLevelDetails;
    if (!details) return [];
    return details.fragmentHint ? [...details.fragments, details.fragmentHint] : details.fragments;
  }

  /** Programme time of a place on the video's timeline. @param {number} seconds */
  programme(seconds) {
    return seconds * 1000 + this.#offset(seconds);
  }

  /** @param {number} programme */
  place(programme) {
    const about = (programme - this.#offset(this.#video.currentTime)) / 1000;
    return (programme - this.#offset(about)) / 1000;
  }

  oldest() {
    if (this.native) return this.#video.seekable.length ? this.#video.seekable.start(0) : NaN;
    return this.#fragments[0]?.start ?? NaN;
  }

  /** @param {number} seconds */
  #offset(seconds) {
    return this.native ? startDate(this.#video) : dateOffset(this.#fragments, seconds);
  }

  /** @returns {Promise<Measure | null>} */
  async measure() {
    const v = this.#video;
    if (v.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const level = this.#hls?.levels?.[Math.max(0, this.#hls.currentLevel)];
    const { latency, estimate } = this.#delay();
    return {
      latency,
      estimate,
      codec: [level?.videoCodec, level?.audioCodec].filter(Boolean).join(" + "),
      width: v.videoWidth,
      height: v.videoHeight,
      fps: null,
      bitRate: level?.bitrate || null,
      lost: null,
      rtt: null,
      progress: v.currentTime + (this.drive?.waits && v.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA ? performance.now() : 0), // it waits for its moment
      frozen: null,
    };
  }

  /** PROGRAM-DATE-TIME says when what is shown was captured. */
  #delay() {
    /** @type {Date | null} */
    let shown = this.#hls?.playingDate ?? null;
    if (this.native && Number.isFinite(startDate(this.#video))) shown = new Date(startDate(this.#video) + this.#video.currentTime * 1000);
    if (shown && this.#clock.known) {
      const seconds = (this.#clock.now() - shown.getTime()) / 1000;
      if (seconds > -0.5 && seconds < 600) return { latency: Math.max(0, seconds), estimate: false };
    }
    const edge = this.#hls?.latency;
    return { latency: edge > 0 ? edge : null, estimate: true };
  }
}

/**
 * hls.js must neither catch up nor jump by itself; it begins to load where playing will begin.
 * @param {number} delay ms
 */
const together = (delay) => ({ liveSyncDuration: Math.max(0.6, delay / 1000 - 0.2), maxLiveSyncPlaybackRate: 1, liveSyncOnStallIncrease: 0 });

/** When the timeline began, as far as the browser tells (Safari does). @param {HTMLVideoElement} video @returns {number} ms, NaN if it does not */
function startDate(video) {
  return /** @type {any} */ (video).getStartDate?.().getTime() ?? NaN;
}

/** @param {any} data of hls.js's error event @param {any} Hls @returns {Failure} */
function failureOf(data, Hls) {
  const status = data.response?.code;
  if (status >= 400) return new Failure(kindOfStatus(status), data.details);
  const { MANIFEST_INCOMPATIBLE_CODECS_ERROR, BUFFER_ADD_CODEC_ERROR, BUFFER_INCOMPATIBLE_CODECS_ERROR } = Hls.ErrorDetails;
  if ([MANIFEST_INCOMPATIBLE_CODECS_ERROR, BUFFER_ADD_CODEC_ERROR, BUFFER_INCOMPATIBLE_CODECS_ERROR].includes(data.details)) return new Failure("codec", data.details);
  return new Failure(data.type === Hls.ErrorTypes.MEDIA_ERROR ? "stalled" : "network", data.details);
}
