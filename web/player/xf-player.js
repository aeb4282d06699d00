/**
 * <xf-player src="/live/NAME"> plays a live stream and says in words what is going on.
 *
 *   <script type="module" src="https://SERVER/assets/player/xf-player.js"></script>
 *   <xf-player src="https://SERVER/live/NAME" autoplay></xf-player>
 *
 * Attributes
 *   src       address of the stream; below it are status, whep and index.m3u8
 *   via       auto (default), whep or hls: which way to play
 *   sync      ms between the server's clock and what is shown, 500 to 30000: every player with the same value shows
 *             the same at the same instant. Without it each plays as near to the live edge as it can
 *   broadcast the broadcast that it shows: how that reaches the viewer is reported to the server
 *   site      code of the site whose page it is, for the same; else it is taken from the page's address, /v/CODE/
 *   autoplay  begin at once, without sound; else the visitor presses play
 *   sound     begin with sound, where the browser lets it
 *   page-keys the page is there for the player: keys work while nothing else has the focus
 *   lang      language of the words, else that of the document: en or zh
 *
 * Properties
 *   state      "loading" | "playing" | "paused" | "waiting" | "offline" | "error"
 *   reason     why it does not play (FailureKind in state.js), else ""
 *   transport  "whep" | "hls" | "" while there is none
 *   latency    seconds from the camera to the screen, as far as it is known, else null
 *   syncMode   "hold" | "trim" | "rate" | "seek" | "rejoin", or "off" without sync
 *   syncError  ms that it shows too early (+) or too late (−), null while that is not known
 *   syncStats  what was done to keep it in sync (Stats in sync.js), or null
 *   syncTrim   ms by which this device's sound is late, −500 to 500; kept on the device
 *   video      the <video>, in the open shadow root
 *   status     what the server last said of the stream, or null
 *   key        read key, sent as bearer token; the pages of the server use a cookie instead
 *   src, via, muted, volume
 *
 * Methods: play(), pause(), goLive()
 *
 * Events: xf-state, xf-transport and xf-sync (detail: mode, error), when the properties change; they bubble.
 *
 * Keys, while it has the focus, and with page-keys also while nothing has it: space or K play and pause, M sound, F full screen, P picture in picture,
 * arrows up and down volume.
 */

import { socket } from "../kit/script/socket.js";
import { SyncClock } from "./clock.js";
import { readTrim, keepTrim } from "./trim.js";
import { addresses, fetchStatus, knock, sendKey } from "./protocol.js";
import { rtcPlays, rtcSupported, WhepPlayback } from "./rtc.js";
import { hlsPlays, HlsPlayback, hlsSupported } from "./hls.js";
import { asFailure, choose, delay, Failure, Median, ServerClock, StallWatch, stateOf } from "./state.js";
import { Reporter, siteOf } from "./report.js";
import { View } from "./view.js";

/** @typedef {import("./state.js").Via} Via */
/** @typedef {import("./state.js").Transport} Transport */
/** @typedef {import("./state.js").Status} Status */
/** @typedef {WhepPlayback | HlsPlayback} Playback */

const tick = 500;
const firstPicture = { whep: 8000, hls: 15000 }; // how long a way may take to show something
const askAfter = 2000; // without anything new; less than the 3 s after which Chromium asks for a key frame
const stalledAfter = 3000; // then a new connection is made
const stalledSync = 10000;
const frozenAfter = 8000; // while pictures come that don't get decoded
const waitBack = 5000; // how long a broadcaster who is back may take to send something
const waitPaused = 30000; // how long a connection is kept for a broadcaster who may come back
const keepPaused = 15000; // how long it is kept for a visitor who pressed pause
const statusEvery = 10; // ticks
const knockEvery = 6; // attempts

/** The address of the list that the stream is in. @param {string} src */
function listOf(src) {
  try {
    return new URL(".", new URL(src, document.baseURI)).href.replace(/\/$/, "");
  } catch {
    return ""; // no address at all
  }
}

