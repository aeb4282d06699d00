// What nobody should send: it is refused, logged, and disturbs nobody.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import dgram from "node:dgram";
import net from "node:net";
import { it } from "node:test";

import { flows, publish, receive } from "../harness/ffmpeg.js";
import { keys } from "../harness/server.js";
import { until } from "../harness/wait.js";

/** Connects, says something, and waits for the server to close. @param {number} port @param {Buffer | string} text */
function shout(port, text) {
  return new Promise((done) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", () => {});
    socket.on("error", () => {});
    socket.setTimeout(25_000, () => socket.destroy(new Error("still open")));
    socket.once("close", (failed) => done(!failed));
  });
}

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  it("noise on every port, silence and absurd names disturb no stream", async () => {
    const { server, clips } = stage;
    const { ports } = server;
    const publisher = publish(server, "rtsp-tcp", "open-calm", clips.aac);
    try {
      await server.ready("open-calm");
      const reader = receive(server, "rtsp-tcp", "open-calm");
      await flows(reader);

      const silent = Array.from({ length: 100 }, (_, i) => net.connect([ports.http, ports.rtsp, ports.rtmp, ports.webrtc][i % 4], "127.0.0.1").on("error", () => {}));
      const open = new Set(silent);
      for (const socket of silent) socket.on("data", () => {}).once("close", () => open.delete(socket));
      for (const port of [ports.srt, ports.webrtc, ports.rtp, ports.rtcp]) {
        const socket = dgram.createSocket("udp4");
        for (let i = 0; i < 50; i++) socket.send(randomBytes(1 + ((i * 37) % 1400)), port, "127.0.0.1");
        await new Promise((done) => socket.send("", port, "127.0.0.1", () => socket.close(() => done(undefined))));
      }
      await Promise.all(
        [ports.http, ports.rtsp, ports.rtmp, ports.webrtc].flatMap((port) => [
          shout(port, randomBytes(4096)),
          shout(port, `GET /${"a".repeat(100_000)} HTTP/1.1\r\nX: ${"b".repeat(100_000)}\r\n\r\n`),
          shout(port, "DESCRIBE rtsp://x/live/../../etc RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
        ]),
      );
      for (const name of ["a..b", "..%2f..%2fetc%2fpasswd", "a".repeat(10_000), "%00", "a%20b"]) {
        for (const end of ["", "/index.m3u8", "/publish", "/status"]) {
          const answer = await fetch(`${server.base}/live/${name}${end}`, { redirect: "manual" });
          assert.ok(answer.status >= 300 && answer.status < 500, `/live/${name.slice(0, 30)}${end} answers ${answer.status}`);
        }
      }
      for (const body of ["", "v=0", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", "m=video 9 X 96\r\n".repeat(5000)]) {
        const answer = await fetch(`${server.base}/live/open-calm/whep`, { method: "POST", headers: { "Content-Type": "application/sdp" }, body });
        assert.ok(answer.status >= 400 && answer.status < 500, `WHEP answers ${answer.status} to ${body.slice(0, 30)}`);
      }
      await until("silent connections are closed", () => open.size === 0, { limit: 45_000, why: () => [...open].map((s) => s.remotePort).join(" ") });

      await flows(reader);
      assert.equal(reader.code, undefined, reader.err);
      assert.equal(publisher.code, undefined, publisher.err);
      assert.equal((await fetch(`${server.base}/healthz`)).status, 200);
      assert.ok(!server.log.includes("panic"), "the server panicked");
      assert.ok(!server.log.includes(keys.all), "the log has a key in it");
      await reader.stop();
    } finally {
      await publisher.stop();
    }
  });
}
