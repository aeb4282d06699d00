// Tells the server now and then how a broadcast reaches this viewer (docs/protocol.md, command "beacon"). The server
// says how often; who watches is not told.

/** @typedef {import("./sync.js").Stats} Stats */
/**
 * What is told of a player at one moment.
 * @typedef {object} Moment
 * @property {string} state
 * @property {string} reason
 * @property {string} via
 * @property {number | null} error ms too early (+) or too late (−)
 * @property {Stats | null} stats
 * @property {number} height of the picture
 */

export const every = 10_000; // ms, until the server says otherwise
const dry = 500; // ms without anything to play that make a viewer late

/**
 * The report of what happened between two moments; null: there is nothing to tell.
 * @param {Moment | null} before @param {Moment} now
 */
export function between(before, now) {
  if (now.state !== "playing" && now.state !== "waiting") return null;
  if (now.reason === "paused") return null; // nobody broadcasts: that is not the viewer's line
  /** @param {"stalls" | "lateMs"} name */
  const more = (name) => {
    const [a, b] = [before?.stats?.[name] ?? 0, now.stats?.[name] ?? 0];
    return b >= a ? b - a : b; // a new session counts from nothing
  };
  const stalls = more("stalls") + (now.state === "waiting" && before?.state === "playing" ? 1 : 0);
  return {
    via: now.via,
    error: now.error === null ? null : Math.round(now.error * 10) / 10,
    stalls,
    late: more("lateMs") > dry || now.state === "waiting",
    rendition: now.height > 0 ? `${now.height}p` : "",
  };
}

export class Reporter {
  #look;
  #send;
  /** @type {any} */ #timer = null;
  /** @type {Moment | null} */ #before = null;
  #every = every;
  #run = 0; // a loop that finds another number here ends

  /** @param {() => Moment} look @param {(report: object) => Promise<any>} send */
  constructor(look, send) {
    this.#look = look;
    this.#send = send;
  }

  /** Reports until stop(), as something of a broadcast that about says what. @param {() => object} about */
  start(about) {
    this.stop();
    this.#before = null;
    const run = this.#run;
    const next = () => {
      if (run !== this.#run) return;
      this.#timer = setTimeout(() => void this.#tell(about()).finally(next), this.#every * (0.8 + 0.4 * Math.random())); // not all at once
    };
    next();
  }

  stop() {
    this.#run++;
    clearTimeout(this.#timer);
  }

  /** @param {object} about */
  async #tell(about) {
    const now = this.#look();
    const report = between(this.#before, now);
    this.#before = { ...now, stats: now.stats && { ...now.stats } };
    if (!report || document.hidden) return; // a hidden page is throttled, which is nobody's fault
    try {
      const reply = await this.#send({ ...about, ...report });
      if (reply?.next >= every / 2) this.#every = Math.min(reply.next, 120_000);
    } catch {
      // it is a sample: the next one will do
    }
  }
}

/** The code of the site whose page this is, where its address says so. @param {string} path */
export const siteOf = (path) => /^\/v\/([^/]+)(\/|$)/.exec(path)?.[1] ?? "";
