// The lines of a chat as a page keeps them, without a browser.

/**
 * A line, as docs/protocol.md has it.
 * @typedef {{id: number, at: number, name?: string, text?: string, known?: boolean, waiting?: boolean, removed?: boolean}} Line
 */

const most = 200; // lines kept; more: the oldest go

/**
 * Takes what a topic tells: lines that are new, that changed, and that were removed.
 * @param {Line[]} have in order @param {Line[]} told @returns {Line[]} in order
 */
export function merge(have, told) {
  const lines = new Map(have.map((l) => [l.id, l]));
  for (const l of told) {
    if (l.removed) lines.delete(l.id);
    else lines.set(l.id, l);
  }
  return [...lines.values()].sort((a, b) => a.at - b.at || a.id - b.id).slice(-most);
}

/**
 * Which words say why a command failed.
 * @param {string} kind @returns {string}
 */
export function reason(kind) {
  return ["toomany", "full", "denied", "invalid", "offline", "conflict"].includes(kind) ? kind : "server";
}
