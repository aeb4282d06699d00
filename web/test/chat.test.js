import assert from "node:assert/strict";
import { test } from "node:test";
import { merge, reason } from "../portal/script/chat-state.js";

test("lines are kept in the order in which they were written", () => {
  let lines = merge([], [{ id: 2, at: 20, text: "b" }, { id: 1, at: 10, text: "a" }]);
  lines = merge(lines, [{ id: 3, at: 15, text: "let through later" }]);
  assert.deepEqual(lines.map((l) => l.id), [1, 3, 2]);
});

test("what is removed goes, what changed is exchanged, the oldest go first", () => {
  let lines = merge([{ id: 1, at: 1, text: "a", waiting: true }, { id: 2, at: 2, text: "b" }], [{ id: 1, at: 1, text: "a" }, { id: 2, at: 2, removed: true }, { id: 9, at: 9, removed: true }]);
  assert.deepEqual(lines, [{ id: 1, at: 1, text: "a" }]);
  lines = merge([], Array.from({ length: 500 }, (_, i) => ({ id: i, at: i, text: "x" })));
  assert.equal(lines.length, 200);
  assert.equal(lines[0]?.id, 300);
});

test("every failure has words", () => {
  assert.equal(reason("toomany"), "toomany");
  assert.equal(reason("something new"), "server");
});
