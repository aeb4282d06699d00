// Every way in to every way out.

import { it } from "node:test";

import { plays, watch } from "../harness/browser.js";
import { check, doors, exits, publish } from "../harness/ffmpeg.js";

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  for (const door of doors) {
    it(`ffmpeg publishes over ${door}, ffmpeg reads over ${exits.join(", ")}, Chromium over WHEP and HLS`, async () => {
      const { server, browser, clips } = stage;
      const name = `open-${door}`;
      const publisher = publish(server, door, name, clips.aac);
      try {
        await server.ready(name);
        await Promise.all(exits.map((exit) => check(server, exit, name)));
        for (const via of /** @type {const} */ (["whep", "hls"])) {
          const page = await watch(browser, `${server.base}/live/${name}?via=${via}`);
          await plays(page, { via });
          await page.context().close();
        }
      } catch (error) {
        throw new Error(`${error}\npublisher: exit ${publisher.code} ${publisher.err}`, { cause: error });
      } finally {
        await publisher.stop();
      }
    });
  }
}
