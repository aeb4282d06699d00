// One running bin/xianfeng, with a configuration and a data folder of its own.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { freePorts } from "./ports.js";
import { until } from "./wait.js";

export const program = fileURLToPath(new URL("../../../bin/xianfeng", import.meta.url));

export const keys = { operator: "the-operators-own-key", all: "publish-and-read-all", other: "opens-only-other-streams" };

/** @typedef {{ key: string, publish: string[], read: string[] }} Key */

/** Streams named open-* are read by anybody, all others with a key only. @type {Key[]} */
const defaultKeys = [
  { key: keys.all, publish: ["*"], read: ["*"] },
  { key: keys.other, publish: ["other-*"], read: ["other-*"] },
];

export class Server {
  /** @type {import("node:child_process").ChildProcess} */ #child;
  #dir;
  #log = "";
  /** @type {number | null | undefined} */ #exit;

  /** @param {string} dir @param {import("./ports.js").Ports} ports @param {import("node:child_process").ChildProcess} child */
  constructor(dir, ports, child) {
    this.#dir = dir;
    this.ports = ports;
    this.#child = child;
    this.base = `http://127.0.0.1:${ports.http}`;
    this.data = path.join(dir, "data"); // but for --demo, which has a folder of its own
    for (const out of [child.stdout, child.stderr]) out?.setEncoding("utf8").on("data", (text) => (this.#log += text));
    child.once("exit", (code) => (this.#exit = code));
  }

  /**
   * outside: HTTP on all addresses; more: further lines of the configuration.
   * @param {{ flags?: string[], keys?: Key[], outside?: boolean, more?: string }} [options]
   */
  static async start({ flags = [], keys = defaultKeys, outside = false, more = "" } = {}) {
    const dir = await mkdtemp(path.join(tmpdir(), "xianfeng-e2e-"));
    const ports = await freePorts();
    const file = path.join(dir, "config.yml");
    await writeFile(file, config(ports, keys, outside) + more);
    const child = spawn(program, ["serve", "--config", file, "--data", path.join(dir, "data"), ...flags], { stdio: ["ignore", "pipe", "pipe"] });
    const server = new Server(dir, ports, child);
    try {
      await until("the server is ready", async () => {
        if (server.#exit !== undefined) return "exited";
        return (await fetch(`${server.base}/readyz`)).ok && "ready";
      });
      if (server.#exit !== undefined) throw new Error(`the server ended with ${server.#exit}`);
    } catch (error) {
      await server.stop().catch(() => {});
      throw new Error(`${error}\n${server.log}`);
    }
    return server;
  }

  get log() {
    return this.#log;
  }

  /** Rewrites the configuration with other keys and has it read again. @param {Key[]} keys */
  async reload(keys) {
    await writeFile(path.join(this.#dir, "config.yml"), config(this.ports, keys));
    const before = this.#log.length;
    this.#child.kill("SIGHUP");
    await until("the configuration is reloaded", () => this.#log.slice(before).includes("reloaded"), { why: () => this.log });
  }

  restoreKeys() {
    return this.reload(defaultKeys);
  }

  /** Asks it to stop and returns its exit code; it is cut off when it does not. */
  async stop() {
    this.#child.kill("SIGTERM");
    const cut = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    if (this.#exit === undefined) await new Promise((done) => this.#child.once("exit", done));
    clearTimeout(cut);
    await rm(this.#dir, { recursive: true, force: true });
    return this.#exit;
  }

  /**
   * Runs another command of the program on the same data, and returns what it says.
   * @param {string[]} words the command @param {string[]} args @param {string} [input]
   * @returns {Promise<string>}
   */
  command(words, args, input = "") {
    const child = spawn(program, [...words, "--data", path.join(this.#dir, "data"), ...args], { stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    for (const out of [child.stdout, child.stderr]) out.setEncoding("utf8").on("data", (text) => (said += text));
    child.stdin.end(input);
    return new Promise((done, failed) => {
      child.once("error", failed);
      child.once("close", (code) => (code === 0 ? done(said) : failed(new Error(`${words.join(" ")} ended with ${code}: ${said}`))));
    });
  }

  /** @param {string} address @param {RequestInit} [init] as the operator */
  api(address, init = {}) {
    return fetch(this.base + address, { ...init, headers: { Authorization: `Bearer ${keys.operator}`, ...init.headers } });
  }

  /**
   * What the API says of a stream, or null.
   * @param {string} name
   * @returns {Promise<any>}
   */
  async stream(name) {
    const answer = await this.api(`/api/streams/${name}`);
    return answer.ok ? answer.json() : null;
  }

  /** Waits until a stream can be watched. @param {string} name */
  async ready(name) {
    return until(
      `stream ${name} is on air`,
      async () => {
        const info = await this.stream(name);
        return info?.live && info.ready && info;
      },
      { why: () => this.log.split("\n").slice(-25).join("\n") },
    );
  }
}

/** @param {import("./ports.js").Ports} p @param {Key[]} keyList */
function config(p, keyList, outside = false) {
  const at = (/** @type {number} */ port) => `"127.0.0.1:${port}"`;
  return `
http: {address: ${outside ? `":${p.http}"` : at(p.http)}}
rtsp: {address: ${at(p.rtsp)}, rtp: ${at(p.rtp)}, rtcp: ${at(p.rtcp)}}
rtmp: {address: ${at(p.rtmp)}}
srt: {address: ${at(p.srt)}}
webrtc: {address: ":${p.webrtc}"}
metrics: {address: ${at(p.metrics)}}
log: {level: debug}
access:
  read: ["open-*", "demo"]
  apiKey: ${keys.operator}
  keys: ${JSON.stringify(keyList)}
`;
}
