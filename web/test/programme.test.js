import assert from "node:assert/strict";
import { test } from "node:test";

import { dateOffset, isMap, programmeOf, programmeOfRTP } from "../player/programme.js";
import { fitTrim } from "../player/trim.js";

const epoch = Date.UTC(2026, 10, 24);
/** @param {number} start @param {number} off ms @param {number} [cc] */
const fragment = (start, off, cc = 0) => ({ start, startPTS: start, programDateTime: epoch + start * 1000 + off, cc });

test("dates between fragments change smoothly", () => {
  const f = [fragment(0, 0), fragment(2, 4), fragment(4, 8), fragment(6, 12)];
  assert.equal(dateOffset(f, 2) - epoch, 4);
  assert.equal(dateOffset(f, 3) - epoch, 6);
  assert.equal(dateOffset(f, 9) - epoch, 12);
  assert.equal(dateOffset(f, -5) - epoch, 0);
});

test("one wrong date is outvoted", () => {
  const f = [fragment(0, 0), fragment(2, 0), fragment(4, 9000), fragment(6, 0), fragment(8, 0)];
  assert.equal(dateOffset(f, 3) - epoch, 0);
  assert.equal(dateOffset(f, 5) - epoch, 0);
});

test("a discontinuity has dates of its own", () => {
  const f = [fragment(0, 0), fragment(2, 0), fragment(4, 60_000, 1), fragment(6, 60_000, 1)];
  assert.equal(dateOffset(f, 3.9) - epoch, 0);
  assert.equal(dateOffset(f, 4.1) - epoch, 60_000);
});

test("without dates nothing is known", () => {
  assert.ok(Number.isNaN(dateOffset([], 1)));
  assert.ok(Number.isNaN(dateOffset([{ start: 0, programDateTime: null, cc: 0 }], 1)));
});

test("stream time is programme time along the map", () => {
  assert.equal(programmeOf({ pts: 10, at: epoch }, 12.5), epoch + 2500);
  assert.equal(programmeOf({ pts: 10, at: epoch, slope: 200 }, 110), epoch + 100_020);
});

test("RTP time stamps wrap", () => {
  const pts = 2 ** 32 / 90000 - 1; // one second before the first turn
  const map = { pts, at: epoch };
  const near = (/** @type {number} */ a, /** @type {number} */ b) => assert.ok(Math.abs(a - b) < 0.02, `${a} is not ${b}`);
  near(programmeOfRTP(map, 2 ** 32 - 45000), epoch + 500);
  near(programmeOfRTP(map, 90000), epoch + 2000);
  near(programmeOfRTP({ pts: pts + 3, at: epoch }, 2 ** 32 - 90000), epoch - 3000);
});

test("maps are checked", () => {
  assert.ok(isMap({ pts: 1, at: epoch }));
  for (const bad of [null, {}, { pts: "1", at: 2 }, { pts: NaN, at: 1 }, { pts: 1, at: 2, slope: 1e9 }]) assert.ok(!isMap(bad));
});

test("the trim has steps and bounds", () => {
  assert.deepEqual(["150", 154, -900, "x", null, 1e9].map(fitTrim), [150, 150, -500, 0, 0, 500]);
});
