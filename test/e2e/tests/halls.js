// Group viewing: a village hall's screen signs in with a code and shows what is on air, who sits there signs in by the
// QR code on it, and the console has the attendance.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";

import { atWidths, complaints, open, overflow, signIn } from "../harness/browser.js";
import { Server } from "../harness/server.js";
import { until } from "../harness/wait.js";

const pictures = process.env.SCREENSHOTS; // a folder to put pictures of the pages into
const phone = { width: 360, height: 740 };
const desk = { width: 1280, height: 800 };

/** @typedef {Awaited<ReturnType<typeof open>>} Page */

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  describe("screens of halls", () => {
    /** @type {Server} the demo's network */ let server;
    before(async () => {
      server = await Server.start({ flags: ["--demo"] });
      if (pictures) await mkdir(pictures, { recursive: true });
    });
    after(() => server?.stop());

    /** @param {string} address @param {{ width: number, height: number }} viewport */
    async function visit(address, viewport) {
      const page = await open(stage.browser, { locale: "zh-CN", viewport });
      await page.goto(server.base + address);
      return page;
    }

    /** Looks at a page on the phone and at the desk. @param {Page} page @param {string} name */
    async function check(page, name) {
      const before = page.viewportSize() ?? desk;
      await atWidths(page, [phone.width, desk.width], async (width) => {
        assert.deepEqual(await complaints(page), [], `axe, ${name}, ${width} px`);
        assert.equal(await overflow(page), 0, `${name} can be scrolled sideways at ${width} px`);
        if (pictures) await page.screenshot({ path: `${pictures}/hall-${name}-${width}.png`, fullPage: true });
      });
      await page.setViewportSize(before);
    }

    it("from the code to the attendance", async () => {
      const admin = await open(stage.browser, { locale: "zh-CN", viewport: desk });
      await signIn(admin, server.base, "/admin/s/9901/live");
      // Nothing is on air: what the demo has ends.
      await admin.goto(`${server.base}/admin/s/99/live`);
      await admin.getByRole("button", { name: "结束转播" }).click();
      await admin.locator(".toast", { hasText: "转播已结束" }).waitFor();

      await admin.getByRole("link", { name: "终端" }).first().click();
      await admin.getByText("还没有终端").waitFor();
      await check(admin, "terminals-none");
      await admin.fill("main form input[name=name]", "村部活动室");
      await admin.getByRole("button", { name: "新建并取登录码" }).click();
      await admin.getByText("“村部活动室”的登录码").waitFor();
      const code = ((await admin.locator(".code-once").textContent()) ?? "").trim();
      assert.match(code, /^\d{4} \d{4}$/);
      await admin.getByText(`${server.base}/terminal`).waitFor();
      await check(admin, "terminals-code");

      const screen = await visit("/terminal", desk);
      await screen.fill("input[name=code]", code === "0000 0000" ? "1" : "0000 0000");
      await screen.getByRole("button", { name: "登录" }).click();
      await screen.getByRole("alert").getByText("登录码不对").waitFor();
      await check(screen, "enter-wrong");
      screen.errors.length = 0; // the answer to the wrong code
      await screen.fill("input[name=code]", code);
      await screen.getByRole("button", { name: "登录" }).click();
      await screen.getByText("现在没有转播").waitFor();
      await screen.evaluate(() => document.documentElement.setAttribute("data-kept", ""));
      await check(screen, "screen-waits");
      assert.equal(await screen.locator("xf-player").count(), 0);

      const late = await visit("/terminal", desk); // a code is good once
      await late.fill("input[name=code]", code);
      await late.getByRole("button", { name: "登录" }).click();
      await late.getByRole("alert").getByText("登录码不对").waitFor();
      await late.context().close();

      // On air: the screen follows without being loaded again.
      await admin.goto(`${server.base}/admin/s/99/live`);
      await admin.getByRole("button", { name: "显示到本站及下级" }).first().click();
      await admin.locator(".toast", { hasText: "已开播" }).waitFor();
      await screen.locator('xf-player[src="/live/demo"]').waitFor();
      await screen.locator("[data-ticket] svg").waitFor();
      await until("the screen plays", () => screen.evaluate(() => /** @type {any} */ (document.querySelector("xf-player"))?.state === "playing"), { limit: 60_000 });
      assert.ok(await screen.locator("html[data-kept]").count(), "the screen was loaded again");

      // What the QR code says is what the screen was told.
      const told = () => screen.evaluate(async () => (await fetch("/terminal/now", { method: "POST", headers: { Accept: "application/json" } })).json());
      const ticket = (await told()).ticket;
      assert.ok(ticket.startsWith(`${server.base}/attend/`), ticket);
      const person = await visit(new URL(ticket).pathname, phone);
      await person.getByText("村部活动室").first().waitFor();
      await check(person, "attend");
      await person.fill("input[name=name]", "王芳");
      await person.fill("input[name=phone]", "13900000000");
      await person.getByRole("button", { name: "签到" }).click();
      await person.getByText("王芳，签到成功").waitFor();
      await check(person, "attend-done");
      await screen.getByText("已签到 1 人").waitFor({ timeout: 60_000 });
      assert.deepEqual([...screen.errors, ...person.errors], []);
      await check(screen, "screen-on"); // axe tries styles on the player that the policy of the page refuses

      // The attendance: on the page, as a table, and of another site only what is its own.
      await admin.goto(`${server.base}/admin/s/99/live`);
      await admin.getByRole("link", { name: "收看签到" }).first().click();
      const page = new URL(admin.url()).pathname;
      await until("the screen's time is counted", async () => {
        await admin.goto(server.base + page);
        return admin.getByRole("row", { name: /村部活动室/ }).count();
      }, { limit: 60_000 });
      await admin.locator(".work li", { hasText: "王芳" }).getByText("13900000000").waitFor();
      await check(admin, "attendance");
      const loaded = admin.waitForEvent("download");
      await admin.getByRole("link", { name: "导出名单 CSV" }).click();
      const lines = [];
      for await (const chunk of await (await loaded).createReadStream()) lines.push(chunk);
      const table = Buffer.concat(lines).toString("utf8");
      assert.match(table, /^\ufeff时间,区划代码,站点,终端,姓名,电话\n[\d-]+ [\d:]+,99,[^,]+,村部活动室,王芳,13900000000\n$/);
      await admin.goto(server.base + page.replace("/s/99/", "/s/9901/"));
      await admin.getByText("还没有终端收看").waitFor();
      await check(admin, "attendance-none");

      // Who asks for it is deleted.
      await admin.goto(server.base + page);
      const own = admin.locator(".work li", { hasText: "王芳" });
      await own.locator("summary").click();
      await own.getByRole("button", { name: "确认删除" }).click();
      await admin.locator(".toast", { hasText: "已删除" }).waitFor();
      assert.equal(await admin.getByText("13900000000").count(), 0);

      // A screen that is removed is signed out by itself.
      await admin.goto(`${server.base}/admin/s/99/terminals`);
      const row = admin.locator(".work li", { hasText: "村部活动室" });
      await row.getByText("在线", { exact: true }).waitFor();
      await row.locator("summary").click();
      await check(admin, "terminals-remove");
      await row.getByRole("button", { name: "确认移除" }).click();
      await admin.locator(".toast", { hasText: "终端已移除" }).waitFor();
      await screen.getByText("终端站点登录").first().waitFor({ timeout: 60_000 });
      for (const p of [admin, screen, person]) await p.context().close();
    });
  });
}
