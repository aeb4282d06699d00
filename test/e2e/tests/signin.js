// Signing in: password, second factor, passkey, the account's page; on a phone and on a desk.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { complaints, open, overflow } from "../harness/browser.js";
import { Server } from "../harness/server.js";

const password = "Ri-chu-dong-fang-7";
const shots = process.env.SHOTS; // folder; "": none are taken

/** The code of a secret at a time (RFC 6238). @param {string} secret base32 @param {number} ms */
function totp(secret, ms) {
  let bits = "";
  for (const c of secret) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(ms / 30_000)));
  const sum = createHmac("sha1", key).update(step).digest();
  const at = sum[19] & 15;
  return String((sum.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** @typedef {Awaited<ReturnType<typeof open>>} Page */

/** axe, width and a picture of a page. @param {Page} page @param {string} name @param {number} width */
async function judge(page, name, width) {
  assert.deepEqual(await complaints(page), [], `axe: ${name} at ${width} px`);
  assert.equal(await overflow(page), 0, `${name} can be scrolled sideways at ${width} px`);
  if (shots) {
    await mkdir(shots, { recursive: true });
    await page.screenshot({ path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  }
}

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  describe("signing in", () => {
    /** @type {Server} */ let server;
    let base = "";

    before(async () => {
      server = await Server.start();
      base = server.base.replace("127.0.0.1", "localhost"); // passkeys belong to names
      await server.command(["import"], ["-"], "code,parent,level,name\n51,,province,试验省\n5101,51,city,试验市\n");
      for (const login of ["zhang", "zhao", "qian", "sun"]) {
        const who = ["--login", login, "--name", "张同志", "--role", "administrator", "--site", "5101", "--password-stdin"];
        await server.command(["account", "add"], who, `${password}\n`);
      }
    });
    after(() => server?.stop());

    /** @param {Page} page @param {string} login @param {string} [to] */
    async function signIn(page, login, to = "/sign/me") {
      await page.goto(`${base}/sign/in?to=${encodeURIComponent(to)}`);
      await page.getByLabel("账号").fill(login);
      await page.getByLabel("密码").fill(password);
      await page.getByRole("button", { name: "登录", exact: true }).click();
    }

    for (const width of [360, 1280]) {
      it(`pages of signing in at ${width} px, without JavaScript too`, async () => {
        const page = await open(stage.browser, { locale: "zh-CN", viewport: { width, height: 800 } });
        await page.goto(`${base}/sign/me`);
        assert.equal(new URL(page.url()).pathname, "/sign/in", "a visitor is sent to sign in");
        await judge(page, "in", width);
        await page.getByLabel("账号").fill(width === 360 ? "zhao" : "qian");
        await page.getByLabel("密码").fill("wrong");
        await page.keyboard.press("Enter");
        await page.getByRole("alert").filter({ hasText: "账号或密码不对" }).waitFor();
        await judge(page, "in-wrong", width);
        await page.goto(`${base}/sign/reset`);
        await judge(page, "reset", width);
        await signIn(page, width === 360 ? "zhao" : "qian");
        await page.getByRole("heading", { name: "我的账号" }).waitFor();
        await judge(page, "me", width);
        await page.goto(`${base}/sign/password`);
        await judge(page, "password", width);
        await page.goto(`${base}/sign/me?lang=en`);
        await page.getByRole("heading", { name: "My account" }).waitFor();
        await judge(page, "me-en", width);
        await page.context().close();

        const plain = await open(stage.browser, { locale: "zh-CN", javaScriptEnabled: false, viewport: { width, height: 800 } });
        await signIn(plain, width === 360 ? "zhao" : "qian");
        await plain.getByRole("heading", { name: "我的账号" }).waitFor();
        await plain.getByRole("button", { name: "结束其他全部登录" }).click();
        await plain.getByText("登录已结束。").waitFor();
        await plain.getByRole("main").getByRole("button", { name: "退出登录" }).click();
        await plain.getByText("您已退出登录。").waitFor();
        await plain.context().close();
      });
    }

    it("a second factor is set up with an app, asked for, and replaced by a recovery code", async () => {
      const page = await open(stage.browser, { locale: "zh-CN", viewport: { width: 360, height: 740 } });
      await signIn(page, "zhang");
      await page.getByRole("link", { name: "设置验证器" }).click();
      const secret = (await page.locator(".secret").innerText()).replaceAll(" ", "");
      await judge(page, "app", 360);
      await page.getByLabel("应用显示的六位数字").fill(totp(secret, Date.now()));
      await page.getByRole("button", { name: "开启两步验证" }).click();
      await page.getByRole("heading", { name: "备用码" }).waitFor();
      const codes = await page.locator(".codes code").allInnerTexts();
      assert.equal(codes.length, 10);
      await judge(page, "codes", 360);
      await page.getByRole("link", { name: "已经保存好了" }).click();
      await page.getByRole("main").getByRole("button", { name: "退出登录" }).click();

      await signIn(page, "zhang");
      await page.getByRole("heading", { name: "第二步验证" }).waitFor();
      await judge(page, "second", 360);
      await page.getByLabel("验证码").fill("000000");
      await page.keyboard.press("Enter");
      await page.getByText("验证码不对").waitFor();
      await page.getByLabel("验证码").fill(totp(secret, Date.now() + 30_000)); // that of now is used up
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "我的账号" }).waitFor();
      await page.getByRole("main").getByRole("button", { name: "退出登录" }).click();

      await signIn(page, "zhang");
      await page.getByLabel("验证码").fill(codes[0].toLowerCase());
      await page.keyboard.press("Enter");
      await page.getByText("还剩 9 个备用码").waitFor();
      await page.context().close();
    });

    it("a passkey is added, signs in, and is removed", async () => {
      const page = await open(stage.browser, { locale: "zh-CN", viewport: { width: 1280, height: 800 } });
      const devtools = await page.context().newCDPSession(page);
      await devtools.send("WebAuthn.enable");
      await devtools.send("WebAuthn.addVirtualAuthenticator", {
        options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
      });
      await signIn(page, "sun");
      await page.getByLabel("名称").fill("办公室电脑");
      await page.getByRole("button", { name: "添加通行密钥" }).click();
      await page.getByText("通行密钥已添加").waitFor();
      await page.getByText("办公室电脑").waitFor();
      await judge(page, "keys", 1280);
      await page.getByRole("main").getByRole("button", { name: "退出登录" }).click();

      await page.goto(`${base}/sign/in?to=/sign/me`);
      await page.getByRole("button", { name: "用通行密钥登录" }).click();
      await page.getByRole("heading", { name: "我的账号" }).waitFor();
      await page.getByText("上次使用 20").waitFor();
      await page.getByRole("button", { name: "移除通行密钥：办公室电脑" }).click();
      await page.getByText("通行密钥已移除").waitFor();
      await page.getByRole("main").getByRole("button", { name: "退出登录" }).click();

      await page.getByRole("button", { name: "用通行密钥登录" }).click();
      await page.getByRole("alert").filter({ hasText: "通行密钥没有通过验证" }).waitFor();
      assert.deepEqual(page.errors.filter((e) => !e.includes("422")), []);
      await page.context().close();
    });
  });
}
