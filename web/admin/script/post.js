// 发一条: pictures are sent while the words are still being written, the page shows what it will look like, and
// without a connection it is kept here and sent later.

import { Dictation } from "../../editor/dictation.js";
import { messages } from "../../editor/messages.js";
import { guessTitle } from "../../editor/text.js";
import { Refusal, send, shrink } from "../../editor/upload.js";
import { Outbox } from "./outbox.js";

const form = document.getElementById("post");
if (form instanceof HTMLFormElement) void start(form);

/** @typedef {{ file: File, url: string, item: HTMLLIElement, state: "sending" | "sent" | "failed" | "waiting" }} Picture */

/** @param {HTMLFormElement} form */
async function start(form) {
  const words = form.dataset;
  const by = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const said = by("said");
  const list = by("pictures");
  const area = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
  const lines = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("pictures"));
  const column = /** @type {HTMLSelectElement} */ (form.elements.namedItem("column"));
  const place = /** @type {HTMLSelectElement} */ (form.elements.namedItem("site"));
  /** @type {Picture[]} */
  let pictures = [];
  by("picture-lines").hidden = true;
  const choose = form.querySelector(".post-picture");
  if (choose instanceof HTMLElement) choose.hidden = false;

  const market = () => {
    const on = (words.market ?? "").split(" ").includes(column.value);
    by("market").hidden = !on;
    for (const f of by("market").querySelectorAll("input")) f.disabled = !on;
  };
  column.addEventListener("change", market);
  market();
  place.addEventListener("change", () => location.assign(`/admin/post?site=${encodeURIComponent(place.value)}`));

  // The words are kept against a closed page, a call, an empty battery.
  const key = "xf-post";
  if (!area.value) area.value = localStorage.getItem(key) ?? "";
  area.addEventListener("input", () => localStorage.setItem(key, area.value));

  /** @param {Picture} p */
  async function upload(p) {
    p.state = "sending";
    const bar = p.item.querySelector("progress");
    try {
      const stored = await send(words.upload ?? "/files", p.file, { progress: (part) => bar && (bar.value = part) });
      p.url = stored.url;
      p.state = "sent";
      p.item.classList.add("sent");
    } catch (error) {
      p.state = error instanceof Refusal ? "failed" : "waiting";
      said.textContent = error instanceof Refusal ? `${p.file.name}: ${error.message}` : (words.kept ?? "");
      p.item.classList.add("failed");
    }
  }

  /** @param {File} original */
  async function add(original) {
    const item = document.createElement("li");
    const canvas = document.createElement("canvas");
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", original.name);
    const off = document.createElement("button");
    off.type = "button";
    off.className = "button small";
    off.textContent = "×";
    off.setAttribute("aria-label", `${words.remove}: ${original.name}`);
    item.append(canvas, bar, off);
    list.append(item);
    const file = await shrink(original);
    const p = /** @type {Picture} */ ({ file, url: "", item, state: "sending" });
    pictures.push(p);
    off.addEventListener("click", () => {
      pictures = pictures.filter((x) => x !== p);
      item.remove();
    });
    await draw(canvas, file);
    await upload(p);
  }
  form.querySelector("input[type=file]")?.addEventListener("change", (e) => {
    const input = /** @type {HTMLInputElement} */ (e.target);
    for (const f of input.files ?? []) void add(f);
    input.value = "";
  });
  area.addEventListener("paste", (e) => {
    const files = [...(e.clipboardData?.files ?? [])].filter((f) => f.type.startsWith("image/"));
    if (files.length) e.preventDefault();
    for (const f of files) void add(f);
  });

  const mic = /** @type {HTMLButtonElement} */ (by("mic"));
  if (Dictation.possible()) {
    mic.hidden = false;
    new Dictation({
      button: mic, t: messages(), say: (s) => (said.textContent = s),
      words: (w) => {
        area.setRangeText(w, area.selectionStart, area.selectionEnd, "end");
        area.dispatchEvent(new Event("input"));
      },
    });
  }

  // First the preview, then the button that publishes.
  const [look, back, go, compose, preview] = ["look", "back", "go", "compose", "preview"].map(by);
  const stage = (/** @type {boolean} */ seen) => {
    compose.hidden = seen;
    preview.hidden = !seen;
    look.hidden = seen;
    back.hidden = !seen;
    go.hidden = !seen;
    (seen ? go : area).focus();
  };
  look.hidden = false;
  go.hidden = true;
  look.addEventListener("click", () => {
    if (!area.value.trim() && pictures.length === 0) {
      area.focus();
      return;
    }
    const title = document.createElement("h2");
    title.textContent = guessTitle(area.value) || (words.untitled ?? "");
    const body = area.value.split("\n").map((l) => l.trim()).filter(Boolean).map((l) => {
      const p = document.createElement("p");
      p.textContent = l;
      return p;
    });
    const images = pictures.map((p) => {
      const copy = document.createElement("canvas");
      void draw(copy, p.file, 720);
      return copy;
    });
    preview.replaceChildren(title, ...body, ...images);
    stage(true);
  });
  back.addEventListener("click", () => stage(false));

  const outbox = await Outbox.open().catch(() => null);
  const count = async () => {
    const n = outbox ? await outbox.count() : 0;
    const box = by("waiting");
    box.hidden = n === 0;
    if (n === 0) return;
    const now = document.createElement("button");
    now.type = "button";
    now.className = "button small";
    now.textContent = words.now ?? "";
    now.addEventListener("click", () => void sendAll());
    box.replaceChildren((words.waiting ?? "").replace("%d", String(n)), now);
  };
  const sendAll = async () => {
    await outbox?.sendAll(words.upload ?? "/files", (name, why) => (said.textContent = `${name}: ${why}`)).catch(() => {});
    await count();
  };
  addEventListener("online", () => void sendAll());
  await count();
  if (navigator.onLine) void sendAll();

  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    /** @type {HTMLButtonElement} */ (go).disabled = true;
    while (pictures.some((p) => p.state === "sending")) {
      said.textContent = words.uploading ?? "";
      await new Promise((done) => setTimeout(done, 150));
    }
    lines.value = pictures.filter((p) => p.url).map((p) => p.url).join("\n");
    const offline = !navigator.onLine || pictures.some((p) => p.state === "waiting");
    if (offline && outbox) {
      const fields = Object.fromEntries([...new FormData(form)].filter(([, v]) => typeof v === "string"));
      await outbox.keep({ fields: /** @type {Record<string, string>} */ (fields), files: pictures.filter((p) => !p.url).map((p) => p.file), key: crypto.randomUUID() });
      localStorage.removeItem(key);
      area.value = "";
      pictures = [];
      list.replaceChildren();
      /** @type {HTMLButtonElement} */ (go).disabled = false;
      stage(false);
      said.textContent = words.kept ?? "";
      await count();
      return;
    }
    localStorage.removeItem(key);
    form.submit();
  });
}

/** Draws a picture without an address: the policy of our pages lets no blob: in. @param {HTMLCanvasElement} canvas @param {File} file @param {number} [width] */
async function draw(canvas, file, width = 240) {
  try {
    const picture = await createImageBitmap(file, { resizeWidth: width, resizeQuality: "medium" });
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext("2d")?.drawImage(picture, 0, 0);
    picture.close();
  } catch {
    canvas.width = canvas.height = 0; // not a picture that this browser can show
  }
}
