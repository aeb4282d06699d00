import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { countdown, fill, pick, serverTime, stage } from "../portal/script/air-state.js";

/** @param {Partial<import("../portal/script/air-state.js").Card>} x @returns {import("../portal/script/air-state.js").Card} */
const card = (x) => ({ id: 1, title: "t", state: "onair", from: "省", level: "province", source: "/live/a", watch: "/b/1", delay: 3000, ...x });

describe("what pages show of broadcasts", () => {
  const planned = card({ id: 2, state: "planned", level: "city", announce: 1000, starts: 5000, ends: 9000 });

  it("announces, starts and ends by the clock, with no more messages", () => {
    const told = { on: [], next: [planned], urgent: null };
    assert.deepEqual(pick(told, 500), { on: [], next: null, urgent: null, change: 1000 });
    assert.deepEqual(pick(told, 1000), { on: [], next: planned, urgent: null, change: 5000 });
    const on = pick(told, 5000);
    assert.equal(on.on[0].id, 2);
    assert.equal(on.on[0].state, "onair");
    assert.equal(on.on[0].began, 5000);
    assert.equal(on.change, 9000);
    assert.deepEqual(pick(told, 9000), { on: [], next: null, urgent: null, change: Infinity });
  });

  it("announces nothing that nobody wants announced", () => {
    const { announce, ...quiet } = planned;
    assert.equal(announce, 1000);
    assert.equal(pick({ on: [], next: [quiet], urgent: null }, 2000).next, null);
  });

  it("puts urgent ones first, then the highest level, then the first", () => {
    const on = [card({ id: 5, level: "village", urgent: true, began: 9 }), card({ id: 4, level: "city", began: 2 }), card({ id: 6, level: "city", began: 1 }), card({ id: 3, began: 7 })];
    assert.deepEqual(
      pick({ on, next: [planned], urgent: null }, 6000).on.map((c) => c.id),
      [5, 3, 6, 4, 2],
    );
    assert.equal(pick({ on, next: [], urgent: null }, 1).urgent?.id, 5);
  });
});

describe("a broadcast's own page", () => {
  const told = { ...card({ state: "planned", starts: 5000, ends: 9000 }), before: "", after: "", instead: null };

  it("counts down, plays, and shows the last picture before the slate", () => {
    assert.deepEqual(stage(told, 2000), { show: "before", state: "planned", play: null, instead: false, count: 3000, change: 5000 });
    assert.equal(stage(told, 5000).show, "player");
    assert.equal(stage(told, 5000).change, 12000);
    assert.equal(stage(told, 11999).show, "player");
    assert.deepEqual(stage(told, 12000), { show: "after", state: "ended", play: null, instead: false, count: 0, change: Infinity });
  });

  it("ends when somebody ends it, and waits for whoever never does", () => {
    assert.equal(stage({ ...told, state: "ended", began: 5000, ended: 6000 }, 8999).show, "player");
    assert.equal(stage({ ...told, state: "ended", began: 5000, ended: 6000 }, 9000).show, "after");
    const { ends, ...open } = told;
    assert.equal(ends, 9000);
    assert.equal(stage({ ...open, state: "onair", began: 5000 }, 1e12).show, "player");
    assert.equal(stage({ ...told, state: "cancelled" }, 6000).state, "cancelled");
  });

  it("shows an urgent one in its place, but not before it begins", () => {
    const instead = card({ id: 9, urgent: true });
    assert.equal(stage({ ...told, instead }, 2000).play, null);
    const x = stage({ ...told, instead }, 6000);
    assert.equal(x.play?.id, 9);
    assert.equal(x.instead, true);
  });
});

describe("words", () => {
  it("tells how long to wait", () => {
    assert.equal(countdown(0, ""), "00:00");
    assert.equal(countdown(-5, ""), "00:00");
    assert.equal(countdown(61_001, ""), "01:02");
    assert.equal(countdown(3_600_000, ""), "1:00:00");
    assert.equal(countdown(2 * 86_400_000 + 1000, "%d 天"), "2 天 0:00:01");
  });

  it("fills in, and knows the time in any case", () => {
    assert.equal(fill("%s · %s 开始", "省 %s", "9:30"), "省 %s · 9:30 开始");
    assert.equal(serverTime({ now: () => 5 }), 5);
    assert.ok(Math.abs(serverTime({ now: () => NaN }) - Date.now()) < 1000);
  });
});
