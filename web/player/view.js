// What the player looks like: builds the controls, shows a Model, reports what the visitor presses.
// It decides nothing.

import { icon } from "./icons.js";
import { wordsFor } from "./messages.js";
import { bitRate } from "./state.js";
import { trimLimit, trimStep } from "./trim.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Transport} Transport */
/** @typedef {import("./state.js").Via} Via */
/** @typedef {import("./rtc.js").Measure} Measure */
/** @typedef {import("./icons.js").Icon} Icon */
/** @typedef {import("./messages.js").Words} Words */

/**
 * Everything that is to be seen.
 * @typedef {object} Model
 * @property {State} state
 * @property {string} reason kind of failure, or the phase of loading
 * @property {string} detail
 * @property {boolean} played there was a picture before
 * @property {boolean} keyWrong a key was tried
 * @property {boolean} blocked the browser wants a click before it plays
 * @property {boolean} sound the stream has sound
 * @property {boolean} together it is part of a broadcast, whose viewers did not choose the name
 * @property {boolean} picture the stream has a picture
 * @property {Transport | ""} transport
 * @property {Via} via
 * @property {boolean} fellBack
 * @property {number | null} latency
 * @property {Measure | null} measure
 * @property {number | null} viewers
 * @property {boolean} bFrames the stream has B-frames, which WebRTC can't carry
 * @property {string[]} topics of the server's notes on the stream
 * @property {string} list address of the list of what is on air
 * @property {{ mode: import("./sync.js").Mode, error: number | null } | null} sync how well it is at one instant with others; null: it need not be
 * @property {number} trim ms by which this device's sound is late
 */

/**
 * @typedef {object} Actions
 * @property {() => void} toggle play or pause
 * @property {() => void} toggleMute
 * @property {(volume: number) => void} setVolume 0 to 1
 * @property {() => void} goLive
 * @property {() => void} toggleFull
 * @property {() => void} togglePip
 * @property {(via: Via) => void} setVia
 * @property {(key: string) => void} enterKey
 * @property {(ms: number) => void} setTrim
 */

const idleAfter = 3000;
const shrinkAfter = 4000; // then the button for the sound goes out of the picture's way
const roomy = { width: 600, height: 480 }; // a smaller player opens its settings as a sheet over the page

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, string>} [attributes] @param {...(Node | string)} children
 */
