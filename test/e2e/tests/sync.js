// Viewers who watch together: whatever the way, all show one instant.

import assert from "node:assert/strict";
import { it } from "node:test";

import { complaints, overflow, plays, watch } from "../harness/browser.js";
import { publish } from "../harness/ffmpeg.js";
import { until } from "../harness/wait.js";

/** @param {import("../harness/browser.js").Page} page */
const sync = (page) =>
  page.evaluate(() => {
    const player = /** @type {any} */ (document.querySelector("xf-player"));
    return { mode: player.syncMode, error: player.syncError, stats: player.syncStats, transport: player.transport, badge: player.shadowRoot.querySelector(".sync").textContent };
  });

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  it("a viewer over WebRTC and one over HLS come into sync", async () => {
    const { server, browser, clips } = stage;
    const publisher = publish(server, "rtsp-tcp", "open-together", clips.opus);
    try {
      await server.ready("open-together");
      const pages = await Promise.all(["whep", "hls"].map((via) => watch(browser, `${server.base}/live/open-together?via=${via}&sync=3000`)));
      for (const [i, via] of ["whep", "hls"].entries()) {
        await plays(pages[i], { via: /** @type {"whep" | "hls"} */ (via) });
        let last = "";
        // A second tells those who are held back from those who are not: they would be 2.3 s (HLS) and
        // 2.9 s (WebRTC) early. Browsers that get too little of the two cores that tests share fall behind
        // by hundreds of ms; how near viewers come when they get enough is for the bench to say.
        await until(
          `the viewer over ${via} is in sync`,
          async () => {
            const s = await sync(pages[i]);
            last = JSON.stringify(s);
            return s.mode !== "off" && s.error !== null && Math.abs(s.error) < 1000 && /^(In sync ±\d+ ms|Aligning…|Catching up with the others…)$/.test(s.badge);
          },
          { limit: 60_000, why: () => last },
        );
      }
      const [page] = pages;
      assert.deepEqual(page.errors, []);
      assert.deepEqual(await complaints(page), []);
      // The sound of this device: by keyboard, in steps, kept.
      await page.focus("xf-player");
      await page.locator("xf-player").getByRole("button", { name: "Settings and figures" }).click();
      const trim = page.locator("xf-player input.trim");
      await trim.focus();
      for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
      assert.equal(await trim.getAttribute("aria-valuetext"), "30 ms");
      assert.equal(await page.evaluate(() => localStorage.getItem("xf-sync-trim")), "30");
      assert.deepEqual(await complaints(page), []);
      await page.setViewportSize({ width: 360, height: 740 });
      assert.equal(await overflow(page), 0);
      await Promise.all(pages.map((p) => p.context().close()));
    } finally {
      await publisher.stop();
    }
  });

  it("an address with a wild delay is put right", async () => {
    const { server, browser } = stage;
    for (const [asked, got] of [["99999999", "30000"], ["1", "500"], ["-5", null], ["x", null]]) {
      const page = await watch(browser, `${server.base}/live/open-nobody?sync=${asked}`);
      assert.equal(await page.locator("xf-player").getAttribute("sync"), got, `sync=${asked}`);
      await page.context().close();
    }
  });
}
