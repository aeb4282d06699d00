// Publishers that come back, are refused, are closed; a configuration that is read again.

import assert from "node:assert/strict";
import { it } from "node:test";

import { plays, watch } from "../harness/browser.js";
import { check, flows, publish, receive } from "../harness/ffmpeg.js";
import { keys } from "../harness/server.js";
import { until } from "../harness/wait.js";

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  it("a publisher restarts and its readers stay", async () => {
    const { server, browser, clips } = stage;
    const name = "open-restart";
    let publisher = publish(server, "rtsp-tcp", name, clips.opus);
    try {
      await server.ready(name);
      const pages = await Promise.all(/** @type {const} */ (["whep", "hls"]).map((via) => watch(browser, `${server.base}/live/${name}?via=${via}`)));
      const programs = /** @type {const} */ (["rtsp-tcp", "srt", "hls"]).map((by) => receive(server, by, name));
      await Promise.all([...pages.map((page) => plays(page)), ...programs.map((run) => flows(run))]);
      const began = (await server.stream(name)).since;

      await publisher.stop();
      await until("the publisher has left", async () => !(await server.stream(name))?.live);
      publisher = publish(server, "rtsp-tcp", name, clips.opus);
      await server.ready(name);

      assert.equal((await server.stream(name)).since, began, "the stream began anew");
      await Promise.all([...pages.map((page) => plays(page)), ...programs.map((run) => flows(run, 50))]);
      for (const run of programs) {
        assert.equal(run.code, undefined, `a reader ended: ${run.err}`);
        await run.stop();
      }
      for (const page of pages) await page.context().close();
    } finally {
      await publisher.stop();
    }
  });

  it("a second publisher is refused and the first goes on", async () => {
    const { server, clips } = stage;
    const first = publish(server, "rtsp-tcp", "open-busy", clips.aac);
    try {
      await server.ready("open-busy");
      for (const door of /** @type {const} */ (["rtsp-tcp", "rtmp", "srt"])) {
        const second = publish(server, door, "open-busy", clips.aac);
        assert.notEqual(await second.result(20_000), 0, `${door} was let in`);
        assert.notEqual(second.code, null, `${door} was not told`);
      }
      await check(server, "rtsp-tcp", "open-busy");
      assert.equal(first.code, undefined, `the first publisher ended: ${first.err}`);
    } finally {
      await first.stop();
    }
  });

  it("the operator closes a stream through the API", async () => {
    const { server, clips } = stage;
    const publisher = publish(server, "rtmp", "open-kicked", clips.aac);
    try {
      await server.ready("open-kicked");
      const stranger = await fetch(`${server.base}/api/streams/open-kicked`, { method: "DELETE" });
      assert.equal(stranger.status, 401);
      const answer = await server.api("/api/streams/open-kicked", { method: "DELETE" });
      assert.equal(answer.status, 204);
      await publisher.result(20_000);
      assert.notEqual(publisher.code, null, "the publisher was not told");
      assert.equal(await server.stream("open-kicked"), null);
    } finally {
      await publisher.stop();
    }
  });

  it("SIGHUP puts new keys into force and disturbs no stream", async () => {
    const { server, clips } = stage;
    const publisher = publish(server, "srt", "open-steady", clips.aac);
    try {
      await server.ready("open-steady");
      const reader = receive(server, "rtsp-tcp", "open-steady");
      await flows(reader);
      const key = "a-key-that-is-new";
      await server.reload([{ key, publish: ["open-*"], read: ["*"] }, { key: keys.all, publish: ["*"], read: ["*"] }, { key: keys.other, publish: ["other-*"], read: ["other-*"] }]);
      const second = publish(server, "rtsp-tcp", "open-new", clips.aac, { key });
      await server.ready("open-new");
      await second.stop();
      await flows(reader);
      assert.equal(publisher.code, undefined, publisher.err);
      await reader.stop();
      await server.restoreKeys();
    } finally {
      await publisher.stop();
    }
  });
}
