// Synchronised broadcasts: from the plan over countdown, on air, an urgent insertion and the end to the guide, as an
// open page of a village and whoever watches see it, without a reload.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";

import { atWidths, complaints, open, overflow, signIn } from "../harness/browser.js";
import { Server } from "../harness/server.js";
import { until } from "../harness/wait.js";

const pictures = process.env.SCREENSHOTS; // a folder to put pictures of the pages into
const village = "/v/990101102001";

/** @typedef {Awaited<ReturnType<typeof open>>} Page */

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  describe("broadcasts", { concurrency: 1 }, () => { // they plan on one network
    /** @type {Server} the demo's network */ let server;
    before(async () => {
      server = await Server.start({ flags: ["--demo"] });
    });
    after(() => server?.stop());

    /** @param {string} address @param {number} [width] */
    async function visit(address, width = 1280) {
      const page = await open(stage.browser, { locale: "zh-CN", viewport: { width, height: 800 } });
      await page.goto(server.base + address);
      return page;
    }

    async function console() {
      const page = await open(stage.browser, { locale: "zh-CN", viewport: { width: 1280, height: 800 } });
      await signIn(page, server.base, "/admin/s/99/live");
      return page;
    }

    /**
     * A moment as a field of the form has it: the demo's network lies in China.
     * @param {number} ms from now
     */
    const moment = (ms) => new Date(Date.now() + ms + 8 * 3_600_000).toISOString().slice(0, 19);

    /** Fills the form of a plan, to the second. @param {Page} desk @param {Record<string, string>} fields */
    async function plan(desk, fields) {
      await desk.goto(`${server.base}/admin/s/99/live/new`);
      for (const [name, value] of Object.entries(fields)) {
        const field = desk.locator(`main [name=${name}]`).first();
        if ((await field.evaluate((f) => f.tagName)) === "SELECT") {
          await field.selectOption(value);
        } else if ((await field.getAttribute("type")) === "checkbox") {
          await field.check();
        } else {
          await field.evaluate((f) => f.setAttribute("step", "1"));
          await field.fill(value);
        }
      }
      await desk.getByRole("button", { name: "保存计划" }).click();
      await desk.locator(".toast", { hasText: "转播已安排" }).waitFor();
    }

    /** Pages that were never loaded again. @param {Page} page */
    const mark = (page) => page.evaluate(() => document.documentElement.setAttribute("data-kept", ""));
    /** @param {Page} page */
    const kept = async (page) => assert.ok(await page.locator("html[data-kept]").count(), "the page was loaded again");

    /** A player that asks for a stream that is not there yet is told so. @param {Page} page */
    const fine = (page) => assert.deepEqual(page.errors.filter((e) => !/404|status of 4/.test(e)), []);

    it("planned, counted down, on air, interrupted, ended: open pages follow", async () => {
      const desk = await console();
      await desk.getByRole("button", { name: "结束转播" }).click(); // of what the demo has on air
      await desk.locator(".toast", { hasText: "转播已结束" }).waitFor();

      const front = await visit(`${village}/`, 360);
      const inner = await visit(`${village}/sites`);
      for (const page of [front, inner]) {
        await mark(page);
        assert.equal(await page.locator("[data-air] article").count(), 0);
      }

      await plan(desk, { title: "冬季农民课堂", source: "demo", starts: moment(30_000), ends: moment(3_600_000), lead: "now", before: "果树冬剪，先看工具。", record: "1" });
      for (const page of [front, inner]) {
        await page.locator(".air-card", { hasText: "冬季农民课堂" }).getByText("即将直播").waitFor();
        assert.match((await page.locator(".air-card [data-count]").textContent()) ?? "", /^00:\d\d$/);
      }
      const own = (await front.locator(".air-card a").getAttribute("href")) ?? "";
      const watch = await visit(own);
      await mark(watch);
      await watch.getByText("果树冬剪，先看工具。").waitFor();
      assert.match((await watch.locator(".slate [data-count]").textContent()) ?? "", /^00:\d\d$/);
      assert.equal(await watch.locator("xf-player").count(), 0);

      // On air: at the same second on all pages, by the server's clock.
      const turned = await Promise.all([front, inner].map(async (page) => {
        await page.locator(".air-card .badge[data-badge=onair]:visible").waitFor({ timeout: 120_000 });
        return Date.now();
      }));
      assert.ok(Math.abs((turned[0] ?? 0) - (turned[1] ?? 0)) < 5000, `the pages turned ${turned}`);
      await watch.locator('xf-player[src="/live/demo"]').waitFor();
      assert.equal(await watch.locator("[data-badge]").textContent(), "正在直播");
      await until("the player plays", () => watch.evaluate(() => document.querySelector("xf-player")?.getAttribute("data-state") === "playing"), { limit: 60_000 });

      // Urgent, with one confirmation.
      await desk.goto(`${server.base}/admin/s/99/live`);
      await desk.getByRole("link", { name: "紧急插播" }).first().click();
      await desk.fill("main input[name=title]", "寒潮橙色预警");
      await desk.fill("main input[name=source]", "alarm");
      await desk.getByRole("button", { name: "下一步" }).click();
      await desk.getByText("冬季农民课堂").first().waitFor();
      assert.equal(await front.locator(".air-urgent").count(), 0, "nothing is inserted before it is confirmed");
      await desk.getByRole("button", { name: "确认插播" }).click();
      await desk.locator(".toast", { hasText: "已紧急插播" }).waitFor();
      for (const page of [front, inner]) await page.locator(".air-urgent", { hasText: "寒潮橙色预警" }).waitFor();
      await watch.locator('xf-player[src="/live/alarm"]').waitFor();
      await watch.getByText("紧急插播：寒潮橙色预警").waitFor();
      await desk.getByText("被“寒潮橙色预警”覆盖").waitFor();
      await desk.getByText("没有信号").waitFor(); // nobody sends "alarm"
      if (pictures) {
        await mkdir(pictures, { recursive: true });
        await front.screenshot({ path: `${pictures}/broadcast-urgent-360.png` });
        await inner.screenshot({ path: `${pictures}/broadcast-urgent-1280.png` });
        await desk.screenshot({ path: `${pictures}/console-live-urgent.png`, fullPage: true });
      }
      for (const page of [front, inner, watch]) {
        fine(page);
        assert.deepEqual(await complaints(page), []);
        page.errors.length = 0; // what axe does to a player is not the page's doing
      }

      // A later one of the same level is told.
      await desk.goto(`${server.base}/admin/s/99/live/urgent`);
      await desk.fill("main input[name=title]", "后来的");
      await desk.fill("main input[name=source]", "later");
      await desk.getByRole("button", { name: "下一步" }).click();
      await desk.getByRole("button", { name: "确认插播" }).click();
      await desk.getByRole("alert").getByText("寒潮橙色预警").waitFor();

      // It ends, and what was watched comes back; then that ends, too.
      const end = async (/** @type {string} */ title) => {
        await desk.goto(`${server.base}/admin/s/99/live`);
        await desk.locator(".air-list li", { has: desk.locator("b", { hasText: title }) }).getByRole("button", { name: "结束转播" }).click();
        await desk.locator(".toast", { hasText: "转播已结束" }).waitFor();
        assert.match(desk.asked.at(-1) ?? "", new RegExp(`现在结束？“${title}”`));
      };
      await end("寒潮橙色预警");
      for (const page of [front, inner]) await page.locator(".air-card", { hasText: "冬季农民课堂" }).waitFor();
      await watch.locator('xf-player[src="/live/demo"]').waitFor();
      await end("冬季农民课堂");
      for (const page of [front, inner]) await until("the card is gone", async () => (await page.locator("[data-air] article").count()) === 0);
      await watch.getByText("转播已经结束，感谢收看。").waitFor();
      await watch.getByRole("link", { name: "观看回放" }).waitFor(); // the recording is there
      const replay = (await watch.getByRole("link", { name: "观看回放" }).getAttribute("href")) ?? "";
      assert.match(await (await fetch(`${server.base}${replay}/index.m3u8`)).text(), /#EXT-X-ENDLIST/);
      for (const page of [front, inner, watch]) {
        await kept(page);
        fine(page);
      }

      await front.goto(`${server.base}${village}/guide`);
      await front.locator("tr[data-state=ended]", { hasText: "回放" }).waitFor();
      const calendar = await (await fetch(`${server.base}${village}/guide.ics`)).text();
      assert.match(calendar, /\r\nSUMMARY:冬季农民课堂\r\n/);
      for (const page of [front, inner, watch, desk]) await page.context().close();
    });

    it("of what is called off nothing stays but the guide's line", async () => {
      const desk = await console();
      await plan(desk, { title: "取消的会", source: "demo", starts: moment(7_200_000), lead: "now" });
      const page = await visit(`${village}/sites`);
      await page.locator(".air-card", { hasText: "取消的会" }).waitFor();
      await desk.locator(".air-list li", { hasText: "取消的会" }).getByRole("button", { name: "取消" }).click();
      await desk.locator(".toast", { hasText: "转播已取消" }).waitFor();
      await until("the card is gone", async () => (await page.locator("[data-air] article", { hasText: "取消的会" }).count()) === 0);
      await page.goto(`${server.base}${village}/guide`);
      await page.locator("tr[data-state=cancelled]", { hasText: "取消的会" }).waitFor();
      assert.match(await (await fetch(`${server.base}${village}/guide.ics`)).text(), /STATUS:CANCELLED/);
      for (const p of [page, desk]) await p.context().close();
    });

    it("without script a visitor finds what is on air, the guide and the page", async () => {
      const desk = await console();
      await desk.getByRole("button", { name: "显示到本站及下级" }).first().click();
      await desk.locator(".toast", { hasText: "已开播" }).waitFor();
      const page = await open(stage.browser, { locale: "zh-CN", viewport: { width: 360, height: 740 }, javaScriptEnabled: false });
      await page.goto(`${server.base}${village}/sites`);
      await page.locator(".air-card a").click();
      await page.getByRole("heading", { level: 1, name: "demo" }).waitFor();
      await page.getByRole("link", { name: "节目单" }).click();
      await page.locator("tr[data-state=onair]", { hasText: "demo" }).first().waitFor();
      for (const p of [page, desk]) await p.context().close();
    });

    it("the pages satisfy axe and fit 360, 768 and 1280 px", async () => {
      const desk = await console();
      await plan(desk, { title: "全省冬季水利建设现场会（第一阶段）", source: "demo", starts: moment(86_400_000 * 2), ends: moment(86_400_000 * 2 + 5_400_000), lead: "now" });
      const own = (await desk.locator(".air-list li", { hasText: "水利" }).getByRole("link", { name: "转播页面" }).getAttribute("href")) ?? "";
      for (const [name, address] of Object.entries({ guide: `${village}/guide`, planned: own, front: `${village}/`, live: `${village}/live` })) {
        const page = await visit(address);
        await atWidths(page, [360, 768, 1280], async (width) => {
          if (width !== 768) assert.deepEqual(await complaints(page), [], `axe, ${address}, ${width} px`);
          assert.equal(await overflow(page), 0, `${address} can be scrolled sideways at ${width} px`);
          if (pictures) await page.screenshot({ path: `${pictures}/broadcast-${name}-${width}.png`, fullPage: true });
        });
        await page.context().close();
      }
      await desk.context().close();
    });
  });
}
