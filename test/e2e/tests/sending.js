// Where the kernel has no UDP_SEGMENT, or no sendmmsg either, WHEP and RTSP go out all the same.

import assert from "node:assert/strict";
import { it } from "node:test";

import { plays, transport, watch } from "../harness/browser.js";
import { check, publish } from "../harness/ffmpeg.js";
import { Server } from "../harness/server.js";

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  for (const sending of ["sendmmsg", "plain"]) {
    it(`Chromium over WHEP and ffmpeg over RTSP/UDP, sent by ${sending}`, async () => {
      const server = await Server.start({ more: `udp: {sending: ${sending}}\n` });
      const name = "open-sending";
      const publisher = publish(server, "rtsp-tcp", name, stage.clips.opus);
      try {
        await server.ready(name);
        assert.match(server.log, new RegExp(`sending=${sending}\\b`)); // it is what was asked for
        const page = await watch(stage.browser, `${server.base}/live/${name}?via=whep`);
        await plays(page, { via: "whep" });
        assert.deepEqual(await transport(page), { protocol: "udp", cipher: "SRTP_AEAD_AES_128_GCM" });
        await page.context().close();
        await check(server, "rtsp-udp", name);
        const metrics = await (await fetch(`http://127.0.0.1:${server.ports.metrics}/metrics`)).text();
        assert.match(metrics, /xianfeng_refused_datagrams_total\{protocol="rtsp"\} 0/);
        assert.match(metrics, /xianfeng_refused_datagrams_total\{protocol="webrtc"\} 0/);
      } finally {
        await publisher.stop();
        assert.equal(await server.stop(), 0);
      }
    });
  }
}
