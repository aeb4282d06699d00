// The publish page: choose, preview, go on air, stay on air, stop.

import { fetchStatus } from "../../player/protocol.js";
import { asFailure, bitRate, delay } from "../../player/state.js";
import { allowed, explain, list, open, qualities } from "./devices.js";
import { Level } from "./level.js";
import { wordsFor } from "./messages.js";
import { WhipSession } from "./whip.js";

/** @typedef {import("./devices.js").Capture} Capture */
/** @typedef {import("./devices.js").Picture} Picture */

const words = wordsFor(document.documentElement.lang);

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
function byId(id, type) {
  const e = document.getElementById(id);
  if (!(e instanceof type)) throw new Error(`no ${id}`);
  return e;
}

const form = byId("studio", HTMLFormElement);
const preview = byId("preview", HTMLVideoElement);
const previewText = byId("preview-text", HTMLElement);
const openButton = byId("open", HTMLButtonElement);
const goButton = byId("go", HTMLButtonElement);
const stopButton = byId("stop", HTMLButtonElement);
const muteButton = byId("mute", HTMLButtonElement);
const keyWrong = byId("key-wrong", HTMLElement);
const stateText = byId("state", HTMLElement);
const figures = byId("figures", HTMLElement);
const camera = byId("camera", HTMLSelectElement);
const microphone = byId("microphone", HTMLSelectElement);
const quality = byId("quality", HTMLSelectElement);
const keyField = byId("key", HTMLInputElement);
const onAir = byId("on-air", HTMLElement);
const timer = byId("timer", HTMLElement);
const level = new Level(byId("level", HTMLElement), byId("level-fill", HTMLElement));

/** @type {Capture | null} */
let capture = null;
let opening = 0; // counts attempts to open; an older one that succeeds late is let go
let live = false; // on air, or trying to be
let run = 0; // counts beginnings and ends; a loop that finds another number ends
/** @type {WhipSession | null} */
let session = null;
let liveSince = 0;
/** @type {number | null} */
let viewers = null;
let micOff = false;
/** @type {WakeLockSentinel | null} */
let awake = null;

/** @returns {Picture} */
const picture = () => /** @type {Picture} */ (/** @type {HTMLInputElement} */ (form.querySelector('[name="picture"]:checked')).value);

/** @param {string} text @param {"" | "good" | "bad"} [tone] */
function say(text, tone = "") {
  if (stateText.textContent !== text) stateText.textContent = text;
  stateText.dataset.tone = tone;
}

/** What the visitor reads while all is well on air. */
function onAirText() {
  if (micOff) return words.muted;
  return capture?.stream.getVideoTracks().length ? words.live : words.liveSound;
}

/** @param {boolean} wrong */
function markKey(wrong) {
  keyWrong.hidden = !wrong;
  if (wrong) keyField.setAttribute("aria-invalid", "true");
  else keyField.removeAttribute("aria-invalid");
}

/** @param {boolean} off */
function setMic(off) {
  micOff = off;
  for (const t of capture?.stream.getAudioTracks() ?? []) t.enabled = !off;
  muteButton.textContent = off ? words.unmute : words.mute;
}

/** Shows which buttons and fields fit what is going on. */
function arrange() {
  const kind = picture();
  openButton.hidden = live || capture !== null;
  openButton.textContent = kind === "screen" ? words.openScreen : kind === "none" ? words.openMic : words.openCamera;
  goButton.hidden = live || capture === null;
  stopButton.hidden = !live;
  stopButton.textContent = liveSince ? words.stop : words.cancel; // before the first connection there is nothing to end
  muteButton.hidden = !live || !liveSince || !capture?.stream.getAudioTracks().length;
  byId("settings", HTMLElement).hidden = live;
  byId("key-part", HTMLElement).hidden = live;
  byId("camera-field", HTMLElement).hidden = kind !== "camera";
  byId("quality-field", HTMLElement).hidden = kind === "none";
  for (const e of form.querySelectorAll("input, select")) /** @type {HTMLInputElement} */ (e).disabled = live;
  const shown = capture && capture.stream.getVideoTracks().length > 0;
  previewText.hidden = Boolean(shown);
  if (!shown) previewText.textContent = capture ? words.soundOnly : kind === "screen" ? words.beforeScreen : words.before;
}

function letGo() {
  opening++;
  level.stop();
  preview.srcObject = null;
  capture?.stop();
  capture = null;
}

/** Opens what is chosen and shows it. */
async function openDevices() {
  letGo();
  const mine = opening;
  say(words.opening);
  arrange();
  openButton.disabled = true;
  try {
    const got = await open(picture(), camera.value, microphone.value, qualities[quality.value]);
    if (mine !== opening) {
      got.stop();
      return;
    }
    capture = got;
  } catch (error) {
    if (mine === opening) say(explain(error, words), "bad");
    return;
  } finally {
    openButton.disabled = false;
    arrange();
  }
  const ours = capture;
  ours.onGone(() => {
    if (capture !== ours) return;
    const screen = picture() === "screen";
    if (live) void endBroadcast(screen ? words.screenGone : words.deviceGone, "bad");
    else say("");
    letGo();
    arrange();
  });
  preview.srcObject = capture.stream;
  level.watch(capture.stream);
  say(capture.stream.getAudioTracks().length ? words.ready : words.silent);
  await list(camera, microphone, words).catch(() => {}); // the lists stay as they are
}

