// What was written without a connection, with its pictures, until it can be sent. It is the browser's own
// database; what was sent is forgotten.

import { Refusal, send } from "../../editor/upload.js";

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

  /**
   * Sends what waits, one after another; a lock keeps two tabs from sending the same.
   * @param {string} upload @param {(name: string, why: string) => void} refused hears of files that are left out
   */
  async sendAll(upload, refused) {
    await navigator.locks?.request("xf-outbox", { ifAvailable: true }, async (lock) => {
      if (!lock) return;
      /** @type {Letter[]} */
      const all = await answer(this.#letters("readonly").getAll());
      for (const letter of all) await this.#sendOne(letter, upload, refused);
    });
  }

  /** @param {Letter} letter @param {string} upload @param {(name: string, why: string) => void} refused */
  async #sendOne(letter, upload, refused) {
    while (letter.files.length) {
      try {
        const stored = await send(upload, letter.files[0]);
        letter.fields.pictures = [letter.fields.pictures, stored.url].filter(Boolean).join("\n");
      } catch (error) {
        if (!(error instanceof Refusal) || !error.final) throw error;
        refused(letter.files[0].name, error.message); // it would never go, and nothing behind it
      }
      letter.files = letter.files.slice(1);
      await this.keep(letter); // a picture that has arrived is not sent again
    }
    const told = await fetch("/admin/post", { method: "POST", body: new URLSearchParams(letter.fields), headers: { Accept: "application/json" } });
    if (!told.ok) throw new Error(`the server said ${told.status}`);
    await answer(this.#letters("readwrite").delete(letter.key));
  }
}
