// Keeps the cards of the front page up to date: when what is on air changes, the server's own cards are
// fetched again, so that there is one place that makes them.

const cards = document.getElementById("cards");
let known = "";

async function look() {
  const answer = await fetch("/api/streams", { cache: "no-store" });
  if (!answer.ok) return;
  const { streams } = await answer.json();
  const now = JSON.stringify(streams.map((/** @type {any} */ x) => [x.name, x.live, x.viewers]));
  if (known && now !== known) {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const fresh = page.getElementById("cards");
    if (cards && fresh && !cards.contains(document.activeElement)) cards.replaceChildren(...fresh.childNodes);
  }
  known = now;
}

setInterval(() => {
  if (!document.hidden) look().catch(() => {}); // the next round tries again
}, 5000);
look().catch(() => {});
