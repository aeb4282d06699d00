// ffmpeg as publisher and as reader, on each protocol.

import { spawn } from "node:child_process";
import path from "node:path";

import { keys } from "./server.js";
import { until } from "./wait.js";

/** @typedef {import("./server.js").Server} Server */
/** @typedef {"rtsp-tcp" | "rtsp-udp" | "rtmp" | "srt"} Door  what ffmpeg can publish by */
/** @typedef {Door | "hls"} Exit  what ffmpeg can read by */

/** @type {Door[]} */
export const doors = ["rtsp-tcp", "rtsp-udp", "rtmp", "srt"];
/** @type {Exit[]} */
export const exits = [...doors, "hls"];

/** A program that was started; its output is kept. */
export class Run {
  out = "";
  err = "";
  /** @type {number | null | undefined} the exit code once it ended; null: it was ended */
  code;
  #child;

  /** @param {string[]} args */
  constructor(args) {
    this.#child = spawn("ffmpeg", ["-hide_banner", "-nostdin", "-loglevel", "error", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout.setEncoding("utf8").on("data", (text) => (this.out += text));
    this.#child.stderr.setEncoding("utf8").on("data", (text) => (this.err += text));
    /** @type {Promise<number | null>} */
    this.ended = new Promise((done, failed) => {
      this.#child.once("error", failed);
      this.#child.once("close", (code) => done((this.code = code)));
    });
  }

  /** Ends it by force. */
  async stop() {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  /** Its exit code, if it ends in time. @param {number} limit ms */
  async result(limit) {
    const cut = setTimeout(() => this.#child.kill("SIGKILL"), limit);
    const code = await this.ended;
    clearTimeout(cut);
    return code;
  }
}

/** @typedef {{ aac: string, opus: string, reordered: string }} Clips */

/**
 * Makes the material that is published: the same picture with a clock and a tone, coded in three ways.
 * Publishing it costs no encoding.
 * @param {string} dir @returns {Promise<Clips>}
 */
export async function makeClips(dir) {
  const clips = { aac: path.join(dir, "aac.mp4"), opus: path.join(dir, "opus.mp4"), reordered: path.join(dir, "reordered.mp4") };
  const from = ["-y", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "30", "-ac", "2", "-c:v", "libx264", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-b:v", "800k"];
  const runs = [
    new Run([...from, "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline", "-c:a", "aac", clips.aac]),
    new Run([...from, "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline", "-c:a", "libopus", clips.opus]),
    new Run([...from, "-preset", "ultrafast", "-profile:v", "main", "-bf", "2", "-c:a", "aac", clips.reordered]),
  ];
  for (const run of runs) if ((await run.ended) !== 0) throw new Error(`making clips: ${run.err}`);
  return clips;
}

/** @param {Server} server @param {Exit} by @param {string} name @param {string} key @param {"publish" | "read"} action */
export function address(server, by, name, key, action) {
  const { ports } = server;
  const query = key ? `?key=${key}` : "";
  switch (by) {
    case "rtsp-tcp":
    case "rtsp-udp":
      return `rtsp://127.0.0.1:${ports.rtsp}/live/${name}${query}`;
    case "rtmp":
      return `rtmp://127.0.0.1:${ports.rtmp}/live/${name}${query}`;
    case "srt":
      return `srt://127.0.0.1:${ports.srt}?streamid=${action}:live/${name}${query}&pkt_size=1316`;
    case "hls":
      return `${server.base}/live/${name}/index.m3u8`;
  }
}

/** @type {Record<Door, string[]>} */
const outputs = {
  "rtsp-tcp": ["-f", "rtsp", "-rtsp_transport", "tcp"],
  "rtsp-udp": ["-f", "rtsp", "-rtsp_transport", "udp"],
  rtmp: ["-f", "flv"],
  srt: ["-f", "mpegts"],
};

/**
 * Starts publishing a clip, over and over.
 * @param {Server} server @param {Door} by @param {string} name @param {string} clip
 * @param {{ key?: string }} [options]
 */
export function publish(server, by, name, clip, { key = keys.all } = {}) {
  return new Run(["-re", "-stream_loop", "-1", "-i", clip, "-c", "copy", ...outputs[by], address(server, by, name, key, "publish")]);
}

/**
 * Starts decoding a stream; what was decoded is in the run's out (frames).
 * @param {Server} server @param {Exit} by @param {string} name
 * @param {{ key?: string, seconds?: number }} [options]
 */
export function receive(server, by, name, { key = "", seconds } = {}) {
  /** @type {string[]} */
  const args = [];
  if (by === "rtsp-tcp" || by === "rtsp-udp") args.push("-rtsp_transport", by.slice(5), "-timeout", "10000000");
  if (by === "hls" && key) args.push("-headers", `Authorization: Bearer ${key}\r\n`);
  if (by === "rtmp" || by === "srt") args.push("-rw_timeout", "10000000");
  args.push("-i", address(server, by, name, key, "read"), "-map", "0:v?", "-map", "0:a?");
  if (seconds) args.push("-t", String(seconds));
  return new Run([...args, "-f", "framecrc", "-flush_packets", "1", "pipe:1"]);
}

/** Counts decoded frames by kind. @param {Run} run */
export function frames(run) {
  /** @type {Record<string, string>} */
  const kinds = {};
  const count = { video: 0, audio: 0 };
  for (const line of run.out.split("\n")) {
    const kind = /^#media_type (\d+): (\w+)/.exec(line);
    if (kind) kinds[kind[1]] = kind[2];
    const track = /^(\d+),/.exec(line);
    if (track && kinds[track[1]] === "video") count.video++;
    if (track && kinds[track[1]] === "audio") count.audio++;
  }
  return count;
}

/**
 * Reads some seconds of a stream and checks that picture and sound were decoded.
 * @param {Server} server @param {Exit} by @param {string} name @param {{ key?: string, sound?: boolean, pictures?: number }} [options]
 */
export async function check(server, by, name, { key = "", sound = true, pictures = 25 } = {}) {
  const run = receive(server, by, name, { key, seconds: 2 });
  const code = await run.result(30_000);
  const got = frames(run);
  if (code !== 0 || got.video < pictures || (sound && got.audio < 25)) {
    throw new Error(`${by} read of ${name}: exit ${code}, ${got.video} pictures, ${got.audio} of sound\n${run.err}\n${server.log.split("\n").slice(-15).join("\n")}`);
  }
}

/** Waits for a run to have decoded more pictures than before. @param {Run} run @param {number} more */
export function flows(run, more = 25) {
  const before = frames(run).video;
  return until("more pictures", () => frames(run).video >= before + more, { why: () => `exit ${run.code}\n${run.err}` });
}
