// The library and channels: films are added beside a running server, watched, planned, and shown as a channel.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";

import { atWidths, complaints, open, overflow, plays, signIn } from "../harness/browser.js";
import { frames, Run } from "../harness/ffmpeg.js";
import { program, Server } from "../harness/server.js";
import { until } from "../harness/wait.js";

const run = promisify(execFile);

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  describe("the library", { concurrency: 1 }, () => { // later tests show what earlier ones added
    /** @type {Server} */ let server;
    before(async () => {
      server = await Server.start();
      const list = path.join(server.data, "..", "sites.csv");
      await writeFile(list, "code,parent,level,name\n99,,province,青岚省\n");
      await run(program, ["import", "--data", server.data, list]);
      const account = spawn(program, ["account", "add", "--data", server.data, "--login", "admin", "--name", "管理员", "--password-stdin"]);
      account.stdin.end("Qinglan-Demo-99\n");
      assert.equal((await once(account, "exit"))[0], 0);
    });
    after(() => server?.stop());

    /** Adds a film and returns the addresses that are printed. @param {string} file @param {string} title */
    async function add(file, title) {
      const { stdout } = await run(program, ["library", "add", "--data", server.data, "--title", title, file]);
      const [page, playlist] = stdout.trim().split("\n").map((line) => server.base + new URL(line).pathname);
      return { page, playlist, id: page.split("/").pop() ?? "" };
    }

    /** A page of the console. @param {string} address */
    async function office(address) {
      const page = await open(stage.browser, { locale: "zh-CN", viewport: { width: 1280, height: 860 } });
      await signIn(page, server.base, address);
      return page;
    }

    it("a film is watched as soon as it is added, beside the running server", async () => {
      const film = await add(stage.clips.reordered, "第一课");
      const page = await open(stage.browser, { viewport: { width: 360, height: 740 }, locale: "zh-CN" });
      await page.goto(film.page);
      assert.equal(await page.locator("h1").innerText(), "第一课");
      assert.equal(await overflow(page), 0);
      assert.deepEqual(await complaints(page), []);
      await page.evaluate(() => {
        const video = /** @type {HTMLVideoElement} */ (document.querySelector("video"));
        video.muted = true;
        video.addEventListener("canplay", () => void video.play().catch(() => {}), { once: true });
        if (video.readyState > 2) void video.play().catch(() => {});
      });
      await until("the film plays", () => page.evaluate(() => (document.querySelector("video")?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 20));
      const decode = new Run(["-i", film.playlist, "-f", "framecrc", "pipe:1"]);
      assert.equal(await decode.result(60_000), 0, decode.err);
      assert.equal(frames(decode).video, 750);
      await page.context().close();
    });

    it("what can't be played is refused with a reason", async () => {
      const half = path.join(server.data, "half.mp4");
      const whole = await readFile(stage.clips.aac);
      await writeFile(half, whole.subarray(0, whole.length / 2));
      const refused = await run(program, ["library", "add", "--data", server.data, half]).then(() => null, (error) => error);
      assert.equal(refused?.code, 1);
      assert.match(refused.stderr, /cut off/);
    });

    it("a channel is planned in the console and plays across its items", async () => {
      const short = path.join(server.data, "short.mp4");
      assert.equal(await new Run(["-i", stage.clips.aac, "-t", "12", "-c", "copy", short]).result(20_000), 0);
      for (const title of ["甲", "乙"]) await add(short, title);
      const page = await office("/admin/s/99/channels/new");
      await page.fill("input[name=name]", "xuexi");
      await page.fill("input[name=title]", "学习频道");
      await page.fill("input[name=at0]", "00:00:00");
      await page.locator("select[name=item0]").first().selectOption({ label: "甲 · 12 秒" });
      await page.locator("select[name=filler]").first().selectOption({ label: "乙 · 12 秒" });
      await page.click("button[value=save]");
      await page.waitForURL("**/channels/xuexi?*");
      await atWidths(page, [360, 1280], async (width) => {
        assert.equal(await overflow(page), 0, `${width} px`);
        assert.deepEqual(await complaints(page), []);
      });
      // The filler is twelve seconds long: within fifteen a boundary is crossed.
      await page.goto(`${server.base}/channel/xuexi`);
      const first = await plays(page, { via: "hls" });
      await until("it plays across a boundary", async () => {
        const now = await page.evaluate(() => /** @type {any} */ (document.querySelector("xf-player")).video.currentTime);
        return now > first.time + 14;
      }, { limit: 90_000 });
      await plays(page, { via: "hls" });
      assert.deepEqual(await complaints(page), []);
      const decode = new Run(["-i", `${server.base}/channel/xuexi/index.m3u8`, "-t", "30", "-map", "0", "-f", "framecrc", "pipe:1"]);
      await until("ffmpeg reads across a boundary", async () => frames(decode).video > 350, { limit: 90_000 });
      await decode.stop();
      await page.context().close();
    });

    it("a channel and a film go on air like a stream: picked from what there is, watched in step", async () => {
      const long = path.join(server.data, "long.mp4");
      assert.equal(await new Run(["-stream_loop", "5", "-i", stage.clips.aac, "-c", "copy", long]).result(20_000), 0);
      const film = await add(long, "第二课");
      for (const { source, kind, plays: src } of [
        { source: "xuexi", kind: "channel", plays: /^\/channel\/xuexi$/ },
        { source: film.id, kind: "item", plays: new RegExp(`^/library/${film.id}/from/\\d+$`) },
      ]) {
        const desk = await office("/admin/s/99/live/new");
        await desk.fill("main input[name=title]", `转播 ${source}`);
        await desk.fill("main input[name=source]", source);
        await until("what is picked brings its kind", async () => (await desk.locator("main select[name=kind]").inputValue()) === kind);
        await desk.getByRole("button", { name: "立即开播" }).click();
        await desk.locator(".toast", { hasText: "已开播" }).waitFor();
        const line = desk.locator(".air-list li", { hasText: `转播 ${source}` });
        const page = await open(stage.browser, { locale: "zh-CN", viewport: { width: 360, height: 740 } });
        await page.goto(server.base + ((await line.getByRole("link", { name: "观看" }).getAttribute("href")) ?? ""));
        await page.locator("xf-player").waitFor();
        assert.match((await page.locator("xf-player").getAttribute("src")) ?? "", src);
        await plays(page, { via: "hls", sound: false });
        let last = "";
        await until("it is in step with all", async () => {
          last = await page.evaluate(() => {
            const player = /** @type {any} */ (document.querySelector("xf-player"));
            return `${player.syncMode} ${player.syncError}`;
          });
          return /^(hold|trim|rate) -?\d/.test(last) && Math.abs(Number(last.split(" ")[1])) < 1000;
        }, { limit: 60_000, why: () => last });
        assert.deepEqual(await complaints(page), []);
        await line.getByRole("button", { name: "结束转播" }).click();
        await desk.locator(".toast", { hasText: "转播已结束" }).waitFor();
        await page.getByText("转播已经结束").waitFor();
        for (const p of [page, desk]) await p.context().close();
      }
    });
  });
}
