// Publishing over WHIP (RFC 9725): one session, from the offer to its end.

import { exchange } from "../../player/protocol.js";
import { connected, hangUp } from "../../player/rtc.js";
import { Failure } from "../../player/state.js";

const lostAfter = 2000; // Chromium has waited for some seconds already

/**
 * @typedef {object} Figures
 * @property {number} bits per second
 * @property {number | null} rtt seconds
 * @property {string} picture
 * @property {string} limit what keeps the picture from being better: "", "bandwidth" or "cpu"
 */

export class WhipSession {
  #url;
  #key;
  #session = "";
  /** @type {RTCPeerConnection | null} */
  #pc = null;
  /** @type {{ at: number, bytes: number } | null} */
  #before = null;

  /** @param {string} url @param {string} key */
  constructor(url, key) {
    this.#url = url;
    this.#key = key;
  }

  /** Connects; fails with a Failure. @param {MediaStream} stream @param {number} bits per second of the picture, at most */
  async start(stream, bits) {
    const pc = new RTCPeerConnection();
    this.#pc = pc;
    for (const track of stream.getTracks()) {
      const t = pc.addTransceiver(track, { direction: "sendonly", streams: [stream], sendEncodings: track.kind === "video" ? [{ maxBitrate: bits }] : undefined });
      if (track.kind === "video") preferH264(t);
      tellCapture(t);
    }
    await pc.setLocalDescription();
    const answer = await exchange(this.#url, pc.localDescription?.sdp ?? "", this.#key);
    this.#session = answer.session;
    await pc.setRemoteDescription({ type: "answer", sdp: answer.sdp }).catch((error) => {
      throw new Failure("refused", String(error?.message ?? error));
    });
    await connected(pc);
  }

  /** Waits until the connection is lost, which is a Failure. @returns {Promise<never>} */
  lost() {
    return new Promise((_, reject) => {
      const pc = this.#pc;
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let timer;
      const look = () => {
        clearTimeout(timer);
        const state = pc?.connectionState ?? "closed";
        if (state === "failed" || state === "closed") reject(new Failure("network"));
        else if (state === "disconnected") timer = setTimeout(() => reject(new Failure("network")), lostAfter);
      };
      if (pc) pc.onconnectionstatechange = look;
      look();
    });
  }

  /** @returns {Promise<Figures | null>} */
  async figures() {
    const pc = this.#pc;
    if (pc?.connectionState !== "connected") return null;
    let bytes = 0;
    let at = 0;
    let rtt = null;
    let picture = "";
    let limit = "";
    const stats = await pc.getStats();
    for (const s of stats.values()) {
      if (s.type === "outbound-rtp") {
        bytes += s.bytesSent;
        at = s.timestamp;
        if (s.kind === "video" && s.frameWidth) {
          picture = `${s.frameWidth}×${s.frameHeight}${s.framesPerSecond ? ` @${Math.round(s.framesPerSecond)}` : ""} ${stats.get(s.codecId)?.mimeType?.split("/")[1] ?? ""}`;
          limit = s.qualityLimitationReason === "bandwidth" || s.qualityLimitationReason === "cpu" ? s.qualityLimitationReason : "";
        }
      } else if (s.type === "candidate-pair" && s.nominated && s.currentRoundTripTime !== undefined) rtt = s.currentRoundTripTime;
    }
    const before = this.#before;
    this.#before = { at, bytes };
    if (!before || at <= before.at) return null;
    return { bits: ((bytes - before.bytes) * 8000) / (at - before.at), rtt, picture, limit };
  }

  /** Ends the session on both sides. */
  async stop(leaving = false) {
    const pc = this.#pc;
    this.#pc = null;
    const session = this.#session;
    this.#session = "";
    if (pc) await hangUp(pc, session, this.#key, leaving);
  }
}

/**
 * Has the browser tell the server when it captured what it sends. Browsers that can, don't unless asked.
 * @param {RTCRtpTransceiver} transceiver
 */
function tellCapture(transceiver) {
  const t = /** @type {any} */ (transceiver); // newer than TypeScript's types
  /** @type {{ uri: string, direction: string }[] | undefined} */
  const all = t.getHeaderExtensionsToNegotiate?.();
  const capture = all?.find((x) => x.uri === "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time");
  if (!capture) return;
  capture.direction = "sendrecv";
  t.setHeaderExtensionsToNegotiate(all);
}

/**
 * H.264 first, since every viewer can play it and HLS carries it; the constrained baseline that all
 * have before the rest.
 * @param {RTCRtpTransceiver} t
 */
function preferH264(t) {
  const all = RTCRtpSender.getCapabilities?.("video")?.codecs ?? [];
  const rank = (/** @type {RTCRtpCodec} */ c) => {
    if (c.mimeType.toLowerCase() !== "video/h264") return 2;
    return /packetization-mode=1/.test(c.sdpFmtpLine ?? "") && /profile-level-id=42e0/i.test(c.sdpFmtpLine ?? "") ? 0 : 1;
  };
  if (all.some((c) => rank(c) < 2)) t.setCodecPreferences?.([...all].sort((a, b) => rank(a) - rank(b)));
}
