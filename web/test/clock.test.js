import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock, median } from "../kit/script/clock.js";

/** Random numbers that are the same every time (mulberry32). @param {number} seed */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A page in a world of its own: its clock runs wrong by ppm and was offset when true time was 0; each way takes
 * as long as out and back say.
 * @param {{offset: number, ppm: number, out: () => number, back: () => number, random: () => number}} how
 */
function page({ offset, ppm, out, back, random }) {
  const clock = new Clock();
  let asleep = 0; // ms that the page's clock has missed
  /** @param {number} t true time */
  const local = (t) => (t - asleep) * (1 - ppm * 1e-6) - offset;
  return {
    clock,
    local,
    /** @param {number} ms */
    sleep: (ms) => (asleep += ms),
    /** One exchange at true time t. @param {number} t */
    exchange(t) {
      const a = local(t);
      const b = t + out();
      const c = b + random() * 0.2;
      const d = local(c + back());
      return clock.add({ a, b, c, d });
    },
    /** As socket.js does it, from true time t for so long; returns the greatest error. @param {number} t @param {number} ms @param {(t: number, error: number) => void} look */
    run(t, ms, look = () => {}) {
      const end = t + ms;
      for (let i = 0; i < 12; i++) this.exchange((t += 60));
      while (t < end) {
        for (let i = 0; i < 20 && t < end; i++) look((t += 500), Math.abs(clock.now(local(t)) - t));
        if (this.exchange(t) === "step") for (let i = 0; i < 12; i++) this.exchange((t += 60));
      }
      return t;
    },
  };
}

test("one exchange is enough to begin with", () => {
  const c = new Clock();
  assert.equal(c.known, false);
  assert.ok(Number.isNaN(c.now(1000)));
  assert.equal(c.add({ a: 1000, b: 501_010, c: 501_012, d: 1022 }), "good");
  assert.equal(c.known, true);
  assert.equal(c.now(1022), 501_022);
  assert.equal(c.dispersion(1011), 10);
});

test("exchanges that can't be are not taken", () => {
  const c = new Clock();
  for (const x of [{ a: 1000, b: 5, c: 5, d: 999 }, { a: 1000, b: 5, c: 4, d: 1001 }, { a: 1000, b: 5, c: 500, d: 1001 }, { a: NaN, b: 5, c: 5, d: 1001 }, { a: 0, b: Infinity, c: Infinity, d: 1 }]) {
    assert.equal(c.add(x), "bad", JSON.stringify(x));
  }
  assert.equal(c.known, false);
});

test("a quiet line, wherever the page's clock begins", () => {
  for (const offset of [1.7e12, 1.7e12 - 10_000, 1.7e12 + 10_000, -5, 0]) {
    for (const ppm of [0, 100, -100]) {
      const r = random(1);
      const way = () => 0.3 + r() * 0.3;
      let worst = 0;
      const p = page({ offset, ppm, out: way, back: way, random: r });
      p.run(0, 900_000, (t, error) => t > 2000 && (worst = Math.max(worst, error)));
      assert.ok(worst < 5, `offset ${offset}, ${ppm} ppm: ${worst} ms`);
    }
  }
});

test("the error is never beyond half the round trip and what the skew adds", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const r = random(seed);
    const out = 2 + r() * 150;
    const back = 2 + r() * 150;
    const noise = () => (r() < 0.15 ? r() * 800 : r() * 12);
    const ppm = (r() - 0.5) * 200;
    const p = page({ offset: 1.7e12 + (r() - 0.5) * 20_000, ppm, out: () => out + noise(), back: () => back + noise(), random: r });
    p.run(0, 600_000, (t, error) => {
      if (t < 3000) return;
      const most = Math.abs(out - back) / 2 + 14;
      assert.ok(error < most, `seed ${seed}, at ${t}: ${error} ms, ways ${out} and ${back}, ${ppm} ppm`);
      assert.ok(p.clock.dispersion(p.local(t)) > error - 14, `seed ${seed}: dispersion ${p.clock.dispersion(p.local(t))} below the error ${error}`);
    });
  }
});

test("100 ms more on one way make 50 ms of error, not more", () => {
  const r = random(7);
  const p = page({ offset: 1.7e12, ppm: 30, out: () => 101 + r(), back: () => 1 + r(), random: r });
  let worst = 0;
  p.run(0, 300_000, (t, error) => t > 2000 && (worst = Math.max(worst, error)));
  assert.ok(worst > 45 && worst < 56, `${worst} ms`);
});

test("a skew of 100 ppm is found", () => {
  for (const ppm of [100, -100, 20]) {
    const r = random(3);
    const p = page({ offset: 1.7e12, ppm, out: () => 5 + r() * 4, back: () => 5 + r() * 4, random: r });
    p.run(0, 600_000);
    assert.ok(Math.abs(p.clock.skew - ppm) < 15, `${ppm} ppm: found ${p.clock.skew}`);
  }
});

test("time goes on evenly while it is corrected", () => {
  const r = random(11);
  const p = page({ offset: 1.7e12, ppm: 80, out: () => 3 + r() * r() * 60, back: () => 3 + r() * r() * 60, random: r });
  let before = NaN;
  let at = 0;
  p.run(0, 600_000, (t) => {
    const now = p.clock.now(p.local(t));
    if (t > 5000 && at > 0) assert.ok(Math.abs(now - before - (t - at)) <= (t - at) * 0.0045 + 0.1, `at ${t}: ${now - before} in ${t - at} ms`);
    [before, at] = [now, t];
  });
});

test("a computer that slept knows the time again at the first exchange", () => {
  const r = random(5);
  const p = page({ offset: 1.7e12, ppm: 40, out: () => 4 + r(), back: () => 6 + r(), random: r });
  let t = p.run(0, 300_000);
  for (const slept of [3_600_000, 2_000, 500]) {
    t += slept;
    p.sleep(slept);
    assert.equal(p.exchange(t), "step", `${slept} ms`);
    assert.ok(Math.abs(p.clock.now(p.local(t)) - t) < 8);
    t = p.run(t, 60_000);
  }
});

test("a line that gets worse does not mislead", () => {
  const r = random(9);
  let far = 0;
  const p = page({ offset: 1.7e12, ppm: 50, out: () => 2 + r() + far, back: () => 2 + r(), random: r });
  let t = p.run(0, 200_000);
  far = 300; // one way only
  let worst = 0;
  t = p.run(t, 240_000, (_, error) => (worst = Math.max(worst, error)));
  assert.ok(worst < 12, `${worst} ms while the good exchanges are remembered`);
});

test("medians", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});
