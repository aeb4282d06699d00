// Cameras, microphones and screens: what there is, and opening it.

/** @typedef {import("./messages.js").Words} Words */
/** @typedef {"camera" | "screen" | "none"} Picture */
/** @typedef {{ width: number, height: number, bits: number }} Quality */

/** @type {Record<string, Quality>} */
export const qualities = {
  low: { width: 640, height: 360, bits: 600_000 },
  mid: { width: 1280, height: 720, bits: 1_800_000 },
  high: { width: 1920, height: 1080, bits: 4_000_000 },
};

export const noMicrophone = "none";

/** What is captured, with what has to be let go afterwards. */
export class Capture {
  /** @type {MediaStream[]} */
  #sources;
  /** @type {AudioContext | null} */
  #mixer = null;
  /** What is sent. */
  stream = new MediaStream();

  /** @param {MediaStream[]} sources */
  constructor(sources) {
    this.#sources = sources;
    for (const s of sources) for (const t of s.getVideoTracks()) this.stream.addTrack(t);
    const sounds = sources.filter((s) => s.getAudioTracks().length > 0);
    if (sounds.length < 2) {
      for (const t of sounds[0]?.getAudioTracks() ?? []) this.stream.addTrack(t);
      return;
    }
    // The screen's sound and the microphone go into one track.
    this.#mixer = new AudioContext();
    const out = this.#mixer.createMediaStreamDestination();
    for (const s of sounds) this.#mixer.createMediaStreamSource(s).connect(out);
    this.stream.addTrack(out.stream.getAudioTracks()[0]);
  }

  /** Calls f when a device goes away, or the visitor stops sharing the screen. @param {() => void} f */
  onGone(f) {
    for (const s of this.#sources) for (const t of s.getTracks()) t.addEventListener("ended", f);
  }

  /** Mixing may have to wait for the visitor's first click. */
  resume() {
    void this.#mixer?.resume();
  }

  stop() {
    for (const s of this.#sources) for (const t of s.getTracks()) t.stop();
    void this.#mixer?.close();
  }
}

/**
 * Opens what the visitor chose.
 * @param {Picture} picture @param {string} camera device id @param {string} microphone device id or noMicrophone @param {Quality} quality
 */
export async function open(picture, camera, microphone, { width, height }) {
  const size = { width: { ideal: width }, height: { ideal: height } };
  const sound = microphone === noMicrophone ? false : { deviceId: microphone ? { exact: microphone } : undefined, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  /** @type {MediaStream[]} */
  const sources = [];
  try {
    if (picture === "screen") {
      sources.push(await navigator.mediaDevices.getDisplayMedia({ video: { ...size, frameRate: { ideal: 15, max: 30 } }, audio: true }));
      for (const t of sources[0].getVideoTracks()) t.contentHint = "detail"; // text is to stay sharp
    }
    const video = picture === "camera" ? { ...size, frameRate: { ideal: 25, max: 30 }, deviceId: camera ? { exact: camera } : undefined } : false;
    if (video || sound) sources.push(await navigator.mediaDevices.getUserMedia({ video, audio: sound }));
    return new Capture(sources);
  } catch (error) {
    for (const s of sources) for (const t of s.getTracks()) t.stop();
    throw error;
  }
}

/** Why a device did not open. @param {unknown} error @param {Words} words */
export function explain(error, words) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return words.denied;
  if (name === "NotFoundError" || name === "OverconstrainedError") return words.missing;
  if (name === "NotReadableError" || name === "AbortError") return words.busy;
  return words.failed + (error instanceof Error ? error.message : String(error));
}

/** Whether the browser would open camera and microphone without asking. */
export async function allowed() {
  try {
    const states = await Promise.all(["camera", "microphone"].map((name) => navigator.permissions.query({ name: /** @type {PermissionName} */ (name) })));
    return states.every((s) => s.state === "granted");
  } catch {
    return false; // a browser that does not tell
  }
}

/**
 * Fills the lists of devices, keeping what is chosen.
 * @param {HTMLSelectElement} cameras @param {HTMLSelectElement} microphones @param {Words} words
 */
export async function list(cameras, microphones, words) {
  const all = await navigator.mediaDevices.enumerateDevices();
  fill(cameras, all.filter((d) => d.kind === "videoinput"), words.camera);
  fill(microphones, all.filter((d) => d.kind === "audioinput"), words.microphone);
  microphones.add(new Option(microphones.dataset.none, noMicrophone));
  if (microphones.dataset.chosen === noMicrophone) microphones.value = noMicrophone;
}

/** @param {HTMLSelectElement} select @param {MediaDeviceInfo[]} devices @param {string} name */
function fill(select, devices, name) {
  const chosen = select.value;
  select.dataset.chosen = chosen;
  // Before permission devices have neither id nor label.
  select.replaceChildren(...devices.map((d, i) => new Option(d.label || `${name} ${i + 1}`, d.deviceId)));
  if (devices.length === 0) select.add(new Option(name, ""));
  if (devices.some((d) => d.deviceId === chosen)) select.value = chosen;
}
