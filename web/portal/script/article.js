// What an article's page can do only with script: print, share where the device knows how, and tell how often
// it was read, which is not in the page because that is kept.

const paper = document.querySelector("[data-print]");
if (paper instanceof HTMLButtonElement) {
  paper.hidden = false;
  paper.addEventListener("click", () => window.print());
}

const share = document.querySelector("[data-share]");
if (share instanceof HTMLButtonElement && "share" in navigator) {
  share.hidden = false;
  share.addEventListener("click", () => {
    const url = document.getElementById("link")?.textContent ?? location.href;
    navigator.share({ title: document.title, url }).catch(() => {}); // closed without sharing
  });
}

const views = document.querySelector("[data-views]");
if (views instanceof HTMLElement) {
  showViews(views).catch(() => {}); // it stays hidden
}

/** @param {HTMLElement} where has the text with %d in it */
async function showViews(where) {
  const answer = await fetch(where.dataset.views ?? "", { credentials: "omit", headers: { Accept: "application/json" } });
  if (!answer.ok) {
    return;
  }
  /** @type {{views: number}} */
  const { views: n } = await answer.json();
  if (n > 0) {
    where.textContent = (where.textContent ?? "").replace("%d", n.toLocaleString(document.documentElement.lang));
    where.hidden = false;
  }
}

export {};
