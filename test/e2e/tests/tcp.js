// WebRTC for those whose network lets no UDP through: the same port over TCP.

import assert from "node:assert/strict";
import { it } from "node:test";

import { plays, transport, watch } from "../harness/browser.js";
import { publish } from "../harness/ffmpeg.js";
import { until } from "../harness/wait.js";

/** Takes the server's UDP candidates out of what the page learns of it. */
function withoutUDP() {
  const set = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (/** @type {RTCSessionDescriptionInit} */ d) {
    const rest = { type: d.type, sdp: d.sdp?.replace(/^a=candidate:\S+ \d+ udp .*\r\n/gim, "") };
    return set.apply(this, /** @type {any} */ ([rest]));
  };
}

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  it("Chromium without UDP watches over TCP, another one over UDP", async () => {
    const { server, browser, clips } = stage;
    const name = "open-tcp";
    const publisher = publish(server, "rtsp-tcp", name, clips.opus);
    try {
      await server.ready(name);
      const url = `${server.base}/live/${name}?via=whep`;
      const [over, other] = await Promise.all([watch(browser, url, withoutUDP), watch(browser, url)]);
      await Promise.all([plays(over, { via: "whep" }), plays(other, { via: "whep" })]);
      const cipher = "SRTP_AEAD_AES_128_GCM";
      assert.deepEqual([await transport(over), await transport(other)], [{ protocol: "tcp", cipher }, { protocol: "udp", cipher }]);
      const readers = async () => (await server.stream(name)).readers.whep ?? 0;
      assert.equal(await readers(), 2);
      await over.context().close();
      await until("the viewer over TCP has left", async () => (await readers()) === 1);
      await plays(other, { via: "whep" });
      await other.context().close();
    } finally {
      await publisher.stop();
    }
  });
}
