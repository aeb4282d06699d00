// What an article's page can do only with script: print, and share where the device knows how.

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

export {};