/** Stays on air until the visitor stops or the server says a final no. */
async function broadcast() {
  if (!capture) return;
  const mine = ++run;
  live = true;
  liveSince = 0;
  viewers = null;
  markKey(false);
  setMic(false);
  arrange();
  stopButton.focus({ preventScroll: true }); // the button that was pressed is gone
  say(words.connecting);
  addEventListener("beforeunload", keepFromLeaving);
  awake = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  for (let attempt = 0; mine === run && capture; attempt++) {
    const s = new WhipSession(form.dataset.whip ?? "", keyField.value.trim());
    session = s;
    try {
      await s.start(capture.stream, qualities[quality.value].bits);
      if (mine !== run) break;
      attempt = 0;
      liveSince ||= Date.now();
      onAir.hidden = false;
      arrange();
      say(onAirText(), "good");
      await s.lost();
    } catch (error) {
      await s.stop();
      if (mine !== run) return;
      const failure = asFailure(error);
      if (failure.kind === "key") {
        await endBroadcast("");
        markKey(true);
        keyField.focus();
        return;
      }
      if ((failure.kind === "refused" && failure.status !== 409) || failure.kind === "kicked") return endBroadcast(words.refused + failure.detail, "bad");
      say(failure.status === 409 ? words.taken : liveSince ? words.again : words.connecting, "bad");
      figures.hidden = true;
      await new Promise((resolve) => setTimeout(resolve, delay(failure.kind === "refused" ? "network" : failure.kind, attempt)));
    }
  }
}

/** @param {string} text @param {"" | "good" | "bad"} [tone] */
async function endBroadcast(text, tone) {
  if (!live) return;
  live = false;
  run++;
  removeEventListener("beforeunload", keepFromLeaving);
  void awake?.release();
  awake = null;
  onAir.hidden = true;
  figures.hidden = true;
  setMic(false);
  liveSince = 0;
  say(text, tone);
  arrange();
  const s = session;
  session = null;
  await s?.stop();
}

/** @param {BeforeUnloadEvent} e */
function keepFromLeaving(e) {
  e.preventDefault();
}

async function showFigures() {
  if (!liveSince || !live) return;
  const past = Math.floor((Date.now() - liveSince) / 1000);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  timer.textContent = `${past >= 3600 ? `${Math.floor(past / 3600)}:` : ""}${two(Math.floor(past / 60) % 60)}:${two(past % 60)}`;
  const f = await session?.figures();
  if (!f) return;
  const status = viewers === null || past % 5 === 0 ? await fetchStatus(form.dataset.status ?? "", keyField.value.trim()).catch(() => null) : null;
  if (status) viewers = status.viewers;
  /** @type {[string, string][]} */
  const rows = viewers === null ? [] : [[words.viewers, String(viewers)]];
  rows.push([words.rate, bitRate(f.bits)]);
  if (f.rtt !== null) rows.push([words.rtt, `${Math.round(f.rtt * 1000)} ms`]);
  if (f.picture) rows.push([words.picture, f.picture]);
  figures.replaceChildren(
    ...rows.map(([name, value]) => {
      const div = document.createElement("div");
      div.append(Object.assign(document.createElement("dt"), { textContent: name }), Object.assign(document.createElement("dd"), { textContent: value }));
      return div;
    }),
  );
  figures.hidden = false;
    const slow = past < 15 ? "" : f.limit === "bandwidth" ? words.slowNetwork : f.limit === "cpu" ? words.slowDevice : "";
  if (live && stateText.dataset.tone === "good") say(slow ? `${onAirText()} · ${slow}` : onAirText(), "good");
}

function begin() {
  form.hidden = false;
  arrange();
  if (!navigator.mediaDevices) {
    previewText.textContent = words.insecure;
    openButton.disabled = true;
    return;
  }
  openButton.addEventListener("click", openDevices);
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    if (!live) void broadcast();
  });
  stopButton.addEventListener("click", () => {
    void endBroadcast(liveSince ? words.ended : words.cancelled);
    (capture ? goButton : openButton).focus({ preventScroll: true });
  });
  muteButton.addEventListener("click", () => {
    setMic(!micOff);
    if (stateText.dataset.tone === "good") say(onAirText(), "good");
  });
  keyField.addEventListener("input", () => markKey(false));
  form.addEventListener("change", (e) => {
    if (e.target === keyField || live) return;
    // A new choice of screen has to be asked for by a press of the button; everything else opens at once
    // where something was open already.
    const was = capture !== null;
    letGo();
    say("");
    arrange();
    if (was && picture() !== "screen") void openDevices();
  });
  addEventListener("pointerdown", () => {
    level.resume();
    capture?.resume();
  });
  addEventListener("pagehide", () => void session?.stop(true));
  navigator.mediaDevices.addEventListener("devicechange", () => list(camera, microphone, words).catch(() => {}));
  setInterval(() => void showFigures(), 1000);
  void list(camera, microphone, words).catch(() => {});
  void allowed().then((yes) => {
    if (yes && !capture) void openDevices();
  });
}

begin();
