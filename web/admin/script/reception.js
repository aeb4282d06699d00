// Keeps the figures of how a broadcast is received as new as the server's: numbers, bars, and the list of renditions.

import { socket } from "../../kit/script/socket.js";

/**
 * @typedef {{reports: number, known: number, late: number, stalls: number, errors: number[], via: number[]}} Figures
 * @typedef {{now: Figures, total: Figures, p50: number | null, p95: number | null, renditions: {name: string, count: number}[]}} View
 */

const height = 100; // of the highest bar
const state = document.getElementById("live");

/** @param {number | null} ms */
const far = (ms) => (ms === null ? "–" : `${ms.toFixed(1)} ms`);
/** @param {number} part @param {number} of */
const share = (part, of) => (of === 0 ? "–" : `${((part * 100) / of).toFixed(1)} %`);

/** What a figure is called on the page, and what it says. @param {View} v @param {string} name */
function said(v, name) {
  switch (name) {
    case "viewers":
      return String(v.now.reports);
    case "p50":
      return far(v.p50);
    case "p95":
      return far(v.p95);
    case "late":
      return share(v.now.late, v.now.reports);
    case "stalls":
      return String(v.now.stalls);
  }
  /** @type {any} */
  let at = v;
  for (const step of name.split(".")) at = at?.[step];
  return String(at ?? "–");
}

/** @param {Element} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text; // what did not change is not read out again
}

/** @param {View} v */
function show(v) {
  for (const e of document.querySelectorAll("[data-figure]")) setText(e, said(v, e.getAttribute("data-figure") ?? ""));
  const most = Math.max(1, ...v.now.errors);
  for (const bar of document.querySelectorAll("[data-bar]")) {
    const h = Math.ceil((v.now.errors[Number(bar.getAttribute("data-bar"))] * height) / most);
    bar.setAttribute("y", String(height - h));
    bar.setAttribute("height", String(h));
  }
  const list = document.getElementById("renditions");
  list?.replaceChildren(
    ...v.renditions.map(({ name, count }) => {
      const li = document.createElement("li");
      const [a, b] = [document.createElement("span"), document.createElement("span")];
      [a.textContent, b.textContent, b.className] = [name, String(count), "number"];
      li.append(a, " ", b);
      return li;
    }),
  );
}

if (state) {
  socket.on(
    state.dataset.topic ?? "",
    (v) => {
      show(v);
      state.classList.add("ok");
      setText(state, state.dataset.live ?? "");
    },
    () => {
      state.classList.remove("ok");
      setText(state, state.dataset.lost ?? "");
    },
  );
}
