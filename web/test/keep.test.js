import assert from "node:assert/strict";
import { test } from "node:test";

import { Keeper, leftBehind } from "../editor/keep.js";

/** A keeper whose time stands still until told. @param {import("../editor/keep.js").Answer[]} answers */
function stage(answers) {
  /** @type {Map<string, string>} */
  const kept = new Map();
  const storage = {
    getItem: (/** @type {string} */ k) => kept.get(k) ?? null,
    setItem: (/** @type {string} */ k, /** @type {string} */ v) => void kept.set(k, v),
    removeItem: (/** @type {string} */ k) => void kept.delete(k),
  };
  /** @type {{ f: () => void, ms: number } | null} */
  let timer = null;
  /** @type {any[]} */
  const sent = [];
  /** @type {string[]} */
  const told = [];
  const keeper = new Keeper({
    key: "k", version: 4, storage,
    send: async (values, version) => {
      sent.push({ values, version });
      const answer = answers.shift();
      if (!answer) throw new Error("no connection");
      return answer;
    },
    tell: (state) => void told.push(state),
    after: (f, ms) => (timer = { f, ms }),
    cancel: () => (timer = null),
    now: () => 7,
  });
  return { keeper, storage, sent, told, wait: () => timer?.ms };
}

test("a change is kept in the browser at once and sent later", async () => {
  const { keeper, storage, sent, told, wait } = stage([{ kind: "saved", version: 5 }]);
  keeper.changed({ title: "甲" });
  assert.deepEqual(leftBehind(storage, "k"), { values: { title: "甲" }, version: 4, at: 7 });
  assert.equal(wait(), 3000);
  await keeper.flush();
  assert.deepEqual(sent, [{ values: { title: "甲" }, version: 4 }]);
  assert.deepEqual(told, ["kept", "saving", "saved"]);
  assert.equal(leftBehind(storage, "k"), null);
  assert.equal(keeper.version, 5);
  assert.equal(keeper.unsaved, false);
});

test("without a connection the copy stays and it is tried again", async () => {
  const { keeper, storage, told, wait } = stage([]);
  keeper.changed({ title: "乙" });
  await keeper.flush();
  assert.deepEqual(told, ["kept", "saving", "offline"]);
  assert.equal(leftBehind(storage, "k")?.values.title, "乙");
  assert.equal(wait(), 15_000);
  assert.equal(keeper.unsaved, true);
});

test("a change during a save is sent after it, against the new version", async () => {
  const { keeper, sent } = stage([{ kind: "saved", version: 5 }, { kind: "saved", version: 6 }]);
  keeper.changed({ title: "一" });
  const first = keeper.flush();
  keeper.changed({ title: "二" });
  await first;
  assert.equal(keeper.unsaved, true);
  await keeper.flush();
  assert.deepEqual(sent.map((s) => [s.values.title, s.version]), [["一", 4], ["二", 5]]);
});

test("after a conflict nothing is sent until it is resolved, and nothing is lost", async () => {
  const { keeper, storage, sent, told } = stage([{ kind: "conflict", version: 9, other: { title: "别人的" } }, { kind: "saved", version: 10 }]);
  keeper.changed({ title: "我的" });
  await keeper.flush();
  keeper.changed({ title: "我的，改" });
  await keeper.flush();
  assert.equal(sent.length, 1);
  assert.equal(told.at(-1), "conflict");
  assert.equal(leftBehind(storage, "k")?.values.title, "我的，改");
  keeper.resolve(9);
  await keeper.flush();
  assert.deepEqual(sent[1], { values: { title: "我的，改" }, version: 9 });
});

test("storage that is closed or spoilt does no harm", () => {
  assert.equal(leftBehind({ getItem: () => { throw new Error("closed"); } }, "k"), null);
  assert.equal(leftBehind({ getItem: () => "{" }, "k"), null);
  assert.equal(leftBehind({ getItem: () => "7" }, "k"), null);
});
