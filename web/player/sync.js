// The servo that keeps a player at one instant with all others: it is told what is shown and what there is
// to show, and says at which rate to play and where to seek. No DOM, no clock of its own; tested against
// simulated players with node --test.
//
// Two things say where a player is. Its clock is fine and obeys the rate to a hair; it is what is steered. Frames
// are what people see, but a browser that has found a rhythm of frames to the screen's beat keeps it while the
// clock wanders off below it, by up to 25 ms (measured in Chromium; it takes a rate that is off by 0.2 % to break
// the rhythm). So the rate is either exact, or different enough; and where the rhythm is off it is broken.
//
// All positions are "ahead": milliseconds of programme time before (+) or behind (−) what should be shown
// now. What stands still falls back by one every millisecond.

import { Estimate, median } from "./estimate.js";

/** @typedef {"off"|"hold"|"trim"|"rate"|"seek"|"rejoin"} Mode */

/**
 * What the player is like at a moment.
 * @typedef {object} Situation
 * @property {number} ahead      of the playing position, by the player's own clock; NaN while it can't be known
 * @property {[number, number][]} ranges  what is buffered, in order
 * @property {number} first      the oldest that could be loaded; Infinity if there is nothing
 * @property {boolean} seeking
 * @property {boolean} ready     there is something to play after the position
 */

/**
 * What to do.
 * @typedef {object} Command
 * @property {number} rate       0: stand still
 * @property {boolean} pitch     whether the pitch is to be kept: a change that would be heard
 * @property {number | null} seek  to this position
 * @property {number} wake       ask again after this many ms at the latest
 */

/**
 * What was done so far.
 * @typedef {object} Stats
 * @property {number} seeks      while it was in sync before
 * @property {number} rejoins    starts anew, the first one included
 * @property {number} stalls     times it ran dry
 * @property {number} syncedMs   time since it first was in sync, without stalls
 * @property {number} fastMs     of that beyond ±0.5 %
 * @property {number} lateMs     time in which it had nothing to play
 */

export const limits = {
  hold: 5,
  held: 1, // a correction goes on until the error is this small
  trim: 60,
  seek: 400,
  rejoin: 2000,
  gentle: 0.005, // not heard when the pitch goes with it
  least: 0.0025, // breaks the rhythm of frames
  audible: [0.03, 0.05],
};

/** For players whose rate and seeks are coarse, as those of Safari's own HLS: one seek, then the rest by rates. */
export const coarse = { ...limits, hold: 30, held: 10, trim: 150, seek: 700, gentle: 0.02, least: 0.01 };

const everyTick = 200;
const needed = 150; // ms of buffer behind a position to start from
const dryAfter = 250;
const enough = 8; // samples before anything is decided
const skipAfter = 1500; // how long data for the position may take before it is asked for by a seek
const skipAgain = 4000;
const patience = 6000; // then it plays what there is, late
const lateFor = 15000;
const seekPause = 20000; // between two seeks of a player that was in sync; doubles
const offBeat = 9; // ms that frames may be off the clock while their rhythm lasts; half a beat of the screen is 8
const kickEvery = 12000;
const kickFor = 2500; // browsers find out by the mean of many frames
const lateStart = 35; // ms too late that a start may be without being tried again

export class Servo {
  #estimate = new Estimate();
  /** @type {"find"|"cue"|"run"} */
  #phase = "find";
  /** @type {Mode} */
  #mode = "rejoin";
  #since = NaN; // of the phase
  #lead; // ms that a seek takes, with some room: learnt
  #lag; // ms from setting the rate to moving: learnt
  #learn = false; // the present run began with a start at a known moment
  #tries = 0;
  #dry = NaN; // since when there is nothing to play
  #skipped = -Infinity;
  #late = -Infinity; // until when it plays what there is
  #nextSeek = -Infinity;
  #seekPause = seekPause;
  #rate = 1;
  #set = -Infinity; // when the rate was last changed
  #last = NaN; // tick
  #synced = false; // has been in sync
  /** @type {number[]} what the last frames were ahead of the clock */
  #between = [];
  /** @type {number[]} the same of frames without a rhythm */
  #free = [];
  #bias = 0; // of frames against the clock, on this device
  #kicked = -Infinity;
  #kick = 1; // towards where frames should be
  #newest = -Infinity;
  /** @type {Stats} */
  stats = { seeks: 0, rejoins: 0, stalls: 0, syncedMs: 0, fastMs: 0, lateMs: 0 };

