// Keys: on every protocol a wrong one is refused, the right one opens.

import assert from "node:assert/strict";
import { it } from "node:test";

import { open, plays, watch } from "../harness/browser.js";
import { check, doors, exits, publish, receive } from "../harness/ffmpeg.js";
import { keys } from "../harness/server.js";

/** Enough of an offer for a server to look at the key first. */
const offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  for (const door of doors) {
    it(`publishing over ${door} wants the right key`, async () => {
      const { server, clips } = stage;
      await Promise.all(
        ["", "not-a-key-at-all", keys.other].map(async (key) => {
          const run = publish(server, door, `secret-${door}`, clips.aac, { key });
          assert.notEqual(await run.result(20_000), 0, `${door} let the key ${key} in`);
          assert.notEqual(run.code, null, `${door} left the publisher without an answer`);
          if (door.startsWith("rtsp")) assert.match(run.err, /401/);
        }),
      );
      assert.equal(await server.stream(`secret-${door}`), null);
    });
  }

  it("reading a protected stream wants the right key on every protocol", async () => {
    const { server, browser, clips } = stage;
    const name = "secret-room";
    const publisher = publish(server, "rtsp-tcp", name, clips.aac);
    try {
      await server.ready(name);
      await Promise.all(
        exits.flatMap((exit) =>
          ["", keys.other].map(async (key) => {
            const run = receive(server, exit, name, { key, seconds: 1 });
            assert.notEqual(await run.result(20_000), 0, `${exit} let the key ${key} in`);
            assert.notEqual(run.code, null, `${exit} left the reader without an answer`);
            if (exit === "hls" || exit.startsWith("rtsp")) assert.match(run.err, /401/);
          }),
        ),
      );
      await Promise.all(exits.map((exit) => check(server, exit, name, { key: keys.all })));

      const stranger = await open(browser);
      await stranger.goto(`${server.base}/live/${name}`);
      await stranger.waitForFunction(() => /** @type {any} */ (document.querySelector("xf-player")).reason === "key");
      await stranger.context().close();
      for (const via of /** @type {const} */ (["whep", "hls"])) {
        const page = await watch(browser, `${server.base}/live/${name}?via=${via}&key=${keys.all}`);
        assert.ok(!page.url().includes(keys.all), "the key stays in the address");
        await plays(page, { via });
        await page.context().close();
      }
    } finally {
      await publisher.stop();
    }
  });

  it("WHIP, WHEP and HLS answer 401 to a wrong key, and no key is in the log", async () => {
    const { server } = stage;
    for (const key of ["", "not-a-key-at-all", keys.other]) {
      /** @type {Record<string, string>} */
      const auth = key ? { Authorization: `Bearer ${key}` } : {};
      for (const end of ["whip", "whep"]) {
        const answer = await fetch(`${server.base}/live/secret-http/${end}`, { method: "POST", headers: { "Content-Type": "application/sdp", ...auth }, body: offer });
        assert.equal(answer.status, 401, `${end} with ${key || "no key"}`);
      }
      const list = await fetch(`${server.base}/live/secret-http/index.m3u8`, { headers: auth });
      assert.equal(list.status, 401, `HLS with ${key || "no key"}`);
    }
    for (const key of [...Object.values(keys), "not-a-key-at-all"]) assert.ok(!server.log.includes(key), `the log has the key ${key} in it`);
  });
}
