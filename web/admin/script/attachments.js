// The field that holds attachments becomes a list, with a button that uploads:
//
//   <textarea data-files data-upload="…" data-accept=".pdf,…">     one on each line: "/files/KEY/NAME what people read"

import { picker } from "../../editor/ask.js";
import { messages } from "../../editor/messages.js";
import { Refusal, send } from "../../editor/upload.js";

const t = messages();

/** @param {number} bytes as visitors read it, see kit.Size */
const size = (bytes) => (bytes < 1 << 20 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / (1 << 20)).toFixed(1)} MB`);

/** @param {HTMLTextAreaElement} field */
function dress(field) {
  const box = document.createElement("div");
  box.className = "picture-box";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", field.labels?.[0]?.textContent ?? t.attach);
  const shown = document.createElement("ol");
  shown.className = "file-list";
  const said = document.createElement("p");
  said.className = "small soft";
  said.setAttribute("role", "status");
  const add = button(t.attachAdd);
  const lines = () => field.value.split("\n").map((l) => l.trim()).filter(Boolean);
  const set = (/** @type {string[]} */ list) => {
    field.value = list.join("\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    show();
  };
  /** Moves the line at i, or takes it away; the keyboard stays where it was. @param {number} i @param {number} to -1: away */
  const move = (i, to) => {
    const list = lines();
    const [line] = list.splice(i, 1);
    if (to >= 0) list.splice(to, 0, line);
    set(list);
    said.textContent = to < 0 ? t.attachRemoved(nameOf(line)) : t.attachMoved(nameOf(line), to + 1);
    const item = shown.children[Math.max(0, Math.min(to < 0 ? i : to, list.length - 1))];
    const next = to < 0 ? item?.querySelector("button:last-of-type") : item?.querySelector(`[data-to="${to < i ? "up" : "down"}"]:enabled`) ?? item?.querySelector("button:enabled");
    /** @type {HTMLElement} */ (next ?? add).focus();
  };
  const show = () => {
    const all = lines();
    shown.hidden = all.length === 0;
    shown.replaceChildren(
      ...all.map((line, i) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = line.split(" ", 1)[0];
        link.textContent = wordsOf(line);
        const up = button("↑", t.moveUp(nameOf(line)));
        up.dataset.to = "up";
        up.disabled = i === 0;
        up.addEventListener("click", () => move(i, i - 1));
        const down = button("↓", t.moveDown(nameOf(line)));
        down.dataset.to = "down";
        down.disabled = i === all.length - 1;
        down.addEventListener("click", () => move(i, i + 1));
        const off = button(t.remove, `${t.remove} ${nameOf(line)}`);
        off.addEventListener("click", () => move(i, -1));
        const row = document.createElement("span");
        row.className = "file-row";
        row.append(link, up, down, off);
        item.append(row);
        return item;
      }),
    );
  };
  add.addEventListener("click", async () => {
    const failed = [];
    for (const file of await picker(field.dataset.accept ?? "", true)) {
      try {
        const stored = await send(field.dataset.upload ?? "/files", file, { progress: (p) => (said.textContent = t.uploading(file.name, Math.floor(p * 100))) });
        if (stored.kind !== "attachment") throw new Refusal(t.attachPicture);
        set([...lines(), `${stored.url} ${stored.name} · ${size(stored.size)}`]);
        said.textContent = t.uploaded(stored.name);
      } catch (error) {
        failed.push(t.uploadFailed(file.name, error instanceof Refusal ? error.message : t.offline));
      }
    }
    if (failed.length) said.textContent = failed.join(" ");
    said.classList.toggle("bad", failed.length > 0);
  });
  field.hidden = true;
  const help = document.getElementById(field.getAttribute("aria-describedby") ?? "");
  if (help) help.hidden = true;
  box.append(shown, add, said);
  field.after(box);
  show();
  return show;
}

/** @param {string} line what people read of it: name and size */
const wordsOf = (line) => line.split(" ").slice(1).join(" ") || decodeURIComponent(line.split("/").pop() ?? "");

/** @param {string} line */
const nameOf = (line) => wordsOf(line).replace(/ · [\d.]+ [KM]B$/, "");

/** @param {string} text @param {string} [label] */
function button(text, label) {
  const b = document.createElement("button");
  b.type = "button";
  b.className = "button small";
  b.textContent = text;
  if (label) b.setAttribute("aria-label", label);
  return b;
}

/** Returns what shows the fields again after something else filled them. @param {ParentNode} root @returns {() => void} */
export function dressAttachments(root) {
  /** @type {(() => void)[]} */
  const all = [];
  for (const f of root.querySelectorAll("[data-files]")) if (f instanceof HTMLTextAreaElement) all.push(dress(f));
  return () => all.forEach((show) => show());
}
