// The library and channels: films are added beside a running server, watched, planned, and shown as a channel.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";

import { complaints, open, overflow, plays } from "../harness/browser.js";
import { frames, Run } from "../harness/ffmpeg.js";
import { program, Server } from "../harness/server.js";
import { until } from "../harness/wait.js";

const run = promisify(execFile);

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  describe("the library", () => {
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
      for (const title of ["甲", "乙"]) await add(stage.clips.aac, title);
      const page = await open(stage.browser, { locale: "zh-CN", viewport: { width: 1280, height: 860 } });
      await page.goto(`${server.base}/sign/in?to=/admin/`);
      await page.fill("input[name=login]", "admin");
      await page.fill("input[name=password]", "Qinglan-Demo-99");
      await page.click("main button[type=submit]");
      await page.waitForURL("**/admin/");
      await page.goto(`${server.base}/admin/s/99/channels/new`);
      await page.fill("input[name=name]", "xuexi");
      await page.fill("input[name=title]", "学习频道");
      await page.fill("input[name=at0]", "00:00:00");
      await page.locator("select[name=item0]").first().selectOption({ label: "甲 · 30 秒" });
      await page.locator("select[name=filler]").first().selectOption({ label: "乙 · 30 秒" });
      await page.click("button[value=save]");
      await page.waitForURL("**/channels/xuexi?*");
      for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 860 });
        assert.equal(await overflow(page), 0, `${width} px`);
        assert.deepEqual(await complaints(page), []);
      }
      // The filler is thirty seconds long: within forty a boundary is crossed.
      await page.goto(`${server.base}/channel/xuexi`);
      const first = await plays(page, { via: "hls" });
      await until("it plays across a boundary", async () => {
        const now = await page.evaluate(() => /** @type {any} */ (document.querySelector("xf-player")).video.currentTime);
        return now > first.time + 33;
      }, { limit: 90_000 });
      await plays(page, { via: "hls" });
      assert.deepEqual(await complaints(page), []);
      const decode = new Run(["-i", `${server.base}/channel/xuexi/index.m3u8`, "-t", "40", "-map", "0", "-f", "framecrc", "pipe:1"]);
      await until("ffmpeg reads across a boundary", async () => frames(decode).video > 850, { limit: 90_000 });
      await decode.stop();
      await page.context().close();
    });
  });
}
