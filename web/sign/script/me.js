// The form that adds a passkey; it is shown where the browser knows them.

import { add, known, run } from "./passkey.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("key"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));

if (known()) {
  form.hidden = false;
  /** @type {HTMLElement} */ (document.getElementById("no-key")).hidden = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(form, button, () => add(String(new FormData(form).get("name") ?? ""), form.dataset.refused ?? ""));
  });
}
