// The console: the clerk's, the editor's, the reviewer's and the administrator's way, on a phone and on a desk.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { atWidths, complaints, open, overflow, signIn } from "../harness/browser.js";
import { Server } from "../harness/server.js";

const pictures = process.env.SCREENSHOTS; // a folder to put pictures of the pages into
const phone = { width: 360, height: 740 };
const desk = { width: 1280, height: 860 };
const dot = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP4z8CAB+GTG8HSALfKY52fTcuYAAAAAElFTkSuQmCC", "base64");

/** @typedef {Awaited<ReturnType<typeof open>>} Page */

/** Which template of web/admin/pages an address shows. @param {string} place */
function templateOf(place) {
  const [, first, , third, fourth] = (place.split("?")[0] ?? "").split("/").slice(1);
  if (!first) return "todo";
  if (first === "articles") return third ?? "article";
  if (first === "s" && third === "channels" && fourth) return "channel";
  if (first === "s" && third === "reception") return fourth ? "reception" : "receptions";
  if (first === "s" && third === "live") return { new: "air", urgent: "urgent" }[fourth ?? ""] ?? "live";
  if (first === "s") return { new: "article", settings: "site" }[third ?? ""] ?? third ?? "";
  return { people: "person", offers: "offer", imports: "import" }[first] ?? first;
}

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  describe("the console", () => {
    /** @type {Server} the demo's network */ let server;
    before(async () => {
      server = await Server.start({ flags: ["--demo"] });
    });
    let folder = "";
    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), "xianfeng-console-"));
    });
    after(async () => {
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    /** @param {string} login @param {{ width: number, height: number }} viewport @param {import("playwright-core").BrowserContextOptions} [more] */
    async function enter(login, viewport, more = {}) {
      const page = await open(stage.browser, { locale: "zh-CN", viewport, ...more });
      await signIn(page, server.base, "/admin/", login);
      return page;
    }

    it("every page satisfies axe and fits 360 and 1280 px", async () => {
      if (pictures) await mkdir(pictures, { recursive: true });
      /** @type {Set<string>} */ const seen = new Set();
      const page = await enter("admin", desk);
      const first = async (/** @type {string} */ address, /** @type {string} */ link) => {
        await page.goto(server.base + address);
        return (await page.locator(link).first().getAttribute("href")) ?? "";
      };
      const article = await first("/admin/s/99/articles?below=1", "table a[href^='/admin/articles/']");
      const person = await first("/admin/s/99/people", "table a[href^='/admin/people/']");
      await page.goto(`${server.base}/admin/s/99/import`); // a list with a line that is wrong
      await page.locator("input[name=file]").setInputFiles({ name: "list.csv", mimeType: "text/csv", buffer: Buffer.from("代码,上级,级别,名称\n990199,9901,县,新县\n990299,9,县,没有上级\n") });
      await page.locator("input[name=dry]").check();
      await page.locator("main form[enctype] button").click();
      await page.getByText("检查完成").waitFor();
      const report = new URL(page.url()).pathname;
      const places = [
        "", "mine", "post", "find?q=ql", "s/99/articles?below=1", "s/99/new", "s/99/new?column=album", "s/99/new?column=produce", "s/99/columns", "s/99/links", "s/99/settings", "s/99/children",
        "s/99/import", "s/99/people", "s/99/live", "s/99/terminals", "s/99/live/new", "s/99/live/urgent", "s/99/channels", "s/99/channels/new", "s/99/reception", "s/99/stats", "s/99/health", "s/99/health?all=1", "s/99/audit", "no/such/page",
      ].map((p) => `/admin/${p}`);
      for (const place of [...places, report, person, article, `${article}/versions`, `${article}/trail`, "/admin/offers/2"]) {
        await page.goto(server.base + place);
        assert.deepEqual(page.errors.filter((e) => !/404/.test(e)), [], `${place}`);
        await atWidths(page, [360, 1280], async (width) => {
          assert.deepEqual(await complaints(page), [], `axe, ${place}, ${width} px`);
          assert.equal(await overflow(page), 0, `${place} can be scrolled sideways at ${width} px`);
          if (pictures) await page.screenshot({ path: `${pictures}/console${place.replace(/\W+/g, "-")}-${width}.png` });
        });
        page.errors.length = 0; // what axe does in the preview's frame is not the page's doing
        seen.add(templateOf(place));
      }
      await page.context().close();
      // Those that stand at the end of a way are looked at there: "posted", "conflict", "attendance"; "reception" needs viewers who report.
      const all = (await readdir(new URL("../../../web/admin/pages/", import.meta.url))).map((f) => f.replace(".html", ""));
      assert.deepEqual(all.filter((t) => !seen.has(t) && !["shell", "posted", "conflict", "attendance", "reception"].includes(t)), [], "templates that no page here has");
    });

    for (const viewport of [phone, desk]) it(`a clerk posts with five taps, a reviewer publishes, visitors read it, at ${viewport.width} px`, async () => {
      const what = `晒谷场今天满了${viewport.width}`;
      const clerk = await enter("clerk", viewport);
      let taps = 0;
      const tap = async (/** @type {import("playwright-core").Locator} */ button) => {
        taps++;
        await button.click();
      };
      await tap(clerk.locator(viewport === phone ? ".thumb" : ".bar").getByRole("link", { name: "发一条" }));
      const chosen = clerk.waitForEvent("filechooser");
      await tap(clerk.getByText("加图片"));
      await (await chosen).setFiles({ name: "shai-gu.png", mimeType: "image/png", buffer: dot });
      await tap(clerk.locator("textarea[name=text]"));
      await clerk.keyboard.type(`${what}。家家户户都在翻晒新谷。`);
      await tap(clerk.getByRole("button", { name: "预览" }));
      await clerk.getByRole("heading", { name: what }).waitFor();
      await tap(clerk.getByRole("button", { name: "送审" }));
      await clerk.getByRole("heading", { name: "已送审" }).waitFor();
      assert.ok(taps <= 5, `it took ${taps} taps`);
      assert.deepEqual(await complaints(clerk), []);
      await clerk.context().close();

      const reviewer = await enter("reviewer", viewport);
      await reviewer.getByRole("link", { name: new RegExp(what) }).click();
      await reviewer.getByText("翻晒新谷").first().waitFor();
      await reviewer.getByRole("button", { name: "发布" }).click();
      await reviewer.locator(".toast", { hasText: "已发布" }).waitFor();
      const address = await reviewer.getByRole("link", { name: "查看网页" }).getAttribute("href");
      const visitor = await open(stage.browser, { locale: "zh-CN", viewport });
      await visitor.goto(server.base + address);
      await visitor.getByRole("heading", { name: what }).waitFor();
      assert.ok(await visitor.locator("article img, main img").first().evaluate((/** @type {HTMLImageElement} */ i) => i.decode().then(() => i.naturalWidth > 0)));
      await visitor.context().close();
      await reviewer.locator(".toast").getByRole("button", { name: "撤销" }).click();
      await reviewer.locator(".toast", { hasText: "已撤销" }).waitFor();
      await reviewer.context().close();
    });

    it("what a clerk writes without a connection is kept and sent later", async () => {
      const clerk = await enter("clerk", phone);
      await clerk.goto(`${server.base}/admin/post`);
      await clerk.context().setOffline(true);
      await clerk.fill("textarea[name=text]", "山上没有信号。先记下来。");
      await clerk.locator(".post-picture input").setInputFiles({ name: "shan.png", mimeType: "image/png", buffer: dot });
      await clerk.locator(".post-pictures .failed").waitFor();
      await clerk.getByRole("button", { name: "预览" }).click();
      await clerk.getByRole("button", { name: "送审" }).click();
      await clerk.getByText("有 1 条等待发出").waitFor();
      await clerk.context().setOffline(false);
      await clerk.locator("#waiting").waitFor({ state: "hidden" });
      await clerk.goto(`${server.base}/admin/mine`);
      await clerk.getByRole("link", { name: /山上没有信号/ }).waitFor();
      await clerk.context().close();
    });

    it("without script a clerk posts all the same", async () => {
      const clerk = await enter("clerk", phone, { javaScriptEnabled: false });
      await clerk.goto(`${server.base}/admin/post`);
      await clerk.fill("textarea[name=text]", "老手机也能发。");
      await clerk.getByRole("button", { name: "送审" }).click();
      await clerk.getByRole("heading", { name: "已送审" }).waitFor();
      await clerk.context().close();
    });

    /** Opens a site's pages: out of the tree, on the phone from 我的. @param {Page} page @param {typeof phone} viewport */
    async function toSite(page, viewport) {
      if (viewport === desk) return page.locator(".tree a").first().click();
      await page.locator(".thumb").getByRole("link", { name: "我的" }).click();
      await page.locator(".phone-only .work a").first().click();
    }

    for (const viewport of [phone, desk]) it(`an editor pastes from Word, leaves, comes back, and is told of a second editor, at ${viewport.width} px`, async () => {
      const first = await enter("editor", viewport);
      await toSite(first, viewport);
      await first.getByRole("link", { name: "写文章" }).click();
      await first.fill("input[name=title]", "清明防火");
      await first.locator(".xf-paper").click();
      await first.evaluate(() => {
        const data = new DataTransfer();
        data.setData("text/html", `<p class=MsoTitle style='text-align:center'><b><span style='font-size:22pt'>通知<o:p></o:p></span></b></p><p class=MsoNormal style='text-indent:32pt'><span style='font-family:仿宋'>　　各村：<b>严禁</b>携带火种上山。</span></p>`);
        document.querySelector(".xf-paper")?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
      });
      await first.locator(".xf-paper h2", { hasText: "通知" }).waitFor();
      await first.getByText("草稿已自动保存").waitFor({ timeout: 15_000 });
      assert.match(await first.locator("textarea[name=text]").inputValue(), /<h2>通知<\/h2><p>各村：<b>严禁<\/b>携带火种上山。<\/p>/);
      assert.deepEqual(first.errors, []);
      const address = first.url();
      assert.match(address, /\/admin\/articles\/\d+$/);

      // Another one opens it, the first goes on, the second saves later.
      const second = await enter("admin", viewport);
      await second.goto(address);
      await first.locator(".xf-paper").click();
      await first.keyboard.press("Control+End");
      await first.keyboard.type("请转告邻里。");
      await first.getByText("草稿已自动保存").waitFor({ state: "hidden" });
      await first.getByText("草稿已自动保存").waitFor({ timeout: 15_000 });
      await second.fill("input[name=title]", "清明防火（改）");
      await second.getByText("也改了这篇文章").waitFor({ timeout: 15_000 });
      await second.getByRole("button", { name: "存草稿" }).click();
      await second.getByRole("heading", { name: "别人刚刚也改了这篇文章" }).waitFor();
      await second.getByText("请转告邻里").first().waitFor();
      assert.deepEqual(await complaints(second), []);
      await second.getByRole("button", { name: "用我的文字存成新版本" }).click();
      await second.locator(".toast", { hasText: "已保存" }).waitFor();
      await second.context().close();

      // Without a connection it says so, and sends what it has as soon as there is one.
      await first.goto(address);
      await first.context().setOffline(true);
      await first.fill("input[name=title]", "先记在本机");
      await first.getByText("网络不通：文字已记在本机").waitFor({ timeout: 15_000 });
      await first.context().setOffline(false);
      await first.getByText("草稿已自动保存").waitFor({ timeout: 20_000 });

      // What a browser that died left behind is offered again.
      await first.evaluate(() => {
        const key = document.getElementById("write")?.dataset.key ?? "";
        localStorage.setItem(key, JSON.stringify({ values: { title: "没有来得及保存的标题" }, version: 1, at: Date.now() }));
      });
      await first.goto(address);
      await first.getByRole("button", { name: "恢复草稿" }).click();
      assert.equal(await first.inputValue("input[name=title]"), "没有来得及保存的标题");
      await first.context().close();
    });

    // One after the other: each ends what the other has on air.
    it("an administrator finds a site by initials, pushes down, and shows a broadcast in two presses, at 360 and at 1280 px", async () => {
      for (const viewport of [phone, desk]) await administer(viewport);
    });

    /** @param {{ width: number, height: number }} viewport */
    async function administer(viewport) {
      const page = await enter("admin", viewport);
      for (const code of ["99", "9901"]) { // the demo shows one, the last run another
        await page.goto(`${server.base}/admin/s/${code}/live`);
        const off = page.getByRole("button", { name: "结束转播" });
        if ((await off.count()) === 0) continue;
        await off.first().click();
        await page.locator(".toast", { hasText: "转播已结束" }).waitFor();
      }
      if (viewport === phone) {
        await page.locator(".thumb").getByRole("link", { name: "我的" }).click();
        await page.fill("#phone-seek", "wc");
        await page.keyboard.press("Enter");
        await page.locator(".panel .work a", { hasText: "望川" }).first().click();
      } else {
        await page.fill("#seek", "wc");
        await page.locator(".found a", { hasText: "望川" }).first().click();
      }
      await page.getByRole("link", { name: "直播", exact: true }).click();
      await page.getByRole("button", { name: "显示到本站及下级" }).first().click();
      await page.locator(".toast", { hasText: "已开播" }).waitFor();
      await page.goto(`${server.base}/admin/s/99/new?column=notices`);
      await page.fill("input[name=title]", `全省通知${viewport.width}`);
      await page.locator(".xf-paper").click();
      await page.keyboard.type("请各地照办。");
      await page.getByRole("button", { name: "发布", exact: true }).click();
      await page.locator(".toast", { hasText: "已发布" }).waitFor();
      await page.getByRole("link", { name: "去向" }).click();
      await page.getByLabel("青岚省先锋网").check();
      await page.getByRole("button", { name: "下发" }).click();
      await page.locator(".toast", { hasText: "已下发" }).waitFor();
      const visitor = await open(stage.browser, { locale: "zh-CN", viewport });
      await visitor.goto(`${server.base}/v/990101102001/`);
      await visitor.getByRole("link", { name: new RegExp(`全省通知${viewport.width}`) }).first().waitFor();
      await page.locator(".toast").getByRole("button", { name: "撤销" }).click();
      await page.locator(".toast", { hasText: "已撤销" }).waitFor();
      await visitor.reload();
      assert.equal(await visitor.getByRole("link", { name: new RegExp(`全省通知${viewport.width}`) }).count(), 0, "a push that was undone is shown");
      await visitor.context().close();
      await page.context().close();
    }

    for (const viewport of [phone, desk]) it(`attachments are added, put in order and read, a public article moves to another column, at ${viewport.width} px`, async () => {
      const page = await enter("editor", viewport);
      await toSite(page, viewport);
      await page.getByRole("link", { name: "写文章" }).click();
      await page.fill("input[name=title]", `三季度收支${viewport.width}`);
      const list = page.getByRole("group", { name: "附件" });
      /** @param {import("node:fs").PathLike | { name: string, mimeType: string, buffer: Buffer }[]} files */
      const bring = async (files) => {
        const chosen = page.waitForEvent("filechooser");
        await list.getByRole("button", { name: "添加附件" }).click();
        await (await chosen).setFiles(/** @type {any} */ (files));
      };
      await bring([
        { name: "收支 表.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7\n".padEnd(34_000, "x")) },
        { name: "名单.csv", mimeType: "text/csv", buffer: Buffer.from("姓名\n") },
        { name: "程序.exe", mimeType: "application/octet-stream", buffer: Buffer.from("MZ") },
      ]);
      await list.getByText("程序.exe 没有上传成功：不支持这种文件").waitFor();
      assert.deepEqual(await list.getByRole("link").allTextContents(), ["收支 表.pdf · 34 KB", "名单.csv · 1 KB"]);
      await list.getByRole("button", { name: "上移 名单.csv" }).click();
      assert.deepEqual(await list.getByRole("link").allTextContents(), ["名单.csv · 1 KB", "收支 表.pdf · 34 KB"]);
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "下移 名单.csv", "the keyboard follows what was moved");

      // 200 MB: it says so, and nothing of it is sent.
      const large = path.join(folder, `large-${viewport.width}.jpg`);
      await writeFile(large, Buffer.from([0xff, 0xd8, 0xff, 0xe0]));
      await truncate(large, 200 << 20);
      const chosen = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: "图片", exact: true }).first().click();
      await (await chosen).setFiles(large);
      await page.getByText("文件太大，最大可以是 50 MB").waitFor({ timeout: 30_000 });

      assert.deepEqual(await complaints(page), []);
      assert.equal(await overflow(page), 0);
      if (pictures) await page.screenshot({ path: `${pictures}/attachments-${viewport.width}.png`, fullPage: true });
      await page.getByRole("button", { name: "发布", exact: true }).click();
      await page.locator(".toast", { hasText: "已发布" }).waitFor();
      const address = (await page.getByRole("link", { name: "查看网页" }).getAttribute("href")) ?? "";
      const visitor = await open(stage.browser, { locale: "zh-CN", viewport, javaScriptEnabled: false });
      await visitor.goto(server.base + address);
      const files = visitor.getByRole("region", { name: "附件下载" });
      assert.deepEqual((await files.getByRole("listitem").allTextContents()).map((x) => x.trim()), ["名单.csv 1 KB", "收支 表.pdf 34 KB"]);
      const down = visitor.waitForEvent("download");
      await files.getByRole("link", { name: "收支 表.pdf" }).click();
      assert.equal((await down).suggestedFilename(), "收支 表.pdf");

      const to = page.locator("select[name=refile]");
      const name = (await to.locator("option").first().textContent()) ?? "";
      await page.getByRole("button", { name: "移过去" }).click();
      await page.locator(".toast", { hasText: "已移到所选栏目" }).waitFor();
      await visitor.reload();
      await visitor.locator(".crumbs").getByRole("link", { name }).waitFor();
      await page.locator(".toast").getByRole("button", { name: "撤销" }).click();
      await page.locator(".toast", { hasText: "已撤销" }).waitFor();
      assert.deepEqual(page.errors.filter((e) => !/413|422/.test(e)), []);
      await visitor.context().close();
      await page.context().close();
    });

    it("the tree is walked by keyboard", async () => {
      const page = await enter("admin", desk);
      await page.locator(".tree a").first().focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowRight");
      await page.locator(".tree li li ul").first().waitFor();
      await page.keyboard.press("ArrowRight");
      assert.equal(await page.evaluate(() => document.activeElement?.closest("ul")?.parentElement?.closest("li")?.parentElement?.closest("li") !== null), true);
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/admin\/s\/\d+/);
      await page.context().close();
    });
  });
}
