import assert from "node:assert/strict";
import { test } from "node:test";

import { Jitter, reaches, ringFor } from "../player/jitter.js";

test("rings leave room for the rest", () => {
  assert.deepEqual([500, 1500, 3000, 3100, 8000, 30000].map(ringFor), [0, 1200, 2700, 2700, 7700, 7700]);
  assert.deepEqual([500, 3000, 6000, 8000, 11000, 30000].map(reaches), [true, true, true, true, true, false]);
});

/**
 * A browser: it plays after what it needs or what is asked for, and gets there slowly.
 * @param {{ rest: number, way: number, needs: number, seconds: number, change?: (t: number, b: any) => void }} c
 */
function play({ rest, way, needs, seconds, change }) {
  const j = new Jitter(rest);
  const b = { needs, rest, delay: Math.max(needs, j.target), j };
  /** @type {{ t: number, error: number }[]} */
  const log = [];
  let beat = 0;
  for (let t = 0; t < seconds * 1000; t += 40) {
    change?.(t, b);
    const to = Math.max(b.needs, j.target);
    b.delay += Math.max(-4, Math.min(4, to - b.delay));
    const error = b.rest - way - b.delay;
    log.push({ t, error });
    beat = (beat + 7) % 17; // the screen's
    j.frame(t, error + beat - 8);
    if (t % 200 === 0) j.tick(t, 200);
  }
  return { j, log, after: (/** @type {number} */ s) => Math.max(...log.filter((l) => l.t >= s * 1000).map((l) => Math.abs(l.error))) };
}

test("finds the rest of the delay", () => {
  for (const [rest, way] of [[300, 10], [300, 120], [1800, 40], [3000, 5]]) {
    const { after, j } = play({ rest, way, needs: 40, seconds: 30 });
    assert.ok(after(4) <= 12, `${rest} ms, ${way} ms away: off by ${after(4)}`);
    assert.equal(j.mode, "hold");
  }
});

test("is late where the line is, without winding up", () => {
  const { j, log, after } = play({ rest: 300, way: 20, needs: 500, seconds: 60, change: (t, b) => (b.needs = t < 30_000 ? 500 : 40) });
  assert.ok(log[700].error < -150);
  assert.ok(j.stats.fastMs >= 0);
  assert.ok(after(45) <= 12, `off by ${after(45)} after the line is well`);
});

test("another delay", () => {
  const { after } = play({ rest: 300, way: 20, needs: 40, seconds: 40, change: (t, b) => {
    if (t === 20_000) {
      b.rest += 250;
      b.j.shift(t, 250);
    }
  } });
  assert.ok(after(25) <= 12, `off by ${after(25)}`);
});

test("does not swing", () => {
  const { j } = play({ rest: 300, way: 20, needs: 40, seconds: 20 });
  let changes = 0;
  let { target } = j;
  for (let t = 20_000; t < 320_000; t += 40) {
    j.frame(t, (t / 40) % 17 - 8);
    if (t % 200 === 0) j.tick(t, 200);
    if (j.target !== target) changes++;
    target = j.target;
  }
  assert.ok(changes <= 3, `${changes} changes in five minutes`);
});
