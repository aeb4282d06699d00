// The button that signs in with a passkey; it is shown where the browser knows them.

import { enter, known, run } from "./passkey.js";

const box = /** @type {HTMLElement} */ (document.getElementById("key"));
const button = /** @type {HTMLButtonElement} */ (box.querySelector("button"));

if (known()) {
  box.hidden = false;
  button.addEventListener("click", () => run(box, button, () => enter(box.dataset.to ?? "", box.dataset.refused ?? "")));
}
