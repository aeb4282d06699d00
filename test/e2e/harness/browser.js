// Headless Chromium and what the tests want to know of a page that plays.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Browser} Browser */

export function launch(program = process.env.CHROMIUM ?? "/usr/bin/chromium") {
  return chromium.launch({
    executablePath: program,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--autoplay-policy=no-user-gesture-required",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
    ],
  });
}

/** Keeps every RTCPeerConnection of a page in reach, for its statistics. */
function keepConnections() {
  const w = /** @type {any} */ (window);
  w.connections = [];
  w.RTCPeerConnection = class extends RTCPeerConnection {
    /** @param {RTCConfiguration} [c] */
    constructor(c) {
      super(c);
      w.connections.push(this);
    }
  };
}

/**
 * A page of its own context. Errors that nobody catches in it fail the test through page.errors.
 * @param {Browser} browser @param {import("playwright-core").BrowserContextOptions} [options]
 */
export async function open(browser, options) {
  const context = await browser.newContext({ locale: "en-GB", permissions: ["camera", "microphone"], ...options });
  const page = await context.newPage();
  await page.addInitScript(keepConnections);
  /** @type {string[]} */
  const errors = [];
  /** @type {string[]} */
  const asked = []; // once more, before it is done: it is meant
  page.on("dialog", (dialog) => {
    asked.push(dialog.message());
    dialog.accept().catch(() => {}); // the page is gone
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  return Object.assign(page, { errors, asked });
}

/**
 * How media comes to the newest connection of a page: over udp or tcp, and what encrypts it.
 * @param {Page} page @returns {Promise<{ protocol: string, cipher: string }>}
 */
export function transport(page) {
  return page.evaluate(async () => {
    const connection = /** @type {RTCPeerConnection} */ (/** @type {any} */ (window).connections.at(-1));
    const all = /** @type {Map<string, any>} */ (/** @type {unknown} */ (await connection.getStats()));
    const transport = [...all.values()].find((s) => s.type === "transport");
    return { protocol: all.get(all.get(transport.selectedCandidatePairId).localCandidateId).protocol, cipher: transport.srtpCipher };
  });
}

/**
 * @typedef {object} Playing
 * @property {number} time      currentTime of the video
 * @property {number} pictures  decoded so far
 * @property {number} sound     samples (WebRTC) or bytes (HLS) of sound decoded so far
 * @property {number} energy    of the sound, WebRTC only
 * @property {string} state @property {string} transport @property {number | null} latency
 * @property {string} problem
 */

/** @param {Page} page @returns {Promise<Playing>} */
export function look(page) {
  return page.evaluate(async () => {
    const player = /** @type {any} */ (document.querySelector("xf-player"));
    const video = player?.video;
    let sound = video?.webkitAudioDecodedByteCount ?? 0;
    let energy = 0;
    for (const c of /** @type {any} */ (window).connections) {
      for (const s of (await c.getStats()).values()) {
        if (s.type === "inbound-rtp" && s.kind === "audio") {
          sound = s.totalSamplesReceived - s.concealedSamples;
          energy = s.totalAudioEnergy;
        }
      }
    }
    return {
      time: video?.currentTime ?? 0,
      pictures: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
      sound,
      energy,
      state: player?.state ?? "",
      transport: player?.transport ?? "",
      latency: player?.latency ?? null,
      problem: video?.error?.message ?? "",
    };
  });
}

/**
 * Waits until the page plays: from what it shows now, time goes on and pictures are decoded.
 * @param {Page & { errors?: string[] }} page
 * @param {{ via?: "whep" | "hls", sound?: boolean }} [want]
 */
export async function plays(page, { via, sound = true } = {}) {
  const first = await look(page);
  const end = Date.now() + 40_000;
  for (;;) {
    const now = await look(page);
    // A player that starts over begins to count anew.
    const moved = now.time >= first.time + 1 && now.pictures >= first.pictures + 20;
    if (moved && (!sound || now.sound > first.sound) && (!via || now.transport === via) && now.state === "playing") return now;
    if (now.pictures < first.pictures || now.time < first.time) Object.assign(first, now);
    if (Date.now() > end) throw new Error(`${page.url()} does not play: ${JSON.stringify({ first, now })}\n${(page.errors ?? []).join("\n")}`);
    await page.waitForTimeout(200);
  }
}

/**
 * Opens the watch page of a stream.
 * @param {Browser} browser @param {string} url @param {() => void} [script] what runs in the page before its own scripts
 */
export async function watch(browser, url, script) {
  const page = await open(browser, { viewport: { width: 960, height: 720 } });
  if (script) await page.addInitScript(script);
  await page.goto(url);
  await page.evaluate(() => {
    const player = /** @type {any} */ (document.querySelector("xf-player"));
    customElements.whenDefined("xf-player").then(() => (player.muted = false));
  });
  return page;
}

const axeSource = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe holds against the page and calls serious or critical. @param {Page} page */
export async function complaints(page) {
  await page.evaluate(await axeSource);
  return page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (window).axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter((/** @type {any} */ v) => v.impact === "serious" || v.impact === "critical")
      .map((/** @type {any} */ v) => `${v.id}: ${v.help}: ${v.nodes.map((/** @type {any} */ n) => n.target.join(" ")).join(", ")}`);
  });
}

/**
 * Signs in at the console of the demo's network, or one that was made like it.
 * @param {Page} page @param {string} base @param {string} to what to go on at @param {string} [login]
 */
export async function signIn(page, base, to, login = "admin") {
  await page.goto(`${base}/sign/in?to=${to}`);
  await page.fill("input[name=login]", login);
  await page.fill("input[name=password]", "Qinglan-Demo-99");
  await page.click("main button[type=submit]");
  await page.waitForURL(`**${to}`);
}

/**
 * Looks at a page that is loaded at several widths, the last of which stays.
 * @param {Page} page @param {number[]} widths @param {(width: number) => Promise<void>} check
 */
export async function atWidths(page, widths, check) {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 });
    await check(width);
  }
}

/** How far the page can be scrolled sideways, in px. @param {Page} page */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
