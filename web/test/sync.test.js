import assert from "node:assert/strict";
import { test } from "node:test";

import { Estimate, median } from "../player/estimate.js";
import { coarse, limits, Servo } from "../player/sync.js";

/** A repeatable source of chance. @param {number} seed */
function chance(seed) {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

/**
 * A browser with a stream in it. Time is the true server's; position is programme time.
 * @typedef {object} Conditions
 * @property {number} [skew]     of the player's clock
 * @property {number} [seekCost] ms
 * @property {number} [startCost] ms from the rate to the first movement
 * @property {number} [fps]
 * @property {number} [delay]    D
 * @property {number} [edge]     how far behind the server's time the newest data is
 * @property {[number, number][]} [dead]  times in which no data comes
 * @property {number} [begun]    when the programme began
 * @property {number} [listed]   how far ahead of time data can be had, and is loaded first
 * @property {number} [seed]
 * @property {boolean} [coarse]  the limits for Safari
 * @property {number} [outliers] share of frames that are shown late
 */
class Browser {
  position = 0;
  rate = 0;
  seekingUntil = -1;
  movesFrom = Infinity;
  loadedTo = NaN;
  loadedFrom = NaN;
  t = 0;
  #next = -1;
  log = /** @type {{ t: number, true_: number, error: number, rate: number, mode: string, inSync: boolean }[]} */ ([]);
  seeks = 0;
  rhythm = 0;

  /** @param {Conditions} c */
  constructor(c) {
    this.c = { skew: 0, seekCost: 120, startCost: 60, fps: 25, delay: 3000, edge: 350, dead: [], begun: -1e9, listed: 0, seed: 1, outliers: 0.02, coarse: false, ...c };
    this.random = chance(this.c.seed);
    this.servo = new Servo({}, c.coarse ? coarse : limits);
  }

  get due() {
    return this.t - this.c.delay;
  }

  /** When data stops, the edge stays; after it all of it comes at once. */
  get edge() {
    const dead = this.c.dead.find(([from, to]) => this.t >= from && this.t < to);
    return (dead ? dead[0] : this.t) - this.c.edge + this.c.listed;
  }

  get ready() {
    return this.t >= this.seekingUntil && this.loadedTo - this.position > 40;
  }

  /** @param {number} until ms */
  run(until) {
    const step = 5;
    const vsync = 1000 / 60;
    let wake = this.t;
    let beat = this.t;
    let shown = NaN;
    let rhythm = 0; // what frames are ahead of the clock while the browser keeps their rhythm
    while (this.t < until) {
      this.t += step;
      const { t } = this;
      if (Number.isNaN(this.loadedFrom) && t > 150) {
        this.loadedFrom = Math.max(this.c.begun, Math.floor((this.due - 500 + this.c.listed) / 2000) * 2000);
        this.position = this.loadedFrom;
      }
      if (!Number.isNaN(this.loadedFrom)) this.loadedTo = Math.max(this.loadedFrom, this.edge);
      if (t >= this.movesFrom && this.rate > 0 && this.ready) this.position = Math.min(this.loadedTo, this.position + step * this.rate * (1 + this.c.skew));
      if (t >= beat + vsync) {
        beat += vsync;
        // Chromium: near the true rate the frames keep their rhythm, until they are 25 ms off.
        const speed = this.rate * (1 + this.c.skew) - 1;
        if (Math.abs(speed) < 0.0019 && Math.abs(rhythm) < 25) rhythm -= vsync * speed;
        else rhythm = 0;
        const frame = Math.floor(((this.position + rhythm) * this.c.fps) / 1000);
        if (frame !== shown && this.ready && t >= this.movesFrom) {
          shown = frame;
          const late = this.random() < this.c.outliers ? 17 + 40 * this.random() : 0;
          const at = beat + vsync + late;
          this.rhythm = rhythm;
          this.servo.sample(t, this.position - this.due + (this.random() - 0.5) * 2, (frame * 1000) / this.c.fps - (at - this.c.delay) + 12); // 12: what all players share
        }
      }
      if (t >= wake) wake = t + Math.max(step, this.#tick());
    }
  }

  #tick() {
    const known = !Number.isNaN(this.loadedFrom);
    const command = this.servo.tick(this.t, {
      ahead: known ? this.position - this.due : NaN,
      ranges: known ? [[this.loadedFrom - this.due, this.loadedTo - this.due]] : [],
      first: known ? Math.max(this.c.begun, this.edge - this.c.listed - 20000) - this.due : Infinity,
      seeking: this.t < this.seekingUntil,
      ready: known && this.ready,
    });
    if (command.seek !== null) {
      this.seeks++;
      this.position = this.due + command.seek;
      this.loadedFrom = Math.min(this.loadedFrom, this.position);
      this.seekingUntil = this.t + this.c.seekCost * (0.8 + 0.4 * this.random());
    }
    if (command.rate > 0 && this.rate === 0) this.movesFrom = this.t + this.c.startCost;
    this.rate = command.rate;
    const playing = this.rate > 0 && this.ready && this.t >= this.movesFrom;
    this.log.push({ t: this.t, true_: playing ? this.position + this.rhythm - this.due : NaN, error: this.servo.error(this.t), rate: this.rate, mode: this.servo.mode, inSync: this.servo.inSync(this.t) });
    this.#next = command.wake;
    return Math.min(250, this.#next);
  }

  /** When what is shown is within so many ms for good, from t on. @param {number} from @param {number} within */
  settled(from, within) {
    const after = this.log.filter((l) => l.t >= from);
    const bad = after.findLastIndex((l) => !(Math.abs(l.true_) <= within));
    return after[bad + 1]?.t ?? Infinity;
  }

  /** Absolute errors after from. @param {number} from */
  errors(from) {
    return this.log.filter((l) => l.t >= from && !Number.isNaN(l.true_)).map((l) => Math.abs(l.true_)).sort((a, b) => a - b);
  }
}

const at = (/** @type {number[]} */ v, /** @type {number} */ q) => v[Math.min(v.length - 1, Math.floor(q * v.length))];

test("the median", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test("an estimate finds offset and drift under noise, rates, outliers and a jump", () => {
  const random = chance(7);
  const e = new Estimate();
  let x = 20;
  let rate = 1;
  for (let t = 0; t < 60_000; t += 40) {
    if (t % 5000 === 0) {
      rate = 1 + (random() - 0.5) / 100;
      e.setRate(t, rate);
    }
    if (t === 30_000) x -= 60; // the sound ran dry
    e.add(t, x + (random() - 0.5) * 4 + (random() < 0.05 ? 60 : 0));
    x += 40 * (rate - 1 + 400e-6);
  }
  assert.ok(Math.abs(e.drift - 400e-6) < 80e-6, `drift ${e.drift}`);
  assert.ok(Math.abs(e.at(60_000) - x) < 3, `at ${e.at(60_000)}, want ${x}`);
});

for (const skew of [0, 300e-6, -300e-6, 2000e-6, -2000e-6]) {
  for (const fps of [25, 30, 50, 15]) {
    test(`joins within 2 s and holds: clock off by ${skew * 1e6} ppm, ${fps} frames a second`, () => {
      const b = new Browser({ skew, fps, seed: fps });
      b.run(600_000);
      assert.ok(b.settled(0, limits.trim) <= 2000, `in sync after ${b.settled(0, limits.trim)} ms`);
      const e = b.errors(60_000);
      const middle = median(b.log.filter((l) => l.t > 60_000).map((l) => l.true_));
      assert.ok(Math.abs(middle) <= 20, `stands ${middle} ms off`); // frames and beats, the same for all players
      assert.ok(at(e.map((v) => v), 0.99) - at(e, 0.01) <= 16, `moves between ${at(e, 0.01)} and ${at(e, 0.99)}`);
      const { seeks, fastMs, syncedMs } = b.servo.stats;
      assert.equal(seeks, 0);
      assert.ok(fastMs < syncedMs / 100, `${fastMs} of ${syncedMs} ms were fast`);
    });
  }
}

test("does not swing", () => {
  const b = new Browser({ skew: 150e-6 });
  b.run(900_000);
  const late = b.log.filter((l) => l.t > 120_000);
  let changes = 0;
  for (let i = 1; i < late.length; i++) if (late[i].rate !== late[i - 1].rate) changes++;
  assert.ok(changes < 13 * 20, `the rate changed ${changes} times in 13 minutes`);
  assert.ok(late.every((l) => Math.abs(l.rate - 1) <= limits.gentle + 1e-9));
  let turns = 0;
  for (let i = 1; i < late.length; i++) if (late[i].mode !== late[i - 1].mode) turns++;
  assert.ok(turns < 60, `the mode changed ${turns} times`);
});

for (const length of [1500, 5000, 20_000]) {
  test(`is in sync within 3 s of the first data after ${length} ms without`, () => {
    const dead = /** @type {[number, number]} */ ([60_000, 60_000 + length]);
    const b = new Browser({ dead: [dead] });
    b.run(120_000);
    const settled = b.settled(dead[1], limits.trim);
    assert.ok(settled - dead[1] <= 3000, `after ${settled - dead[1]} ms`);
    assert.ok(b.servo.stats.rejoins <= 3, `${b.servo.stats.rejoins} starts`);
  });
}

test("waits for a programme that has just begun", () => {
  const b = new Browser({ begun: -200 });
  b.run(20_000);
  assert.ok(b.log.every((l) => Number.isNaN(l.true_) || Math.abs(l.true_) < 200), "never shows anything early");
  assert.ok(b.settled(0, limits.trim) <= 3500, `in sync after ${b.settled(0, limits.trim)} ms`);
  assert.ok(b.seeks <= 3, `${b.seeks} seeks`);
});

test("goes back where only what is to come was loaded", () => {
  const b = new Browser({ listed: 24000 });
  b.run(20_000);
  assert.ok(b.settled(0, 40) < 2500, `in sync after ${b.settled(0, 40)} ms`);
  assert.equal(b.log.filter((l) => l.true_ > 100).length, 0, "it never shows what is not due");
});

test("learns how long this device takes to seek and to start", () => {
  const b = new Browser({ seekCost: 700, startCost: 180 });
  b.run(60_000);
  assert.ok(b.settled(0, limits.trim) <= 6000, `in sync after ${b.settled(0, limits.trim)} ms`);
  const { lead, lag } = b.servo.learnt;
  assert.ok(lead > 500, `lead ${lead}`);
  assert.ok(lag > 60, `lag ${lag}`);
});

test("plays late where the line is too slow, and says so, and comes back when it is not", () => {
  const b = new Browser({ edge: 3400 });
  b.run(60_000);
  assert.ok(b.log.some((l) => l.t > 40_000 && l.rate === 1 && !Number.isNaN(l.true_)), "it plays");
  assert.ok(b.seeks < 30, `${b.seeks} seeks`);
  b.c.edge = 300;
  b.run(120_000);
  assert.ok(b.settled(60_000, limits.trim) < 85_000, `in sync at ${b.settled(60_000, limits.trim)}`);
});

test("another delay is taken up without a seek if it is near", () => {
  const b = new Browser({});
  b.run(30_000);
  b.c.delay += 250;
  const { seeks } = b;
  b.run(90_000);
  assert.equal(b.seeks, seeks);
  assert.ok(b.settled(30_000, limits.trim) < 40_000, `in sync at ${b.settled(30_000, limits.trim)}`);
});

test("a player far off seeks once", () => {
  const b = new Browser({});
  b.run(30_000);
  b.position -= 900;
  const { seeks } = b;
  b.run(60_000);
  assert.equal(b.seeks - seeks, 1);
  assert.ok(b.settled(30_000, limits.trim) < 35_000, `in sync at ${b.settled(30_000, limits.trim)}`);
});

test("a browser's own HLS: one seek, then rates", () => {
  for (const seekCost of [300, 900]) {
    const b = new Browser({ coarse: true, seekCost, startCost: 200, skew: 200e-6, delay: 6000 });
    b.run(300_000);
    assert.ok(b.settled(0, 150) <= 8000, `within 150 ms after ${b.settled(0, 150)} ms`);
    assert.ok(at(b.errors(30_000), 0.95) <= 60, `95 % within ${at(b.errors(30_000), 0.95)}`);
    assert.equal(b.servo.stats.seeks, 0);
    assert.ok(b.seeks <= 4, `${b.seeks} seeks`);
  }
});
