// Ten thousand players that ask for a part which never comes. (In media/hls/lane a test has two thousand of them and
// looks at the bound; the race detector can't have more goroutines, nor one process both ends of so many connections.)

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { it } from "node:test";

import { plays, watch } from "../harness/browser.js";
import { address, publish, Run } from "../harness/ffmpeg.js";
import { keys, Server } from "../harness/server.js";
import { until } from "../harness/wait.js";

const many = 10_000;
const atOnce = 250; // connections being made: fewer than any server's backlog

/** A player that keeps its connection and counts what it was answered. */
class Player {
  /** @type {string[]} first lines and caching of the answers */ answers = [];
  /** @type {net.Socket} */ socket;

  /** @param {number} port */
  constructor(port) {
    this.socket = net.connect(port, "127.0.0.1");
    let text = "";
    this.socket.setEncoding("latin1").on("data", (/** @type {string} */ more) => {
      text += more;
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/\r\nContent-Length: (\d+)/i.exec(text.slice(0, end + 2))?.[1]);
      if (end < 0 || text.length < end + 4 + length) return;
      this.answers.push(`${text.slice(9, 12)} ${/\r\nCache-Control: ([^\r]*)/i.exec(text.slice(0, end + 2))?.[1]}`);
      text = "";
    });
    this.socket.on("error", () => {}); // an answer is missing then
  }

  /** @param {string} path */
  ask(path) {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\n\r\n`);
  }
}

/** Publishes groups of pictures that last 6 s: players may then wait longer for the next part. @param {Server} server @param {string} name */
function publishLong(server, name) {
  const coded = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "150", "-keyint_min", "150", "-sc_threshold", "0"];
  return new Run(["-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", ...coded, "-f", "rtsp", "-rtsp_transport", "tcp", address(server, "rtsp-tcp", name, keys.all, "publish")]);
}

/** The part that comes next. @param {string} list */
function next(list) {
  const segments = list.match(/^\S+_s\d+\.mp4$/gm) ?? [];
  const first = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(list)?.[1]);
  const open = list.slice(segments.length ? list.lastIndexOf(segments[segments.length - 1]) : 0);
  return `_HLS_msn=${first + segments.length}&_HLS_part=${open.match(/#EXT-X-PART:/g)?.length ?? 0}`;
}

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  it("ten thousand playlist requests wait for a part that never comes: counted, answered, and nobody else notices", async () => {
    const server = await Server.start({ more: "streams: {grace: 5m}\n" });
    const gone = publishLong(server, "open-gone");
    const other = publish(server, "rtsp-tcp", "open-other", stage.clips.opus);
    /** @type {Player[]} */
    const players = [];
    try {
      await Promise.all([server.ready("open-gone"), server.ready("open-other")]);
      const [whep, hls] = await Promise.all(["whep", "hls"].map((via) => watch(stage.browser, `${server.base}/live/open-other?via=${via}`)));
      await Promise.all([plays(whep, { via: "whep" }), plays(hls, { via: "hls" })]);

      const file = "/live/open-gone/media.m3u8";
      const playlist = async () => (await fetch(server.base + file)).text();
      // A quarter of three target durations is how long a request waits.
      await until("a playlist that bears waiting", async () => Number(/TARGETDURATION:(\d+)/.exec(await playlist())?.[1]) >= 8);
      await gone.stop();
      let before = "";
      const still = await until(
        "the last part",
        async () => {
          const now = await playlist();
          const same = now === before;
          before = now;
          return same ? now : "";
        },
        { every: 500 },
      );

      while (players.length < many) {
        const some = Array.from({ length: atOnce }, () => new Player(server.ports.http));
        players.push(...some);
        await Promise.all(some.map(({ socket }) => once(socket, "connect")));
      }
      const waiting = async () => {
        const text = await (await fetch(`http://127.0.0.1:${server.ports.metrics}/metrics`)).text();
        assert.match(text, /^xianfeng_hls_waiting_refused_total 0$/m);
        return Number(/^xianfeng_hls_waiting (\S+)$/m.exec(text)?.[1]);
      };
      // The other stream's viewer waits for a part of its own now and then.
      const wait = async (/** @type {number} */ n) => [n, n + 1].includes(await waiting());
      const path = `${file}?${next(still)}`;
      for (const player of players) player.ask(path);
      await until("all wait", () => wait(many), { every: 20 });
      await Promise.all([plays(whep, { via: "whep" }), plays(hls, { via: "hls" })]);

      await until("all are answered with what there is", () => players.every((p) => p.answers.length === 1));
      assert.deepEqual([...new Set(players.map((p) => p.answers[0]))], ["200 no-cache"]);
      await until("nobody waits for it", () => wait(0));

      // They ask again, and leave without an answer.
      for (const player of players) player.ask(path);
      await until("all wait again", () => wait(many), { every: 20 });
      for (const player of players) player.socket.destroy();
      await until("nobody waits", () => wait(0));
      await Promise.all([plays(whep, { via: "whep" }), plays(hls, { via: "hls" })]);
      assert.deepEqual([...whep.errors, ...hls.errors], []);
      for (const page of [whep, hls]) await page.context().close();
    } catch (error) {
      throw new Error(`${error}\n${server.log.split("\n").slice(-15).join("\n")}`, { cause: error });
    } finally {
      for (const player of players) player.socket.destroy();
      for (const run of [gone, other]) await run.stop();
      assert.equal(await server.stop(), 0);
    }
  });
}
