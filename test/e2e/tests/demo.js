// serve --demo, and the test card's clock.

import assert from "node:assert/strict";
import { it } from "node:test";

import { plays, watch } from "../harness/browser.js";
import { check } from "../harness/ffmpeg.js";
import { Server } from "../harness/server.js";

/**
 * Reads the row of blocks (package testcard) and the clock, both as seconds of the minute.
 * @param {import("playwright-core").Page} page
 */
function readCard(page) {
  return page.evaluate(() => {
    const { video } = /** @type {any} */ (document.querySelector("xf-player"));
    const canvas = document.createElement("canvas");
    const [w, h] = [(canvas.width = video.videoWidth), (canvas.height = video.videoHeight)];
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.drawImage(video, 0, 0);
    const now = (Date.now() / 1000) % 60;
    const luma = (/** @type {number} */ i) => {
      const [r, g, b] = context.getImageData((w * (0.125 + 0.05 * i)) | 0, ((h * 11) / 12) | 0, 1, 1).data;
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const half = (luma(0) + luma(1)) / 2;
    const bit = (/** @type {number} */ i) => (luma(i) > half ? 1 : 0);
    let [n, last, ones] = [0, 0, 0];
    for (let i = 2; i <= 12; i++) {
      last ^= bit(i);
      n = (n << 1) | last;
      ones += bit(i);
    }
    const valid = bit(0) === 1 && bit(1) === 0 && bit(14) === 0 && bit(15) === 1 && (ones + bit(13)) % 2 === 1 && n < 1500;
    return { valid, shown: n / 25, now };
  });
}

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  it("the demo shows a test card whose clock is true", async () => {
    const { browser } = stage;
    const server = await Server.start({ flags: ["--demo"] });
    try {
      assert.match(server.log, /\/live\/demo/);
      await server.ready("demo");
      for (const via of /** @type {const} */ (["whep", "hls"])) {
        const page = await watch(browser, `${server.base}/live/demo?via=${via}`);
        await plays(page, { via });
        const card = await readCard(page);
        assert.ok(card.valid, `${via}: the blocks can't be read`);
        const late = (card.now - card.shown + 60) % 60;
        assert.ok(late < 30, `${via}: the picture says second ${card.shown} at second ${card.now}`);
        await page.context().close();
      }
      await check(server, "rtsp-tcp", "demo");
    } finally {
      assert.equal(await server.stop(), 0);
    }
  });
}
