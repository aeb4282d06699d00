// Playing over WHEP: one RTCPeerConnection that only receives, for low delay.

import { DriveRTC } from "./drive-rtc.js";
import { reaches, ringFor } from "./jitter.js";
import { exchange, release, stereo } from "./protocol.js";
import { Failure } from "./state.js";

/** @typedef {import("./state.js").ServerClock} ServerClock */

/**
 * What a way of playing measures.
 * @typedef {object} Measure
 * @property {number | null} latency seconds from the camera to the screen, as far as it can be known
 * @property {boolean} estimate the network's part only: the camera's clock is not known
 * @property {string} codec
 * @property {number} width
 * @property {number} height
 * @property {number | null} fps
 * @property {number | null} bitRate bits per second
 * @property {number | null} lost packets
 * @property {number | null} rtt seconds
 * @property {number} progress grows while something comes
 * @property {number | null} frozen pictures decoded, while more of them come than that; null: not known
 */

/** Seconds from 1900, where NTP begins, to 1970. */
const ntp = 2208988800;
const connectWithin = 8000;
const lostAfter = 4000;
const releaseWithin = 1000; // then the connection is closed all the same

export const rtcSupported = () => typeof RTCPeerConnection === "function";

/** @param {string} codec as the server names it */
export function rtcPlays(codec) {
  const known = globalThis.RTCRtpReceiver?.getCapabilities?.("video")?.codecs;
  if (!known) return codec !== "H265" && codec !== "AV1"; // can't be asked: what all browsers play
  return known.some((c) => c.mimeType.toLowerCase() === `video/${codec.toLowerCase()}`);
}

/**
 * Waits until media can flow; fails with a Failure.
 * @param {RTCPeerConnection} pc @returns {Promise<void>}
 */
export function connected(pc) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Failure("network", "ICE")), connectWithin);
    const look = () => {
      if (pc.connectionState === "connected") resolve();
      else if (pc.connectionState === "failed" || pc.connectionState === "closed") reject(new Failure("network", "ICE"));
      else return;
      clearTimeout(timer);
    };
    pc.onconnectionstatechange = look;
    look();
  });
}

/**
 * Ends a session on both sides. The server hears of it over HTTP first: after the connection's own
 * goodbye it knows no such session any more.
 * @param {RTCPeerConnection} pc @param {string} session @param {string} key @param {boolean} leaving the page is being left
 */
export async function hangUp(pc, session, key, leaving) {
  const over = pc.getTransceivers().some((t) => t.receiver.transport?.state === "closed"); // the server has ended it
  const told = over ? Promise.resolve() : release(session, key);
  if (!leaving) await Promise.race([told, new Promise((resolve) => setTimeout(resolve, releaseWithin))]);
  pc.close();
}

export class WhepPlayback {
  /** @type {"whep"} */
  name = "whep";
  #video;
  #url;
  #key;
  #clock;
  #fail;
  /** @type {RTCPeerConnection | null} */
  #pc = null;
  #session = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #lost;
  /** @type {{ at: number, bytes: number, frames: number, packets: number, delay: number, emitted: number } | null} */
  #before = null;
  /** What keeps it in sync; null: it plays as soon as it can. */
  drive;
  #ring = 0; // ms by which the server sends late

