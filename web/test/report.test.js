import assert from "node:assert/strict";
import { test } from "node:test";
import { between, Reporter, siteOf } from "../player/report.js";

const stats = { seeks: 0, rejoins: 1, stalls: 0, syncedMs: 0, fastMs: 0, lateMs: 0 };
/** @param {object} [changes] @returns {import("../player/report.js").Moment} */
const moment = (changes) => ({ state: "playing", reason: "", via: "hls", error: -3.21, stats, height: 720, ...changes });

test("a viewer in sync", () => {
  assert.deepEqual(between(null, moment()), { via: "hls", error: -3.2, stalls: 0, late: false, rendition: "720p" });
});

test("only what came since the last report is told", () => {
  const before = moment({ stats: { ...stats, stalls: 4, lateMs: 9000 } });
  assert.equal(between(before, moment({ stats: { ...stats, stalls: 5, lateMs: 9100 } }))?.stalls, 1);
  assert.equal(between(before, moment({ stats: { ...stats, stalls: 5, lateMs: 9100 } }))?.late, false);
  assert.equal(between(before, moment({ stats: { ...stats, stalls: 5, lateMs: 9600 } }))?.late, true);
  assert.equal(between(before, moment({ stats: { ...stats, stalls: 2, lateMs: 600 } }))?.stalls, 2, "a new session");
});

test("nothing is told of a viewer who does not watch", () => {
  for (const state of ["paused", "loading", "offline", "error"]) assert.equal(between(null, moment({ state })), null, state);
  assert.equal(between(null, moment({ state: "waiting", reason: "paused" })), null, "nobody broadcasts");
});

test("a viewer who waits is late", () => {
  const r = between(moment(), moment({ state: "waiting", reason: "stalled", error: null, stats: null, height: 0 }));
  assert.deepEqual(r, { via: "hls", error: null, stalls: 1, late: true, rendition: "" });
});

test("the server says how often", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(Math, "random", () => 0.5);
  globalThis.document = /** @type {any} */ ({ hidden: false });
  /** @type {object[]} */
  const sent = [];
  const r = new Reporter(moment, async (report) => (sent.push(report), { next: 40_000 }));
  r.start(() => ({ broadcast: "7" }));
  const pass = async (/** @type {number} */ ms) => {
    t.mock.timers.tick(ms);
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  await pass(10_000);
  assert.equal(sent.length, 1);
  assert.equal(/** @type {any} */ (sent[0]).broadcast, "7");
  await pass(39_000);
  assert.equal(sent.length, 1);
  await pass(1000);
  assert.equal(sent.length, 2);
  r.stop();
  await pass(200_000);
  assert.equal(sent.length, 2);
});

test("a report that fails is not the last", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(Math, "random", () => 0.5);
  globalThis.document = /** @type {any} */ ({ hidden: false });
  let tries = 0;
  const r = new Reporter(moment, async () => {
    tries++;
    throw new Error("offline");
  });
  r.start(() => ({}));
  for (let i = 0; i < 3; i++) {
    t.mock.timers.tick(10_000);
    for (let k = 0; k < 10; k++) await Promise.resolve();
  }
  r.stop();
  assert.equal(tries, 3);
});

test("sites in addresses", () => {
  assert.equal(siteOf("/v/510104001001/live"), "510104001001");
  assert.equal(siteOf("/v/51"), "51");
  assert.equal(siteOf("/b/7"), "");
});
