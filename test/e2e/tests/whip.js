// Chromium as publisher: its fake camera and microphone over WHIP.

import assert from "node:assert/strict";
import { it } from "node:test";

import { open, plays, watch } from "../harness/browser.js";
import { check } from "../harness/ffmpeg.js";
import { keys } from "../harness/server.js";
import { until } from "../harness/wait.js";

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  it("Chromium goes live on the publish page, Chromium watches over WHEP, and stopping ends it", async () => {
    const { server, browser } = stage;
    const page = await open(browser);
    await page.goto(`${server.base}/live/open-studio/publish`);
    await page.fill("#key", keys.all);
    await page.click("#go");
    const info = await server.ready("open-studio");
    assert.equal(info.publisher.protocol, "whip");
    const viewer = await watch(browser, `${server.base}/live/open-studio?via=whep`);
    await plays(viewer, { via: "whep" });
    await page.click("#stop");
    await until("the publisher has left", async () => !(await server.stream("open-studio"))?.live);
    await viewer.context().close();
    await page.context().close();
  });

  it("a WHIP client of its own publishes H264 and Opus, read by ffmpeg and over HLS, and leaves with DELETE", async () => {
    const { server, browser } = stage;
    const page = await open(browser);
    await page.goto(`${server.base}/live`);
    const session = await page.evaluate(
      async ({ address, key }) => {
        const pc = new RTCPeerConnection();
        const media = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360 }, audio: true });
        for (const track of media.getTracks()) {
          const transceiver = pc.addTransceiver(track, { direction: "sendonly" });
          const all = RTCRtpSender.getCapabilities(track.kind)?.codecs ?? [];
          if (track.kind === "video") transceiver.setCodecPreferences(all.filter((c) => c.mimeType === "video/H264"));
        }
        await pc.setLocalDescription();
        const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${key}` }, body: pc.localDescription?.sdp });
        if (answer.status !== 201) throw new Error(`WHIP answers ${answer.status}: ${await answer.text()}`);
        await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
        return new URL(answer.headers.get("Location") ?? "", answer.url).href;
      },
      { address: `${server.base}/live/open-whip/whip`, key: keys.all },
    );
    const info = await server.ready("open-whip");
    assert.deepEqual(info.tracks.map((/** @type {any} */ t) => t.codec).sort(), ["H264", "Opus"]);
    // Chromium encodes as many pictures as the machine allows.
    await Promise.all(/** @type {const} */ (["rtsp-tcp", "hls"]).map((exit) => check(server, exit, "open-whip", { pictures: 5 })));
    const viewer = await watch(browser, `${server.base}/live/open-whip?via=hls`);
    await plays(viewer, { via: "hls" });
    await viewer.context().close();
    const left = await fetch(session, { method: "DELETE", headers: { Authorization: `Bearer ${keys.all}` } });
    assert.equal(left.ok, true, `DELETE answers ${left.status}`);
    await until("the publisher has left", async () => !(await server.stream("open-whip"))?.live);
    await page.context().close();
  });
}