/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class XfPlayer extends HTMLElement {
  static observedAttributes = ["src", "via", "sync"];

  /** A read key, sent as bearer token. */
  key = "";
  /** @type {Status | null} */
  status = null;

  #view;
  #clock = new ServerClock();
  #latency = new Median();
  /** @type {import("./view.js").Model} */
  #model = {
    state: "loading", reason: "", detail: "", played: false, keyWrong: false, blocked: false, sound: true, picture: true,
    transport: "", via: "auto", fellBack: false, latency: null, measure: null, viewers: null, bFrames: false, topics: [], list: "", together: false,
    sync: null, trim: readTrim(),
  };
  /** @type {SyncClock | null} */
  #exact = null;
  /** @type {{ lead: number, lag: number } | undefined} what a servo before has learnt of this device */
  #learnt;
  /** @type {Playback | null} */
  #playback = null;
  /** @type {Set<Transport>} ways that failed on the stream that began at #since */
  #failed = new Set();
  #since = "";
  /** @type {unknown} how the stream's time lies in programme time */
  #map = null;
  /** @type {{ topic: string, off: () => void } | null} */
  #follows = null;
  #run = 0; // counts runs; a loop that finds another number here ends
  /** @type {(() => void) | null} ends the present wait */
  #wake = null;
  #wanted = true; // false: the visitor pressed pause
  #report = new Reporter(
    () => ({ state: this.state, reason: this.reason, via: this.#playback?.name === "hls" && this.#playback.native ? "native" : this.transport, error: this.syncError ?? null, stats: this.syncStats, height: this.video.videoHeight }),
    (report) => socket.send("beacon", report),
  );
  #pausedAt = 0;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const lang = this.closest("[lang]")?.getAttribute("lang") || document.documentElement.lang || navigator.language;
    this.#view = new View(this, root, lang, {
      toggle: () => (this.#model.state === "paused" ? this.play() : this.pause()),
      toggleMute: () => this.#toggleMute(),
      setVolume: (v) => this.#setVolume(v),
      goLive: () => this.goLive(),
      toggleFull: () => this.#toggleFull(),
      togglePip: () => this.#togglePip(),
      setVia: (via) => (this.via = via),
      enterKey: (key) => void this.#enterKey(key),
      setTrim: (ms) => (this.syncTrim = ms),
    });
    this.addEventListener("keydown", (e) => this.#onKey(e));
    for (const event of ["volumechange", "playing", "pause"]) this.video.addEventListener(event, () => this.#render());
    // The system may pause: another app's sound, the picture-in-picture window's button.
    this.video.addEventListener("pause", () => this.#pausedOutside());
    this.video.addEventListener("play", () => {
      if (!this.#wanted) this.play();
    });
  }

  get video() {
    return this.#view.video;
  }
  get state() {
    return this.#model.state;
  }
  get reason() {
    return this.#model.reason;
  }
  get transport() {
    return this.#model.transport;
  }
  get latency() {
    return this.#model.latency;
  }
  /** ms, NaN without sync. */
  get sync() {
    const ms = Number(this.getAttribute("sync") || NaN);
    return Math.min(30000, Math.max(500, ms));
  }
  set sync(ms) {
    this.setAttribute("sync", String(ms));
  }
  get syncMode() {
    return this.#playback?.drive?.mode ?? "off";
  }
  get syncError() {
    const error = this.#playback?.drive?.error;
    return Number.isFinite(error) ? error : null;
  }
  get syncStats() {
    return this.#playback?.drive?.stats ?? null;
  }
  get syncTrim() {
    return this.#model.trim;
  }
  set syncTrim(ms) {
    const trim = keepTrim(ms);
    if (this.#playback?.drive) this.#playback.drive.trim = trim;
    this.#change({ trim });
  }
  get muted() {
    return this.video.muted;
  }
  set muted(on) {
    this.video.muted = on;
  }
  get volume() {
    return this.video.volume;
  }
  set volume(v) {
    this.video.volume = v;
  }
  get src() {
    return this.getAttribute("src") ?? "";
  }
  set src(v) {
    this.setAttribute("src", v);
  }
  /** @returns {Via} */
  get via() {
    const v = this.getAttribute("via");
    return v === "hls" || v === "whep" ? v : "auto";
  }
  set via(v) {
    this.setAttribute("via", v);
  }

  connectedCallback() {
    if (!this.hasAttribute("tabindex")) this.tabIndex = 0;
    this.#wanted = this.hasAttribute("autoplay");
    if (this.hasAttribute("sound")) this.video.muted = false; // the browser may refuse, see #begin
    addEventListener("online", this.#hurry);
    addEventListener("pagehide", this.#leave);
    addEventListener("pageshow", this.#back);
    document.addEventListener("visibilitychange", this.#seen);
    document.addEventListener("fullscreenchange", this.#onFull);
    document.addEventListener("keydown", this.#onPageKey);
    this.#restartSoon();
  }

  disconnectedCallback() {
    removeEventListener("online", this.#hurry);
    removeEventListener("pagehide", this.#leave);
    removeEventListener("pageshow", this.#back);
    document.removeEventListener("visibilitychange", this.#seen);
    document.removeEventListener("fullscreenchange", this.#onFull);
    document.removeEventListener("keydown", this.#onPageKey);
    this.#view.dispose();
    this.#leave();
  }

  /** @param {string} name @param {string | null} old @param {string | null} value */
  attributeChangedCallback(name, old, value) {
    if (!this.isConnected || old === value) return;
    if (name === "sync" && this.#playback?.drive && Number.isFinite(this.sync)) {
      this.#playback.drive.delay = this.sync; // all go there together, and no session begins anew
      return;
    }
    if (name === "src") {
      this.status = null;
      this.#change({ played: false, keyWrong: false });
    }
    this.#restartSoon();
  }

  play() {
    this.#wanted = true;
    if (this.#playback && this.#model.state === "paused") {
      this.#playback.goLive();
      void this.#begin();
      this.#change({ state: "loading", reason: "starting" });
    }
    this.#hurry();
  }

  pause() {
    this.#wanted = false;
    this.#pausedAt = performance.now();
    this.video.pause();
    this.#change({ state: "paused", reason: "" });
  }

  goLive() {
    if (this.#model.state === "paused") this.play();
    else this.#playback?.goLive();
  }

  #hurry = () => this.#wake?.();
  #seen = () => document.hidden || this.#hurry();
  #onFull = () => this.#render();
  /** @param {PageTransitionEvent} [e] */
  #leave = (e) => {
    this.#report.stop();
    this.#follows?.off();
    this.#follows = null;
    this.#run++;
    this.#stop(e !== undefined);
    this.#hurry();
  };
  /** A page that comes back from the browser's cache. @param {PageTransitionEvent} e */
  #back = (e) => {
    if (e.persisted) this.#restart();
  };

  #due = false;
  /** An element that is made brings its attributes one by one and then itself: they make one start. */
  #restartSoon() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.isConnected) this.#restart();
    });
  }

  #restart() {
    this.#leave();
    this.#failed.clear();
    this.#exact = Number.isFinite(this.sync) ? new SyncClock(this.#clock, this.src) : null; // learns while the stream is asked for
    this.#change({ via: this.via, fellBack: false, list: this.hasAttribute("broadcast") ? "" : listOf(this.src), together: this.hasAttribute("broadcast") });
    if (this.src) void this.#loop(this.#run);
    if (this.src && this.hasAttribute("broadcast")) {
      this.#report.start(() => ({ broadcast: this.getAttribute("broadcast"), site: this.getAttribute("site") ?? siteOf(location.pathname), stream: this.src.split("/").pop() }));
    }
  }

  /** Tries until the run is over: one session after the other, with waits between. @param {number} run */
  async #loop(run) {
    let attempt = 0;
    while (run === this.#run) {
      if (!this.#wanted) {
        this.#change({ state: "paused", reason: "", transport: "" });
        await this.#wait(Infinity);
        continue;
      }
      const began = performance.now();
      let failure;
      try {
        await this.#session(run, attempt);
      } catch (error) {
        failure = asFailure(error);
      }
      if (run !== this.#run) return;
      this.#stop();
      if (!failure) continue;
      if (performance.now() - began > 15000) attempt = 0;
      this.#latency.reset();
      this.#change({ state: stateOf(failure.kind), reason: failure.kind, detail: failure.detail, transport: "", latency: null, measure: null });
      await this.#wait(delay(failure.kind, attempt++));
    }
  }

  /** @param {number} ms */
  #wait(ms) {
    return new Promise((resolve) => {
      const timer = ms < Infinity ? setTimeout(() => this.#wake?.(), ms) : undefined;
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve(undefined);
      };
    });
  }

  /**
   * One session, from the question whether the stream is there to the end of playing, which is a
   * Failure; it returns without one when the visitor paused for long.
   * @param {number} run @param {number} attempt
   */
  async #session(run, attempt) {
    if (this.#model.state === "paused" || !this.#model.reason) this.#change({ state: "loading", reason: "", detail: "" });
    await this.#look(attempt % knockEvery === 0);
    const status = /** @type {Status} */ (this.status);
    if (run !== this.#run) return;
    if (!status.live && status.ready) throw new Failure("paused");

    const can = { rtc: rtcSupported(), rtcPlays, hls: hlsSupported(), hlsPlays };
    const { ways, failure } = choose(this.via, can, status, this.#failed);
    if (failure) throw failure;
    const way = ways[0];
    try {
      await this.#playBy(way, run);
    } catch (error) {
      const f = asFailure(error);
      // Refused, or never a picture: the other way is tried next. A way that has played before is
      // given another chance, for then the fault is the network's or the broadcaster's.
      const unfit = f.kind === "refused" || f.kind === "codec";
      const fruitless = !this.#showed && (f.kind === "network" || f.kind === "stalled");
      if (this.via === "auto" && (unfit || fruitless) && ways.length > 1) {
        this.#failed.add(way);
        this.#change({ fellBack: way === "whep" });
        return; // without a wait
      }
      throw f;
    }
  }

  /** Asks for the status. @param {boolean} mayKnock whether to start a source that waits for a viewer */
  async #look(mayKnock) {
    const at = addresses(this.src);
    this.status = await fetchStatus(at.status, this.key, this.#clock);
    if (this.status.absent && this.status.onDemand && mayKnock) {
      await knock(at.hls, this.key);
      this.status = await fetchStatus(at.status, this.key, this.#clock);
    }
    if (this.status.absent) throw new Failure("absent");
    this.#map = this.status.map ?? this.#map;
    this.#followMap();
    const { since, tracks, viewers, bFrames, notes } = this.status;
    if (since !== this.#since) {
      this.#since = since;
      this.#failed.clear(); // another stream under the same name
    }
    this.#change({ sound: tracks.some((t) => t.sampleRate), picture: tracks.some((t) => !t.sampleRate), viewers, bFrames, topics: Object.keys(notes ?? {}), keyWrong: false });
  }

  /** What the server says of the stream's time comes over the socket as soon as it is new; else with the status. */
  #followMap() {
    const topic = this.#exact?.hasSocket && this.status ? `stream:${this.status.name}` : "";
    if ((this.#follows?.topic ?? "") === topic) return;
    this.#follows?.off();
    this.#follows = topic ? { topic, off: socket.on(topic, (body) => (this.#map = body?.map ?? this.#map), () => {}) } : null;
  }

  #showed = false; // the present session has shown a picture

  /** @param {Transport} way @param {number} run */
  async #playBy(way, run) {
    this.#showed = false;
    const at = addresses(this.src);
    /** @type {(f: Failure) => void} */
    let fail = () => {};
    const failed = new Promise((_, reject) => (fail = reject));
    failed.catch(() => {}); // it may come when nobody listens any more
    const clock = this.#exact;
    const sync = clock && Number.isFinite(this.sync) ? { delay: this.sync, clock, learnt: this.#learnt, map: () => this.#map, told: () => this.#tellSync() } : null;
    const make = { video: this.video, key: this.key, clock: this.#clock, fail, sync };
    this.#stop();
    const playback = way === "whep" ? new WhepPlayback({ ...make, url: at.whep }) : new HlsPlayback({ ...make, url: at.hls });
    this.#playback = playback;
    if (playback.drive) playback.drive.trim = this.#model.trim;
    await Promise.race([playback.start(), failed]);
    if (run !== this.#run) return;
    this.#change({ transport: way, state: this.#model.state === "loading" ? "loading" : this.#model.state, reason: this.#model.state === "loading" ? "starting" : this.#model.reason });
    void this.#begin();
    await Promise.race([this.#follow(playback, run), failed]);
  }

  /** Starts the <video>. Browsers may want a click first, even without sound (iOS in low power mode). */
  async #begin() {
    try {
      await this.video.play();
      this.#change({ blocked: false });
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotAllowedError") {
        if (!this.video.muted) {
          this.video.muted = true;
          await this.#begin();
          return;
        }
        this.#wanted = false;
        this.#pausedAt = performance.now();
        this.#change({ state: "paused", blocked: true });
      }
      // AbortError: another load came in between, and begins itself.
    }
  }

  /** Watches a session until it fails. @param {Playback} playback @param {number} run */
  async #follow(playback, run) {
    const still = new StallWatch();
    const began = performance.now();
    const frozen = new StallWatch();
    let gone = NaN; // when the broadcaster was last seen to be gone
    let since = began; // when something last came
    // A failure that the playback itself reports ends the session while this waits for something.
    const over = () => run !== this.#run || this.#playback !== playback;
    for (let n = 1; !over(); n++) {
      await sleep(tick);
      const now = performance.now();
      if (!this.#wanted) {
        if (now - this.#pausedAt > keepPaused) return;
        still.reset();
        continue;
      }
      const measure = await playback.measure();
      if (over()) return;
      const mark = measure?.progress ?? 0;
      if (!this.#showed) {
        if (mark > 0 && this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) this.#showed = true;
        else if (!document.hidden && now - began > firstPicture[playback.name]) throw new Failure("stalled");
        if (!this.#showed) continue;
        still.reset();
      }
      const idle = still.tick(now, mark, !document.hidden); // a hidden page may be throttled to a stand-still
      if (idle > askAfter || this.#model.state === "waiting") {
        // What comes while nobody broadcasts is what the server repeats on a request for a key frame.
        await this.#look(false);
        if (over()) return;
        const live = this.status?.live ?? false;
        if (!live) gone = now;
        // In sync, what was missed is skipped as soon as anything comes: a new connection would only take longer.
        if (live && idle > (playback.drive ? stalledSync : stalledAfter) && !(now - gone < waitBack)) throw new Failure("stalled");
        if (!live && now - since > waitPaused) throw new Failure("paused");
        if (!live) this.#change({ state: "waiting", reason: "paused", latency: null });
        if (!live || idle > askAfter) {
          await sleep(tick);
          continue;
        }
      }
      if (frozen.tick(now, measure?.frozen ?? NaN, !document.hidden && measure !== null && measure.frozen !== null) > frozenAfter) throw new Failure("stalled");
      since = now;
      this.#latency.add(measure?.latency ?? null);
      this.#change({ state: "playing", reason: "", detail: "", played: true, latency: this.#latency.value, measure });
      if (n % statusEvery === 0) this.#look(false).catch(() => {}); // figures only; the watch above sees failures
    }
  }

  /** @param {boolean} [leaving] the page is being left, there is no time to wait for anything */
  #stop(leaving = false) {
    this.#learnt = this.#playback?.drive?.learnt ?? this.#learnt;
    this.#playback?.stop(leaving);
    this.#playback = null;
    this.#change({ sync: null });
  }

  #syncTold = -Infinity;
  /** Shows how well it is in sync, once a second and whenever that turns into something else. */
  #tellSync() {
    const drive = this.#playback?.drive;
    if (!drive) return;
    const { mode } = drive;
    const now = performance.now();
    const before = this.#model.sync;
    if (before?.mode === mode && now - this.#syncTold < 1000) return;
    this.#syncTold = now;
    const error = drive.inSync ? Math.abs(drive.error) + (this.#exact?.dispersion ?? 0) : null;
    this.#change({ sync: { mode, error } });
    if (before?.mode !== mode) this.dispatchEvent(new CustomEvent("xf-sync", { bubbles: true, composed: true, detail: { mode, error: this.syncError } }));
  }

  #pausedOutside() {
    // A pause that nobody here asked for, while something plays, is the visitor's by other means.
    if (this.#wanted && this.#model.state === "playing" && !this.video.ended && this.#playback && !document.hidden && this.video.readyState > HTMLMediaElement.HAVE_METADATA) this.pause();
  }

  #toggleMute() {
    const quiet = this.video.muted || this.video.volume === 0;
    if (quiet && this.video.volume === 0) this.video.volume = 0.5;
    this.video.muted = !quiet;
  }

  /** @param {number} v */
  #setVolume(v) {
    this.video.volume = Math.min(1, Math.max(0, v));
    this.video.muted = this.video.volume === 0;
  }

  #toggleFull() {
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (this.requestFullscreen) this.requestFullscreen().catch(() => {});
    else /** @type {any} */ (this.video).webkitEnterFullscreen?.(); // iPhone
  }

  #togglePip() {
    if (document.pictureInPictureElement) void document.exitPictureInPicture();
    else this.video.requestPictureInPicture?.().catch(() => {});
  }

  /** @param {string} key */
  async #enterKey(key) {
    try {
      await sendKey(addresses(this.src).key, key);
    } catch (error) {
      const failure = asFailure(error);
      this.#change({ reason: failure.kind, keyWrong: failure.kind === "key" });
      return;
    }
    this.#change({ keyWrong: false });
    this.#hurry();
  }

  /** @param {KeyboardEvent} e */
  #onPageKey = (e) => {
    if (!this.hasAttribute("page-keys") || e.defaultPrevented || e.target !== document.body) return;
    this.#view.wake();
    this.#onKey(e);
  };

  /** @param {KeyboardEvent} e */
  #onKey(e) {
    const at = e.composedPath()[0];
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (at instanceof HTMLInputElement && (at.type !== "range" || e.key.startsWith("Arrow")) && at.type !== "radio") return;
    const step = 0.1;
    /** @type {Record<string, () => void>} */
    const keys = {
      k: () => (this.#model.state === "paused" ? this.play() : this.#model.state === "playing" && this.pause()),
      m: () => this.#toggleMute(),
      f: () => this.#toggleFull(),
      p: () => this.#togglePip(),
      ArrowUp: () => (this.video.muted && this.video.volume > 0 ? this.#toggleMute() : this.#setVolume(this.video.volume + step)),
      ArrowDown: () => this.video.muted || this.#setVolume(this.video.volume - step),
    };
    keys[" "] = keys.k;
    if (e.key === " " && (at instanceof HTMLButtonElement || at instanceof HTMLInputElement)) return; // presses what has the focus
    if (e.key.startsWith("Arrow") && at instanceof HTMLInputElement) return;
    const act = keys[e.key.length === 1 ? e.key.toLowerCase() : e.key];
    if (!act) return;
    e.preventDefault();
    act();
  }

  /** @param {Partial<import("./view.js").Model>} changes */
  #change(changes) {
    const { state, reason, transport } = this.#model;
    Object.assign(this.#model, changes);
    this.#render();
    const m = this.#model;
    if (m.state !== state || m.reason !== reason) this.dispatchEvent(new CustomEvent("xf-state", { bubbles: true, composed: true, detail: { state: m.state, reason: m.reason } }));
    if (m.transport !== transport) this.dispatchEvent(new CustomEvent("xf-transport", { bubbles: true, composed: true, detail: { transport: m.transport } }));
  }

  #render() {
    this.#view.show(this.#model);
  }
}

customElements.define("xf-player", XfPlayer);
