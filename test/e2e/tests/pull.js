// Sources that the server fetches, added through the API.

import assert from "node:assert/strict";
import { it } from "node:test";

import { plays, watch } from "../harness/browser.js";
import { check, publish, Run } from "../harness/ffmpeg.js";
import { freeUDP } from "../harness/ports.js";
import { until } from "../harness/wait.js";

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  /** @param {string} name @param {string} address @param {boolean} onDemand */
  async function add(name, address, onDemand) {
    const answer = await stage.server.api("/api/sources", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name, address, onDemand }) });
    assert.equal(answer.status, 201, await answer.text());
  }

  it("the server fetches RTSP over TCP and UDP, HLS and MPEG-TS, always and on demand", async () => {
    const { server, browser, clips } = stage;
    const origin = publish(server, "rtsp-tcp", "open-origin", clips.aac);
    const port = await freeUDP();
    const ts = new Run(["-re", "-stream_loop", "-1", "-i", clips.aac, "-c", "copy", "-f", "mpegts", `udp://127.0.0.1:${port}?pkt_size=1316`]);
    const rtsp = `127.0.0.1:${server.ports.rtsp}/live/open-origin`;
    /** @type {[string, string, boolean][]} */
    const sources = [
      ["open-from-rtsp-tcp", `rtsp+tcp://${rtsp}`, false],
      ["open-from-rtsp-udp", `rtsp+udp://${rtsp}`, true],
      ["open-from-hls", `${server.base}/live/open-origin/index.m3u8`, true],
      ["open-from-ts", `udp://127.0.0.1:${port}`, false],
    ];
    try {
      await server.ready("open-origin");
      for (const source of sources) await add(...source);
      for (const [name, , onDemand] of sources) if (!onDemand) await server.ready(name);
      assert.equal(await server.stream("open-from-rtsp-udp"), null, "a source on demand runs without a reader");
      await Promise.all(sources.map(([name]) => check(server, "rtsp-tcp", name)));
      const page = await watch(browser, `${server.base}/live/open-from-hls?via=hls`);
      await plays(page, { via: "hls" });
      await page.context().close();

      const { sources: listed } = await (await server.api("/api/sources")).json();
      assert.deepEqual(listed.map((/** @type {any} */ s) => s.name).sort(), sources.map(([name]) => name).sort());
      for (const [name] of sources) {
        const answer = await server.api(`/api/sources/${name}`, { method: "DELETE" });
        assert.equal(answer.status, 204);
        await until(`${name} is no longer fetched`, async () => !(await server.stream(name))?.live);
      }
    } finally {
      await Promise.all([origin.stop(), ts.stop()]);
    }
  });
}
