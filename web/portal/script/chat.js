// The chat beside the player, and the reactions. With #moderate in the address, whoever may moderates here.

import { socket, SocketError } from "../../kit/script/socket.js";
import { merge, reason } from "./chat-state.js";

/** @typedef {import("./chat-state.js").Line} Line */

const nameKey = "xf-chat-name";

class Chat {
  /** @type {Line[]} */ #lines = [];
  /** @type {Line[]} */ #desk = [];
  #mode = "off";
  #on = false;
  /** @type {Record<string, string>} */ #words;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    this.id = Number(box.dataset.chat);
    this.#words = JSON.parse(box.dataset.words ?? "{}");
    this.list = /** @type {HTMLElement} */ (box.querySelector("[data-lines]"));
    this.form = /** @type {HTMLFormElement} */ (box.querySelector("form"));
    this.name = /** @type {HTMLInputElement} */ (this.form.elements.namedItem("name"));
    this.text = /** @type {HTMLInputElement} */ (this.form.elements.namedItem("text"));
    this.said = /** @type {HTMLElement} */ (box.querySelector("[data-said]"));
    this.name.value = recall();
    this.form.addEventListener("submit", (e) => {
      e.preventDefault();
      void this.#send();
    });
    for (const b of box.querySelectorAll("[data-react]")) {
      if (b instanceof HTMLButtonElement) b.addEventListener("click", () => void this.#react(b));
    }
    socket.on(`broadcast:${this.id}`, (body) => this.#state(body.chat, body.state === "onair"));
    socket.on(`chat:${this.id}`, (body) => {
      this.#lines = merge(this.#lines, body.lines);
      this.#show();
    });
    socket.on(`react:${this.id}`, (body) => this.#count(body));
    if (location.hash === "#moderate") {
      socket.on(
        `moderate:${this.id}`,
        (body) => {
          this.#desk = merge(this.#desk, body.lines);
          this.#show();
        },
        () => this.#say("notyours"),
      );
    }
  }

  /** @param {string} mode @param {boolean} on */
  #state(mode, on) {
    this.#mode = mode;
    this.#on = on && mode !== "off";
    this.form.hidden = !this.#on;
    for (const b of this.box.querySelectorAll("[data-react]")) if (b instanceof HTMLButtonElement) b.disabled = !this.#on;
    this.#show();
  }

  async #send() {
    const name = this.name.value.trim();
    const text = this.text.value.trim();
    if (text === "") return;
    try {
      const line = /** @type {Line} */ (await socket.send("chat", { broadcast: this.id, name, text }));
      this.text.value = "";
      if (line.known) this.name.closest("label")?.setAttribute("hidden", "");
      else remember(name);
      this.#say(line.waiting ? "waits" : "");
    } catch (error) {
      this.#say(reason(error instanceof SocketError ? error.kind : "server"));
    }
    this.text.focus();
  }

  /** @param {HTMLButtonElement} b */
  async #react(b) {
    try {
      await socket.send("react", { broadcast: this.id, kind: b.dataset.react });
      this.#say("");
    } catch (error) {
      this.#say(reason(error instanceof SocketError ? error.kind : "server"));
    }
  }

  /** @param {Line} line @param {"shown" | "removed"} kind */
  async #judge(line, kind) {
    try {
      await socket.send("judge", { broadcast: this.id, line: line.id, kind });
      this.#say("");
    } catch (error) {
      this.#say(reason(error instanceof SocketError ? error.kind : "server"));
    }
  }

  /** @param {Record<string, number>} counts */
  #count(counts) {
    for (const b of this.box.querySelectorAll("[data-react]")) {
      if (!(b instanceof HTMLElement)) continue;
      const n = counts[b.dataset.react ?? ""] ?? 0;
      const at = b.querySelector("[data-n]");
      if (at) at.textContent = n > 0 ? String(n) : "";
    }
  }

  /** @param {string} what */
  #say(what) {
    this.said.textContent = what === "" ? "" : (this.#words[what] ?? this.#words.server ?? "");
  }

  #show() {
    const moderates = this.#desk.length > 0;
    const lines = moderates ? merge(this.#lines, this.#desk) : this.#lines;
    this.box.hidden = this.#mode === "off" || (!this.#on && lines.length === 0);
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 40;
    /** @type {Map<string, Element>} */
    const have = new Map([...this.list.children].map((li) => [/** @type {HTMLElement} */ (li).dataset.line ?? "", li]));
    const wanted = lines.map((l) => {
      const key = `${l.id}${l.waiting ? "w" : ""}${moderates ? "m" : ""}`;
      return have.get(key) ?? this.#line(l, key, moderates);
    });
    for (const li of [...this.list.children]) if (!wanted.includes(li)) li.remove();
    wanted.forEach((li, i) => {
      if (this.list.children[i] !== li) this.list.insertBefore(li, this.list.children[i] ?? null);
    });
    const none = this.box.querySelector("[data-none]");
    if (none instanceof HTMLElement) none.hidden = lines.length > 0;
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  /** @param {Line} l @param {string} key @param {boolean} moderates */
  #line(l, key, moderates) {
    const li = document.createElement("li");
    li.dataset.line = key;
    li.className = l.waiting ? "waiting" : "";
    const who = document.createElement("b");
    who.textContent = l.name ?? "";
    const text = document.createElement("span");
    text.textContent = l.text ?? "";
    li.append(who, text);
    if (moderates) {
      const acts = document.createElement("span");
      acts.className = "acts";
      if (l.waiting) acts.append(this.#button("pass", () => void this.#judge(l, "shown"), l));
      acts.append(this.#button("drop", () => void this.#judge(l, "removed"), l));
      li.append(acts);
    }
    return li;
  }

  /** @param {string} word @param {() => void} act @param {Line} l */
  #button(word, act, l) {
    const b = document.createElement("button");
    b.type = "button";
    b.className = "button small";
    b.textContent = this.#words[word] ?? word;
    b.setAttribute("aria-label", `${this.#words[word] ?? word}: ${l.name ?? ""} ${l.text ?? ""}`);
    b.addEventListener("click", act);
    return b;
  }
}

function recall() {
  try {
    return localStorage.getItem(nameKey) ?? "";
  } catch {
    return ""; // no storage here
  }
}

/** @param {string} name */
function remember(name) {
  try {
    localStorage.setItem(nameKey, name);
  } catch {
    // asked again the next time
  }
}

const box = document.querySelector("[data-chat]");
if (box instanceof HTMLElement) new Chat(box);
