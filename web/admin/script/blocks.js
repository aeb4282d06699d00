// The settings of a site: blocks are dragged into their order or moved by their arrows without a new page, and
// pictures are uploaded in place.

import { dressPictures } from "./pictures.js";

const form = document.querySelector(".site-form");
if (form) dressPictures(form);

const list = document.querySelector("ol.blocks");
if (list) {
  /** @type {Element | null} */
  let dragged = null;
  list.addEventListener("dragstart", (e) => {
    dragged = e.target instanceof Element ? e.target.closest("li") : null;
    dragged?.classList.add("dragged");
  });
  list.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
  });
  list.addEventListener("dragover", (e) => {
    const over = e.target instanceof Element ? e.target.closest("li") : null;
    if (!dragged || !over || over === dragged || !(e instanceof DragEvent)) return;
    e.preventDefault();
    const { top, height } = over.getBoundingClientRect();
    over[e.clientY < top + height / 2 ? "before" : "after"](dragged);
  });
  list.addEventListener("click", (e) => {
    const press = e.target instanceof Element ? e.target.closest("button[name=move]") : null;
    const item = press?.closest("li");
    if (!(press instanceof HTMLButtonElement) || !item) return;
    e.preventDefault();
    if (press.value.endsWith(" up")) item.previousElementSibling?.before(item);
    else item.nextElementSibling?.after(item);
    press.focus();
  });
}
