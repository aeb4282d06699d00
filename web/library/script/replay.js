// <xf-replay data-src="….m3u8"><video controls></video></xf-replay> plays an item from the library with the browser's own
// controls: through hls.js where there are Media Source Extensions, else by the browser itself, as on the iPhone.

const library = new URL("../../thirdparty/hls.js/hls.light.min.mjs", import.meta.url).href;

class Replay extends HTMLElement {
  /** @type {any} the Hls instance */
  #hls = null;
  #recovered = 0;

  connectedCallback() {
    void this.#start();
  }

  disconnectedCallback() {
    this.#hls?.destroy();
    this.#hls = null;
  }

  async #start() {
    const video = this.querySelector("video");
    const src = this.dataset.src;
    if (!video || !src) return;
    if (typeof globalThis.MediaSource !== "function") {
      video.addEventListener("error", () => this.#say(true));
      return;
    }
    video.removeAttribute("src");
    video.load();
    const { default: Hls } = await import(library).catch(() => ({ default: null }));
    if (!Hls) {
      video.src = src;
      return;
    }
    const hls = new Hls({ enableWorker: false, backBufferLength: 60, maxBufferLength: 30, startPosition: 0 });
    this.#hls = hls;
    hls.on(Hls.Events.ERROR, (/** @type {string} */ _, /** @type {any} */ data) => {
      if (!data.fatal) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.#recovered++ < 2) hls.recoverMediaError();
      else this.#say(true);
    });
    video.addEventListener("playing", () => this.#say(false));
    hls.loadSource(src);
    hls.attachMedia(video);
  }

  /** @param {boolean} failed */
  #say(failed) {
    const line = /** @type {HTMLElement | null} */ (this.querySelector(".failed"));
    if (!line) return;
    line.textContent = failed ? (this.dataset.failed ?? "") : "";
    line.hidden = !failed;
  }
}

customElements.define("xf-replay", Replay);
