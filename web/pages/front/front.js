// Keeps the cards of the front page up to date: when what is on air changes, the server's own cards are
// fetched again, so that there is one place that makes them.

const cards = document.getElementById("cards");
const stale = document.getElementById("stale");
let known = "";

async function look() {
  const answer = await fetch("/api/streams", { cache: "no-store", signal: AbortSignal.timeout(8000) });
  if (!answer.ok) throw new Error(answer.statusText);
  const { streams } = await answer.json();
  const now = JSON.stringify(streams.map((/** @type {any} */ x) => [x.name, x.live, x.viewers]));
  if (known && now !== known) {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const fresh = page.getElementById("cards");
    if (cards && fresh && !cards.contains(document.activeElement)) cards.replaceChildren(...fresh.childNodes);
  }
  known = now;
}

async function round() {
  if (document.hidden) return;
  let reached = true;
  await look().catch(() => (reached = false)); // the next round tries again
  if (stale) stale.hidden = reached;
}

setInterval(() => void round(), 5000);
void round();
