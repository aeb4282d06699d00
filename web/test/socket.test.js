import assert from "node:assert/strict";
import { test } from "node:test";
import { pause, Socket, SocketError } from "../kit/script/socket.js";

/** A world with a clock that is moved by hand, and a server that is played by the test. */
function world() {
  let now = 1000;
  let ids = 0;
  /** @type {Map<number, {at: number, fn: () => void}>} */
  const timers = new Map();
  /** @type {FakeSocket[]} */
  const opened = [];
  class FakeSocket {
    /** @type {any[]} */ sent = [];
    closed = false;
    /** @type {any} */ onopen = null;
    /** @type {any} */ onmessage = null;
    /** @type {any} */ onclose = null;
    /** @param {string} url @param {string} protocol */
    constructor(url, protocol) {
      assert.equal(url, "wss://here/ws");
      assert.equal(protocol, "xianfeng.1");
      opened.push(this);
    }
    /** @param {string} text */
    send(text) {
      assert.ok(!this.closed, "sent on a closed socket");
      this.sent.push(JSON.parse(text));
    }
    close() {
      this.closed = true;
    }
    /** What was sent of a type, and is forgotten. @param {string} t */
    take(t) {
      const list = this.sent.filter((m) => m.t === t);
      this.sent = this.sent.filter((m) => m.t !== t);
      return list;
    }
    /** @param {object} m */
    say(m) {
      this.onmessage?.({ data: typeof m === "string" ? m : JSON.stringify(m) });
    }
    /** @param {number} code */
    lose(code) {
      this.onclose?.({ code });
    }
    asked = 0; // exchanges that were answered
    /** Answers exchanges, by a server whose clock is 5,000,000 ahead. */
    answer() {
      for (const m of this.take("time")) {
        this.asked++;
        this.say({ t: "time", a: m.a, b: m.a + 5_000_000, c: m.a + 5_000_000 });
      }
    }
  }
  const socket = new Socket({
    url: () => "wss://here/ws",
    WebSocket: () => /** @type {any} */ (FakeSocket),
    now: () => now,
    random: () => 0.5,
    setTimeout: (fn, ms) => {
      timers.set(++ids, { at: now + ms, fn });
      return ids;
    },
    clearTimeout: (id) => timers.delete(id),
    watch: () => {},
  });
  /** Lets time pass, with what is due in it; the server answers exchanges unless it is deaf. @param {number} ms @param {boolean} [deaf] */
  const pass = (ms, deaf = false) => {
    const end = now + ms;
    for (let rounds = 0; rounds < 10_000; rounds++) {
      if (!deaf) opened.at(-1)?.answer();
      const due = [...timers].filter(([, x]) => x.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      timers.delete(due[0]);
      now = Math.max(now, due[1].at);
      due[1].fn();
    }
    now = end;
  };
  return { socket, opened, pass, timers };
}

/** A world with an open socket. */
function open() {
  const w = world();
  w.socket.open();
  w.opened[0].onopen();
  w.opened[0].say({ t: "hello", v: 1, token: "T", now: 0 });
  return w;
}

test("nothing is opened before somebody uses it", () => {
  const w = world();
  assert.equal(w.opened.length, 0);
  assert.equal(w.socket.state, "new");
  assert.ok(Number.isNaN(w.socket.clock.now()));
  assert.equal(w.opened.length, 1);
});

test("hello comes first, then twelve exchanges, and the time is known", () => {
  const w = open();
  assert.equal(w.opened[0].sent[0].t, "hello");
  assert.equal("token" in w.opened[0].sent[0], false);
  w.pass(2000);
  assert.equal(w.opened[0].asked, 12);
  assert.equal(w.socket.clock.known, true);
  assert.equal(w.socket.clock.now() - 5_000_000, 3000);
  w.pass(60_000);
  const { asked } = w.opened[0];
  assert.ok(asked >= 17 && asked <= 19, `${asked} after a minute`);
});

test("topics bring their values to all who listen", async () => {
  const w = open();
  /** @type {any[]} */
  const got = [];
  const off = w.socket.on("site:51", (body, version) => got.push([body, version]));
  const [sub] = w.opened[0].take("sub");
  assert.deepEqual(sub, { t: "sub", id: sub.id, topic: "site:51" });
  w.opened[0].say({ t: "done", id: sub.id });
  w.opened[0].say({ t: "topic", topic: "site:51", version: 4, body: { on: [] } });
  assert.deepEqual(got, [[{ on: [] }, 4]]);
  /** @type {any[]} */
  const late = [];
  const offLate = w.socket.on("site:51", (body) => late.push(body));
  assert.equal(w.opened[0].take("sub").length, 0, "it is followed already");
  await Promise.resolve();
  assert.deepEqual(late, [{ on: [] }]);
  off();
  off();
  assert.equal(w.opened[0].take("unsub").length, 0);
  offLate();
  assert.deepEqual(w.opened[0].take("unsub"), [{ t: "unsub", topic: "site:51" }]);
});

test("a listener that fails does not keep others from hearing", (t) => {
  t.mock.method(console, "error", () => {});
  const w = open();
  let heard = 0;
  w.socket.on("a:b", () => {
    throw new Error("mine");
  });
  w.socket.on("a:b", () => heard++);
  w.opened[0].say({ t: "topic", topic: "a:b", version: 1, body: 1 });
  assert.equal(heard, 1);
});

test("what is not a message is passed over", () => {
  const w = open();
  for (const m of ["", "null", "7", "[]", "{", '{"t":"news"}', '{"t":"topic","topic":"x"}', '{"t":"done","id":99}', '{"t":"time","a":5,"b":1,"c":1}']) w.opened[0].say(m);
  assert.equal(w.socket.state, "open");
});

test("a topic that is not there is told, and one that is too much is tried again", () => {
  const w = open();
  /** @type {string[]} */
  const why = [];
  w.socket.on("a:b", () => {}, (x) => why.push(x));
  w.opened[0].say({ t: "fail", id: w.opened[0].take("sub")[0].id, kind: "notfound", why: "" });
  w.socket.on("c:d", () => {}, (x) => why.push(x));
  w.opened[0].say({ t: "fail", id: w.opened[0].take("sub")[0].id, kind: "server", why: "" });
  assert.deepEqual(why, ["notfound", "server"]);
  w.pass(40_000);
  assert.deepEqual(w.opened[0].take("sub").map((m) => m.topic), ["c:d"]);
});

test("commands are answered, fail, or time out", async () => {
  const w = open();
  const a = w.socket.send("echo", { x: 1 });
  const b = w.socket.send("echo");
  const c = w.socket.send("echo");
  const [da, db] = w.opened[0].take("do");
  assert.deepEqual(da, { t: "do", id: da.id, kind: "echo", body: { x: 1 } });
  w.opened[0].say({ t: "done", id: da.id, body: { x: 1 } });
  w.opened[0].say({ t: "fail", id: db.id, kind: "denied", why: "not allowed" });
  assert.deepEqual(await a, { x: 1 });
  await assert.rejects(b, (e) => e instanceof SocketError && e.kind === "denied");
  const late = assert.rejects(c, (e) => e instanceof SocketError && e.kind === "offline");
  w.pass(20_000);
  await late;
});

test("a lost socket comes back with its token and what it has", () => {
  const w = open();
  w.socket.on("a:b", () => {});
  w.socket.on("c:d", () => {});
  w.opened[0].say({ t: "topic", topic: "a:b", version: 7, body: 1 });
  w.opened[0].lose(1006);
  assert.equal(w.socket.state, "waiting");
  w.pass(2000);
  assert.equal(w.opened.length, 2);
  w.opened[1].onopen();
  const [hello] = w.opened[1].take("hello");
  assert.equal(hello.token, "T");
  const subs = w.opened[1].take("sub").map(({ topic, since }) => ({ topic, since }));
  assert.deepEqual(subs, [{ topic: "a:b", since: 7 }, { topic: "c:d", since: undefined }]);
});

test("a command whose socket is lost fails, one that waits for a socket is sent", async () => {
  const w = open();
  const lost = assert.rejects(w.socket.send("x"), (e) => e instanceof SocketError && e.kind === "offline");
  w.opened[0].lose(1001);
  await lost;
  const waits = w.socket.send("y");
  w.pass(6000);
  w.opened[1].onopen();
  const [d] = w.opened[1].take("do");
  assert.equal(d.kind, "y");
  w.opened[1].say({ t: "done", id: d.id, body: 3 });
  assert.equal(await waits, 3);
});

test("a socket that does not answer is dead", () => {
  const w = open();
  w.pass(30_000);
  assert.equal(w.opened.length, 1);
  w.pass(25_000, true);
  assert.ok(w.opened.length > 1, "no other was opened");
  assert.ok(w.opened[0].closed);
});

test("a socket that is not to come back does not", async () => {
  for (const code of [4003, 4010]) {
    const w = open();
    const c = assert.rejects(w.socket.send("x"));
    w.opened[0].lose(code);
    await c;
    w.pass(600_000);
    assert.equal(w.opened.length, 1, String(code));
    await assert.rejects(w.socket.send("x"));
  }
});

test("a page that is put aside and comes back goes on", () => {
  const w = open();
  w.socket.on("a:b", () => {});
  w.socket.close();
  assert.ok(w.opened[0].closed);
  w.pass(600_000);
  assert.equal(w.opened.length, 1);
  w.socket.open();
  w.opened[1].onopen();
  assert.equal(w.opened[1].take("hello")[0].token, "T");
  assert.equal(w.opened[1].take("sub").length, 1);
});

test("measuring anew is a burst, or a try at once", () => {
  const w = open();
  w.pass(60_000);
  w.opened[0].asked = 0;
  w.socket.measure();
  w.socket.measure(); // one is under way
  w.pass(2000);
  const { asked } = w.opened[0];
  assert.ok(asked >= 11 && asked <= 13, `${asked} exchanges`);
  w.opened[0].lose(1006);
  w.socket.measure();
  assert.equal(w.opened.length, 2);
});

test("after a restart of the server nobody comes at the same moment", () => {
  const spread = (/** @type {number} */ code, /** @type {number} */ tries) => [pause(tries, code, () => 0), pause(tries, code, () => 0.999999)].map(Math.round);
  assert.deepEqual(spread(1001, 0), [500, 5000]);
  assert.deepEqual(spread(1006, 0), [150, 1500]);
  assert.deepEqual(spread(1006, 3), [1200, 12_000]);
  assert.deepEqual(spread(1006, 50), [3000, 30_000]);
  assert.deepEqual(spread(4001, 0), [50, 1050]);
  for (const code of [1009, 4000, 4002, 4008]) assert.ok(pause(0, code, () => 0) >= 20_000);
});
