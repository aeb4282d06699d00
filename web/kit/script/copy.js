// Buttons that copy the text of the element that they name: <button data-copy="ID" data-done="…" data-failed="…">.

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  button.hidden = false; // without script there is nothing to press, the text can be selected
  const label = button.textContent ?? "";
  button.addEventListener("click", async () => {
    const from = document.getElementById(button.dataset.copy ?? "");
    if (!from) return;
    let said = button.dataset.done ?? "";
    try {
      await navigator.clipboard.writeText(from.textContent ?? "");
    } catch {
      // No clipboard on plain http: the selection is there, Ctrl+C works.
      getSelection()?.selectAllChildren(from);
      said = document.execCommand("copy") ? said : (button.dataset.failed ?? "");
    }
    button.textContent = said;
    setTimeout(() => (button.textContent = label), 2000);
  });
}