  #limits;

  /** @param {{ lead?: number, lag?: number }} [learnt] by a servo before @param {typeof limits} [with_] */
  constructor({ lead = 300, lag = 40 } = {}, with_ = limits) {
    this.#lead = lead;
    this.#lag = lag;
    this.#limits = with_;
  }

  get mode() {
    return this.#mode;
  }

  /** What the next servo on this device may begin with. */
  get learnt() {
    return { lead: this.#lead, lag: this.#lag };
  }

  get drift() {
    return this.#estimate.drift;
  }

  /** What is shown, ms ahead (+) or behind (−), NaN while not known. @param {number} t */
  error(t) {
    if (this.#phase !== "run" || this.#estimate.count < 5) return NaN;
    return this.#estimate.at(t) + (this.#between.length >= 5 ? median(this.#between) : this.#bias);
  }

  /** Whether it shows what it should, and for good. @param {number} t */
  inSync(t) {
    return (this.#mode === "hold" || this.#mode === "trim") && this.#estimate.count >= enough && Math.abs(this.error(t)) < this.#limits.trim;
  }

  /**
   * A sample. @param {number} t
   * @param {number} clock by the player's clock, now
   * @param {number} [frame] by a frame, when that is on the screen; NaN: there is none
   */
  sample(t, clock, frame = NaN) {
    if (this.#phase !== "run") return;
    this.#newest = t;
    this.#estimate.add(t, clock);
    const between = frame - clock;
    if (!(Math.abs(between) < 200)) return;
    this.#between.push(between);
    if (this.#between.length > 30) this.#between.shift();
    if (t - this.#set < 1000 || Math.abs(this.#rate - this.#cruise()) < this.#limits.least - 1e-4) return;
    this.#free.push(between);
    if (this.#free.length > 150) this.#free.shift();
    if (this.#free.length >= 25) this.#bias = Math.max(-30, Math.min(30, median(this.#free)));
  }

  /** When the newest sample was. */
  get newest() {
    return this.#newest;
  }

  /** Something made all that is known wrong: another source, a pause. */
  reset() {
    this.#go("find", NaN, "rejoin");
    this.#tries = 0;
    this.#late = -Infinity;
    this.#skipped = -Infinity;
  }

  /** @param {"find"|"cue"|"run"} phase @param {number} t @param {Mode} mode */
  #go(phase, t, mode) {
    this.#phase = phase;
    this.#since = t;
    this.#mode = mode;
    this.#dry = NaN;
    this.#estimate.clear();
    this.#between = [];
  }

  /** @param {number} t @param {Situation} s @returns {Command} */
  tick(t, s) {
    if (Number.isNaN(this.#since)) this.#since = t;
    this.#count(t, s);
    const command = this.#phase === "run" ? this.#run(t, s) : this.#phase === "cue" ? this.#cue(t, s) : this.#find(t, s);
    if (command.rate !== this.#rate) {
      this.#rate = command.rate;
      this.#set = t;
      this.#estimate.setRate(t, command.rate || 1);
    }
    return command;
  }

  /** @param {number} t @param {Situation} s */
  #count(t, s) {
    const passed = Number.isNaN(this.#last) ? 0 : Math.min(2000, t - this.#last);
    this.#last = t;
    if (this.inSync(t)) this.#synced = true;
    if (!this.#synced) return;
    if (this.#phase === "run" && s.ready) {
      this.stats.syncedMs += passed;
      if (Math.abs(this.#rate - 1) > limits.gentle + 1e-9) this.stats.fastMs += passed;
    } else this.stats.lateMs += passed;
  }

  /** @returns {Command} */
  #stand(wake = everyTick) {
    return { rate: 0, pitch: false, seek: null, wake };
  }

  /** Looks for a place to start from. @param {number} t @param {Situation} s @returns {Command} */
  #find(t, s) {
    const want = this.#lead;
    if (s.ranges.length === 0 && s.first === Infinity) return this.#stand(50);
    const at = s.ranges.find(([from, to]) => from <= want && to >= want + needed);
    if (at) return this.#seek(t, want);
    // The programme has not begun yet, or not what can be had of it: it stands at its beginning until then.
    const begin = s.ranges.find(([from, to]) => from > want && to >= from + needed);
    if (begin && s.first > want - needed) return this.#seek(t, begin[0] + 1);
    const newest = s.ranges.at(-1);
    if (t - this.#since > patience && !(s.first > want)) {
      if (newest && newest[0] <= want && newest[1] - newest[0] > needed) {
        this.#late = t + lateFor;
        this.#nextSeek = t + lateFor;
        this.#go("run", t, "rejoin");
        this.#learn = false;
        const seek = Math.max(newest[0], newest[1] - 1000);
        return { rate: 1, pitch: false, seek: Math.abs(seek - s.ahead) > 200 ? seek : null, wake: everyTick };
      }
    }
    // What is buffered lies before the place, and nothing comes; or all of it lies after, as with a channel, which
    // lists what is still to come: no player goes back by itself.
    const passed = t - this.#since > skipAfter && !((newest?.[1] ?? -Infinity) > want - this.#limits.rejoin);
    const beyond = s.ranges.length > 0 && s.ranges.every(([from]) => from > want);
    if (s.first <= want && (passed || beyond) && t - this.#skipped > skipAgain) {
      this.#skipped = t;
      return { rate: 0, pitch: false, seek: want, wake: 50 };
    }
    return this.#stand(50);
  }

  /** @param {number} t @param {number} to @returns {Command} */
  #seek(t, to) {
    this.#go("cue", t, this.#mode === "seek" ? "seek" : "rejoin");
    return { rate: 0, pitch: false, seek: to, wake: 20 };
  }

  /** Stands where it was sent to, and starts when that place is due. @param {number} t @param {Situation} s @returns {Command} */
  #cue(t, s) {
    const passed = t - this.#since;
    if (s.seeking || !s.ready || Number.isNaN(s.ahead)) {
      if (passed > 4000) this.#go("find", t, this.#mode);
      return this.#stand(15);
    }
    const left = s.ahead - this.#lag;
    if (left > 2) return this.#stand(Math.min(left, everyTick));
    if (left < -lateStart && this.#tries < 3) {
      this.#tries++;
      this.#lead = Math.min(1500, Math.max(this.#lead, this.#lead - left + 100));
      this.#go("find", t, this.#mode);
      return this.#stand(0);
    }
    if (this.#tries === 0 && left > -lateStart) this.#lead = Math.max(150, this.#lead * 0.97); // in time: some room is given back
    this.#tries = 0;
    this.#learn = left > -lateStart;
    this.stats.rejoins += this.#mode === "rejoin" ? 1 : 0;
    this.#go("run", t, this.#mode);
    return { rate: this.#cruise(), pitch: false, seek: null, wake: everyTick };
  }

  /** The rate at which the player keeps time with the clock. */
  #cruise() {
    const d = Math.max(-this.#limits.gentle, Math.min(this.#limits.gentle, this.#estimate.drift));
    return Math.abs(d) < 80e-6 ? 1 : 1 - round(d);
  }

  /** @param {number} t @param {Situation} s @returns {Command} */
  #run(t, s) {
    if (!s.ready && !s.seeking) {
      if (Number.isNaN(this.#dry)) this.#dry = t;
      if (t - this.#dry >= dryAfter) {
        this.stats.stalls++;
        this.#go("find", t, "rejoin");
        return this.#stand(50);
      }
      return { rate: this.#rate || 1, pitch: false, seek: null, wake: 50 };
    }
    this.#dry = NaN;
    const x = this.#estimate.at(t) + this.#bias;
    if (this.#estimate.count < enough) return { rate: this.#rate || 1, pitch: false, seek: null, wake: everyTick };
    if (this.#learn && this.#estimate.count >= 2 * enough) {
      this.#learn = false;
      if (Math.abs(x) < 200) this.#lag = Math.max(0, Math.min(250, this.#lag - 0.6 * x));
    }
    const size = Math.abs(x);
    if (t < this.#late) {
      // It is late because the line is. Where that is over, the place that is due is in the buffer for long.
      const room = s.ranges.some(([from, to]) => from <= this.#lead && to >= this.#lead + 1000);
      if (size > this.#limits.trim && !room) return { rate: 1, pitch: false, seek: null, wake: everyTick };
      this.#late = -Infinity;
      this.#nextSeek = -Infinity;
    }
    /** @type {Mode} */
    let mode = this.#next(size);
    if (mode === "seek" || mode === "rejoin") {
      const due = mode === "rejoin" || t >= this.#nextSeek;
      if (due) {
        if (this.#synced) {
          this.stats.seeks++;
          if (mode === "seek") {
            this.#nextSeek = t + this.#seekPause;
            this.#seekPause = Math.min(600_000, 2 * this.#seekPause);
          }
        }
        this.#go("find", t, mode);
        return this.#stand(0);
      }
    }
    if (mode === "seek" || mode === "rejoin") mode = "rate"; // not yet again
    this.#mode = mode;
    return this.#correct(t, x);
  }

  /** The mode after the present one, with hysteresis. @param {number} size of the error @returns {Mode} */
  #next(size) {
    if (size > this.#limits.rejoin) return "rejoin";
    if (size > this.#limits.seek) return "seek";
    if (size > this.#limits.trim || (this.#mode === "rate" && size > this.#limits.trim / 3)) return "rate";
    if (size > this.#limits.hold || (this.#mode !== "hold" && size > this.#limits.held)) return "trim";
    return "hold"; // a correction that is over ends before it turns round: errors are known to a millisecond
  }

  /** @param {number} t @param {number} x @returns {Command} */
  #correct(t, x) {
    const cruise = this.#cruise();
    const away = -Math.sign(x) || 1;
    const size = Math.abs(x);
    const { least, gentle, audible } = this.#limits;
    let rate = cruise;
    if (this.#mode === "rate") rate = 1 + away * Math.max(audible[0], Math.min(audible[1], size / 2000));
    else if (this.#mode === "trim") rate = cruise + away * Math.max(least, Math.min(gentle, size / 3000));
    if (this.#mode !== "rate" && this.#offBeat(t)) rate = cruise + this.#kick * gentle; // what that moves is put right after
    if (this.#mode !== "rate") rate = Math.max(1 - gentle, Math.min(1 + gentle, rate));
    rate = round(rate);
    // Each change is work for the player's sound: small ones wait.
    const kind = Math.abs(this.#rate - cruise) < least / 2 === Math.abs(rate - cruise) < least / 2 && this.#rate > 1 === rate > 1;
    const small = kind && Math.abs(rate - this.#rate) < 0.001 && t - this.#set < 5000;
    if (small && this.#rate !== 0 && (this.#mode === "rate" || Math.abs(this.#rate - 1) <= gentle)) rate = this.#rate;
    // It ends in time: the next look would be too late where little is left.
    const left = this.#mode === "hold" ? everyTick : (size - this.#limits.held / 2) / Math.max(1e-4, Math.abs(rate - cruise));
    return { rate, pitch: this.#mode === "rate", seek: null, wake: Math.max(30, Math.min(everyTick, left)) };
  }

  /** Whether to break the rhythm of frames. @param {number} t */
  #offBeat(t) {
    if (this.#limits !== limits) return false;
    if (t - this.#kicked < kickFor) return true;
    if (this.#mode !== "hold" || t - this.#kicked < kickEvery || t - this.#since < 3000 || t - this.#set < 2000 || this.#between.length < 25) return false;
    if (Math.abs(median(this.#between) - this.#bias) < offBeat) return false;
    this.#kicked = t;
    this.#kick = -Math.sign(median(this.#between) - this.#bias);
    return true;
  }
}

/** Rates have steps of 50 ppm: less changes nothing that is seen. @param {number} rate */
const round = (rate) => Math.round(rate * 20000) / 20000;
