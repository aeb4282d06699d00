// The sites' pages: for everybody, on every screen, with and without script, and in pages of partners.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";

import { atWidths, complaints, open, overflow } from "../harness/browser.js";
import { Server } from "../harness/server.js";

const pictures = process.env.SCREENSHOTS; // a folder to put pictures of the pages into

/** @param {import("../main.test.js").Stage} stage */
export default function (stage) {
  describe("the sites' pages", () => {
    /** @type {Server} the demo's network */ let portal;
    before(async () => {
      portal = await Server.start({ flags: ["--demo"] });
    });
    after(() => portal?.stop());
    pages(stage, () => portal);
  });
}

/** @param {import("../main.test.js").Stage} stage @param {() => Server} demo */
function pages(stage, demo) {
  it("the sites' pages satisfy axe and fit 360, 768 and 1280 px, also with large text and high contrast", async () => {
    const { browser } = stage;
    const portal = demo();
    if (pictures) await mkdir(pictures, { recursive: true });
    const page = await open(browser, { locale: "zh-CN" });
    for (const look of ["", "ec"]) {
      if (look) await page.context().addCookies([{ name: "xf_look", value: look, url: portal.base }]);
      for (const [name, address] of Object.entries(await addresses(portal.base))) {
        await page.goto(portal.base + address);
        assert.deepEqual(page.errors.filter((e) => !/404/.test(e)), [], `${name} ${address}`);
        await atWidths(page, [360, 768, 1280], async (width) => {
          const where = `${name} ${address}, ${width} px, look ${look}`;
          if (width === 360 || (width === 1280 && !look)) assert.deepEqual(await complaints(page), [], `axe, ${where}`);
          assert.equal(await overflow(page), 0, `can be scrolled sideways: ${where}`);
          if (pictures) await page.screenshot({ path: `${pictures}/${name}-${width}${look}.png`, fullPage: true });
        });
        page.errors.length = 0; // what axe does to a player is not the page's doing
      }
    }
    await page.context().close();
  });

  for (const width of [360, 1280]) it(`a visitor without script finds a site, a column and an article, and makes the text large, at ${width} px`, async () => {
    const { browser } = stage;
    const portal = demo();
    const page = await open(browser, { locale: "zh-CN", viewport: { width, height: 740 }, javaScriptEnabled: false });
    await page.goto(`${portal.base}/`);
    await page.getByRole("link", { name: "下级站点", exact: true }).first().click();
    await page.getByRole("searchbox", { name: "按名称或代码查找" }).fill("清溪");
    await page.getByRole("button", { name: "查找" }).click();
    await page.getByRole("main").getByRole("link", { name: "清溪", exact: true }).first().click();
    assert.match(page.url(), /\/v\/990101\/$/);
    await page.getByRole("navigation", { name: "栏目" }).getByRole("link", { name: "新闻动态" }).click();
    await page.getByRole("main").getByRole("link").first().click();
    await page.getByRole("article").getByRole("heading", { level: 1 }).waitFor();
    await page.getByRole("link", { name: "长者版" }).click();
    assert.match((await page.getAttribute("html", "class")) ?? "", /\belder\b/);
    await page.goto(`${portal.base}/v/99/`);
    assert.match((await page.getAttribute("html", "class")) ?? "", /\belder\b/, "the choice is kept");
    await page.context().close();
  });

  it("every theme, and the page of several trees, satisfy axe on a phone and on a desk", async () => {
    const { browser } = stage;
    const server = await Server.start();
    try {
      const themes = ["official", "rural", "azure", "plain", "elder"];
      const list = themes.map((t, i) => `${11 + i},,province,第${i}省,${t}\n${11 + i}01,${11 + i},city,第${i}市,\n`).join("");
      await server.command(["import"], ["-"], `code,parent,level,name,theme\n${list}`);
      const page = await open(browser, { locale: "zh-CN" });
      for (const look of ["", "ec"]) {
        if (look) await page.context().addCookies([{ name: "xf_look", value: look, url: server.base }]);
        await page.goto(server.base);
        await page.getByRole("link", { name: "第4省" }).first().waitFor();
        // High contrast has colours of its own, whatever the theme.
        for (const address of ["/", ...themes.flatMap((_, i) => [`/v/${11 + i}/`, ...(look ? [] : [`/v/${11 + i}01/search?q=没有`, `/v/${11 + i}/sites`])])]) {
          await page.goto(server.base + address);
          await atWidths(page, [360, 1280], async (width) => {
            assert.deepEqual(await complaints(page), [], `axe, ${address}, ${width} px, look ${look}`);
            assert.equal(await overflow(page), 0, `${address} can be scrolled sideways at ${width} px, look ${look}`);
          });
        }
      }
      await page.context().close();
    } finally {
      await server.stop();
    }
  });

  it("a partner's page with a strict policy shows a column, by script and in a frame", async () => {
    const { browser } = stage;
    const portal = demo();
    const html = `<!doctype html><html lang="zh"><title>partner</title><body><script src="${portal.base}/embed.js" data-site="99" data-column="notices" data-n="3"></script><iframe src="${portal.base}/embed/99/notices" title="frame"></iframe>`;
    const policy = `default-src 'none'; script-src ${portal.base}; connect-src ${portal.base}; frame-src ${portal.base}`;
    const partner = createServer((_, answer) => answer.writeHead(200, { "Content-Type": "text/html", "Content-Security-Policy": policy }).end(html));
    await new Promise((done) => partner.listen(0, "127.0.0.1", () => done(undefined)));
    try {
      const page = await open(browser);
      const { port } = /** @type {import("node:net").AddressInfo} */ (partner.address());
      await page.goto(`http://127.0.0.1:${port}/`);
      const list = page.locator("script + div");
      await list.locator("li, p").first().waitFor();
      await page.frameLocator("iframe").getByRole("heading", { name: "通知公告" }).waitFor();
      assert.deepEqual(page.errors.filter((e) => !e.includes("404")), []);
      await page.context().close();
    } finally {
      partner.close();
    }
  });
}

/** One page of each kind. @param {string} base @returns {Promise<Record<string, string>>} */
async function addresses(base) {
  const articles = async (/** @type {string} */ code, /** @type {string} */ column) => {
    const answer = await fetch(`${base}/api/v1/sites/${code}/articles?column=${column}&n=1`);
    const { items } = await answer.json();
    return items.length ? [new URL(items[0].url).pathname] : [];
  };
  /** @type {Record<string, string>} */
  const out = {
    province: "/", city: "/v/9901/", village: "/v/990101001001/", sites: "/v/99/sites", "sites-found": "/v/99/sites?q=清溪", links: "/v/99/links", live: "/v/99/live", guide: "/v/99/guide", broadcast: "/b/1",
    search: "/v/99/search?q=水利", news: "/v/99/c/news", album: "/v/99/c/album", produce: "/v/99/c/produce", lost: "/v/99/no/such/page", nobody: "/v/0/", embed: "/embed/99/notices",
  };
  for (const column of ["news", "album", "produce"]) for (const address of await articles("99", column)) out[`article-${column}`] = address;
  return out;
}