function el(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

export class View {
  #host;
  #words;
  #actions;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #idle;
  #said = "";
  #shown = "";

  /** @param {HTMLElement} host @param {ShadowRoot} root @param {string} lang @param {Actions} actions */
  constructor(host, root, lang, actions) {
    this.#host = host;
    this.#words = wordsFor(lang);
    this.#actions = actions;
    const w = this.#words;

    this.video = el("video", { playsinline: "", part: "video", tabindex: "-1", "aria-label": w.player });
    this.video.muted = true;
    this.#status = el("p", { class: "said", role: "status", "aria-live": "polite" });

    this.#title = el("strong");
    this.#more = el("span");
    this.#keyForm = this.#makeKeyForm();
    this.#auto = this.#textButton(w.useAuto, () => actions.setVia("auto"));
    this.#others = el("a", { class: "text" }, w.others);
    this.#message = el("div", { class: "message" }, el("span", { class: "turning", "aria-hidden": "true" }), this.#title, this.#more, this.#keyForm, this.#auto, this.#others);
    this.#only = el("p", { class: "only" }, icon("sound"), w.soundOnly);
    this.#start = this.#textButton(w.clickToPlay, actions.toggle, "play");
    this.#start.className = "big start";
    this.#unmute = this.#textButton(w.unmute, () => this.#soundOn(), "sound");
    this.#unmute.className = "big unmute";

    this.#play = this.#button("pause", w.pause, actions.toggle);
    this.#mute = this.#button("mute", w.unmute, actions.toggleMute);
    this.#volume = el("input", { type: "range", min: "0", max: "100", step: "10", class: "volume", "aria-label": w.volume });
    this.#volume.addEventListener("input", () => actions.setVolume(Number(this.#volume.value) / 100));
    this.#liveText = el("span");
    this.#behind = el("span", { class: "behind-word" });
    this.#delay = el("span");
    this.#live = el("button", { type: "button", class: "live" }, el("span", { class: "dot", "aria-hidden": "true" }), el("span", {}, this.#liveText, this.#behind, this.#delay));
    this.#live.addEventListener("click", actions.goLive);
    this.#way = el("span", { class: "way" });
    this.#sync = el("span", { class: "sync", part: "sync" });
    this.#settings = this.#button("settings", w.settings, () => this.#openPanel(this.#panel.hidden !== false));
    this.#settings.setAttribute("aria-expanded", "false");
    this.#pip = this.#button("pip", w.pip, actions.togglePip);
    this.#full = this.#button("full", w.fullscreen, actions.toggleFull);
    this.#bar = el("div", { class: "bar", part: "controls" }, this.#play, this.#mute, this.#volume, this.#live, this.#way, el("span", { class: "gap" }), this.#settings, this.#pip, this.#full);

    this.#facts = el("dl");
    this.#notes = el("p", { class: "notes" });
    this.#radios = new Map();
    this.#trimValue = el("output");
    this.#trim = el("input", { type: "range", min: String(-trimLimit), max: String(trimLimit), step: String(trimStep), class: "trim" });
    this.#trimSet = this.#makeTrim();
    this.#panel = this.#makePanel();

    this.#stage = el("div", { class: "stage", hidden: "" }, this.video, this.#only, this.#message, this.#start, this.#unmute, this.#bar, this.#sync, this.#status);
    const style = el("link", { rel: "stylesheet", href: new URL("./player.css", import.meta.url).href });
    // Without its style the player is not fit to be seen; with a broken one it still plays.
    style.onload = style.onerror = () => (this.#stage.hidden = false);
    root.append(style, this.#stage, this.#panel);

    for (const event of ["pointermove", "pointerdown", "keydown", "focusin"]) host.addEventListener(event, () => this.wake());
    host.addEventListener("pointerleave", () => this.#sleep());
    this.#stage.addEventListener("dblclick", (e) => {
      if (e.target === this.video) actions.toggleFull();
    });
  }

  #stage;
  #status;
  #message;
  #title;
  #more;
  #keyForm;
  #auto;
  #others;
  #only;
  #start;
  #unmute;
  #bar;
  #play;
  #mute;
  #volume;
  #live;
  #liveText;
  #behind;
  #delay;
  #way;
  #sync;
  #settings;
  #pip;
  #full;
  #panel;
  #facts;
  #notes;
  #trim;
  #trimValue;
  #trimSet;
  /** @type {Map<Via, HTMLInputElement>} */
  #radios;
  #keyInput = el("input", { type: "password", autocomplete: "off", maxlength: "512", required: "" });

  /** The button goes away when it is pressed; the keys go on to the player, not to the page. */
  #soundOn() {
    this.#actions.toggleMute();
    this.#host.focus({ preventScroll: true });
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #shrink;
  /** @param {boolean} on */
  #offerSound(on) {
    this.#unmute.hidden = !on;
    if (on) this.#shrink ??= setTimeout(() => this.#unmute.classList.add("small"), shrinkAfter);
    else if (this.#shrink) this.#unmute.classList.add("small"); // once is enough
  }

  /** @param {Icon} name @param {string} label @param {() => void} act */
  #button(name, label, act) {
    const b = el("button", { type: "button", class: "icon", "aria-label": label, title: label }, icon(name));
    b.dataset.icon = name;
    b.addEventListener("click", act);
    return b;
  }

  /** @param {string} text @param {() => void} act @param {Icon} [name] */
  #textButton(text, act, name) {
    const b = el("button", { type: "button", class: "text" }, ...(name ? [icon(name)] : []), text);
    b.addEventListener("click", act);
    return b;
  }

  #makeKeyForm() {
    const w = this.#words;
    this.#keyInput.setAttribute("aria-label", w.keyLabel);
    this.#keyInput.setAttribute("placeholder", w.keyLabel);
    const form = el("form", { class: "key" }, this.#keyInput, el("button", { class: "text main" }, w.keySend));
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      this.#actions.enterKey(this.#keyInput.value);
    });
    return form;
  }

  #makePanel() {
    const w = this.#words;
    const ways = el("fieldset", {}, el("legend", {}, w.way));
    /** @type {[Via, string, string][]} */
    const all = [
      ["auto", w.auto, w.autoMore],
      ["whep", w.whep, w.whepMore],
      ["hls", w.hls, w.hlsMore],
    ];
    for (const [via, name, more] of all) {
      const radio = el("input", { type: "radio", name: "via", value: via });
      radio.addEventListener("change", () => this.#actions.setVia(via));
      this.#radios.set(via, radio);
      // How late a way is does not matter where all are to see the same.
      const together = via === "auto" ? more : w.togetherMore;
      ways.append(el("label", {}, radio, el("span", {}, name, " ", el("small", { class: "alone" }, more), el("small", { class: "together" }, together))));
    }
    const close = this.#textButton(w.close, () => this.#openPanel(false));
    const panel = el("div", { class: "panel", role: "group", "aria-label": w.settings, hidden: "" }, ways, this.#trimSet, el("div", {}, el("h3", {}, w.facts), this.#facts, this.#notes), el("div", { class: "close" }, close));
    panel.addEventListener("keydown", (e) => {
      if (e.key === "Escape") {
        e.stopPropagation();
        this.#openPanel(false);
      }
    });
    return panel;
  }

  #makeTrim() {
    const w = this.#words;
    this.#trim.addEventListener("input", () => this.#actions.setTrim(Number(this.#trim.value)));
    this.#trim.setAttribute("aria-describedby", "trim-more");
    return el("div", { class: "trim-set" }, el("label", {}, el("span", {}, w.trim, " ", this.#trimValue), this.#trim), el("small", { id: "trim-more" }, w.trimMore));
  }

  /** @param {Model} m */
  #showSync(m) {
    const w = this.#words;
    const running = m.state === "playing" && m.sync !== null;
    this.#trimSet.hidden = m.sync === null;
    this.#panel.classList.toggle("in-step", m.sync !== null);
    this.#trim.value = String(m.trim);
    this.#trim.setAttribute("aria-valuetext", say(w.ms, m.trim));
    setText(this.#trimValue, say(w.ms, m.trim));
    this.#sync.hidden = !running;
    if (!m.sync) return;
    const good = m.sync.error !== null;
    this.#sync.dataset.good = String(good);
    setText(this.#sync, good ? say(w.inSync, Math.max(1, Math.round(m.sync.error ?? 0))) : m.sync.mode === "rejoin" ? w.rejoining : w.syncing);
  }

  /** @param {boolean} open */
  #openPanel(open) {
    this.#panel.classList.toggle("sheet", this.#host.clientWidth < roomy.width || this.#host.clientHeight < roomy.height);
    this.#panel.hidden = !open;
    this.#settings.setAttribute("aria-expanded", String(open));
    const to = open ? this.#panel.querySelector("input:checked") : this.#settings;
    if (to instanceof HTMLElement) to.focus();
    this.wake();
  }

  /** Shows the controls, and hides them again after a while of nothing. */
  wake() {
    this.#host.removeAttribute("data-idle");
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#sleep(), idleAfter);
  }

  #sleep() {
    const busy = !this.#panel.hidden || this.#stage.querySelector(":focus-visible") !== null || this.#host.matches(":focus-visible");
    if (this.#host.dataset.state === "playing" && !busy) this.#host.setAttribute("data-idle", "");
  }

  dispose() {
    clearTimeout(this.#idle);
    clearTimeout(this.#shrink);
    this.#shrink = undefined;
  }

  /** @param {Model} m */
  show(m) {
    const w = this.#words;
    if (this.#host.dataset.state !== m.state) {
      this.#host.dataset.state = m.state;
      this.wake();
    }
    const { title, more } = this.#sentence(m);
    const running = m.state === "playing";
    this.#message.hidden = running || m.state === "paused";
    setText(this.#title, title);
    setText(this.#more, more);
    this.#message.classList.toggle("turns", m.state === "loading" || m.state === "waiting");
    this.#keyForm.hidden = m.reason !== "key";
    this.#auto.hidden = !(m.state === "error" && m.reason === "refused" && m.via !== "auto");
    this.#others.hidden = m.state !== "offline" || !m.list;
    if (!this.#others.hidden && this.#others.getAttribute("href") !== m.list) this.#others.setAttribute("href", m.list);
    this.#only.hidden = !(running && !m.picture);
    this.#start.hidden = m.state !== "paused";
    this.#offerSound(running && m.sound && (this.video.muted || this.video.volume === 0));

    this.#setIcon(this.#play, m.state === "paused" ? "play" : "pause", m.state === "paused" ? w.play : w.pause);
    const has = running || m.state === "paused"; // something that the controls can act on
    this.#play.hidden = !has;
    this.#mute.hidden = this.#volume.hidden = !(has && m.sound);
    const quiet = this.video.muted || this.video.volume === 0;
    this.#setIcon(this.#mute, quiet ? "mute" : "sound", quiet ? w.unmute : w.mute);
    this.#volume.value = String(quiet ? 0 : Math.round(this.video.volume * 100));

    const paused = m.state === "paused";
    this.#live.hidden = !(running || paused);
    this.#live.classList.toggle("behind", paused);
    const known = !paused && m.latency !== null && m.sync === null; // in sync it is the same for all
    setText(this.#liveText, paused ? w.goLive : w.live);
    this.#showSync(m);
    setText(this.#behind, known ? ` · ${w.behind}` : "");
    setText(this.#delay, known && m.latency !== null ? ` ${say(w.seconds, seconds(m.latency))}` : "");
    this.#live.title = w.goLive;
    this.#way.hidden = !running || m.sync !== null;
    setText(this.#way, m.transport ? w[m.transport] + (m.bFrames ? ` · ${w.bFramesShort}` : "") : "");

    const fullscreen = document.fullscreenElement === this.#host;
    this.#setIcon(this.#full, fullscreen ? "shrink" : "full", fullscreen ? w.exitFullscreen : w.fullscreen);
    this.#pip.hidden = !(has && m.picture && document.pictureInPictureEnabled);
    for (const [via, radio] of this.#radios) radio.checked = via === m.via;
    if (!this.#panel.hidden) this.#showFacts(m);

    const said = running && m.sync?.mode === "rejoin" ? w.rejoining : running ? w.playing : paused ? w.stopped : `${title}${/[。….!]$/.test(title) ? "" : "。"}${more}`;
    if (said !== this.#said) setText(this.#status, (this.#said = said));
  }

  /** What is going on, in words. @param {Model} m */
  #sentence(m) {
    const w = this.#words;
    if (m.state === "loading") return { title: m.reason === "starting" ? w.starting : w.loading, more: "" };
    switch (m.reason) {
      case "absent":
        if (m.together) return { title: w.silent, more: w.silentMore };
        return m.played ? { title: w.over, more: w.overMore } : { title: w.absent, more: w.absentMore };
      case "paused":
        return { title: w.paused, more: w.pausedMore };
      case "key":
        return { title: w.key, more: m.keyWrong ? w.keyWrong : w.keyMore };
      case "codec":
        return { title: w.codec, more: w.codecMore + (m.detail || "–") };
      case "refused":
        return { title: w.refused, more: m.bFrames ? w.bFrames : w.refusedMore };
      case "kicked":
        return { title: w.kicked, more: w.kickedMore };
      case "full":
        return { title: w.full, more: w.fullMore };
      case "stalled":
      case "ended":
        return { title: w.stalled, more: w.stalledMore };
      case "server":
        return { title: w.server, more: w.serverMore };
      default:
        if (!navigator.onLine) return { title: w.offline, more: w.offlineMore };
        return { title: w.network, more: w.networkMore };
    }
  }

  /** @param {Model} m */
  #showFacts(m) {
    const w = this.#words;
    const x = m.measure;
    /** @type {[string, string][]} */
    const rows = [];
    if (m.transport) rows.push([w.factWay, m.transport === "whep" ? "WebRTC (WHEP)" : "LL-HLS"]);
    if (m.latency !== null) rows.push([x?.estimate ? w.factDelayEstimate : w.factDelay, say(w.seconds, seconds(m.latency))]);
    if (x?.width) rows.push([w.factPicture, `${x.width}×${x.height}${x.fps ? ` @${Math.round(x.fps)}` : ""}`]);
    if (x?.codec) rows.push([w.factCodec, x.codec]);
    if (x?.bitRate) rows.push([w.factRate, bitRate(x.bitRate)]);
    if (x?.rtt) rows.push([w.factRTT, `${Math.round(x.rtt * 1000)} ms`]);
    if (x && x.lost !== null) rows.push([w.factLost, String(x.lost)]);
    if (m.viewers !== null) rows.push([w.factViewers, String(Math.max(m.viewers, m.state === "playing" ? 1 : 0))]); // oneself, whom HLS counts late
    const text = JSON.stringify(rows);
    if (text !== this.#shown) {
      this.#shown = text;
      this.#facts.replaceChildren(...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
    }
    const notes = [];
    if (m.topics.includes("sound") && m.transport === "whep") notes.push(w.noteSound);
    if (m.topics.includes("hls") && m.transport === "hls") notes.push(w.noteHls);
    if (m.bFrames) notes.unshift(w.bFrames);
    if (m.fellBack) notes.unshift(w.fellBack);
    if (!m.sound && m.state === "playing") notes.unshift(w.noSound);
    setText(this.#notes, notes.join(" "));
  }

  /** @param {HTMLButtonElement} button @param {Icon} name @param {string} label */
  #setIcon(button, name, label) {
    if (button.dataset.icon !== name) {
      button.dataset.icon = name;
      button.replaceChildren(icon(name));
    }
    if (button.title !== label) {
      button.title = label;
      button.setAttribute("aria-label", label);
    }
  }
}

/** Writing the same text again would make screen readers repeat it. @param {Element} e @param {string} text */
function setText(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

/** @param {string} text @param {string | number} value */
const say = (text, value) => text.replace("%s", String(value).replace("-", "−"));

/** @param {number} s */
const seconds = (s) => (s < 0.95 ? Math.max(0.1, s).toFixed(1) : s < 10 ? s.toFixed(1) : s.toFixed(0));
