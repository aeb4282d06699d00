// The form that asks for a channel's name says what is wrong with it beside the field and in the page's
// language, where the browser would say it in a bubble and in its own. Without script the browser does.

for (const form of document.querySelectorAll("form.open")) {
  const field = form.querySelector('input[name="name"]');
  const help = document.getElementById("name-help");
  if (!(form instanceof HTMLFormElement) || !(field instanceof HTMLInputElement) || !help) continue;
  const { bad = "", none = "" } = help.dataset;
  const usual = help.classList.contains("bad") ? "" : (help.textContent ?? "");
  form.noValidate = true;
  help.setAttribute("role", "status");

  /** @param {string} wrong "": nothing */
  const say = (wrong) => {
    help.textContent = wrong || usual;
    help.classList.toggle("bad", wrong !== "");
    help.classList.toggle("soft", wrong === "");
    if (wrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  };
  form.addEventListener("submit", (e) => {
    field.value = field.value.trim();
    if (field.checkValidity()) return;
    e.preventDefault();
    say(field.value ? bad : none);
    field.focus();
  });
  field.addEventListener("input", () => {
    if (field.hasAttribute("aria-invalid") && field.checkValidity()) say("");
  });
}
