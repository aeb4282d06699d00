// Viewers behind bad networks: a real Chromium in a network namespace of its own each, the server outside.
// They need root; obstacle.js tells whether they can run, and make says so where they can't.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { launch, plays, watch } from "../e2e/harness/browser.js";
import { makeClips, publish, Run } from "../e2e/harness/ffmpeg.js";
import { Server } from "../e2e/harness/server.js";
import { pause, until } from "../e2e/harness/wait.js";
import { fragments, Namespace, obstacle } from "./namespace.js";
import { reports, since, stats } from "./stats.js";

/** @type {Server} */ let server;
/** @type {Record<string, string>} */ const clips = {};
/** @type {Run[]} */ const publishers = [];
let dir = "";

/**
 * A picture that is hard to code once and easy to go on with: key frames of 130 kB, 2.9 Mbit/s in all.
 * @param {string} file
 */
async function makeHeavy(file) {
  const run = new Run(["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25,noise=alls=40:allf=u", "-t", "20", "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "baseline", "-pix_fmt", "yuv420p", "-qp", "26", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0", file]);
  if ((await run.ended) !== 0) throw new Error(`making the heavy clip: ${run.err}`);
}

/**
 * Leaves transport-wide feedback out of what the page offers, and REMB: receiver reports are all that is left.
 */
function reportsOnly() {
  const prototype = /** @type {any} */ (RTCPeerConnection.prototype); // the old way with callbacks is in its type, too
  const create = prototype.createOffer;
  prototype.createOffer = async function () {
    /** @type {RTCSessionDescriptionInit} */
    const offer = await create.call(this);
    return { type: offer.type, sdp: offer.sdp?.replace(/^a=rtcp-fb:\d+ (transport-cc|goog-remb)\r\n/gm, "").replace(/^a=extmap:.*transport-wide-cc.*\r\n/gm, "") };
  };
}

/**
 * Opens the watch page in a namespace that prepare has made bad, and hands its player over.
 * @param {string} stream
 * @param {(ns: Namespace) => Promise<unknown>} prepare
 * @param {(page: Awaited<ReturnType<typeof watch>>, ns: Namespace) => Promise<void>} test
 * @param {() => void} [script] what runs in the page before its own scripts
 */
async function behind(stream, prepare, test, script) {
  const ns = await Namespace.make();
  try {
    await prepare(ns);
    const browser = await launch(ns.chromium);
    try {
      await test(await watch(browser, `http://${ns.server}:${server.ports.http}/live/${stream}?via=whep`, script), ns);
    } finally {
      await browser.close();
    }
  } catch (error) {
    throw new Error(`${error}\n${server.log.split("\n").slice(-15).join("\n")}`, { cause: error });
  } finally {
    await ns.close();
  }
}