  /** @param {{ video: HTMLVideoElement, url: string, key: string, clock: ServerClock, fail: (f: Failure) => void, sync?: import("./hls.js").Sync | null }} with_ */
  constructor({ video, url, key, clock, fail, sync = null }) {
    this.#video = video;
    this.#url = url;
    this.#key = key;
    this.#clock = clock;
    this.#fail = fail;
    if (sync) this.#ring = ringFor(sync.delay);
    this.drive = sync && new DriveRTC({ video, ring: this.#ring, ...sync });
    this.#far = sync !== null && !reaches(sync.delay);
  }

  #far;

  /** Connects; fails with a Failure. */
  async start() {
    if (this.#far) throw new Failure("refused", "delay"); // later than WebRTC can show anything
    const pc = new RTCPeerConnection();
    this.#pc = pc;
    const stream = new MediaStream();
    for (const kind of ["video", "audio"]) {
      const { receiver } = pc.addTransceiver(kind, { direction: "recvonly" });
      this.drive?.add(receiver);
    }
    pc.ontrack = ({ track }) => stream.addTrack(track);
    const offer = await pc.createOffer();
    const sdp = stereo(offer.sdp ?? "");
    await pc.setLocalDescription({ type: "offer", sdp });
    // No candidates of ours are sent: the server is the one with an address, and it learns ours from
    // the first check (peer reflexive, RFC 8445 §7.3.1.3). That saves a request per viewer.
    const answer = await exchange(this.#ring ? `${this.#url}?delay=${this.#ring}` : this.#url, sdp, this.#key);
    this.#session = answer.session;
    if (this.#pc !== pc) {
      release(answer.session, this.#key); // stopped meanwhile
      return;
    }
    await pc.setRemoteDescription({ type: "answer", sdp: answer.sdp }).catch((error) => {
      throw new Failure("refused", String(error?.message ?? error));
    });
    this.#video.srcObject = stream;
    await connected(pc);
    pc.onconnectionstatechange = () => this.#changed(pc);
    this.drive?.start();
  }

  /** @param {RTCPeerConnection} pc */
  #changed(pc) {
    clearTimeout(this.#lost);
    if (this.#pc !== pc || pc.connectionState === "connected") return;
    if (pc.connectionState === "disconnected") {
      this.#lost = setTimeout(() => this.#fail(new Failure("network", "ICE")), lostAfter);
    } else if (pc.connectionState === "failed" || pc.connectionState === "closed") {
      this.#fail(new Failure("ended"));
    }
  }

  /** @param {boolean} leaving the page is being left */
  stop(leaving) {
    clearTimeout(this.#lost);
    this.drive?.stop();
    const pc = this.#pc;
    this.#pc = null;
    if (pc) void hangUp(pc, this.#session, this.#key, leaving);
    this.#session = "";
  }

  /** There is nothing behind the live edge in this way of playing. */
  goLive() {}

  /** @returns {Promise<Measure | null>} */
  async measure() {
    const pc = this.#pc;
    if (!pc || pc.connectionState !== "connected") return null;
    const stats = await pc.getStats();
    /** @type {any} */
    let picture = null;
    /** @type {any} */
    let sound = null;
    let rtt = null;
    for (const s of stats.values()) {
      if (s.type === "inbound-rtp" && s.kind === "video") picture = s;
      else if (s.type === "inbound-rtp") sound = s;
      else if (s.type === "candidate-pair" && s.nominated && s.currentRoundTripTime !== undefined) rtt = s.currentRoundTripTime;
    }
    const main = picture?.bytesReceived ? picture : sound;
    if (!main) return null;
    const now = {
      at: main.timestamp,
      bytes: (picture?.bytesReceived ?? 0) + (sound?.bytesReceived ?? 0),
      frames: picture?.framesDecoded ?? 0,
      packets: picture?.packetsReceived ?? 0,
      delay: main.jitterBufferDelay ?? 0,
      emitted: main.jitterBufferEmittedCount ?? 0,
    };
    const before = this.#before;
    this.#before = now;
    const span = before ? (now.at - before.at) / 1000 : 0;
    return {
      ...this.#delay(main, rtt, now, before),
      codec: [picture, sound]
        .map((s) => stats.get(s?.codecId)?.mimeType?.split("/")[1])
        .filter(Boolean)
        .join(" + "),
      width: picture?.frameWidth ?? 0,
      height: picture?.frameHeight ?? 0,
      fps: before && span > 0 ? (now.frames - before.frames) / span : null,
      bitRate: before && span > 0 ? ((now.bytes - before.bytes) * 8) / span : null,
      lost: (picture?.packetsLost ?? 0) + (sound?.packetsLost ?? 0),
      rtt,
      // Packets, not pictures: a camera may well send one picture in ten seconds.
      progress: now.packets + (sound?.packetsReceived ?? 0),
      frozen: before && now.packets > before.packets ? now.frames : null,
    };
  }

  /**
   * The age of what is shown. The server's RTCP sender reports say when it was captured, the browser
   * says which moment of that clock it plays now; else only the way and the buffer are known.
   * @param {any} main @param {number | null} rtt
   * @param {{ delay: number, emitted: number }} now @param {{ delay: number, emitted: number } | null} before
   */
  #delay(main, rtt, now, before) {
    const emitted = now.emitted - (before?.emitted ?? 0);
    const way = emitted > 0 ? (now.delay - (before?.delay ?? 0)) / emitted + (rtt ?? 0) / 2 : null;
    const played = main.estimatedPlayoutTimestamp;
    if (played > 0 && this.#clock.known) {
      const seconds = this.#clock.now() / 1000 - (played / 1000 - ntp);
      // A source may have a clock that is somewhat fast, or none and report anything; it can't be
      // younger than its way here.
      if (seconds > -1 && seconds < 60) return { latency: Math.max(seconds, way ?? 0), estimate: false };
    }
    return { latency: way, estimate: true };
  }
}
