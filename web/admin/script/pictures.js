// Fields that hold addresses of pictures get a button that uploads, and show the pictures.
//
//   <input data-picture data-upload="…">         one picture:  "/files/KEY/NAME what it shows"
//   <textarea data-pictures data-upload="…">     one on each line

import { ask, picker } from "../../editor/ask.js";
import { messages } from "../../editor/messages.js";
import { Refusal, send, shrink } from "../../editor/upload.js";

const t = messages();

/** @param {HTMLInputElement | HTMLTextAreaElement} field @param {boolean} many */
function dress(field, many) {
  const box = document.createElement("div");
  box.className = "picture-box";
  const shown = document.createElement("ul");
  shown.className = "picture-list";
  const said = document.createElement("p");
  said.className = "small soft";
  said.setAttribute("role", "status");
  const add = document.createElement("button");
  add.type = "button";
  add.className = "button small";
  add.textContent = t.picture;
  const lines = () => field.value.split("\n").map((l) => l.trim()).filter(Boolean);
  const set = (/** @type {string[]} */ list) => {
    field.value = list.join("\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    show();
  };
  const show = () => {
    shown.replaceChildren(
      ...lines().map((line, i) => {
        const [address, ...alt] = line.split(" ");
        const item = document.createElement("li");
        const img = document.createElement("img");
        img.src = address;
        img.alt = alt.join(" ");
        const words = document.createElement("input");
        words.type = "text";
        words.value = alt.join(" ");
        words.placeholder = t.alt;
        words.setAttribute("aria-label", t.alt);
        words.addEventListener("change", () => set(lines().map((l, j) => (j === i ? `${address} ${words.value.trim()}`.trim() : l))));
        const off = document.createElement("button");
        off.type = "button";
        off.className = "button small";
        off.textContent = t.remove;
        off.addEventListener("click", () => set(lines().filter((_, j) => j !== i)));
        item.append(img, words, off);
        return item;
      }),
    );
    add.hidden = !many && lines().length > 0;
  };
  add.addEventListener("click", async () => {
    for (const file of await picker("image/*", many)) {
      try {
        const stored = await send(field.dataset.upload ?? "/files", await shrink(file), { progress: (p) => (said.textContent = t.uploading(file.name, Math.floor(p * 100))) });
        said.textContent = "";
        const alt = many ? "" : ((await ask(t, t.alt, { help: t.altHelp })) ?? "");
        set(many ? [...lines(), `${stored.url} ${alt}`.trim()] : [`${stored.url} ${alt}`.trim()]);
      } catch (error) {
        said.textContent = t.uploadFailed(file.name, error instanceof Refusal ? error.message : t.offline);
      }
    }
  });
  field.hidden = true;
  const label = field.closest("label");
  box.append(shown, add, said);
  (label ?? field).after(box);
  show();
}

export function dressPictures(/** @type {ParentNode} */ root) {
  for (const f of root.querySelectorAll("[data-picture]")) if (f instanceof HTMLInputElement) dress(f, false);
  for (const f of root.querySelectorAll("[data-pictures]")) if (f instanceof HTMLTextAreaElement) dress(f, true);
}
