// What was written without a connection, with its pictures, until it can be sent. It is the browser's own
// database; what was sent is forgotten.

import { send } from "../../editor/upload.js";

/** @typedef {{ key: string, fields: Record<string, string>, files: File[] }} Letter */

/** @template T @param {IDBRequest<T>} r @returns {Promise<T>} */
const answer = (r) => new Promise((done, fail) => ((r.onsuccess = () => done(r.result)), (r.onerror = () => fail(r.error))));

export class Outbox {
  /** @param {IDBDatabase} db */
  constructor(db) {
    this.db = db;
  }

  static async open() {
    const r = indexedDB.open("xf-outbox", 1);
    r.onupgradeneeded = () => r.result.createObjectStore("letters", { keyPath: "key" });
    return new Outbox(await answer(r));
  }

  /** @param {IDBTransactionMode} mode */
  #letters(mode) {
    return this.db.transaction("letters", mode).objectStore("letters");
  }

  count() {
    return answer(this.#letters("readonly").count());
  }

  /** @param {Letter} letter */
  keep(letter) {
    return answer(this.#letters("readwrite").put(letter));
  }

  /** Sends what waits, one after another; a lock keeps two tabs from sending the same. @param {string} upload */
  async sendAll(upload) {
    await navigator.locks?.request("xf-outbox", { ifAvailable: true }, async (lock) => {
      if (!lock) return;
      /** @type {Letter[]} */
      const all = await answer(this.#letters("readonly").getAll());
      for (const letter of all) await this.#sendOne(letter, upload);
    });
  }

  /** @param {Letter} letter @param {string} upload */
  async #sendOne(letter, upload) {
    while (letter.files.length) {
      const stored = await send(upload, letter.files[0]);
      letter.fields.pictures = [letter.fields.pictures, stored.url].filter(Boolean).join("\n");
      letter.files = letter.files.slice(1);
      await this.keep(letter); // a picture that has arrived is not sent again
    }
    const told = await fetch("/admin/post", { method: "POST", body: new URLSearchParams(letter.fields), headers: { Accept: "application/json" } });
    if (!told.ok) throw new Error(`the server said ${told.status}`);
    await answer(this.#letters("readwrite").delete(letter.key));
  }
}
