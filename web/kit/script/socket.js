// The page's one socket to the server (docs/protocol.md): topics, commands, and the server's time.
//
//   import { socket } from ".../kit/script/socket.js";
//   const off = socket.on("site:5101", (body, version) => …); // off() ends it
//   await socket.send("beacon", { … });                        // fails with a SocketError
//   socket.clock.now();                                        // the server's time, ms; NaN until it is known
//
// It is opened by the first who uses it, comes back by itself when it is lost, and goes on where it was.

import { Clock } from "./clock.js";

const protocol = "xianfeng.1";
const patience = 15_000; // ms for an answer
const deaf = 8_000; // ms without the answer to a time stamp, after which a socket is dead
const burst = 12; // exchanges in a row
const between = 60; // ms, in a burst
const soon = 10_000; // ms until the next exchange, for two minutes after a burst
const later = 25_000; // ms, after
const mostWaiting = 32; // commands that wait for a socket; more fail

/** Why a command failed: kind as in docs/protocol.md, or "offline" where no answer came. */
export class SocketError extends Error {
  /** @param {string} kind @param {string} why */
  constructor(kind, why) {
    super(`${kind}: ${why}`);
    this.name = "SocketError";
    this.kind = kind;
  }
}

/**
 * How long to wait before the next try, in ms. Everybody loses their socket at the same moment when a server goes
 * down, and must not come back at the same moment.
 * @param {number} tries that failed since it last worked @param {number} code that the socket was closed with @param {() => number} random
 */
export function pause(tries, code, random = Math.random) {
  if (code === 4001 && tries === 0) return 50 + 1000 * random(); // who we are is to be found out anew
  if ([1009, 4000, 4002, 4008].includes(code)) return 20_000 + 20_000 * random(); // our fault: it would be again
  const most = Math.min(30_000, (code === 1001 || code === 1012 ? 5000 : 1500) * 2 ** tries);
  return most / 10 + (most * 9 * random()) / 10;
}

/** @typedef {(body: any, version: number) => void} Listener */
/** @typedef {(why: string) => void} Gone */
/** @typedef {{listeners: Map<Listener, Gone | undefined>, id: number, has: boolean, version: number, body: any}} Topic */
/** @typedef {{kind: string, body: any, resolve: (reply: any) => void, reject: (why: SocketError) => void, timer: any, id: number}} Command */

/**
 * What a socket needs of its surroundings; tests have others.
 * @typedef {{url: () => string, WebSocket: () => typeof WebSocket, now: () => number, random: () => number,
 *   setTimeout: (fn: () => void, ms: number) => any, clearTimeout: (id: any) => void, watch: (socket: Socket) => void}} Surroundings
 */

export class Socket {
  #around;
  #clock = new Clock();
  /** @type {WebSocket | null} */ #ws = null;
  /** @type {"new" | "waiting" | "connecting" | "open" | "stopped"} */ #state = "new";
  /** @type {Map<string, Topic>} */ #topics = new Map();
  /** @type {Map<number, Command>} */ #commands = new Map();
  #id = 0;
  #token = "";
  #tries = 0;
  #openedAt = 0;
  /** @type {any} */ #retry = null;
  /** @type {any} */ #beat = null;
  /** @type {Map<number, number>} */ #asked = new Map(); // exchanges that are under way: a, when
  #left = 0; // of a burst
  #burstAt = 0;
  #watched = false;

