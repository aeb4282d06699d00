// How late this device's sound is (wireless loudspeakers are, by 100 to 300 ms): a setting of the device, not
// of a broadcast.

const name = "xf-sync-trim";
export const trimLimit = 500;
export const trimStep = 10;

/** @param {unknown} ms */
export function fitTrim(ms) {
  const n = Math.round(Number(ms) / trimStep) * trimStep;
  return Number.isFinite(n) ? Math.max(-trimLimit, Math.min(trimLimit, n)) + 0 : 0;
}

export function readTrim() {
  try {
    return fitTrim(localStorage.getItem(name) ?? 0);
  } catch {
    return 0; // kept nothing: a private window
  }
}

/** @param {unknown} ms @returns {number} what it is now */
export function keepTrim(ms) {
  const trim = fitTrim(ms);
  try {
    if (trim === 0) localStorage.removeItem(name);
    else localStorage.setItem(name, String(trim));
  } catch {
    // it holds until the page is left
  }
  return trim;
}
