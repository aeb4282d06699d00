// A line between a browser and the server that is slow, lopsided, or breaks: a TCP proxy.

import net from "node:net";

/** @typedef {{ up?: number, down?: number, kbit?: number }} Quality  ms each way; kbit/s to the viewer */

export class Line {
  #server;
  /** @type {Set<net.Socket>} */
  #sockets = new Set();
  #heldUntil = 0;

  /** @param {number} to port @param {Quality} quality */
  constructor(to, { up = 0, down = 0, kbit = 0 } = {}) {
    this.#server = net.createServer({ noDelay: true }, (near) => {
      const far = net.connect({ port: to, host: "127.0.0.1", noDelay: true });
      this.#pipe(near, far, up, 0);
      this.#pipe(far, near, down, kbit);
    });
  }

  /** @returns {Promise<number>} the port */
  listen() {
    return new Promise((done, failed) => {
      this.#server.once("error", failed);
      this.#server.listen(0, "127.0.0.1", () => done(/** @type {net.AddressInfo} */ (this.#server.address()).port));
    });
  }

  #free = 0; // when the narrow line has sent what it has

  /** @param {net.Socket} from @param {net.Socket} to @param {number} delay @param {number} kbit */
  #pipe(from, to, delay, kbit) {
    this.#sockets.add(from);
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    /** @type {{ due: number, data: Buffer }[]} bounded by the pause below */
    const waiting = [];
    let size = 0;
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const flush = () => {
      timer = undefined;
      const now = performance.now();
      while (waiting.length && now >= Math.max(waiting[0].due, this.#heldUntil)) {
        const { data } = /** @type {{ due: number, data: Buffer }} */ (waiting.shift());
        size -= data.length;
        if (!to.destroyed) to.write(data);
      }
      if (size < 1 << 20 && from.isPaused()) from.resume();
      if (waiting.length) timer = setTimeout(flush, Math.max(1, Math.max(waiting[0].due, this.#heldUntil) - now));
    };
    from.on("data", (data) => {
      let due = performance.now() + delay;
      if (kbit) {
        this.#free = Math.max(this.#free, performance.now()) + (data.length * 8) / kbit;
        due = Math.max(due, this.#free + delay);
      }
      waiting.push({ due, data });
      size += data.length;
      if (size >= 1 << 20) from.pause();
      if (!timer) flush();
    });
  }

  /** Nothing passes for so long, either way. @param {number} ms */
  hold(ms) {
    this.#heldUntil = performance.now() + ms;
  }

  close() {
    this.#server.close();
    for (const s of this.#sockets) s.destroy();
  }
}
