// <xf-editor>: a text with headings, lists, pictures, tables and live blocks, around a textarea that holds its
// HTML. Without script the textarea is what people write in.
//
//   <xf-editor data-upload="/files?site=12"><textarea name="text">…</textarea></xf-editor>
//
// Squire does the editing; the buttons, dialogs, pasting and uploading are here.

import Squire from "../thirdparty/squire/squire.mjs";
import { Dictation } from "./dictation.js";
import { messages } from "./messages.js";
import { clean, quiet, safeLink } from "./paste.js";
import { count } from "./text.js";
import { Refusal, send, shrink } from "./upload.js";
import { ask, picker } from "./ask.js";

const embedName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export class XFEditor extends HTMLElement {
  /** @type {any} a Squire, once connected */ #squire = null;
  /** @type {HTMLTextAreaElement | null} */ #area = null;
  #t = messages();
  #last = ""; // the text as it was last told of; what Squire tidies up by itself is no change
  #touched = false; // else the form sends what it came with
  /** @type {HTMLElement[]} */ #parts = [];
  #status = document.createElement("p");
  #words = document.createElement("span");
  /** @type {Map<string, HTMLButtonElement>} */ #buttons = new Map();

  static observedAttributes = ["data-plain"];

  /** With data-plain it is a textarea: for Markdown. */
  attributeChangedCallback() {
    if (!this.isConnected) return;
    if (this.hasAttribute("data-plain")) this.disconnectedCallback();
    else this.connectedCallback();
  }

  connectedCallback() {
    if (this.#squire || this.hasAttribute("data-plain")) return;
    const area = this.querySelector("textarea");
    if (!area) return;
    this.#area = area;
    const paper = document.createElement("div");
    paper.className = "xf-paper prose";
    paper.setAttribute("role", "textbox");
    paper.setAttribute("aria-multiline", "true");
    const label = area.labels?.[0];
    paper.setAttribute("aria-label", label?.textContent?.trim() || area.getAttribute("aria-label") || this.#t.text);
    label?.addEventListener("click", () => paper.focus());
    const foot = document.createElement("div");
    foot.className = "xf-foot";
    this.#status.className = "xf-said";
    this.#status.setAttribute("role", "status");
    foot.append(this.#status, this.#words);
    area.hidden = true;
    this.#parts = [this.#toolbar(), paper, foot];
    this.append(...this.#parts);
    this.#squire = new Squire(paper, { blockTag: "P", sanitizeToDOMFragment: (/** @type {string} */ html) => this.#cleaned(html), didError: (/** @type {unknown} */ e) => console.error(e) });
    this.#squire._imageResizer?.destroy(); // it draws with inline styles, which the policy of our pages forbids
    this.value = area.value;
    this.#squire.addEventListener("input", () => this.#changed());
    this.#squire.addEventListener("pathChange", () => this.#show());
    this.#squire.addEventListener("undoStateChange", (/** @type {any} */ e) => {
      this.#able("undo", e.detail.canUndo);
      this.#able("redo", e.detail.canRedo);
    });
    this.#squire.addEventListener("pasteImage", (/** @type {any} */ e) => void this.#bring([...e.detail.clipboardData.files]));
    paper.addEventListener("drop", (e) => {
      const files = [...(e.dataTransfer?.files ?? [])];
      if (files.length === 0) return;
      e.preventDefault();
      e.stopImmediatePropagation();
      void this.#bring(files);
    }, true);
    area.form?.addEventListener("formdata", this.#give);
    this.#able("undo", false);
    this.#able("redo", false);
    this.#count();
  }

  disconnectedCallback() {
    if (!this.#squire) return;
    this.#area?.form?.removeEventListener("formdata", this.#give);
    this.#squire.destroy();
    this.#squire = null;
    for (const p of this.#parts) p.remove();
    if (this.#area) this.#area.hidden = false;
  }

  #give = (/** @type {FormDataEvent} */ e) => {
    // Not value: asking Squire for it tells of a change, and then the form would be asked again meanwhile.
    if (this.#touched && this.#area) e.formData.set(this.#area.name, this.#last);
  };

  /** The text as HTML; "" where there is nothing. */
  get value() {
    if (!this.#squire) return this.#area?.value ?? "";
    const box = document.createElement("template");
    box.innerHTML = this.#squire.getHTML();
    for (const block of box.content.querySelectorAll("[data-embed]")) {
      block.textContent = "";
      for (const a of ["contenteditable", "class"]) block.removeAttribute(a);
    }
    for (const p of box.content.querySelectorAll("p,h2,h3,h4")) if (!p.textContent?.trim() && !p.querySelector("img")) p.remove();
    return box.innerHTML.replaceAll("<br></", "</");
  }

  set value(html) {
    if (this.#area) this.#area.value = html;
    if (!this.#squire) return;
    this.#squire.setHTML(html);
    this.#dress();
    this.#last = this.value;
    this.#touched = false;
    this.#count();
  }

  /** What the text says, a line for each block. */
  get text() {
    return this.#squire ? /** @type {HTMLElement} */ (this.#squire.getRoot()).innerText : "";
  }

  /** Puts words where the cursor is. @param {string} words */
  type(words) {
    this.#squire?.insertPlainText(words, false);
  }

  /** @param {string} html as pasted, or as it was kept @returns {DocumentFragment} */
  #cleaned(html) {
    const from = new DOMParser().parseFromString(quiet(html), "text/html");
    const { nodes, report } = clean(from.body, document);
    const said = [report.foreign.length ? this.#t.foreign(report.foreign.length) : "", report.local ? this.#t.local(report.local) : ""].filter(Boolean);
    if (said.length) this.#say(said.join(" "), true);
    for (const img of report.inline) void this.#lift(img);
    return nodes;
  }

  /** Uploads a picture that came within pasted text and puts its address in the place of its bytes. @param {HTMLImageElement} img */
  async #lift(img) {
    const [head, data] = img.src.split(",", 2);
    const type = /^data:([^;]+)/.exec(head)?.[1] ?? "image/png";
    const marker = `paste-${Math.random().toString(36).slice(2)}`;
    img.setAttribute("alt", img.alt || marker); // Squire copies elements: the marker finds it again
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const src = img.getAttribute("src");
    const stored = await this.#send(new File([bytes], `${marker}.${type.split("/")[1]}`, { type }));
    for (const there of /** @type {HTMLElement} */ (this.#squire.getRoot()).querySelectorAll("img")) {
      if (there.getAttribute("src") !== src) continue;
      if (!stored) there.remove();
      else {
        there.src = stored.url;
        if (there.alt === marker) there.alt = "";
      }
    }
    this.#changed();
  }

  /** @param {File[]} files pictures are put in, others become links */
  async #bring(files) {
    for (const file of files) {
      const stored = await this.#send(file);
      if (!stored) continue;
      if (file.type.startsWith("image/")) {
        const alt = (await ask(this.#t, this.#t.alt, { help: this.#t.altHelp })) ?? "";
        this.#squire.insertHTML(`<p><img src="${stored.url}" alt="${alt.replace(/[&"<>]/g, "")}"></p>`);
      } else {
        const a = document.createElement("a");
        a.href = stored.url;
        a.textContent = stored.name || file.name;
        const p = document.createElement("p");
        p.append(a);
        this.#squire.insertHTML(p.outerHTML);
      }
      this.#changed();
    }
  }

  /** @param {File} file */
  async #send(file) {
    const name = file.name;
    try {
      this.#say(this.#t.uploading(name, 0));
      const stored = await send(this.dataset.upload ?? "/files", await shrink(file), { progress: (part) => this.#say(this.#t.uploading(name, Math.floor(part * 100))) });
      this.#say(this.#t.uploaded(name));
      return stored;
    } catch (error) {
      this.#say(this.#t.uploadFailed(name, error instanceof Refusal ? error.message : this.#t.offline), true);
      return null;
    }
  }

  #changed() {
    this.#dress();
    const now = this.value;
    if (now === this.#last) return;
    this.#last = now;
    this.#touched = true;
    if (this.#area) this.#area.value = now;
    this.#count();
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Shows blocks that are more than text as what they are. */
  #dress() {
    for (const block of /** @type {HTMLElement} */ (this.#squire.getRoot()).querySelectorAll("[data-embed]")) {
      if (block.getAttribute("contenteditable") === "false") continue;
      block.setAttribute("contenteditable", "false");
      block.className = "xf-embed";
      block.textContent = this.#t.liveBlock((block.getAttribute("data-embed") ?? "").replace(/^live:/, ""));
    }
  }

  #count() {
    this.#words.textContent = this.#t.words(count(this.text));
  }

  /** @param {string} text @param {boolean} [loud] */
  #say(text, loud = false) {
    this.#status.textContent = text;
    this.#status.classList.toggle("bad", loud);
  }

  /** @param {string} name @param {boolean} can */
  #able(name, can) {
    const b = this.#buttons.get(name);
    if (b) b.setAttribute("aria-disabled", String(!can)); // stays in the tab order
  }

  /** Buttons show what the cursor stands in. */
  #show() {
    const path = this.#squire.getPath();
    const inside = (/** @type {string} */ tag) => new RegExp(`(^|>)${tag}(\\b|$)`).test(path);
    for (const [name, tag] of [["h2", "H2"], ["h3", "H3"], ["bullets", "UL"], ["numbers", "OL"], ["quote", "BLOCKQUOTE"], ["link", "A"]]) this.#buttons.get(name)?.setAttribute("aria-pressed", String(inside(tag)));
    this.#buttons.get("bold")?.setAttribute("aria-pressed", String(this.#squire.hasFormat("B")));
  }

  #toolbar() {
    const bar = document.createElement("div");
    bar.className = "xf-tools";
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", this.#t.toolbar);
    const t = this.#t;
    /** @type {[string, string, string, () => void][]} name, sign, label, what it does */
    const tools = [
      ["h2", t.h2, t.h2, () => this.#heading("H2")],
      ["h3", t.h3, t.h3, () => this.#heading("H3")],
      ["bold", t.bold, t.bold, () => (this.#squire.hasFormat("B") ? this.#squire.removeBold() : this.#squire.bold())],
      ["bullets", t.bullets, t.bullets, () => (/UL/.test(this.#squire.getPath()) ? this.#squire.removeList() : this.#squire.makeUnorderedList())],
      ["numbers", t.numbers, t.numbers, () => (/OL/.test(this.#squire.getPath()) ? this.#squire.removeList() : this.#squire.makeOrderedList())],
      ["quote", t.quote, t.quote, () => (/BLOCKQUOTE/.test(this.#squire.getPath()) ? this.#squire.decreaseQuoteLevel() : this.#squire.increaseQuoteLevel())],
      ["link", t.link, t.link, () => void this.#link()],
      ["picture", t.picture, t.picture, () => void picker("image/*", true).then((f) => this.#bring(f))],
      ["attach", t.attach, t.attach, () => void picker("", true).then((f) => this.#bring(f))],
      ["live", t.live, t.live, () => void this.#live()],
      ["undo", "↶", t.undo, () => this.#squire.undo()],
      ["redo", "↷", t.redo, () => this.#squire.redo()],
    ];
    for (const [name, sign, label, act] of tools) {
      const b = document.createElement("button");
      b.type = "button";
      b.className = `xf-tool xf-${name}`;
      b.textContent = sign;
      if (sign !== label) {
        b.setAttribute("aria-label", label);
        b.title = label;
      }
      if (["h2", "h3", "bold", "bullets", "numbers", "quote", "link"].includes(name)) b.setAttribute("aria-pressed", "false");
      b.addEventListener("mousedown", (e) => e.preventDefault()); // the selection stays
      b.addEventListener("click", () => {
        if (b.getAttribute("aria-disabled") === "true") return;
        act();
        this.#changed();
      });
      this.#buttons.set(name, b);
      bar.append(b);
    }
    if (Dictation.possible()) bar.append(new Dictation({ words: (w) => this.type(w), say: (s) => this.#say(s), t }).button);
    roving(bar);
    return bar;
  }

  /** @param {"H2" | "H3"} tag a second time makes it text again */
  #heading(tag) {
    this.#squire.modifyBlocks((/** @type {DocumentFragment} */ frag) => {
      const out = document.createDocumentFragment();
      for (const block of [...frag.childNodes]) {
        if (!/^(P|H[2-4]|DIV)$/.test(block.nodeName) || (block instanceof Element && block.hasAttribute("data-embed"))) {
          out.append(block);
          continue;
        }
        const made = document.createElement(block.nodeName === tag ? "p" : tag);
        made.append(...block.childNodes);
        out.append(made);
      }
      return out;
    });
  }

  async #link() {
    const inside = /(^|>)A\b/.test(this.#squire.getPath());
    const range = this.#squire.getSelection();
    if (inside) {
      this.#squire.removeLink();
      return;
    }
    const address = await ask(this.#t, this.#t.linkAddress, { type: "url", value: "https://", check: (v) => (safeLink(v) ? "" : this.#t.linkBad) });
    if (!address) return;
    this.#squire.setSelection(range);
    this.#squire.makeLink(safeLink(address));
    this.#changed();
  }

  async #live() {
    const range = this.#squire.getSelection();
    const name = await ask(this.#t, this.#t.liveName, { check: (v) => (embedName.test(v) ? "" : this.#t.liveBad) });
    if (!name) return;
    this.#squire.setSelection(range);
    this.#squire.insertHTML(`<div data-embed="live:${name}"></div><p><br></p>`);
    this.#changed();
  }
}

/** One stop for Tab; arrows go from button to button (ARIA toolbar). @param {HTMLElement} bar */
function roving(bar) {
  const all = () => /** @type {HTMLButtonElement[]} */ ([...bar.querySelectorAll("button")]);
  all().forEach((b, i) => (b.tabIndex = i === 0 ? 0 : -1));
  bar.addEventListener("keydown", (e) => {
    const list = all();
    const at = list.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: list.length - 1 }[e.key];
    if (to === undefined || at < 0) return;
    e.preventDefault();
    list[at].tabIndex = -1;
    const next = list[(to + list.length) % list.length];
    next.tabIndex = 0;
    next.focus();
  });
}

customElements.define("xf-editor", XFEditor);
