import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { addresses, exchange, fetchStatus, stereo } from "../player/protocol.js";
import { en, zh } from "../player/messages.js";
import * as studio from "../pages/publish/messages.js";

const real = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = real;
});
/** @param {number} status @param {string} body @param {Record<string, string>} [headers] */
function answer(status, body, headers = {}) {
  globalThis.fetch = async (url) => {
    const r = new Response(body, { status, headers });
    Object.defineProperty(r, "url", { value: new URL(String(url), "https://live.example/").href });
    return r;
  };
}

test("addresses lie below the stream's own", () => {
  assert.deepEqual(addresses("/live/hall/"), { status: "/live/hall/status", key: "/live/hall/key", whep: "/live/hall/whep", hls: "/live/hall/index.m3u8" });
});

test("a session's address may be relative", async () => {
  answer(201, "v=0", { Location: "whep/s1" });
  assert.deepEqual(await exchange("/live/hall/whep", "v=0", ""), { sdp: "v=0", session: "https://live.example/live/hall/whep/s1" });
});

test("a refusal carries the server's words", async () => {
  answer(406, '{"error":"the stream has B-frames"}');
  await assert.rejects(exchange("/x", "", ""), { kind: "refused", detail: "the stream has B-frames", status: 406 });
  answer(502, "<html>Bad gateway</html>");
  await assert.rejects(exchange("/x", "", ""), { kind: "server", detail: "" });
  globalThis.fetch = async () => {
    throw new TypeError("failed to fetch");
  };
  await assert.rejects(fetchStatus("/x", ""), { kind: "network" });
});

test("stereo is asked for once, and only of Opus", () => {
  const sdp = "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=fmtp:0 x=1\r\n";
  const out = stereo(sdp);
  assert.match(out, /a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\n/);
  assert.match(out, /a=fmtp:0 x=1\r\n/);
  assert.equal(stereo(out), out);
  assert.equal(stereo("v=0\r\n"), "v=0\r\n");
});

test("both languages say everything", () => {
  for (const [a, b] of [[zh, en], [studio.zh, studio.en]]) {
    assert.deepEqual(Object.keys(a), Object.keys(b));
    for (const words of [a, b]) for (const [key, text] of Object.entries(words)) assert.ok(text.trim(), key);
  }
});
