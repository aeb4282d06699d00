// Takes docs/img/watch.png: the watch page of the demo. After make build: node test/e2e/picture.js

import { fileURLToPath } from "node:url";

import { launch, open, plays } from "./harness/browser.js";
import { Server } from "./harness/server.js";

const server = await Server.start({ flags: ["--demo"] });
const browser = await launch();
try {
  await server.ready("demo");
  const page = await open(browser, { viewport: { width: 1280, height: 800 } });
  await page.goto(`${server.base}/live/demo?via=whep`);
  await plays(page, { sound: false });
  await page.focus("xf-player"); // its controls appear
  await page.waitForTimeout(1500);
  await page.screenshot({ path: fileURLToPath(new URL("../../docs/img/watch.png", import.meta.url)) });
} finally {
  await browser.close();
  await server.stop();
}
