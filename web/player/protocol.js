// How the player and the publish page speak with the server over HTTP: the stream's status, and the
// exchange of session descriptions that WHIP (RFC 9725) and WHEP share.

import { Failure, kindOfStatus } from "./state.js";

/** @typedef {import("./state.js").Status} Status */
/** @typedef {import("./state.js").ServerClock} ServerClock */

const timeout = 15000;

/**
 * The addresses below a stream's own.
 * @param {string} src
 */
export function addresses(src) {
  const base = src.replace(/\/+$/, "");
  return { status: `${base}/status`, key: `${base}/key`, whep: `${base}/whep`, hls: `${base}/index.m3u8` };
}

/** @param {string} key @returns {Record<string, string>} */
export const bearer = (key) => (key ? { Authorization: `Bearer ${key}` } : {});

/**
 * fetch that fails with a Failure.
 * @param {string} url @param {RequestInit} [init]
 */
async function ask(url, init = {}) {
  let answer;
  try {
    answer = await fetch(url, { signal: AbortSignal.timeout(timeout), cache: "no-store", ...init });
  } catch (error) {
    throw new Failure("network", error instanceof Error ? error.message : "");
  }
  if (!answer.ok) throw new Failure(kindOfStatus(answer.status), await reason(answer), answer.status);
  return answer;
}

/** The server's own words for a refusal. @param {Response} answer */
async function reason(answer) {
  const text = (await answer.text().catch(() => "")).slice(0, 500);
  try {
    const { error } = JSON.parse(text);
    if (typeof error === "string") return error;
  } catch {
    // not JSON: the text is the reason
  }
  return /^\s*</.test(text) ? "" : text.trim();
}

/**
 * The stream's status; sets clock by it.
 * @param {string} url @param {string} key @param {ServerClock} [clock] @returns {Promise<Status>}
 */
export async function fetchStatus(url, key, clock) {
  const sent = performance.now();
  const answer = await ask(url, { headers: bearer(key), signal: AbortSignal.timeout(6000) });
  const received = performance.now();
  const status = await answer.json();
  clock?.note(sent, received, status.now);
  return { ...status, tracks: status.tracks ?? [] };
}

/**
 * Asks for the playlist, which starts a source that is pulled on demand.
 * @param {string} url @param {string} key
 */
export async function knock(url, key) {
  await (await ask(url, { headers: bearer(key) })).text();
}

/**
 * Hands a key to the server, which keeps it in a cookie that scripts can't read.
 * @param {string} url @param {string} key
 */
export async function sendKey(url, key) {
  await ask(url, { method: "POST", body: new URLSearchParams({ key }) });
}

/**
 * Offers a session and returns the server's answer and the session's address.
 * @param {string} url @param {string} sdp @param {string} key
 */
export async function exchange(url, sdp, key) {
  const answer = await ask(url, { method: "POST", headers: { "Content-Type": "application/sdp", ...bearer(key) }, body: sdp });
  const location = answer.headers.get("Location");
  return { sdp: await answer.text(), session: location ? new URL(location, answer.url).href : "" };
}

/**
 * Ends a session. Works while the page is being left.
 * @param {string} session @param {string} key
 */
export async function release(session, key) {
  if (!session) return;
  await fetch(session, { method: "DELETE", headers: bearer(key), keepalive: true }).catch(() => {}); // the server notices by itself
}

/**
 * Asks for stereo: without it Chromium plays Opus in mono (RFC 7587 §6.1).
 * @param {string} sdp
 */
export function stereo(sdp) {
  const opus = /^a=rtpmap:(\d+) opus\/48000\/2\r?$/im.exec(sdp);
  if (!opus) return sdp;
  const format = new RegExp(`^(a=fmtp:${opus[1]} )(?!.*\\bstereo=)(.*?)(\\r?)$`, "m");
  return sdp.replace(format, "$1$2;stereo=1$3");
}
