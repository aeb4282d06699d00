// The broadcast card that is on every page of a site. The server has put the one of now there; this follows the
// topic of the site, and the server's clock, and changes it without a reload.

import { socket } from "../../kit/script/socket.js";
import { countdown, fill, later, pick, serverTime } from "./air-state.js";

/** @typedef {import("./air-state.js").Card} Card */
/** @typedef {import("./air-state.js").Told} Told */

class Air {
  /** @type {Told} */ #told;
  #timer = 0;

  /** @param {HTMLElement} box @param {HTMLElement} cards */
  constructor(box, cards) {
    this.box = box;
    this.cards = cards;
    this.#told = JSON.parse(box.dataset.told ?? "");
    socket.on(`site:${box.dataset.air}`, (body) => {
      this.#told = body;
      this.#show();
    });
    document.addEventListener("visibilitychange", () => this.#show());
    this.#show();
  }

  #show() {
    const now = serverTime(socket.clock);
    const x = pick(this.#told, now);
    document.querySelector("[data-live]")?.classList.toggle("on-air", x.on.length > 0);
    const skip = Number(this.box.dataset.skip ?? 0);
    const c = x.urgent ?? x.on.find((o) => o.id !== skip) ?? (x.on.length === 0 ? x.next : null);
    if (c === null || c.id === skip) {
      this.cards.replaceChildren();
    } else {
      this.#put(c, x.urgent === null ? "card" : "urgent", x.on.length - 1, now);
    }
    window.clearTimeout(this.#timer);
    const counting = c !== null && c.state === "planned" && document.visibilityState === "visible";
    const wait = Math.min(x.change - now, counting ? ((c.starts ?? 0) - now) % 1000 || 1000 : Infinity);
    this.#timer = later(wait, () => this.#show());
  }

  /** @param {Card} c @param {string} kind @param {number} others @param {number} now */
  #put(c, kind, others, now) {
    let at = this.cards.querySelector(kind === "card" ? ".air-card" : ".air-urgent");
    if (!(at instanceof HTMLElement) || at.dataset.card !== String(c.id)) {
      at = this.#blank(kind);
      if (!(at instanceof HTMLElement)) return;
      at.dataset.card = String(c.id);
      this.cards.replaceChildren(at);
    }
    const upcoming = c.state === "planned";
    at.dataset.state = c.state;
    const link = at.querySelector("a");
    link?.setAttribute("href", c.watch);
    write(at.querySelector("[data-title]") ?? link, c.title);
    for (const badge of at.querySelectorAll("[data-badge]")) {
      if (badge instanceof HTMLElement) badge.hidden = (badge.dataset.badge === "planned") !== upcoming;
    }
    const time = upcoming ? c.starts : c.began;
    const by = at.querySelector("[data-by]");
    write(by, fill(this.#words(upcoming ? "next" : "on"), c.from, moment(time ?? 0, now, Number(this.box.dataset.offset ?? 0))));
    by?.setAttribute("datetime", new Date(time ?? 0).toISOString());
    write(at.querySelector("[data-others]"), others > 0 ? fill(this.box.dataset.more ?? "", others) : "");
    const count = at.querySelector("[data-count]");
    if (count instanceof HTMLElement) {
      count.hidden = !upcoming;
      write(count, upcoming ? countdown((c.starts ?? 0) - now, this.box.dataset.days ?? "") : "");
    }
    this.#run(at);
  }

  /** @param {string} kind */
  #blank(kind) {
    const t = this.box.querySelector(`template[data-blank="${kind}"]`);
    return t instanceof HTMLTemplateElement ? /** @type {DocumentFragment} */ (t.content.cloneNode(true)).firstElementChild : null;
  }

  /** @param {string} which */
  #words(which) {
    const t = this.box.querySelector('template[data-blank="words"]');
    return (t instanceof HTMLTemplateElement && t.content.querySelector(`[data-${which}]`)?.textContent) || "%s %s";
  }

  /** An urgent line that is too long for its place runs, until somebody stops it. @param {HTMLElement} at */
  #run(at) {
    const line = at.querySelector(".line");
    const hold = at.querySelector("[data-hold]");
    if (!(line instanceof HTMLElement) || !(hold instanceof HTMLButtonElement)) return;
    if (line.dataset.said === line.textContent) return;
    line.dataset.said = line.textContent ?? "";
    line.classList.remove("runs", "wraps", "held");
    hold.textContent = this.box.dataset.pause ?? "";
    const long = line.scrollWidth / line.clientWidth;
    const runs = long > 2.5 && !window.matchMedia("(prefers-reduced-motion: reduce)").matches; // what two lines hold stands still
    line.classList.toggle("runs", runs);
    line.classList.toggle("wraps", long > 1 && !runs);
    hold.hidden = !runs;
    hold.onclick = () => {
      const held = line.classList.toggle("held");
      hold.textContent = (held ? this.box.dataset.play : this.box.dataset.pause) ?? "";
    };
  }
}

/** Says something new, and nothing where it is the same: live regions would say it again. @param {Element | null} at @param {string} text */
function write(at, text) {
  if (at !== null && at.textContent !== text) at.textContent = text;
}

/**
 * A time as the page itself says it: where the network is, not where the device believes to be.
 * @param {number} at @param {number} now @param {number} offset of the network's zone, in minutes
 */
function moment(at, now, offset) {
  const there = (/** @type {number} */ t) => new Date(t + offset * 60_000).toISOString();
  const time = there(at).slice(11, 16);
  if (there(at).slice(0, 10) === there(now).slice(0, 10)) return time;
  return `${new Date(there(at)).toLocaleDateString(document.documentElement.lang, { month: "long", day: "numeric", timeZone: "UTC" })} ${time}`;
}

const box = document.querySelector("[data-air]");
const cards = box?.querySelector("[data-cards]");
if (box instanceof HTMLElement && cards instanceof HTMLElement) {
  new Air(box, cards);
}
