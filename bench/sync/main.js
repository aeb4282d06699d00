// Measures how far apart real browsers show one stream. See bench/README.md.
//
//   node bench/sync/main.js [work ...] [-seconds 60] [-settle 60] [-delay 3000] [-minutes 30] [-into FILE]
//
// A work is viewers with commas between them and what is wrong with the way to one of them:
//   hls,hls,hls            three over LL-HLS
//   whep,hls+skew=10000    the second one's computer clock is 10 s fast (− slow)
//   hls+down=100           what comes from the server takes 100 ms longer (up: what goes there)
//   hls+kbit=600           its line is narrow
//   hls+stall=5000         nothing passes for 5 s, in the middle of the measurement
//   hls+late=20            comes 20 s after the others

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, release, tmpdir } from "node:os";
import path from "node:path";

import { launch } from "../../test/e2e/harness/browser.js";
import { publish } from "../../test/e2e/harness/ffmpeg.js";
import { Server } from "../../test/e2e/harness/server.js";
import { cell, count, fps, makeClip } from "./clip.js";
import { Line } from "./line.js";
import { probe, wrongClock } from "./probe.js";
import { settled, spread, summary, unwrap } from "./spread.js";

/**
 * @typedef {object} Want
 * @property {"hls" | "whep"} via
 * @property {Record<string, number>} faults
 *
 * @typedef {{ number: number, at: number, rate: number, mode: string, error: number | null, now?: number }} Shown
 */

const frame = 1000 / fps;
const apart = 4000; // ms between two who join
const clipFile = path.join(tmpdir(), "xianfeng-sync-clip.mkv");

/** @param {string} text @returns {Want[]} */
function parse(text) {
  return text.split(",").map((one) => {
    const [via, ...faults] = one.split("+");
    if (via !== "hls" && via !== "whep") throw new Error(`${one}: hls or whep?`);
    return { via, faults: Object.fromEntries(faults.map((f) => f.split("=")).map(([k, v]) => [k, Number(v)])) };
  });
}

const now = () => Number(process.hrtime.bigint()) / 1e6; // the host's monotonic clock, which Chromium's is too

class Viewer {
  /** @type {import("playwright-core").Browser | undefined} */ #browser;
  /** @type {import("playwright-core").Page | undefined} */ page;
  /** @type {Line | undefined} */ line;
  /** @type {Shown[]} on the host's clock */
  shown = [];
  joined = NaN;
  #origin = NaN; // of performance.now(), on the host's clock
  #collected = Promise.resolve();

  /** @param {Want} want @param {Server} server */
  constructor(want, server) {
    this.want = want;
    this.server = server;
  }

  /** @param {number} delay */
  async prepare(delay) {
    const { up, down, kbit, stall, skew } = this.want.faults;
    let port = this.server.ports.http;
    if (up || down || kbit || stall) {
      this.line = new Line(port, { up, down, kbit });
      port = await this.line.listen();
    }
    this.address = `http://127.0.0.1:${port}/live/open-sync?via=${this.want.via}&sync=${delay}`;
    this.#browser = await launch();
    this.page = await this.#browser.newPage({ viewport: { width: 480, height: 360 } });
    if (skew) await this.page.addInitScript(wrongClock, skew);
    await this.page.addInitScript(probe, { cell, raw: !!process.env.SYNC_RAW });
    await this.page.goto(`${this.server.base}/readyz`); // a browser that is up: its start is not what is measured
  }

  async join() {
    this.joined = now();
    await this.page?.goto(/** @type {string} */ (this.address), { waitUntil: "commit" });
    await this.page?.waitForFunction(() => /** @type {any} */ (window).began > 0);
    // The answer with the shortest way says where the page's clock begins.
    let best = Infinity;
    let origin = NaN;
    for (let i = 0; i < 40; i++) {
      const sent = now();
      const theirs = /** @type {number} */ (await this.page?.evaluate(() => performance.now()));
      const took = now() - sent;
      if (took < best) [best, origin] = [took, sent + took / 2 - theirs];
    }
    this.#origin = origin;
    this.uncertain = best / 2;
  }

