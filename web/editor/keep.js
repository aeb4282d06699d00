// Keeps what somebody writes: at once in the browser, some seconds later on the server. No text is lost by
// leaving, by a lost connection or by somebody else who saves the same article.

/**
 * What the server said to a save. other is what somebody else saved in the meantime.
 * @typedef {{ kind: "saved", version: number } | { kind: "conflict", version: number, other: Record<string, any> } | { kind: "refused", reason: string }} Answer
 * @typedef {"kept" | "saving" | "saved" | "offline" | "conflict" | "refused"} State
 * @typedef {{ values: Record<string, string>, version: number, at: number }} Draft
 *
 * @typedef {object} Options
 * @property {string} key       names the text in the browser's storage
 * @property {number} version   the one that is being changed; 0: new
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage
 * @property {(values: Record<string, string>, version: number) => Promise<Answer>} send  rejects when the server can't be reached
 * @property {(state: State, answer?: Answer) => void} tell
 * @property {number} [wait]    ms without a change before it is sent
 * @property {number} [retry]   ms before the next try when there is no connection
 * @property {(f: () => void, ms: number) => any} [after] @property {(timer: any) => void} [cancel] @property {() => number} [now]
 */

export class Keeper {
  #o;
  /** @type {Record<string, string> | null} not yet on the server */ #values = null;
  /** @type {any} */ #timer;
  /** @type {Promise<void> | null} at most one save is under way */ #sending = null;
  #stopped = false;

  /** @param {Options} options */
  constructor(options) {
    this.#o = { wait: 3000, retry: 15_000, after: (/** @type {() => void} */ f, /** @type {number} */ ms) => setTimeout(f, ms), cancel: (/** @type {any} */ t) => clearTimeout(t), now: () => Date.now(), ...options };
    this.version = options.version;
  }

  get unsaved() {
    return this.#values !== null;
  }

  /** Takes what the form has now. @param {Record<string, string>} values */
  changed(values) {
    this.#values = values;
    this.#store();
    if (this.#stopped) return;
    this.#o.tell("kept");
    this.#later(this.#o.wait);
  }

  /** Sends at once what is not on the server. */
  async flush() {
    if (this.#sending) await this.#sending;
    if (!this.#values || this.#stopped) return;
    this.#sending = this.#send();
    await this.#sending;
  }

  /** Goes on after a conflict: version is the one that the next save replaces. @param {number} version */
  resolve(version) {
    this.version = version;
    this.#stopped = false;
    if (this.#values) this.#later(0);
  }

  /** Forgets the copy in the browser: the form was sent. */
  forget() {
    this.#o.cancel(this.#timer);
    this.#stopped = true;
    this.#values = null;
    try {
      this.#o.storage.removeItem(this.#o.key);
    } catch {
      // Storage is closed to this page: there was no copy.
    }
  }

  /** @param {number} ms */
  #later(ms) {
    this.#o.cancel(this.#timer);
    this.#timer = this.#o.after(() => void this.flush(), ms);
  }

  #store() {
    try {
      this.#o.storage.setItem(this.#o.key, JSON.stringify({ values: this.#values, version: this.version, at: this.#o.now() }));
    } catch {
      // Full or closed: the server's copy is what remains.
    }
  }

  async #send() {
    const values = this.#values ?? {};
    this.#o.tell("saving");
    /** @type {Answer} */
    let answer;
    try {
      answer = await this.#o.send(values, this.version);
    } catch {
      this.#sending = null;
      this.#o.tell("offline");
      this.#later(this.#o.retry);
      return;
    }
    this.#sending = null;
    if (answer.kind === "saved") {
      this.version = answer.version;
      if (this.#values === values) {
        this.#values = null;
        try {
          this.#o.storage.removeItem(this.#o.key);
        } catch {
          // as above
        }
      } else this.#later(this.#o.wait); // it went on changing
    } else this.#stopped = true;
    this.#o.tell(answer.kind, answer);
  }
}

/**
 * What an earlier visit left behind that is not on the server.
 * @param {Pick<Storage, "getItem">} storage @param {string} key @returns {Draft | null}
 */
export function leftBehind(storage, key) {
  try {
    const draft = JSON.parse(storage.getItem(key) ?? "null");
    return draft && typeof draft.values === "object" && draft.values ? draft : null;
  } catch {
    return null;
  }
}
