// A hall's screen: shows what its site broadcasts, at the same second as all others, and the QR code for who sits there.

import { socket } from "../../kit/script/socket.js";
import { countdown, fill, later, pick, serverTime } from "../../portal/script/air-state.js";

/** @typedef {import("../../portal/script/air-state.js").Told} Told */
/** @typedef {import("../../portal/script/air-state.js").Card} Card */
/** @typedef {Told & {site: string, ticket?: string, qr?: string, for?: string, people: number}} Now */

const askEvery = 20_000; // the QR code is good for minutes; what is on air comes over the socket
const askSoon = 1000;

class Screen {
  /** @type {Now} */ #told;
  /** @type {Record<string, string>} */ #words;
  /** @type {Card | null} */ #playing = null;
  #timer = 0;
  #ask = 0;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    this.#told = JSON.parse(box.dataset.now ?? "{}");
    this.#words = JSON.parse(box.dataset.words ?? "{}");
    socket.on(`site:${this.#told.site}`, (body) => {
      this.#told = { ...this.#told, ...body };
      this.#show();
      this.#askIn(askSoon); // another broadcast has another ticket
    });
    this.#ticket();
    this.#show();
    this.#askIn(askSoon);
  }

  /** @param {number} ms */
  #askIn(ms) {
    window.clearTimeout(this.#ask);
    this.#ask = window.setTimeout(() => void this.#now(), ms);
  }

  async #now() {
    try {
      const body = new URLSearchParams();
      const player = /** @type {any} */ (this.box.querySelector("xf-player"));
      if (this.#playing && player?.state === "playing") body.set("showing", String(this.#playing.id));
      const answer = await fetch("/terminal/now", { method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15_000) });
      if (answer.status === 404) {
        location.reload(); // signed out in the console
        return;
      }
      if (answer.ok) {
        this.#told = await answer.json();
        this.#ticket();
        this.#show();
      }
    } catch {
      // the network is gone; what is on the screen stays
    }
    this.#askIn(askEvery);
  }

  #ticket() {
    const at = this.box.querySelector("[data-ticket]");
    const told = this.#told;
    if (!(at instanceof HTMLElement)) return;
    at.hidden = !told.qr;
    const picture = at.querySelector("[data-qr]");
    if (told.qr && picture) {
      // Made by this server of its own address, and parsed as an image's document: nothing in it runs.
      const svg = new DOMParser().parseFromString(told.qr.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '), "image/svg+xml").documentElement;
      picture.replaceChildren(document.importNode(svg, true));
    }
    write(at.querySelector("[data-for]"), told.for ?? "");
    write(at.querySelector("[data-people]"), fill(this.#words.people ?? "", told.people));
  }

  #show() {
    const now = serverTime(socket.clock);
    const x = pick(this.#told, now);
    const card = x.urgent ?? x.on[0] ?? null;
    this.#play(card);
    const slate = this.box.querySelector("[data-slate]");
    let count = 0;
    if (slate instanceof HTMLElement) {
      slate.hidden = card !== null;
      const over = slate.querySelector("[data-over]");
      if (over instanceof HTMLElement) {
        over.hidden = x.next === null;
        write(over, this.#words.next ?? "");
      }
      write(slate.querySelector("[data-title]"), x.next?.title ?? this.#words.none ?? "");
      const clock = slate.querySelector("[data-count]");
      count = x.next ? (x.next.starts ?? 0) - now : 0;
      if (clock instanceof HTMLElement) {
        clock.hidden = count <= 0;
        write(clock, count > 0 ? countdown(count, this.#words.days ?? "") : "");
      }
    }
    window.clearTimeout(this.#timer);
    this.#timer = later(Math.min(x.change - now, count > 0 ? count % 1000 || 1000 : Infinity), () => this.#show());
  }

  /** @param {Card | null} c */
  #play(c) {
    if (c?.id === this.#playing?.id && c?.source === this.#playing?.source) return;
    this.#playing = c;
    const old = this.box.querySelector("xf-player");
    old?.remove();
    if (!c) return;
    const player = document.createElement("xf-player");
    for (const [name, value] of Object.entries({ src: c.source, broadcast: String(c.id), sync: String(c.delay), autoplay: "", sound: "", "page-keys": "" })) {
      player.setAttribute(name, value);
    }
    this.box.querySelector(".hall-stage")?.prepend(player);
  }
}

/** @param {Element | null} at @param {string} text */
function write(at, text) {
  if (at !== null && at.textContent !== text) at.textContent = text;
}

const box = document.querySelector("[data-hall]");
if (box instanceof HTMLElement) new Screen(box);
