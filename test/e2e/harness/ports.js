// Ports that are free now. Between asking and using them somebody else may take one; on a test machine
// that is rare enough, and the server says so when it happens.

import dgram from "node:dgram";
import net from "node:net";

/** @returns {Promise<number>} */
function tcp() {
  return new Promise((done, failed) => {
    const s = net.createServer().once("error", failed);
    s.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {net.AddressInfo} */ (s.address());
      s.close(() => done(port));
    });
  });
}

/** @param {number} port @returns {Promise<boolean>} */
function udpFree(port) {
  return new Promise((done) => {
    const s = dgram.createSocket("udp4");
    s.once("error", () => done(false));
    s.bind(port, "127.0.0.1", () => s.close(() => done(true)));
  });
}

/** A port that is free on UDP (and on TCP). */
export async function freeUDP() {
  for (;;) {
    const port = await tcp();
    if (await udpFree(port)) return port;
  }
}

/** RFC 3550 §11: an even port and the one above it. */
async function pair() {
  for (;;) {
    const port = (await freeUDP()) & ~1;
    if ((await udpFree(port)) && (await udpFree(port + 1))) return port;
  }
}

/** @typedef {Awaited<ReturnType<typeof freePorts>>} Ports */

export async function freePorts() {
  const rtp = await pair();
  return { http: await tcp(), rtsp: await tcp(), rtp, rtcp: rtp + 1, rtmp: await tcp(), srt: await freeUDP(), webrtc: await freeUDP(), metrics: await tcp() };
}
