// What makes the console smooth: the tree opens in place, sites are found while typing, lists are ticked as a
// whole, notices go away by themselves. Everything works without it.

/** @param {string} html @returns {Element | null} */
function parse(html) {
  return new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
}

// The tree: a button opens the sites below; arrow keys walk.
const tree = document.querySelector(".tree");

/** @param {HTMLButtonElement} twig */
async function toggle(twig) {
  const item = twig.closest("li");
  const open = twig.getAttribute("aria-expanded") === "true";
  const list = item?.querySelector(":scope > ul");
  if (list) {
    /** @type {HTMLElement} */ (list).hidden = open;
    twig.setAttribute("aria-expanded", String(!open));
    return;
  }
  twig.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(twig.dataset.fetch ?? "", { headers: { Accept: "text/html" } });
    const made = answer.ok ? parse(await answer.text()) : null;
    if (made) {
      item?.append(made);
      twig.setAttribute("aria-expanded", "true");
    }
  } catch {
    // No connection: the site's own link still leads to its page.
  }
  twig.removeAttribute("aria-busy");
}

tree?.addEventListener("click", (e) => {
  const twig = e.target instanceof Element ? e.target.closest("button.twig") : null;
  if (twig instanceof HTMLButtonElement) void toggle(twig);
});

tree?.addEventListener("keydown", (e) => {
  if (!(e instanceof KeyboardEvent)) return;
  const at = document.activeElement;
  const item = at?.closest(".tree li");
  if (!item) return;
  const twig = item.querySelector(":scope > button.twig");
  const links = [...tree.querySelectorAll("li > a")].filter((a) => a instanceof HTMLElement && a.offsetParent !== null);
  const here = links.indexOf(/** @type {HTMLElement} */ (item.querySelector(":scope > a")));
  const go = (/** @type {Element | null | undefined} */ el) => el instanceof HTMLElement && (e.preventDefault(), el.focus());
  if (e.key === "ArrowDown") go(links[here + 1]);
  else if (e.key === "ArrowUp") go(links[here - 1]);
  else if (e.key === "ArrowRight" && twig instanceof HTMLButtonElement) {
    e.preventDefault();
    if (twig.getAttribute("aria-expanded") !== "true") void toggle(twig);
    else go(item.querySelector(":scope > ul a"));
  } else if (e.key === "ArrowLeft") {
    if (twig instanceof HTMLButtonElement && twig.getAttribute("aria-expanded") === "true") {
      e.preventDefault();
      void toggle(twig);
    } else go(item.parentElement?.closest("li")?.querySelector(":scope > a"));
  }
});
tree?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });

// The search: what is found appears below the field while typing.
const seek = document.querySelector(".seek");
const input = seek?.querySelector("input");
if (seek instanceof HTMLFormElement && input) {
  const list = document.createElement("ul");
  list.className = "found";
  list.hidden = true;
  list.setAttribute("aria-label", input.labels?.[0]?.textContent ?? "");
  seek.append(list);
  let round = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const look = async () => {
    const mine = ++round;
    const q = input.value.trim();
    if (!q) {
      list.hidden = true;
      return;
    }
    try {
      const answer = await fetch(`/admin/find?q=${encodeURIComponent(q)}`, { headers: { Accept: "application/json" } });
      const sites = answer.ok ? await answer.json() : [];
      if (mine !== round) return;
      list.replaceChildren(
        ...sites.slice(0, 12).map((/** @type {any} */ s) => {
          const item = document.createElement("li");
          const a = document.createElement("a");
          a.href = s.href;
          a.textContent = s.name;
          const where = document.createElement("span");
          where.className = "soft small";
          where.textContent = [s.where, s.code].filter(Boolean).join(" · ");
          a.append(where);
          item.append(a);
          return item;
        }),
      );
      if (sites.length === 0) list.textContent = input.dataset.none ?? "";
      list.hidden = false;
    } catch {
      list.hidden = true;
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 150);
  });
  seek.addEventListener("keydown", (e) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(/** @type {HTMLAnchorElement} */ (document.activeElement));
    if (e.key === "ArrowDown" && links.length) (e.preventDefault(), links[Math.min(at + 1, links.length - 1)].focus());
    else if (e.key === "ArrowUp" && at >= 0) (e.preventDefault(), at ? links[at - 1].focus() : input.focus());
    else if (e.key === "Escape") (e.preventDefault(), (list.hidden = true), input.focus());
  });
  document.addEventListener("keydown", (e) => {
    const typing = e.target instanceof Element && e.target.closest("input, textarea, select, [contenteditable]");
    if (e.key === "/" && !typing && !e.ctrlKey && !e.metaKey) (e.preventDefault(), input.focus());
  });
}

// Lists: tick all, and see how many are ticked.
for (const form of document.querySelectorAll("form.bulk")) {
  const all = form.querySelector("input[data-all]");
  const boxes = () => /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input[name=id]")]);
  const said = form.querySelector("[data-count]");
  const show = () => {
    const n = boxes().filter((b) => b.checked).length;
    if (said) said.textContent = n ? (/** @type {HTMLElement} */ (form).dataset.chosen ?? "").replace("%d", String(n)) : "";
    form.classList.toggle("some", n > 0);
    if (all instanceof HTMLInputElement) {
      all.checked = n > 0 && n === boxes().length;
      all.indeterminate = n > 0 && !all.checked;
    }
  };
  if (all instanceof HTMLInputElement) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const b of boxes()) b.checked = all.checked;
      show();
    });
  }
  form.addEventListener("change", show);
  show();
}

// What reaches thousands of pages at one press is asked for once more.
document.addEventListener("submit", (e) => {
  const ask = e.submitter?.dataset.confirm;
  if (ask && !confirm(ask)) e.preventDefault();
});

// The source of a broadcast: who picks one that is offered has picked its kind.
const source = document.querySelector("input[list=sources]");
const kind = document.querySelector("select[name=kind]");
if (source instanceof HTMLInputElement && kind instanceof HTMLSelectElement) {
  const follow = () => {
    const offered = [...(source.list?.options ?? [])].find((o) => o.value === source.value);
    if (offered?.dataset.kind) kind.value = offered.dataset.kind;
  };
  source.addEventListener("input", follow);
  follow(); // it may have been faster than this script
}

// What was done is said once: reloading the page does not say it again.
const address = new URL(location.href);
if (address.searchParams.has("done")) {
  address.searchParams.delete("done");
  address.searchParams.delete("ids");
  history.replaceState(null, "", address);
}
