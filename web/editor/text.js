// What can be said about a text: how long it is, what it may be called, when it changed.

/** Words as people count them here: each Han character, each run of other letters or digits. @param {string} text */
export function count(text) {
  return text.match(/\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{N}])+(?:['’.-](?:(?!\p{Script=Han})[\p{L}\p{N}])+)*/gu)?.length ?? 0;
}

/** The first sentence, as a title. @param {string} text @param {number} [most] */
export function guessTitle(text, most = 40) {
  const line = text.split("\n").map((l) => l.trim()).find(Boolean) ?? "";
  const sentence = /^.*?[。！？!?；;]|^.*/u.exec(line)?.[0] ?? "";
  const bare = sentence.replace(/[。；;，,：:.]+$/u, "").trim();
  const letters = [...bare];
  if (letters.length <= most) return bare;
  const short = letters.slice(0, most).join("");
  const pause = Math.max(short.lastIndexOf("，"), short.lastIndexOf("、"), short.lastIndexOf(","), short.lastIndexOf(" "));
  return pause > most / 3 ? short.slice(0, pause) : short;
}

/** Plain text as paragraphs of HTML. @param {string} text */
export function paragraphs(text) {
  const safe = (/** @type {string} */ s) => s.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c);
  return text.split(/\n+/).map((l) => l.trim()).filter(Boolean).map((l) => `<p>${safe(l)}</p>`).join("");
}

/** The width and height that a picture is sent with. @param {number} width @param {number} height @param {number} [most] px on the long side */
export function shrunk(width, height, most = 2560) {
  const by = Math.min(1, most / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * by)), height: Math.max(1, Math.round(height * by)) };
}
