// Pictures and attachments on their way to the server: huge pictures are shrunk first, progress is told.

import { shrunk } from "./text.js";

/** @typedef {{ id: string, url: string, name: string, kind: string, size: number, width: number, height: number }} Stored */

/** A reason that can be told to the visitor. */
export class Refusal extends Error {
  /** @param {string} message @param {number} [status] what HTTP says; 0: it was not asked */
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }

  /** Whether the same file will be refused the next time as well. */
  get final() {
    return this.status === 413 || this.status === 422;
  }
}

const shrinkFrom = 1_500_000; // bytes: smaller ones travel as they are

/** Makes a large picture small enough to travel. What the browser can't read goes as it is. @param {File} file @returns {Promise<File>} */
export async function shrink(file) {
  if (file.size < shrinkFrom || !/^image\/(jpeg|png|webp)$/.test(file.type)) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const { width, height } = shrunk(picture.width, picture.height);
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d")?.drawImage(picture, 0, 0, width, height);
    picture.close();
    const blob = await new Promise((/** @type {(b: Blob | null) => void} */ done) => canvas.toBlob(done, "image/jpeg", 0.88));
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  } catch {
    return file;
  }
}

const askFrom = 1_000_000; // bytes

/**
 * Asks whether the server takes a large file before it is sent: a server that refuses one hangs up, and then a
 * browser knows of a broken connection only.
 * @param {string} address @param {File} file @param {AbortSignal} [signal]
 */
async function admitted(address, file, signal) {
  if (file.size < askFrom) return;
  const at = new URL(address, document.baseURI);
  at.searchParams.set("name", file.name);
  at.searchParams.set("size", String(file.size));
  const answer = await fetch(at, { headers: { Accept: "application/json" }, signal });
  if (answer.ok) return;
  const why = await answer.json().catch(() => ({}));
  throw new Refusal(why.detail || why.title || String(answer.status), answer.status);
}

/**
 * Sends a file. XMLHttpRequest, because fetch does not tell how much has gone.
 * @param {string} address @param {File} file
 * @param {{ progress?: (part: number) => void, signal?: AbortSignal }} [options]
 * @returns {Promise<Stored>}
 */
export async function send(address, file, { progress, signal } = {}) {
  await admitted(address, file, signal);
  return new Promise((done, fail) => {
    const x = new XMLHttpRequest();
    x.open("POST", address);
    x.responseType = "json";
    x.setRequestHeader("Accept", "application/json");
    x.upload.onprogress = (e) => e.lengthComputable && progress?.(e.loaded / e.total);
    x.onload = () => {
      const answer = x.response ?? {};
      if (x.status >= 200 && x.status < 300 && typeof answer.url === "string") done(answer);
      else fail(new Refusal(answer.detail || answer.title || String(x.status), x.status));
    };
    x.onerror = () => fail(new TypeError("no connection"));
    x.onabort = () => fail(new DOMException("stopped", "AbortError"));
    signal?.addEventListener("abort", () => x.abort());
    const form = new FormData();
    form.append("file", file, file.name);
    x.send(form);
  });
}
