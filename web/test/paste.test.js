import assert from "node:assert/strict";
import { test } from "node:test";

import { parseHTML } from "linkedom";

import { clean, quiet, safeLink } from "../editor/paste.js";
import { count, guessTitle, paragraphs, shrunk } from "../editor/text.js";

/** @param {string} html */
function paste(html) {
  const { document } = parseHTML(`<!doctype html><html><body>${quiet(html)}</body></html>`);
  const { nodes, report } = clean(document.body, document);
  const out = document.createElement("div");
  out.append(nodes);
  return { html: out.innerHTML, report };
}

test("a notice out of Word", () => {
  const { html, report } = paste(`
<!--[if gte mso 9]><xml><w:WordDocument></w:WordDocument></xml><![endif]-->
<style>p.MsoNormal {mso-style-parent:""; font-family:宋体}</style>
<p class=MsoTitle align=center style='text-align:center'><b><span style='font-size:22.0pt;font-family:方正小标宋'>关于清明防火的通知<o:p></o:p></span></b></p>
<p class=MsoNormal style='text-indent:32.0pt;mso-char-indent-count:2.0'><span style='font-size:16.0pt'>　　各村民小组：</span></p>
<p class=MsoNormal><span lang=EN-US><o:p>&nbsp;</o:p></span></p>
<p class=MsoNormal><span style='font-family:仿宋;mso-ascii-font-family:Calibri'>清明将至，<b style='mso-bidi-font-weight:normal'>严禁</b>携带火种上山，&nbsp;&nbsp;违者<span style='font-weight:bold'>处罚</span>。</span></p>
<p class=MsoNormal><img width=300 src="file:///C:/Users/wang/AppData/Local/Temp/msohtmlclip1/01/clip_image002.jpg"></p>`);
  assert.equal(html, "<h2>关于清明防火的通知</h2><p>各村民小组：</p><p>清明将至，<strong>严禁</strong>携带火种上山， 违者<strong>处罚</strong>。</p>");
  assert.equal(report.local, 1);
});

test("lists of Word become lists", () => {
  const { html } = paste(`
<p class=MsoListParagraph style='margin-left:18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>1.<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span><![endif]>修水渠</p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>2.<span>&nbsp; </span></span>清淤泥</p>
<p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>·<span>&nbsp; </span></span>上游一段</p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>3.<span>&nbsp; </span></span>验收</p>
<p class=MsoNormal>完</p>`);
  assert.equal(html, "<ol><li>修水渠</li><li>清淤泥<ul><li>上游一段</li></ul></li><li>验收</li></ol><p>完</p>");
});

test("a page out of WeChat", () => {
  const { html, report } = paste(`
<section style="box-sizing:border-box;background-image:url(https://mmbiz.example/bg.png)"><section style="text-align:center"><section powered-by="editor"><p style="white-space:normal"><span style="font-size:15px;letter-spacing:2px;color:rgb(63,63,63)">枇杷熟了，</span><strong><span>欢迎来摘</span></strong></p></section></section>
<section><br></section><section style="display:none"><p>隐藏的话</p></section>
<p style="text-align:center"><img class="rich_pages" data-src="https://mmbiz.example/a/640?wx_fmt=jpeg" src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP" alt="果园"></p>
<section>第一行<br>第二行</section></section>`);
  assert.equal(html, "<p>枇杷熟了，<strong>欢迎来摘</strong></p><p>第一行<br>第二行</p>");
  assert.deepEqual(report.foreign, ["https://mmbiz.example/a/640?wx_fmt=jpeg"]);
});

test("tables stay tables, without their looks", () => {
  const { html } = paste(`<table border=1 style="width:400pt"><tbody><tr style="height:20pt"><td colspan=2 width=99 style="background:#ccc"><p class=MsoNormal><span>品种</span></p></td></tr><tr><td>枇杷</td><td><o:p>&nbsp;</o:p></td></tr></tbody></table>`);
  assert.equal(html, `<table><tbody><tr><td colspan="2">品种</td></tr><tr><td>枇杷</td><td></td></tr></tbody></table>`);
});

test("scripts and handlers do not come in", () => {
  const { html } = paste(`<p onclick="x()">甲<script>alert(1)</script><a href="javascript:alert(1)">乙</a><a href="https://www.example.cn/x" onmouseover=x>丙</a></p><iframe src=//x></iframe><svg onload=x></svg><img src=x onerror=x>`);
  assert.equal(html, `<p>甲乙<a href="https://www.example.cn/x">丙</a></p>`);
});

test("pictures of ours and out of the clipboard stay, live blocks too", () => {
  const { html, report } = paste(`<figure><img src="/files/ab12/x.jpg" alt="桥" style="width:9px"></figure><img src="data:image/png;base64,AAAA"><div data-embed="live:hall" class="x"></div><div data-embed='live:"><b>'></div>`);
  assert.equal(html, `<img alt="桥" src="/files/ab12/x.jpg"><img alt="" src="data:image/png;base64,AAAA"><div data-embed="live:hall"></div>`);
  assert.equal(report.inline.length, 1);
});

test("a few words stay words", () => assert.equal(paste(`<span style="color:red">只是</span><b>几个字</b>`).html, "只是<strong>几个字</strong>"));
test("what is clean stays as it is", () => {
  const text = "<h2>甲</h2><p>乙<strong>丙</strong></p><ul><li>一</li><li>二</li></ul><blockquote><p>丁</p></blockquote>";
  assert.equal(paste(text).html, text);
});

test("addresses that a link may have", () => {
  for (const good of ["https://a.cn/x?y=1", "http://a.cn", "mailto:a@b.cn", "tel:12345", "/v/51/a/7"]) assert.equal(safeLink(good), good);
  for (const bad of ["javascript:alert(1)", "//evil.example", "/\\evil.example", "data:text/html,x", "ftp://x", "x"]) assert.equal(safeLink(bad), "");
});

test("words are counted as people count them", () => {
  assert.equal(count("今天采摘节"), 5);
  assert.equal(count("每斤 12.50 元, don't 跑"), 6);
  assert.equal(count("GB2312编码"), 3);
  assert.equal(count(" \n"), 0);
});

test("the title is the first sentence", () => {
  assert.equal(guessTitle("\n  枇杷节明天开园。欢迎大家！"), "枇杷节明天开园");
  assert.equal(guessTitle("没有标点"), "没有标点");
  assert.equal(guessTitle("今天来了多少人？很多"), "今天来了多少人？");
  assert.equal(guessTitle(`${"长".repeat(30)}，${"句".repeat(30)}`), "长".repeat(30));
  assert.equal(guessTitle(""), "");
});

test("plain text becomes paragraphs", () => assert.equal(paragraphs("甲<b>\n\n 乙 \n"), "<p>甲&lt;b&gt;</p><p>乙</p>"));
test("pictures only shrink", () => {
  assert.deepEqual(shrunk(8000, 6000), { width: 2560, height: 1920 });
  assert.deepEqual(shrunk(640, 480), { width: 640, height: 480 });
});

test("styles are put aside, words about styles are not", () => {
  assert.equal(quiet(`<p class=a style='color:red'>a style="b"</p><STYLE>p{}</STYLE>`), `<p class=a  data-xf-style='color:red'>a style="b"</p>`);
});
