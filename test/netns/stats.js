// What Chromium says of a WebRTC viewer.

import { transport } from "../e2e/harness/browser.js";

/** @typedef {import("playwright-core").Page} Page */

/**
 * @typedef {object} Stats
 * @property {number} decoded   pictures
 * @property {number} dropped   pictures, after decoding
 * @property {number} received  packets of the picture, without those sent again
 * @property {number} lost      packets that did not come, or only as repeated
 * @property {number} again     packets that came because they were asked for again
 * @property {number} nacks     times that packets were asked for again
 * @property {number} plis      times that a key frame was asked for, the picture being broken
 * @property {number} freezes @property {number} frozen seconds, in all
 * @property {string} cipher of SRTP @property {string} protocol udp or tcp
 */

/** @param {Page} page @returns {Promise<Stats>} */
export async function stats(page) {
  const pictures = await page.evaluate(async () => {
    /** @type {any} */
    const out = {};
    const connections = /** @type {any} */ (window).connections;
    const all = await connections[connections.length - 1].getStats();
    for (const s of all.values()) {
      if (s.type === "inbound-rtp" && s.kind === "video") {
        out.decoded = s.framesDecoded ?? 0;
        out.dropped = s.framesDropped ?? 0;
        out.received = (s.packetsReceived ?? 0) - (s.retransmittedPacketsReceived ?? 0);
        out.lost = s.packetsLost ?? 0;
        out.again = s.retransmittedPacketsReceived ?? 0;
        out.nacks = s.nackCount ?? 0;
        out.plis = s.pliCount ?? 0;
        out.freezes = s.freezeCount ?? 0;
        out.frozen = s.totalFreezesDuration ?? 0;
      }
    }
    return out;
  });
  return { ...pictures, ...(await transport(page)) };
}

/**
 * What feedback of packets' arrival the two agreed on.
 * @param {Page} page @returns {Promise<"transport-wide" | "no">}
 */
export function reports(page) {
  return page.evaluate(() => {
    const connection = /** @type {RTCPeerConnection} */ (/** @type {any} */ (window).connections.at(-1));
    return connection.remoteDescription?.sdp.includes("transport-cc") ? "transport-wide" : "no";
  });
}

/**
 * What came between two looks.
 * @param {Stats} a @param {Stats} b @returns {Stats}
 */
export function since(a, b) {
  return {
    ...b,
    decoded: b.decoded - a.decoded,
    dropped: b.dropped - a.dropped,
    received: b.received - a.received,
    lost: b.lost - a.lost,
    again: b.again - a.again,
    nacks: b.nacks - a.nacks,
    plis: b.plis - a.plis,
    freezes: b.freezes - a.freezes,
    frozen: b.frozen - a.frozen,
  };
}
