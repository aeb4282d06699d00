// What the player decides, without a browser: kinds of failure, how long to wait, which way to play,
// when a picture stands still. No DOM, no network; tested with node --test.

/**
 * Why the player does not play.
 * absent   nobody broadcasts under this name
 * paused   the broadcaster is gone for the moment; the stream waits for it
 * key      a key is needed, or the one given is wrong
 * codec    neither way can carry or decode what is sent
 * refused  the server does not offer this stream this way
 * kicked   the operator ended this viewer's session
 * full     the server takes no more viewers
 * network  the connection can't be made or is lost
 * stalled  connected, but nothing comes
 * ended    the connection was closed by the server
 * server   the server has a fault
 * @typedef {"absent"|"paused"|"key"|"codec"|"refused"|"kicked"|"full"|"network"|"stalled"|"ended"|"server"} FailureKind
 */

/** @typedef {"loading"|"playing"|"paused"|"waiting"|"offline"|"error"} State */
/** @typedef {"whep"|"hls"} Transport */
/** @typedef {"auto"|Transport} Via */

/**
 * What the server says of a stream: GET SRC/status.
 * @typedef {object} Track
 * @property {string} codec
 * @property {string} mime
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [fps]
 * @property {number} [sampleRate]
 * @property {number} [channels]
 * @property {number} bitRate
 *
 * @typedef {object} Status
 * @property {string} name
 * @property {boolean} live
 * @property {boolean} [absent] there is no such stream at present
 * @property {boolean} [onDemand] asking for it starts a source
 * @property {boolean} ready
 * @property {string} since
 * @property {Track[]} tracks
 * @property {boolean} bFrames
 * @property {number} viewers
 * @property {Record<string, string>} [notes]
 * @property {unknown} [map] how stream time lies in programme time (StreamMap in programme.js)
 * @property {number} now
 */

/**
 * What this browser can do.
 * @typedef {object} Abilities
 * @property {boolean} rtc
 * @property {(codec: string) => boolean} rtcPlays   a picture's codec, as the server names it
 * @property {boolean} hls
 * @property {(mime: string) => boolean} hlsPlays    an RFC 6381 codec
 */

export class Failure extends Error {
  /** @param {FailureKind} kind @param {string} [detail] @param {number} [status] of HTTP */
  constructor(kind, detail = "", status = 0) {
    super(detail || kind);
    this.status = status;
    this.name = "Failure";
    this.kind = kind;
    this.detail = detail;
  }
}

/** @param {unknown} error @returns {Failure} */
export function asFailure(error) {
  if (error instanceof Failure) return error;
  return new Failure("network", error instanceof Error ? error.message : String(error));
}

/**
 * The state that a failure puts the player in. What passes by itself is waiting, what needs the
 * visitor is an error.
 * @param {FailureKind} kind @returns {State}
 */
export function stateOf(kind) {
  if (kind === "absent") return "offline";
  if (kind === "key" || kind === "codec" || kind === "refused" || kind === "kicked") return "error";
  return "waiting";
}

/**
 * How long to wait before the next attempt, in ms: doubling, with up to a quarter more or less by
 * chance, so that the viewers of a server that comes back do not all come at once.
 * @param {FailureKind} kind @param {number} attempt from 0 @param {() => number} [random]
 */
export function delay(kind, attempt, random = Math.random) {
  const [first, most] = { absent: [2000, 5000], paused: [1000, 2000], key: [20000, 20000], codec: [10000, 20000], refused: [5000, 20000], kicked: [30000, 30000], full: [5000, 20000] }[
    /** @type {string} */ (kind)
  ] ?? [500, 8000];
  return Math.min(most, first * 2 ** Math.min(attempt, 10)) * (0.75 + random() / 2);
}

/** HTTP statuses as kinds of failure. @param {number} status @returns {FailureKind} */
export function kindOfStatus(status) {
  if (status === 401) return "key";
  if (status === 403) return "kicked";
  if (status === 404 || status === 410) return "absent";
  if (status === 429 || status === 503) return "full";
  return status >= 500 ? "server" : "refused";
}

