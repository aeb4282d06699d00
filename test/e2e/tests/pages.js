// Pages: for everybody, on every screen.

import assert from "node:assert/strict";
import { it } from "node:test";

import { complaints, open, overflow, plays, watch } from "../harness/browser.js";
import { publish } from "../harness/ffmpeg.js";
import { until } from "../harness/wait.js";

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  it("pages satisfy axe and fit 360 px, in English and Chinese", async () => {
    const { server, browser, clips } = stage;
    const publisher = publish(server, "rtsp-tcp", "open-page", clips.opus);
    try {
      await server.ready("open-page");
      for (const locale of ["en-GB", "zh-CN"]) {
        const page = await open(browser, { locale, viewport: { width: 360, height: 740 } });
        for (const address of ["/", "/live", "/live/open-page", "/live/open-page?via=hls", "/live/nobody-here", "/live/open-page/publish", "/no/such/page"]) {
          await page.goto(server.base + address);
          assert.match((await page.getAttribute("html", "lang")) ?? "", new RegExp(`^${locale.slice(0, 2)}`), address);
          if (address.startsWith("/live/open-page") && !address.endsWith("publish")) await plays(page, { sound: false });
          assert.deepEqual(await complaints(page), [], `axe, ${address}, ${locale}`);
          assert.equal(await overflow(page), 0, `${address} can be scrolled sideways at 360 px`);
        }
        await page.context().close();
      }
    } finally {
      await publisher.stop();
    }
  });

  it("the list says what is on air, the page says that nobody is, and begins by itself when somebody comes", async () => {
    const { server, browser, clips } = stage;
    const name = "open-later";
    const page = await watch(browser, `${server.base}/live/${name}`);
    await page.waitForFunction(() => /** @type {any} */ (document.querySelector("xf-player")).state === "offline");
    const publisher = publish(server, "rtsp-tcp", name, clips.opus);
    try {
      await server.ready(name);
      await plays(page);
      const list = await open(browser);
      await list.goto(`${server.base}/live`);
      await list.getByRole("link", { name }).first().waitFor();
      await list.context().close();
      await until("the viewer is counted", async () => (await server.stream(name)).viewers === 1);
      assert.deepEqual(page.errors.filter((e) => !e.includes("404")), []);
      await page.context().close();
      await until("the viewer has left", async () => (await server.stream(name)).viewers === 0);
    } finally {
      await publisher.stop();
    }
  });

  it("the player works by keyboard", async () => {
    const { server, browser, clips } = stage;
    const publisher = publish(server, "rtsp-tcp", "open-keyboard", clips.opus);
    try {
      await server.ready("open-keyboard");
      const page = await watch(browser, `${server.base}/live/open-keyboard`);
      await plays(page);
      const state = () => page.evaluate(() => /** @type {any} */ (document.querySelector("xf-player")).state);
      const muted = () => page.evaluate(() => /** @type {any} */ (document.querySelector("xf-player")).muted);
      await page.focus("xf-player");
      await page.keyboard.press("m");
      await until("m switches the sound off", muted);
      await page.keyboard.press("k");
      await until("k pauses", async () => (await state()) === "paused");
      await page.keyboard.press("k");
      await plays(page, { sound: false });
      await page.context().close();
    } finally {
      await publisher.stop();
    }
  });
}