describe("behind a bad network", { concurrency: 2, timeout: 300_000 }, () => {
  before(async () => {
    assert.equal(await obstacle(), "", "no network namespaces here");
    dir = await mkdtemp(path.join(tmpdir(), "xianfeng-clips-"));
    clips.heavy = path.join(dir, "heavy.mp4");
    [server, { opus: clips.easy }] = await Promise.all([Server.start({ outside: true }), makeClips(dir), makeHeavy(clips.heavy)]);
    for (const name of ["easy", "heavy"]) publishers.push(publish(server, "rtsp-tcp", `open-${name}`, clips[name]));
    await Promise.all([server.ready("open-easy"), server.ready("open-heavy")]);
  });

  after(async () => {
    for (const run of publishers) await run.stop();
    const code = await server?.stop();
    await rm(dir, { recursive: true, force: true });
    if (server) assert.equal(code, 0, `the server ended with ${code}\n${server.log.slice(-4000)}`);
  });

  it("loses 5 % of all packets: the picture stays whole", () =>
    behind(
      "open-easy",
      (ns) => ns.lose(0.05),
      async (page) => {
        await plays(page, { via: "whep", sound: false });
        await pause(2000); // until the jitter buffer knows the line
        const first = await stats(page);
        await pause(30_000);
        const got = since(first, await stats(page));
        const said = JSON.stringify(got);
        assert.equal(got.cipher, "SRTP_AEAD_AES_128_GCM", said);
        assert.ok(got.again > 0.02 * got.received, `too little was lost to tell: ${said}`);
        assert.ok(got.lost - got.again < 0.002 * got.received, `packets were not sent again: ${said}`);
        assert.ok(got.decoded > 0.97 * 25 * 30, `pictures are missing: ${said}`);
        assert.equal(got.plis, 0, `the picture broke: ${said}`);
        // A packet whose repair is lost as well, one in a hundred and fifty, holds the picture up for another of
        // Chromium's rounds, 100 ms; that happens some ten times in 30 s.
        assert.ok(got.frozen <= 0.5 * got.freezes && got.frozen <= 3, `the picture froze: ${said}`);
      },
    ));

  /** @type {[string, (() => void) | undefined][]} */
  const kinds = [["", undefined], [", of receiver reports only", reportsOnly]];
  for (const [kind, script] of kinds) {
    it(`has a line of 5 Mbit/s${kind}: key frames do not overflow it`, () =>
      behind(
        "open-heavy",
        (ns) => ns.slow("5mbit", 100),
        async (page, ns) => {
          await plays(page, { via: "whep", sound: false });
          await pause(3000);
          const [first, before] = [await stats(page), await ns.line()];
          await pause(15_000);
          const [last, after] = [await stats(page), await ns.line()];
          const got = since(first, last);
          const said = JSON.stringify({ ...got, packets: after.packets - before.packets, drops: after.drops - before.drops });
          assert.equal(await reports(page), script ? "no" : "transport-wide");
          assert.ok(got.decoded > 0.95 * 25 * 15, `pictures are missing: ${said}`);
          // Receiver reports come once a second and tell roughly: what overflows now and then is sent again.
          const most = script ? 0.02 * (after.packets - before.packets) : 0;
          assert.ok(after.drops - before.drops <= most, `the line was overflowed: ${said}`);
          assert.ok(got.lost - got.again <= most / 10, `packets were lost: ${said}`);
          assert.equal(got.plis, 0, `the picture broke: ${said}`);
        },
        script,
      ));
  }

  it("has no UDP: WHEP plays over TCP", () =>
    behind(
      "open-easy",
      (ns) => ns.blockUDP(),
      async (page) => {
        await plays(page, { via: "whep", sound: false });
        const got = await stats(page);
        assert.equal(got.protocol, "tcp", JSON.stringify(got));
        assert.equal(got.cipher, "SRTP_AEAD_AES_128_GCM", JSON.stringify(got));
      },
    ));

  it("is behind a narrow tunnel, where the kernel refuses segmentation offload", () =>
    behind(
      "open-easy",
      (ns) => ns.narrow(1000),
      async (page) => {
        await plays(page, { via: "whep", sound: false });
        const [first, cut] = [await stats(page), await fragments()];
        await pause(5000);
        const got = since(first, await stats(page));
        assert.equal(got.protocol, "udp", JSON.stringify(got));
        assert.ok(got.decoded > 0.95 * 25 * 5, `pictures are missing: ${JSON.stringify(got)}`);
        assert.equal(got.lost, 0, JSON.stringify(got));
        assert.ok((await fragments()) > cut, "no datagram was larger than the tunnel takes");
      },
    ));

  it("comes and goes: a line that falls silent for three seconds", () =>
    behind(
      "open-easy",
      async () => {},
      async (page, ns) => {
        await plays(page, { via: "whep", sound: false });
        await ns.lose(1);
        await pause(3000);
        await ns.inside("iptables", "-F");
        await until("the picture goes on", async () => {
          const before = await stats(page).catch(() => null);
          await pause(1000);
          const after = await stats(page).catch(() => null);
          return before && after && after.decoded - before.decoded >= 20;
        });
      },
    ));
});
