// Sound and pictures that WebRTC can't carry as they come.

import assert from "node:assert/strict";
import { it } from "node:test";

import { look, plays, watch } from "../harness/browser.js";
import { publish } from "../harness/ffmpeg.js";
import { until } from "../harness/wait.js";

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  it("AAC comes in, sound goes out over WHEP", async () => {
    const { server, browser, clips } = stage;
    const publisher = publish(server, "rtmp", "open-tone", clips.aac);
    try {
      const info = await server.ready("open-tone");
      assert.deepEqual(info.tracks.map((/** @type {any} */ t) => t.codec), ["H264", "AAC"]);
      const page = await watch(browser, `${server.base}/live/open-tone?via=whep`);
      await plays(page, { via: "whep" });
      // The tone is loud: a second of it has more energy than an hour of a fault's crackle.
      await until("the tone is heard", async () => (await look(page)).energy > 0.001, { why: () => server.log.slice(-3000) });
      await page.context().close();
    } finally {
      await publisher.stop();
    }
  });

  it("a stream with B-frames is refused to WHEP with the reason, and the player takes HLS by itself", async () => {
    const { server, browser, clips } = stage;
    const publisher = publish(server, "rtsp-tcp", "open-reordered", clips.reordered);
    try {
      await server.ready("open-reordered");
      await until("B-frames are noticed", async () => (await server.stream("open-reordered"))?.bFrames);
      const page = await watch(browser, `${server.base}/live/open-reordered`);
      await plays(page, { via: "hls" });
      const refusal = await page.evaluate(async (address) => {
        const pc = new RTCPeerConnection();
        pc.addTransceiver("video", { direction: "recvonly" });
        await pc.setLocalDescription();
        const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: pc.localDescription?.sdp });
        return { status: answer.status, reason: await answer.text() };
      }, `${server.base}/live/open-reordered/whep`);
      assert.ok(refusal.status >= 400 && refusal.status < 500, `WHEP answers ${refusal.status}`);
      assert.match(refusal.reason, /B-frames/);
      await page.context().close();
    } finally {
      await publisher.stop();
    }
  });
}
