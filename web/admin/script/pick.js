// Chooses sites from the tree: a search field that adds ticked boxes to a list of them.

for (const box of document.querySelectorAll("[data-pick]")) {
  if (!(box instanceof HTMLElement)) continue;
  const field = document.createElement("label");
  field.className = "field";
  const words = document.createElement("span");
  words.textContent = box.dataset.label ?? "";
  const input = document.createElement("input");
  input.type = "search";
  input.autocomplete = "off";
  field.append(words, input);
  box.before(field);
  let round = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const look = async () => {
    const mine = ++round;
    const q = input.value.trim();
    if (!q) return;
    const answer = await fetch(`/admin/find?for=${box.dataset.pick}&q=${encodeURIComponent(q)}`, { headers: { Accept: "application/json" } }).catch(() => null);
    const sites = answer?.ok ? await answer.json() : [];
    if (mine !== round) return;
    for (const old of box.querySelectorAll(".check.suggested")) if (!old.querySelector("input")?.checked) old.remove();
    for (const s of sites.reverse()) {
      if (box.querySelector(`input[value="${CSS.escape(s.code)}"]`)) continue;
      const line = document.createElement("label");
      line.className = "check suggested";
      const tick = document.createElement("input");
      tick.type = "checkbox";
      tick.name = "target";
      tick.value = s.code;
      const name = document.createElement("span");
      name.textContent = s.name;
      const where = document.createElement("span");
      where.className = "soft small";
      where.textContent = ` ${s.where}`;
      name.append(where);
      line.append(tick, name);
      box.prepend(line);
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 150);
  });
  input.addEventListener("keydown", (e) => e.key === "Enter" && e.preventDefault());
}