  collect() {
    if (!Number.isFinite(this.#origin)) return this.#collected;
    this.#collected = this.#collected.then(async () => {
      const got = /** @type {Shown[]} */ (await this.page?.evaluate(() => /** @type {any} */ (window).shown.splice(0)));
      for (const s of got ?? []) this.shown.push({ ...s, at: s.at + this.#origin, ...(s.now ? { nowH: s.now + this.#origin } : {}) });
    });
    return this.#collected;
  }

  stats() {
    return this.page?.evaluate(() => /** @type {any} */ (document.querySelector("xf-player")).syncStats);
  }

  async close() {
    await this.#browser?.close().catch(() => {});
    this.line?.close();
  }
}

/** Ticks of the machine's CPUs: all, and of those what was busy, or stolen by other machines. */
async function ticks() {
  const n = (await readFile("/proc/stat", "utf8")).split("\n")[0].trim().split(/\s+/).slice(1, 9).map(Number);
  const all = n.reduce((a, b) => a + b, 0);
  return { all, busy: all - n[3] - n[4] - n[7], stolen: n[7] };
}

/** @param {number} ms */
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * @param {string} text @param {{ seconds: number, settle: number, delay: number }} options
 */
async function work(text, { seconds, settle, delay }) {
  const server = await Server.start({ more: process.env.SYNC_MORE ?? "" });
  const source = publish(server, "rtsp-tcp", "open-sync", clipFile);
  const viewers = parse(text).map((w) => new Viewer(w, server));
  try {
    await server.ready("open-sync");
    const began = now();
    await Promise.all(viewers.map((v) => v.prepare(delay)));
    while (now() - began < 45_000) await sleep(100); // by then the server knows the clock of what is published to a millisecond
    const timers = [];
    const joins = viewers.map(async (v, i) => {
      await sleep(v.want.faults.late ? v.want.faults.late * 1000 : i * apart);
      await v.join();
    });
    const collector = setInterval(() => viewers.forEach((v) => void v.collect().catch(() => {})), 1000);
    timers.push(collector);
    await Promise.all(joins.filter((_, i) => !viewers[i].want.faults.late));
    await sleep(settle * 1000);
    const from = now();
    const before = await ticks();
    let stalled = NaN;
    const faulty = viewers.find((v) => v.want.faults.stall);
    if (faulty) {
      await sleep((seconds * 1000) / 3);
      stalled = now();
      faulty.line?.hold(faulty.want.faults.stall);
    }
    await sleep(from + seconds * 1000 - now());
    const to = now() - 100;
    const after = await ticks();
    const share = (/** @type {"busy" | "stolen"} */ k) => (after[k] - before[k]) / (after.all - before.all);
    await Promise.all(joins);
    clearInterval(collector);
    await Promise.all(viewers.map((v) => v.collect()));
    const stats = await Promise.all(viewers.map((v) => v.stats()));
    return { ...evaluate(text, viewers, stats, { from, to, stalled }), busy: share("busy"), stolen: share("stolen") };
  } finally {
    await Promise.all(viewers.map((v) => v.close()));
    await source.stop();
    await server.stop();
    if (process.env.SYNC_LOG) console.error(server.log.slice(-6000), source.err.slice(-2000));
  }
}

/**
 * @param {string} text @param {Viewer[]} viewers @param {any[]} stats
 * @param {{ from: number, to: number, stalled: number }} times
 */
function evaluate(text, viewers, stats, { from, to, stalled }) {
  const all = viewers.map((v) => unwrap(v.shown, count));
  // Viewers that joined in different turns of the numbers: the same turn for all.
  const about = all.map((s) => Math.round((s[0]?.number ?? 0) - (s[0]?.at ?? 0) / frame));
  all.forEach((s, i) => {
    const turns = Math.round((about[0] - about[i]) / count);
    for (const x of s) x.number += turns * count;
  });
  const offsets = all.map((s) => summary(s.filter((x) => x.at >= from && x.at < to).map((x) => x.number * frame - x.at)).p50);
  const middle = summary(offsets).p50;
  const due = (/** @type {number} */ t) => t + middle;
  const measured = spread(all, from, to, frame, Number.isFinite(stalled));
  const five = 5 * 60_000;
  const lines = viewers.map((v, i) => {
    const s = all[i];
    const inTime = s.filter((x) => x.at >= from && x.at < to);
    const rates = summary(inTime.map((x) => Math.abs(x.rate - 1)));
    const bad = v.shown.filter((x) => x.number < 0).length;
    return {
      via: v.want.via, offset: offsets[i] - middle, join: settled(s, due, frame, v.joined, 50) - v.joined, first: (s[0]?.at ?? NaN) - v.joined,
      stall: v.want.faults.stall ? settled(s, due, frame, stalled + v.want.faults.stall, 50) - stalled - v.want.faults.stall : NaN,
      fast: inTime.filter((x) => Math.abs(x.rate - 1) > 0.00501).length / Math.max(1, inTime.length), rate: rates.p95, believed: summary(inTime.map((x) => x.error ?? NaN).filter(Number.isFinite)).p50,
      shown: inTime.length / ((to - from) / frame), unread: bad, uncertain: v.uncertain, stats: stats[i],
    };
  });
  return {
    text, ...measured, lines,
    ends: to - from >= 3 * five ? [spread(all, from, from + five, frame).exact, spread(all, to - five, to, frame).exact] : null,
    all: process.env.SYNC_RAW ? all : undefined,
  };
}

const ms = (/** @type {number | undefined} */ v) => (v !== undefined && Number.isFinite(v) ? v.toFixed(Math.abs(v) < 10 ? 1 : 0) : "–");

/** @param {Awaited<ReturnType<typeof work>>[]} results */
function table(results) {
  const out = ["| viewers | p50 ms | p95 ms | max ms | pictures differ by more than one | join → in sync, each, s | after the stall, s | beyond ±0.5 % | seeks |", "|---|---|---|---|---|---|---|---|---|"];
  for (const r of results) {
    out.push(
      `| ${r.text.replaceAll(",", ", ")} | ${ms(r.exact.p50)} | ${ms(r.exact.p95)} | ${ms(r.exact.max)} | ${r.pictures.p95 > frame ? "more than 5 %" : r.pictures.max > frame ? "less than 5 %" : "never"} | ${r.lines.map((l) => (l.join / 1000).toFixed(1)).join(", ")} | ${r.lines.filter((l) => Number.isFinite(l.stall)).map((l) => (l.stall / 1000).toFixed(1)).join(", ") || "–"} | ${(100 * Math.max(...r.lines.map((l) => l.fast))).toFixed(1)} % | ${r.lines.map((l) => l.stats?.seeks ?? "–").join(", ")} |`,
    );
    if (r.ends) out.push("", `First and last five minutes of ${r.text}: p50 ${ms(r.ends[0].p50)}, p95 ${ms(r.ends[0].p95)} ms; p50 ${ms(r.ends[1].p50)}, p95 ${ms(r.ends[1].p95)} ms.`);
  }
  return out.join("\n");
}

function machine() {
  const version = (/** @type {string} */ p, /** @type {string[]} */ args) => {
    try {
      return execFileSync(p, args, { stdio: ["ignore", "pipe", "ignore"] }).toString().trim();
    } catch {
      return p;
    }
  };
  return [new Date().toISOString().slice(0, 10), `${cpus().length} cores, ${cpus()[0]?.model}`, `Linux ${release()}`, version(process.env.CHROMIUM ?? "/usr/bin/chromium", ["--version"]).split(" built")[0], `xianfeng ${version("git", ["describe", "--always", "--dirty=, changed", "--exclude=*"])}`].join("; ");
}

/** @param {string} file @param {string} text between the markers of bench/page */
async function splice(file, text) {
  const [begin, end] = ["<!-- sync: begin -->", "<!-- sync: end -->"];
  const page = await readFile(file, "utf8");
  const [i, j] = [page.indexOf(begin), page.indexOf(end)];
  if (i < 0 || j < i) throw new Error(`${file} has no ${begin}`);
  await writeFile(file, `${page.slice(0, i)}${begin}\n\n${text.trim()}\n\n${page.slice(j)}`);
}

const options = { seconds: 60, settle: 60, delay: 3000, minutes: 0, into: "" };
/** @type {string[]} */
const works = [];
for (let i = 2; i < process.argv.length; i++) {
  const name = /^--?(\w+)$/.exec(process.argv[i])?.[1];
  if (!name) works.push(process.argv[i]);
  else if (!(name in options)) throw new Error(`there is no -${name}`);
  else /** @type {any} */ (options)[name] = name === "into" ? process.argv[++i] : Number(process.argv[++i]);
}
if (options.minutes) options.seconds = options.minutes * 60;
if (works.length === 0) works.push("hls,hls,hls", "whep,hls,hls", "hls+skew=10000,hls+skew=-10000,hls+down=100", "hls,hls,hls+stall=5000", "hls,hls,hls+kbit=700", "hls,hls,hls+late=30");

if (!existsSync(clipFile)) {
  const dir = await mkdtemp(path.join(tmpdir(), "xianfeng-clip-"));
  await makeClip(path.join(dir, "clip.mkv"));
  await writeFile(clipFile, await readFile(path.join(dir, "clip.mkv")));
  await rm(dir, { recursive: true });
}
const results = [];
for (const text of works) {
  const r = await work(text, options);
  results.push(r);
  console.error(`${text}: p50 ${ms(r.exact.p50)}, p95 ${ms(r.exact.p95)}, max ${ms(r.exact.max)} ms; pictures ${ms(r.pictures.p50)}, ${ms(r.pictures.p95)}, ${ms(r.pictures.max)}; nothing ${(100 * r.nothing).toFixed(1)} %; machine busy ${(100 * r.busy).toFixed(0)} %, stolen ${(100 * r.stolen).toFixed(0)} %`);
  for (const l of r.lines) console.error("  ", JSON.stringify(l, (_, v) => (typeof v === "number" ? Math.round(v * 1e5) / 1e5 : v)));
  if (r.all) await writeFile(/** @type {string} */ (process.env.SYNC_RAW), JSON.stringify(r.all));
}
const report = `\`node bench/sync/main.js ${process.argv.slice(2).join(" ")}\`; ${machine()}; D ${options.delay} ms; ${options.seconds} s from ${options.settle} s after the last of them joined.\n\n${table(results)}`;
console.log(report);
if (options.into) await splice(options.into, report);
