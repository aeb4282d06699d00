// The server's clock as the player takes it: from the page's socket, and where that can't be had for long, as
// behind a proxy that lets no WebSocket through, from the answers to the questions that the player asks anyway.

import { socket } from "../kit/script/socket.js";

const waitForSocket = 1500; // ms; its first answers come sooner than that, and are far better

/** @typedef {import("./state.js").ServerClock} ServerClock */

export class SyncClock {
  #rough;
  #since = performance.now();
  #socket;

  /** @param {ServerClock} rough @param {string} src of the stream; the socket is the page's server's */
  constructor(rough, src) {
    this.#rough = rough;
    this.#socket = originOf(src) === new URL(import.meta.url).origin ? socket.clock : null;
  }

  /** Whether the stream's server is the one that the page's socket leads to. */
  get hasSocket() {
    return this.#socket !== null;
  }

  get #fine() {
    return this.#socket?.known ? this.#socket : null;
  }

  get known() {
    if (this.#fine) return true;
    return this.#rough.known && (!this.#socket || performance.now() - this.#since > waitForSocket);
  }

  /** The server's time, ms since 1970. */
  now() {
    return (this.#fine ?? this.#rough).now();
  }

  /** By how much it may be off, ms. */
  get dispersion() {
    return (this.#fine ?? this.#rough).dispersion;
  }
}

/** @param {string} src */
function originOf(src) {
  try {
    return new URL(src, document.baseURI).origin;
  } catch {
    return ""; // no address at all
  }
}