/**
 * The ways to try, best first; [] with the reason if there is none.
 * @param {Via} via @param {Abilities} can @param {Status} status @param {Set<Transport>} failed ways that failed on this stream
 * @returns {{ ways: Transport[], failure?: Failure }}
 */
export function choose(via, can, status, failed) {
  const picture = status.tracks.find((t) => !t.sampleRate);
  /** @type {Transport[]} */
  const ways = [];
  if (can.rtc && (!picture || can.rtcPlays(picture.codec)) && !status.bFrames) ways.push("whep");
  if (can.hls && status.tracks.some((t) => can.hlsPlays(t.mime)) && (!picture || can.hlsPlays(picture.mime))) ways.push("hls");
  if (via !== "auto") {
    if (ways.includes(via)) return { ways: [via] };
    if (via === "whep" && status.bFrames) return { ways: [], failure: new Failure("refused", "B-frames") };
    return { ways: [], failure: new Failure(ways.length ? "refused" : "codec", codecs(status)) };
  }
  if (ways.length === 0) return { ways, failure: new Failure("codec", codecs(status)) };
  const left = ways.filter((w) => !failed.has(w));
  return { ways: left.length ? left : ways };
}

/** @param {Status} status */
export const codecs = (status) => status.tracks.map((t) => t.codec).join(" + ");

/** A bit rate for people. @param {number} bits per second */
export const bitRate = (bits) => (bits < 999_500 ? `${Math.round(bits / 1000)} kbit/s` : `${(bits / 1e6).toFixed(1)} Mbit/s`);

/** Measures for how long there has been no progress where there should be. */
export class StallWatch {
  #mark = NaN;
  #since = NaN;

  /**
   * @param {number} now ms @param {number} mark any number that changes with progress
   * @param {boolean} expected whether there should be progress
   * @returns {number} ms without it
   */
  tick(now, mark, expected) {
    if (!expected || mark !== this.#mark || Number.isNaN(this.#since)) {
      this.#mark = mark;
      this.#since = now;
    }
    return now - this.#since;
  }

  reset() {
    this.#since = NaN;
  }
}

/**
 * The server's clock, from the time in its answers: the answer with the shortest way counts. It runs on
 * performance.now(): that never jumps, and it matters nothing what time the computer believes it is.
 */
export class ServerClock {
  #best = Infinity;
  #offset = 0;
  #local;

  /** @param {() => number} [local] the local clock, ms */
  constructor(local = () => performance.now()) {
    this.#local = local;
  }

  /** @param {number} sent local @param {number} received local @param {number} server */
  note(sent, received, server) {
    const way = received - sent;
    this.#best *= 1.05; // clocks drift: an old sample counts less and less
    if (!(way >= 0) || !(server > 0) || way > this.#best) return;
    this.#best = way;
    this.#offset = server - (sent + received) / 2;
  }

  /** Whether any answer was seen. */
  get known() {
    return this.#best < Infinity;
  }

  /** By how much it may be off, ms. */
  get dispersion() {
    return this.#best / 2;
  }

  now() {
    return this.#local() + this.#offset;
  }
}

/** Smooths figures for people: the median of the last few. */
export class Median {
  /** @type {number[]} */
  #values = [];
  #size;

  /** @param {number} [size] */
  constructor(size = 5) {
    this.#size = size;
  }

  /** @param {number | null} value */
  add(value) {
    if (value === null || !Number.isFinite(value)) return;
    this.#values.push(value);
    if (this.#values.length > this.#size) this.#values.shift();
  }

  /** @returns {number | null} */
  get value() {
    if (this.#values.length === 0) return null;
    return [...this.#values].sort((a, b) => a - b)[this.#values.length >> 1];
  }

  reset() {
    this.#values = [];
  }
}
