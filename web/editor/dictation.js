// Words spoken instead of typed, where the browser can listen.

/** @returns {any} */
const recognition = () => /** @type {any} */ (window).SpeechRecognition ?? /** @type {any} */ (window).webkitSpeechRecognition;

export class Dictation {
  #o;
  /** @type {any} */ #ear = null;

  static possible() {
    return Boolean(recognition());
  }

  /** @param {{ words: (text: string) => void, say: (text: string) => void, t: import("./messages.js").Messages, button?: HTMLButtonElement }} options */
  constructor(options) {
    this.#o = options;
    this.button = options.button ?? document.createElement("button");
    this.button.type = "button";
    if (!options.button) {
      this.button.className = "xf-tool xf-dictate";
      this.button.textContent = options.t.dictate;
    }
    this.button.setAttribute("aria-pressed", "false");
    this.button.addEventListener("click", () => (this.#ear ? this.stop() : this.#start()));
  }

  stop() {
    this.#ear?.stop();
  }

  #start() {
    const ear = new (recognition())();
    this.#ear = ear;
    ear.lang = document.documentElement.lang.startsWith("en") ? "en-US" : "zh-CN";
    ear.continuous = true;
    ear.interimResults = false;
    this.#label(true);
    this.#o.say(this.#o.t.listening);
    ear.onresult = (/** @type {any} */ e) => {
      for (let i = e.resultIndex; i < e.results.length; i++) if (e.results[i].isFinal) this.#o.words(e.results[i][0].transcript);
    };
    ear.onerror = () => this.#o.say(this.#o.t.deaf);
    ear.onend = () => {
      this.#ear = null;
      this.#label(false);
    };
    ear.start();
  }

  /** @param {boolean} on */
  #label(on) {
    this.button.setAttribute("aria-pressed", String(on));
    this.button.textContent = on ? this.#o.t.dictateStop : this.#o.t.dictate;
  }
}
