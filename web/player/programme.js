// Programme time of what a player shows: the wall clock, in ms, of the moment that a picture is of. No DOM.

import { median } from "./estimate.js";

/**
 * A fragment of a playlist, as far as it matters here.
 * @typedef {object} Dated
 * @property {number} start      seconds on the player's timeline, as far as is known
 * @property {number} [startPTS] the same as it was found in the data
 * @property {number | null} programDateTime
 * @property {number} cc         counts discontinuities
 */

/**
 * Where the player's timeline lies in programme time: between the beginnings of two fragments it is what lies
 * between their dates, so that it changes smoothly and is the same for every viewer, whatever each has loaded.
 * Each date counts as the median of itself and its neighbours, since one alone may be wrong.
 * @param {readonly Dated[]} fragments in order @param {number} seconds a place on the timeline
 * @returns {number} ms to be added to it; NaN if nothing is known
 */
export function dateOffset(fragments, seconds) {
  const dated = fragments.filter((f) => Number.isFinite(f.programDateTime));
  if (dated.length === 0) return NaN;
  let here = dated[0];
  for (const f of dated) if (f.start <= seconds + 0.001) here = f;
  const same = dated.filter((f) => f.cc === here.cc);
  const i = same.indexOf(here);
  const begin = (/** @type {Dated} */ f) => f.startPTS ?? f.start;
  const offset = (/** @type {number} */ n) => /** @type {number} */ (same[n].programDateTime) - 1000 * begin(same[n]);
  const smooth = (/** @type {number} */ n) => (n > 0 && n + 1 < same.length ? median([offset(n - 1), offset(n), offset(n + 1)]) : offset(n));
  if (i + 1 >= same.length) return smooth(i);
  const share = Math.max(0, Math.min(1, (seconds - begin(here)) / (begin(same[i + 1]) - begin(here))));
  return smooth(i) + share * (smooth(i + 1) - smooth(i));
}

/**
 * What the server says of a stream: at stream time pts (s) the programme is at (ms), and gains slope (ppm).
 * @typedef {{ pts: number, at: number, slope?: number }} StreamMap
 */

/** @param {unknown} v @returns {v is StreamMap} */
export function isMap(v) {
  const m = /** @type {any} */ (v);
  return Number.isFinite(m?.pts) && Number.isFinite(m?.at) && (m.slope === undefined || Math.abs(m.slope) <= 20000);
}

/** Programme time of a stream time, which is in seconds. @param {StreamMap} map @param {number} pts */
export const programmeOf = (map, pts) => map.at + (pts - map.pts) * 1000 * (1 + (map.slope ?? 0) / 1e6);

/**
 * Programme time of an RTP time stamp: the server's are the stream's time on the codec's clock, modulo 2^32.
 * Of the moments that share it the one next to the map's is meant.
 * @param {StreamMap} map @param {number} timestamp @param {number} [clock] Hz
 */
export function programmeOfRTP(map, timestamp, clock = 90000) {
  const at = Math.round(map.pts * clock);
  const base = ((at % 2 ** 32) + 2 ** 32) % 2 ** 32;
  let ticks = (timestamp - base) % 2 ** 32;
  if (ticks >= 2 ** 31) ticks -= 2 ** 32;
  if (ticks < -(2 ** 31)) ticks += 2 ** 32;
  return programmeOf(map, (at + ticks) / clock);
}
