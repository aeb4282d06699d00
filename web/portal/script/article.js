// What an article's page can do only with script: print, and share where the device knows how.

const print = document.querySelector("[data-print]");
if (print instanceof HTMLButtonElement) {
  print.hidden = false;
  print.addEventListener("click", () => globalThis.print());
}

const share = document.querySelector("[data-share]");
const link = document.getElementById("link")?.textContent ?? location.href;
if (share instanceof HTMLButtonElement && "share" in navigator) {
  share.hidden = false;
  share.addEventListener("click", () => {
    navigator.share({ title: document.title, url: link }).catch(() => {}); // closed without sharing
  });
}