  /** @param {Partial<Surroundings>} [around] */
  constructor(around = {}) {
    /** @type {Surroundings} */
    this.#around = {
      url: () => new URL("/ws", import.meta.url).href.replace(/^http/, "ws"),
      WebSocket: () => WebSocket,
      now: () => performance.now(),
      random: Math.random,
      setTimeout: (fn, ms) => setTimeout(fn, ms),
      clearTimeout: (id) => clearTimeout(id),
      watch,
      ...around,
    };
    const clock = this.#clock;
    const now = this.#around.now;
    this.#time = {
      now: () => clock.now(now()),
      get known() {
        return clock.known;
      },
      get dispersion() {
        return clock.dispersion(now());
      },
      get skew() {
        return clock.skew;
      },
    };
  }

  /** @type {{now: () => number, readonly known: boolean, readonly dispersion: number, readonly skew: number}} */
  #time;

  /** The server's time: now() in ms since 1970, known, dispersion (ms that it may be wrong by), skew (ppm). */
  get clock() {
    this.open();
    return this.#time;
  }

  get state() {
    return this.#state;
  }

  /** Opens the socket, if nobody has. */
  open() {
    if (this.#state !== "new") return;
    if (!this.#watched) {
      this.#watched = true;
      this.#around.watch(this);
    }
    this.#connect();
  }

  /**
   * Follows a topic. listener gets its value now, if it is known, and whenever there is a newer one; gone is told
   * why there is none ("notfound", "denied", …), and may be followed by a value later.
   * @param {string} topic @param {Listener} listener @param {Gone} [gone] @returns {() => void} ends it
   */
  on(topic, listener, gone) {
    let t = this.#topics.get(topic);
    if (!t) {
      t = { listeners: new Map(), id: 0, has: false, version: 0, body: undefined };
      this.#topics.set(topic, t);
    }
    const first = t.listeners.size === 0;
    const own = /** @type {Listener} */ ((body, version) => listener(body, version)); // the same function may listen twice
    t.listeners.set(own, gone);
    if (first && this.#state === "open") this.#follow(topic, t);
    this.open();
    if (t.has) queueMicrotask(() => t.listeners.has(own) && call(() => own(t.body, t.version)));
    return () => {
      if (!t.listeners.delete(own) || t.listeners.size > 0 || this.#topics.get(topic) !== t) return;
      this.#topics.delete(topic);
      if (this.#state === "open") this.#write({ t: "unsub", topic });
    };
  }

  /**
   * Has the server carry out a command. Not repeated if the socket is lost before the answer: the caller knows best.
   * @param {string} kind @param {any} [body] @returns {Promise<any>}
   */
  send(kind, body) {
    this.open();
    return new Promise((resolve, reject) => {
      if (this.#state === "stopped" || this.#commands.size >= mostWaiting) {
        reject(new SocketError("offline", this.#state === "stopped" ? "the socket is closed" : "too many commands wait"));
        return;
      }
      const id = ++this.#id;
      const timer = this.#around.setTimeout(() => this.#settle(id, new SocketError("offline", "no answer")), patience);
      const c = { kind, body, resolve, reject, timer, id };
      this.#commands.set(id, c);
      if (this.#state === "open") this.#write({ t: "do", id, kind, body });
    });
  }

  /** Measures the time anew: the page was hidden, or the network is another one. Finds out whether the socket still works, too. */
  measure() {
    if (this.#state === "waiting") {
      this.#tries = 0;
      this.#connect();
    } else if (this.#state === "open") {
      this.#begin();
    }
  }

  /** Closes the socket until somebody calls open(): the page is put aside. */
  close() {
    if (this.#state === "stopped") return;
    this.#drop();
    this.#around.clearTimeout(this.#retry);
    this.#state = "new";
  }

  #connect() {
    this.#around.clearTimeout(this.#retry);
    this.#state = "connecting";
    /** @type {WebSocket} */
    let ws;
    try {
      ws = new (this.#around.WebSocket())(this.#around.url(), protocol);
    } catch {
      this.#lost(1006);
      return;
    }
    this.#ws = ws;
    this.#retry = this.#around.setTimeout(() => ws === this.#ws && this.#lost(1006), patience);
    ws.onopen = () => ws === this.#ws && this.#greet();
    ws.onmessage = (e) => ws === this.#ws && this.#read(e.data);
    ws.onclose = (e) => ws === this.#ws && this.#lost(e.code);
  }

  #greet() {
    this.#around.clearTimeout(this.#retry);
    this.#state = "open";
    this.#openedAt = this.#around.now();
    this.#write({ t: "hello", v: 1, ...(this.#token && { token: this.#token }) });
    this.#begin();
    for (const [topic, t] of this.#topics) this.#follow(topic, t);
    for (const { id, kind, body } of this.#commands.values()) this.#write({ t: "do", id, kind, body });
  }

  /** @param {string} topic @param {Topic} t */
  #follow(topic, t) {
    t.id = ++this.#id;
    this.#write({ t: "sub", id: t.id, topic, ...(t.has && { since: t.version }) });
  }

  /** @param {number} code */
  #lost(code) {
    const worked = this.#state === "open" && this.#around.now() - this.#openedAt > 10_000;
    const sent = this.#state === "open";
    this.#drop();
    if (sent) for (const id of [...this.#commands.keys()]) this.#settle(id, new SocketError("offline", "the socket was lost"));
    if (code === 4003 || code === 4010) {
      this.#state = "stopped"; // another one has our place, or we are of another version: trying again does not help
      for (const id of [...this.#commands.keys()]) this.#settle(id, new SocketError("offline", "the socket is closed"));
      return;
    }
    if (worked) this.#tries = 0;
    this.#state = "waiting";
    this.#retry = this.#around.setTimeout(() => this.#connect(), pause(this.#tries++, code, this.#around.random));
  }

  /** Lets go of the socket. */
  #drop() {
    const ws = this.#ws;
    this.#ws = null;
    this.#left = 0;
    this.#asked.clear();
    this.#around.clearTimeout(this.#beat);
    if (!ws) return;
    ws.onopen = ws.onmessage = ws.onclose = null;
    ws.close();
  }

  /** @param {object} message */
  #write(message) {
    this.#ws?.send(JSON.stringify(message));
  }

  /** @param {unknown} data */
  #read(data) {
    const received = this.#around.now();
    /** @type {any} */
    let m;
    try {
      m = JSON.parse(String(data));
    } catch {
      return;
    }
    switch (m?.t) {
      case "time":
        this.#answered(m, received);
        break;
      case "hello":
        this.#token = String(m.token ?? "");
        break;
      case "topic": {
        const t = this.#topics.get(m.topic);
        if (!t) break;
        Object.assign(t, { has: true, version: m.version, body: m.body });
        for (const own of [...t.listeners.keys()]) call(() => own(m.body, m.version));
        break;
      }
      case "gone":
        this.#gone(m.topic, String(m.why));
        break;
      case "done":
        this.#settle(m.id, null, m.body);
        break;
      case "fail":
        for (const [topic, t] of this.#topics) if (t.id === m.id) this.#gone(topic, String(m.kind));
        this.#settle(m.id, new SocketError(String(m.kind), String(m.why)));
        break;
    }
  }

  /** @param {string} topic @param {string} why */
  #gone(topic, why) {
    const t = this.#topics.get(topic);
    if (!t) return;
    Object.assign(t, { has: false, version: 0, body: undefined });
    for (const gone of [...t.listeners.values()]) if (gone) call(() => gone(why));
    if (why === "toomany" || why === "server") {
      this.#around.setTimeout(() => this.#topics.get(topic) === t && this.#state === "open" && !t.has && this.#follow(topic, t), 20_000 + 10_000 * this.#around.random());
    }
  }

  /** @param {number} id @param {SocketError | null} why @param {any} [reply] */
  #settle(id, why, reply) {
    const c = this.#commands.get(id);
    if (!c) return;
    this.#commands.delete(id);
    this.#around.clearTimeout(c.timer);
    if (why) c.reject(why);
    else c.resolve(reply);
  }

  /** Begins a burst of exchanges. */
  #begin() {
    if (this.#left > 0) return; // one is under way
    this.#left = burst;
    this.#burstAt = this.#around.now();
    this.#ask();
  }

  #ask() {
    this.#around.clearTimeout(this.#beat);
    if (this.#state !== "open") return;
    const a = this.#around.now();
    for (const [, at] of this.#asked) {
      if (a - at > deaf) {
        this.#lost(1006);
        return;
      }
    }
    this.#asked.set(a, a);
    this.#write({ t: "time", a });
    if (this.#left > 0) this.#left--;
    const calm = a - this.#burstAt > 120_000 ? later : soon;
    const next = this.#left > 0 ? between : calm * (0.8 + 0.4 * this.#around.random());
    // Looks at deaf sockets early enough, too.
    this.#beat = this.#around.setTimeout(() => this.#ask(), next);
    if (next > deaf) this.#around.setTimeout(() => this.#state === "open" && this.#asked.get(a) === a && this.#lost(1006), deaf);
  }

  /** @param {{a: number, b: number, c: number}} m @param {number} d */
  #answered({ a, b, c }, d) {
    if (!this.#asked.delete(a)) return;
    if (this.#clock.add({ a, b, c, d }) === "step") this.#begin();
  }
}

/** A listener that fails must not keep others from hearing. @param {() => void} fn */
function call(fn) {
  try {
    fn();
  } catch (error) {
    console.error(error);
  }
}

/** Tells a socket what happens to the page. @param {Socket} socket */
function watch(socket) {
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && socket.measure());
  addEventListener("online", () => socket.measure());
  /** @type {any} */ (navigator).connection?.addEventListener?.("change", () => socket.measure());
  addEventListener("pagehide", () => socket.close()); // a page with a socket can't be kept for going back
  addEventListener("pageshow", (e) => e.persisted && socket.open());
}

/** The page's socket. */
export const socket = new Socket();
