// Small questions in a dialog.

/**
 * Asks for one line. Resolves with null when the visitor changes their mind.
 * @param {import("./messages.js").Messages} t @param {string} label
 * @param {{ type?: string, value?: string, help?: string, check?: (value: string) => string }} [options] check returns what is wrong, or ""
 * @returns {Promise<string | null>}
 */
export function ask(t, label, { type = "text", value = "", help = "", check } = {}) {
  const dialog = document.createElement("dialog");
  dialog.className = "xf-ask";
  const form = document.createElement("form");
  form.method = "dialog";
  form.noValidate = true;
  const field = document.createElement("label");
  field.className = "field";
  const words = document.createElement("span");
  words.textContent = label;
  const input = document.createElement("input");
  input.type = type === "url" ? "text" : type;
  input.inputMode = type === "url" ? "url" : "text";
  input.value = value;
  field.append(words, input);
  const note = document.createElement("p");
  note.className = "small soft";
  note.textContent = help;
  note.setAttribute("role", "status");
  const row = document.createElement("div");
  row.className = "xf-row";
  const no = button(t.cancel, "button");
  const yes = button(t.ok, "button main");
  no.type = "button";
  row.append(no, yes);
  form.append(field, note, row);
  dialog.append(form);
  document.body.append(dialog);
  return new Promise((done) => {
    /** @type {string | null} */
    let answer = null;
    no.addEventListener("click", () => dialog.close());
    form.addEventListener("submit", (e) => {
      const wrong = check?.(input.value.trim()) ?? "";
      if (wrong) {
        e.preventDefault();
        note.textContent = wrong;
        note.classList.add("bad");
        input.setAttribute("aria-invalid", "true");
        input.focus();
        return;
      }
      answer = input.value.trim();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(answer);
    });
    dialog.showModal();
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  });
}

/** @param {string} text @param {string} className */
function button(text, className) {
  const b = document.createElement("button");
  b.textContent = text;
  b.className = className;
  return b;
}

/** Lets the visitor choose files. @param {string} accept @param {boolean} many @returns {Promise<File[]>} */
export function picker(accept, many) {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = accept;
  input.multiple = many;
  return new Promise((done) => {
    input.addEventListener("change", () => done([...(input.files ?? [])]));
    input.addEventListener("cancel", () => done([]));
    input.click();
  });
}
