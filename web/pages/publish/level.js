// The bar that shows how loud the microphone is, before and while on air.

export class Level {
  #bar;
  #fill;
  /** @type {AudioContext | null} */
  #context = null;
  #frame = 0;

  /** @param {HTMLElement} bar @param {HTMLElement} fill */
  constructor(bar, fill) {
    this.#bar = bar;
    this.#fill = fill;
  }

  /** @param {MediaStream} stream */
  watch(stream) {
    this.stop();
    if (stream.getAudioTracks().length === 0) return;
    const context = new AudioContext();
    this.#context = context;
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let shown = 0;
    const draw = () => {
      if (this.#context !== context) return;
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
      // -60 dB, a quiet room, to 0 dB, the loudest there is.
      const level = Math.max(0, Math.min(1, (10 * Math.log10(power + 1e-9) + 60) / 60));
      shown = Math.max(level, shown * 0.92);
      this.#show(shown);
      this.#frame = requestAnimationFrame(draw);
    };
    draw();
  }

  /** @param {number} level 0 to 1 */
  #show(level) {
    const percent = Math.round(level * 100);
    this.#fill.style.clipPath = `inset(0 ${100 - percent}% 0 0)`;
    if (Math.abs(Number(this.#bar.getAttribute("aria-valuenow")) - percent) >= 5) this.#bar.setAttribute("aria-valuenow", String(percent));
  }

  /** Browsers may want a click before they listen. */
  resume() {
    void this.#context?.resume();
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    void this.#context?.close();
    this.#context = null;
    this.#show(0);
  }
}
