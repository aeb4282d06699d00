// A broadcast's own page: countdown, player, slate, and the urgent one in its place, by the topic of the broadcast
// and the server's clock.

import { socket } from "../../kit/script/socket.js";
import { countdown, fill, later, serverTime, stage } from "./air-state.js";

/** @typedef {import("./air-state.js").Card} Card */
/** @typedef {import("./air-state.js").Full} Full */

class Watch {
  /** @type {Full} */ #told;
  /** @type {Record<string, string>} */ #words;
  #timer = 0;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    this.stage = box.querySelector(".stage");
    this.#told = JSON.parse(box.dataset.told ?? "");
    this.#words = JSON.parse(box.dataset.words ?? "{}");
    socket.on(`broadcast:${box.dataset.broadcast}`, (body) => {
      this.#told = body;
      this.#show();
    });
    document.addEventListener("visibilitychange", () => this.#show());
    this.#show();
  }

  #show() {
    const now = serverTime(socket.clock);
    const told = this.#told;
    const x = stage(told, now);
    for (const at of this.box.querySelectorAll("h1, .slate-title")) write(at, told.title);
    const badge = this.box.querySelector("[data-badge]");
    write(badge, this.#words[x.state] ?? "");
    badge?.classList.toggle("off", x.state !== "onair");
    this.#play(x.play);
    this.#slate(x.show, x.state, x.count);
    const instead = this.box.querySelector("[data-instead]");
    if (instead instanceof HTMLElement) {
      instead.hidden = !x.instead;
      write(instead, x.instead && x.play ? fill(instead.dataset.say ?? "", x.play.title) : "");
    }
    const replay = this.box.querySelector("[data-replay]");
    if (replay instanceof HTMLAnchorElement) {
      replay.hidden = !told.replay || x.show === "player";
      if (told.replay) replay.href = told.replay;
    }
    window.clearTimeout(this.#timer);
    this.#timer = later(Math.min(x.change - now, x.count > 0 ? x.count % 1000 || 1000 : Infinity), () => this.#show());
  }

  /** Another source is another player: it keeps nothing of the one before. @param {Card | null} c */
  #play(c) {
    const old = this.box.querySelector("xf-player");
    if (c === null) {
      old?.remove();
      return;
    }
    if (old?.getAttribute("src") === c.source && old.getAttribute("broadcast") === String(c.id)) return;
    const player = document.createElement("xf-player");
    for (const [name, value] of Object.entries({ src: c.source, broadcast: String(c.id), sync: String(c.delay), autoplay: "", "page-keys": "" })) {
      player.setAttribute(name, value);
    }
    if (old) {
      old.replaceWith(player);
    } else {
      this.stage?.prepend(player);
    }
  }

  /** @param {"before" | "player" | "after"} show @param {string} state @param {number} count */
  #slate(show, state, count) {
    const slate = this.box.querySelector("[data-slate]");
    if (!(slate instanceof HTMLElement)) return;
    slate.hidden = show === "player";
    for (const picture of slate.querySelectorAll("[data-picture]")) {
      if (picture instanceof HTMLElement) picture.hidden = picture.dataset.picture !== (show === "before" ? "before" : "after");
    }
    const own = show === "before" ? this.#told.before : state === "cancelled" ? "" : this.#told.after;
    write(slate.querySelector("[data-slate-text]"), own || (this.#words[`slate-${state}`] ?? ""));
    const clock = slate.querySelector("[data-count]");
    if (clock instanceof HTMLElement) {
      clock.hidden = count <= 0;
      write(clock, count > 0 ? countdown(count, this.#words.days ?? "") : "");
    }
  }
}

/** @param {Element | null} at @param {string} text */
function write(at, text) {
  if (at !== null && at.textContent !== text) at.textContent = text;
}

const box = document.querySelector("[data-broadcast]");
if (box instanceof HTMLElement) {
  new Watch(box);
}
