// The page of an article: what is written is kept in the browser at once and on the server some seconds later;
// a second person who saves the same article is told of, with both texts at hand.

import { Keeper, leftBehind } from "../../editor/keep.js";
import { paragraphs } from "../../editor/text.js";
import { dressAttachments } from "./attachments.js";
import { dressPictures } from "./pictures.js";

/** @typedef {import("../../editor/keep.js").Answer} Answer */

// What a form has beside the text: it is no reason to save a draft, and in none.
const notText = new Set(["version", "at", "remark", "refile"]);

const form = document.getElementById("write");
if (form instanceof HTMLFormElement) start(form);

/** @param {HTMLFormElement} form */
function start(form) {
  const words = form.dataset;
  const said = document.getElementById("draft-state") ?? document.createElement("p");
  const editor = /** @type {any} */ (form.querySelector("xf-editor"));
  const version = /** @type {HTMLInputElement} */ (form.elements.namedItem("version"));
  dressPictures(form);
  const showAttachments = dressAttachments(form);
  showKind(form);

  const values = () => {
    /** @type {Record<string, string>} */
    const out = {};
    for (const [name, value] of new FormData(form)) if (typeof value === "string" && !notText.has(name)) out[name] = value;
    return out;
  };
  /** @param {Record<string, string>} from */
  const fill = (from) => {
    for (const [name, value] of Object.entries(from)) {
      const field = form.elements.namedItem(name);
      if (name === "format") editor?.toggleAttribute("data-plain", value === "markdown");
      if (name === "text" && editor) editor.value = value;
      else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement) field.value = value;
    }
    showKind(form);
    showAttachments();
  };

  const keeper = new Keeper({
    key: words.key ?? "",
    version: Number(words.version ?? 0),
    storage: localStorage,
    send: (now, at) => save(form, now, at),
    tell: (state, answer) => {
      version.value = String(keeper.version);
      if (state === "conflict" && answer?.kind === "conflict") {
        const mine = button(words.keep ?? "");
        const theirs = button(words.take ?? "");
        const other = /** @type {any} */ (answer.other);
        said.replaceChildren(fillIn(words.conflict ?? "", other.who, other.at), mine, theirs);
        said.classList.add("bad");
        mine.addEventListener("click", () => {
          said.classList.remove("bad");
          keeper.resolve(answer.version);
          keeper.changed(values());
        });
        theirs.addEventListener("click", () => {
          keeper.forget();
          location.reload();
        });
        return;
      }
      said.classList.toggle("bad", state === "refused" || state === "offline");
      said.textContent = { kept: words.kept, saving: words.saving, saved: words.saved, offline: words.offline, refused: `${words.refused} ${answer?.kind === "refused" ? answer.reason : ""}`, conflict: "" }[state] ?? "";
    },
  });

  const left = leftBehind(localStorage, words.key ?? "");
  if (left && JSON.stringify(left.values) !== JSON.stringify(values())) {
    const yes = button(words.restore ?? "");
    const no = button(words.forget ?? "");
    said.replaceChildren((words.left ?? "").replace("%s", new Date(left.at).toLocaleString(document.documentElement.lang)), yes, no);
    yes.addEventListener("click", () => {
      fill(left.values);
      keeper.changed(values());
    });
    no.addEventListener("click", () => {
      keeper.forget();
      location.reload();
    });
  } else if (left) localStorage.removeItem(words.key ?? ""); // it did arrive

  form.addEventListener("input", (e) => {
    if (notText.has(/** @type {HTMLInputElement} */ (e.target).name)) return;
    keeper.changed(values());
  });
  form.addEventListener("change", () => showKind(form));
  const format = form.elements.namedItem("format");
  if (format instanceof HTMLSelectElement) {
    format.addEventListener("change", () => {
      const area = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
      const plain = format.value === "markdown";
      if (!plain && !/^\s*</.test(area.value)) area.value = paragraphs(area.value);
      editor?.toggleAttribute("data-plain", plain);
    });
  }
  form.addEventListener("submit", () => {
    version.value = String(keeper.version);
    keeper.forget();
  });
  addEventListener("online", () => void keeper.flush());
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && void keeper.flush());
}

/**
 * @param {HTMLFormElement} form @param {Record<string, string>} values @param {number} version
 * @returns {Promise<Answer>}
 */
async function save(form, values, version) {
  const body = new URLSearchParams({ ...values, version: String(version) });
  const answer = await fetch(form.dataset.draft ?? "", { method: "POST", body, headers: { Accept: "application/json" }, keepalive: body.toString().length < 60_000 });
  if (answer.status >= 500) throw new TypeError("the server failed");
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) {
    if (told.page) {
      // The first save made the article: from here on it has an address.
      form.action = told.page;
      form.dataset.draft = `${told.page}/draft`;
      history.replaceState(null, "", told.page);
    }
    return { kind: "saved", version: told.version };
  }
  if (answer.status === 409 && told.other) return { kind: "conflict", version: told.version, other: { ...told.other, who: told.who, at: told.at } };
  return { kind: "refused", reason: told.reason || told.detail || String(answer.status) };
}

/** Shows the fields that the chosen column's kind has. @param {HTMLFormElement} form */
function showKind(form) {
  const column = form.elements.namedItem("slug");
  if (!(column instanceof HTMLSelectElement)) return;
  const kind = column.selectedOptions[0]?.dataset.kind ?? "text";
  for (const part of form.querySelectorAll(".for-kind")) {
    const on = /** @type {HTMLElement} */ (part).dataset.for === kind;
    /** @type {HTMLElement} */ (part).hidden = !on;
    if (part instanceof HTMLFieldSetElement) part.disabled = !on;
  }
}

/** @param {string} text */
function button(text) {
  const b = document.createElement("button");
  b.type = "button";
  b.className = "button small";
  b.textContent = text;
  return b;
}

/** @param {string} text @param {string[]} values */
function fillIn(text, ...values) {
  return values.reduce((s, v) => s.replace("%s", v), text);
}
