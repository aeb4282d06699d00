import assert from "node:assert/strict";
import { test } from "node:test";
import { asFailure, bitRate, choose, delay, Failure, kindOfStatus, Median, ServerClock, StallWatch, stateOf } from "../player/state.js";

/** @type {import("../player/state.js").Abilities} */
const all = { rtc: true, rtcPlays: (c) => c !== "H265", hls: true, hlsPlays: (m) => /^(avc1|mp4a|opus)/.test(m) };
/** @param {Partial<import("../player/state.js").Status>} [changes] */
const status = (changes) => ({
  name: "hall", live: true, ready: true, since: "", bFrames: false, viewers: 0, now: 0,
  tracks: [{ codec: "H264", mime: "avc1.42e01f", bitRate: 0 }, { codec: "Opus", mime: "opus", sampleRate: 48000, bitRate: 0 }],
  ...changes,
});
const none = new Set();

test("low delay comes first", () => assert.deepEqual(choose("auto", all, status(), none).ways, ["whep", "hls"]));
test("B-frames go to HLS", () => assert.deepEqual(choose("auto", all, status({ bFrames: true }), none).ways, ["hls"]));
test("without WebRTC there is HLS", () => assert.deepEqual(choose("auto", { ...all, rtc: false }, status(), none).ways, ["hls"]));
test("a way that failed is not tried again", () => assert.deepEqual(choose("auto", all, status(), new Set(["whep"])).ways, ["hls"]));
test("when all failed all are tried again", () => assert.deepEqual(choose("auto", all, status(), new Set(["whep", "hls"])).ways, ["whep", "hls"]));
test("a forced way is the only one", () => assert.deepEqual(choose("hls", all, status(), none).ways, ["hls"]));
test("a forced way that can't be is refused", () => assert.equal(choose("whep", all, status({ bFrames: true }), none).failure?.kind, "refused"));
test("a codec that nothing plays", () => {
  const { ways, failure } = choose("auto", all, status({ tracks: [{ codec: "H265", mime: "hvc1.1.6.L93.B0", bitRate: 0 }] }), none);
  assert.deepEqual(ways, []);
  assert.equal(failure?.kind, "codec");
  assert.equal(failure?.detail, "H265");
});
test("sound alone plays both ways", () => assert.deepEqual(choose("auto", all, status({ tracks: [{ codec: "Opus", mime: "opus", sampleRate: 48000, bitRate: 0 }] }), none).ways, ["whep", "hls"]));
test("VP8 has no place in HLS", () => assert.deepEqual(choose("auto", all, status({ tracks: [{ codec: "VP8", mime: "vp8", bitRate: 0 }] }), none).ways, ["whep"]));

test("waits double up to a limit, by chance", () => {
  const middle = () => 0.5;
  assert.deepEqual([0, 1, 2, 3, 4, 5, 99].map((n) => delay("network", n, middle)), [500, 1000, 2000, 4000, 8000, 8000, 8000]);
  assert.equal(delay("absent", 9, () => 0), 3750);
  assert.equal(delay("absent", 9, () => 1), 6250);
});

test("statuses as kinds", () => {
  /** @type {[number, string][]} */
  const cases = [[401, "key"], [403, "kicked"], [404, "absent"], [406, "refused"], [409, "refused"], [429, "full"], [503, "full"], [500, "server"], [504, "server"]];
  for (const [code, kind] of cases) assert.equal(kindOfStatus(code), kind, String(code));
});

test("failures as states", () => {
  assert.equal(stateOf("absent"), "offline");
  for (const kind of /** @type {const} */ (["key", "codec", "refused", "kicked"])) assert.equal(stateOf(kind), "error");
  for (const kind of /** @type {const} */ (["network", "stalled", "paused", "full", "server", "ended"])) assert.equal(stateOf(kind), "waiting");
  const f = new Failure("key");
  assert.equal(asFailure(f), f);
  assert.equal(asFailure(new TypeError("x")).kind, "network");
});

test("bit rates as people say them", () => {
  assert.deepEqual([0, 32_400, 999_499, 999_500, 1_849_000].map(bitRate), ["0 kbit/s", "32 kbit/s", "999 kbit/s", "1.0 Mbit/s", "1.8 Mbit/s"]);
});

test("a stand-still is measured from the last progress", () => {
  const w = new StallWatch();
  assert.equal(w.tick(0, 1, true), 0);
  assert.equal(w.tick(1000, 1, true), 1000);
  assert.equal(w.tick(2000, 2, true), 0);
  assert.equal(w.tick(5000, 2, false), 0);
  assert.equal(w.tick(6000, 2, true), 1000);
  w.reset();
  assert.equal(w.tick(9000, 2, true), 0);
});

test("the server's clock follows the quickest answer", () => {
  let local = 0;
  const c = new ServerClock(() => local);
  assert.equal(c.known, false);
  c.note(1000, 1400, 5200); // offset 4000
  c.note(2000, 2040, 6120); // offset 4100, quicker
  c.note(3000, 3900, 9999); // slow: does not count
  c.note(4000, 4010, NaN);
  local = 10_000;
  assert.equal(c.known, true);
  assert.equal(c.now(), 14_100);
});

test("the median drops what is old and what is no number", () => {
  const m = new Median(3);
  assert.equal(m.value, null);
  for (const v of [9, null, 1, NaN, 2, 3]) m.add(v);
  assert.equal(m.value, 2);
});
