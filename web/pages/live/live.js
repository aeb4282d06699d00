// Keeps the list of what is on air up to date from /api/streams. The rows are clones of the server's
// own template, the words come from the table's data attributes.

import { bitRate } from "../../player/state.js";

/**
 * @typedef {{ codec: string, width?: number, height?: number, fps?: number, sampleRate?: number, bitRate: number }} Track
 * @typedef {{ name: string, live: boolean, since: string, viewers: number, tracks: Track[] }} Stream
 */

const every = 3000;
const list = /** @type {HTMLTableElement} */ (document.getElementById("list"));
const body = list.tBodies[0];
const blank = /** @type {HTMLTemplateElement} */ (document.getElementById("row"));
const words = /** @type {Record<string, string>} */ (list.dataset);

/** @param {string} text @param {...number} numbers */
const say = (text, ...numbers) => numbers.reduce((t, n) => t.replace("%d", String(n)), text);

/** @param {Track} t */
function picture(t) {
  let text = t.codec;
  if (t.height) text += ` ${t.width}×${t.height}`;
  if (t.fps) text += ` @${Math.round(t.fps)}`;
  return text;
}

/** @param {number} ms */
function lasting(ms) {
  const m = Math.floor(ms / 60000);
  if (m < 1) return words.just;
  return m < 60 ? say(words.minutes, m) : say(words.hours, Math.floor(m / 60), m % 60);
}

/** @param {HTMLTableRowElement} row @param {Stream} x @param {number} now */
function fill(row, x, now) {
  const video = x.tracks.find((t) => !t.sampleRate);
  const sound = x.tracks.find((t) => t.sampleRate);
  const bits = x.tracks.reduce((sum, t) => sum + t.bitRate, 0);
  /** @type {Record<string, string>} */
  const texts = {
    badge: x.live ? words.badgeLive : words.badgeGone,
    name: x.name,
    viewers: say(words.viewers, x.viewers),
    since: lasting(now - Date.parse(x.since)),
    details: [video ? picture(video) : words.noPicture, sound ? sound.codec : words.noSound, ...(bits ? [bitRate(bits)] : [])].join(" · "),
  };
  for (const [key, text] of Object.entries(texts)) {
    const cell = row.querySelector(`[data-is="${key}"]`);
    if (cell && cell.textContent !== text) cell.textContent = text;
  }
  row.querySelector('[data-is="badge"]')?.classList.toggle("off", !x.live);
  for (const a of row.querySelectorAll("a")) {
    const to = `/live/${encodeURIComponent(x.name)}`;
    if (a.getAttribute("href") !== to) a.href = to;
  }
}

/** @param {{ now: number, streams: Stream[] }} answer */
function show({ now, streams }) {
  /** @type {Map<string, HTMLTableRowElement>} */
  const rows = new Map([...body.rows].map((row) => [row.querySelector('[data-is="name"]')?.textContent ?? "", row]));
  streams.forEach((x, i) => {
    let row = rows.get(x.name);
    rows.delete(x.name);
    if (!row) row = /** @type {HTMLTableRowElement} */ (blank.content.querySelector("tr")?.cloneNode(true));
    fill(row, x, now);
    if (body.rows[i] !== row) body.insertBefore(row, body.rows[i] ?? null);
  });
  for (const row of rows.values()) row.remove();
  list.hidden = streams.length === 0;
  /** @type {HTMLElement} */ (document.getElementById("empty")).hidden = streams.length > 0;
  const count = /** @type {HTMLElement} */ (document.getElementById("count"));
  count.textContent = say(count.dataset.say ?? "%d", streams.length);
}

async function look() {
  const stale = /** @type {HTMLElement} */ (document.getElementById("stale"));
  try {
    const answer = await fetch("/api/streams", { cache: "no-store", signal: AbortSignal.timeout(8000) });
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.json());
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
}

/** @type {HTMLElement} */ (document.getElementById("updates")).hidden = false;
setInterval(() => document.hidden || look(), every);
document.addEventListener("visibilitychange", () => document.hidden || look());
look();
