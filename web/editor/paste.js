// What people paste, made simple: Word, WPS, WeChat and web pages come in as structure without looks. The
// server cleans again and has the last word; this is so that people see at once what they will get.

/**
 * What became of the pictures, which can't all come along.
 * @typedef {object} Report
 * @property {number} local   pictures that lie on the visitor's disk: a page can't read them
 * @property {string[]} foreign  addresses of pictures that lie elsewhere
 * @property {HTMLImageElement[]} inline  pictures that came with the text and are to be uploaded
 */

const dropped = new Set(["style", "script", "meta", "link", "title", "head", "xml", "iframe", "object", "embed", "svg", "math", "noscript", "template", "input", "button", "select", "textarea", "audio", "video", "canvas", "base"]);
const blocks = new Set(["p", "div", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "table", "figure", "pre", "hr"]);
const tableParts = new Set(["table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"]);
/** Names of the house for what others call otherwise. @type {Record<string, string>} */
const same = { b: "strong", i: "em", strike: "s", del: "s", ins: "u", h1: "h2", h5: "h4", h6: "h4", dt: "p", dd: "p" };
const inline = new Set(["strong", "em", "u", "s", "sub", "sup", "code"]);
const blank = /^[\s\u00a0\u3000\u200b\ufeff]*$/;
const indent = /^[\s\u00a0\u3000\u200b\ufeff]+/;
const embed = /^[a-z]{1,16}:[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Returns the clean copy of what is in from.
 * @param {ParentNode & Node} from @param {Document} doc that owns the copy
 * @returns {{ nodes: DocumentFragment, report: Report }}
 */
export function clean(from, doc) {
  /** @type {Report} */
  const report = { local: 0, foreign: [], inline: [] };
  const nodes = doc.createDocumentFragment();
  from.normalize();
  nodes.append(...children(from, doc, report));
  // Line ends between blocks are no text.
  if ([...nodes.childNodes].some(isBlock)) for (const n of [...nodes.childNodes]) if (n.nodeType === 3 && blank.test(n.textContent ?? "")) n.remove();
  return { nodes, report };
}

/**
 * Puts styles aside, so that parsing the text does not set off the policy of our pages; clean still reads them.
 * @param {string} html
 */
export function quiet(html) {
  return html.replace(/<style\b[\s\S]*?<\/style\s*>/gi, "").replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/(["'\s])style\s*=/gi, "$1 data-xf-style="));
}

/** @param {Element} el */
const styleOf = (el) => el.getAttribute("style") ?? el.getAttribute("data-xf-style") ?? "";

/** @param {Node} n */
const isBlock = (n) => blocks.has(n.nodeName.toLowerCase());

/** @param {Node} from @param {Document} doc @param {Report} report @returns {Node[]} */
function children(from, doc, report) {
  /** @type {Node[]} */
  const out = [];
  /** @type {{ level: number, list: Element }[]} */
  let open = []; // the lists of Word that are being filled, outer first
  for (const node of from.childNodes) {
    const item = node.nodeType === 1 ? wordItem(/** @type {Element} */ (node)) : null;
    if (!item) {
      const made = convert(node, doc, report);
      if (open.length && made.every((n) => n.nodeType === 3 && blank.test(n.textContent ?? ""))) continue;
      open = [];
      out.push(...made);
      continue;
    }
    while (open.length > 1 && open[open.length - 1].level > item.level) open.pop();
    let top = open[open.length - 1];
    if (!top || top.level < item.level || top.list.nodeName.toLowerCase() !== item.kind) {
      const list = doc.createElement(item.kind);
      const within = top && top.level < item.level ? top.list.lastElementChild : null;
      if (within) within.append(list);
      else {
        if (top && top.level >= item.level) open.pop();
        const up = open[open.length - 1]?.list.lastElementChild;
        if (up) up.append(list);
        else out.push(list);
      }
      top = { level: item.level, list };
      open.push(top);
    }
    const li = doc.createElement("li");
    li.append(...trimmed(children(node, doc, report)));
    top.list.append(li);
  }
  return out;
}

/** Says whether a paragraph is an item of a list in Word's way. @param {Element} el */
function wordItem(el) {
  const style = styleOf(el);
  const found = /mso-list:\s*\S+\s+level(\d)/i.exec(style);
  if (!found || !/^(p|h\d|div)$/i.test(el.tagName)) return null;
  const mark = [...el.querySelectorAll("span")].find((s) => /mso-list:\s*ignore/i.test(styleOf(s)));
  const text = (mark?.textContent ?? "").replace(/[\s\u00a0]/g, "");
  return { level: Number(found[1]), kind: /^[(（]?([0-9]+|[a-z]|[ivx]+|[一二三四五六七八九十]+)[.)、）．]/i.test(text) ? "ol" : "ul" };
}

/** @param {Node} node @param {Document} doc @param {Report} report @returns {Node[]} */
function convert(node, doc, report) {
  if (node.nodeType === 3) {
    const text = (node.textContent ?? "").replace(/[\t\r\n ]+/g, " ").replace(/[\u00a0 ]+/g, " ").replace(/[\u200b\ufeff]/g, "");
    return text ? [doc.createTextNode(text)] : [];
  }
  if (node.nodeType !== 1) return [];
  const el = /** @type {Element} */ (node);
  let tag = el.tagName.toLowerCase();
  const style = styleOf(el);
  if (dropped.has(tag) || /^(v|w|m|st1):/.test(tag) || /display:\s*none|mso-hide:\s*all|mso-list:\s*ignore/i.test(style)) return [];
  tag = same[tag] ?? tag;
  if (tag === "br" || tag === "hr") return [doc.createElement(tag)];
  if (tag === "img") return picture(el, doc, report);
  const name = el.getAttribute("data-embed");
  if (name !== null && tag === "div") {
    if (!embed.test(name)) return [];
    const block = doc.createElement("div");
    block.setAttribute("data-embed", name);
    return [block];
  }
  if (tag === "pre") {
    const pre = doc.createElement("pre");
    pre.textContent = el.textContent;
    return [pre];
  }
  const kids = children(el, doc, report);
  if (tag === "p" || tag === "div") {
    const head = headingOf(el, style);
    if (head) tag = head;
  }
  if (/^h[234]$/.test(tag)) return wrap(tag, plain(kids, doc), doc);
  if (tag === "p" || tag === "li") return kids.some(isBlock) && tag === "p" ? grouped(kids, doc) : wrap(tag, tag === "li" ? flat(kids) : kids, doc);
  if (tag === "blockquote") return wrap(tag, grouped(kids, doc), doc);
  if (tag === "ul" || tag === "ol") return wrap(tag, items(kids, doc), doc);
  if (tableParts.has(tag)) return cell(el, tag, kids, doc);
  if (tag === "figure") return kids;
  if (tag === "a") return link(el, kids, doc);
  if (inline.has(tag) && !/(^|;)\s*font-weight:\s*(normal|400)/i.test(style)) return kids.some(isBlock) || kids.length === 0 ? kids : wrapInline(tag, kids, doc);
  if (/^(section|article|div|center|main|header|footer|aside|figcaption|address|dl|details|summary)$/.test(tag)) return grouped(kids, doc);
  return styled(style, kids, doc); // span, font, o:p and whatever there may be
}

/** Which heading a paragraph of Word stands for. @param {Element} el @param {string} style */
function headingOf(el, style) {
  const level = Number(/mso-outline-level:\s*(\d)/i.exec(style)?.[1] ?? 0);
  if (/\bMsoTitle\b/.test(el.className) || level === 1) return "h2";
  return level === 2 ? "h3" : level === 3 ? "h4" : "";
}

/** What a span looked like, as far as it means something. @param {string} style @param {Node[]} kids @param {Document} doc */
function styled(style, kids, doc) {
  if (kids.length === 0 || kids.some(isBlock) || kids.every((n) => blank.test(n.textContent ?? "") && n.nodeType === 3)) return kids;
  let out = kids;
  if (/(^|;)\s*font-weight:\s*(bold|bolder|[6-9]00)/i.test(style)) out = wrapInline("strong", out, doc);
  if (/font-style:\s*italic/i.test(style)) out = wrapInline("em", out, doc);
  if (/text-decoration[^;]*:\s*[^;]*line-through/i.test(style)) out = wrapInline("s", out, doc);
  return out;
}

/** @param {string} tag @param {Node[]} kids @param {Document} doc */
function wrapInline(tag, kids, doc) {
  const el = doc.createElement(tag);
  el.append(...kids);
  return [el];
}

/** Puts kids into a block; a block with nothing in it is left out. @param {string} tag @param {Node[]} kids @param {Document} doc */
function wrap(tag, kids, doc) {
  const inner = trimmed(kids);
  if (!inner.some((n) => n.nodeType === 1 ? holds(n) : !blank.test(n.textContent ?? ""))) return [];
  const el = doc.createElement(tag);
  el.append(...inner);
  return [el];
}

/** Says whether there is something to see in an element. @param {Node} n */
function holds(n) {
  const el = /** @type {Element} */ (n);
  return !blank.test(el.textContent ?? "") || /^(img|hr|table)$/i.test(el.tagName) || el.querySelector("img,hr,[data-embed]") !== null || el.hasAttribute("data-embed");
}

/** Takes blanks and line breaks off both ends: indents are the style's business. @param {Node[]} nodes */
function trimmed(nodes) {
  const out = [...nodes];
  const edge = (/** @type {Node | undefined} */ n) => n && (n.nodeName.toLowerCase() === "br" || (n.nodeType === 3 && blank.test(n.textContent ?? "")));
  while (edge(out[0])) out.shift();
  while (edge(out[out.length - 1])) out.pop();
  /** @type {Node | null | undefined} */
  let first = out[0];
  while (first && first.nodeType === 1 && !isBlock(first)) first = first.firstChild;
  if (first?.nodeType === 3) first.textContent = (first.textContent ?? "").replace(indent, "");
  return out;
}

/** Puts what stands loose between blocks into paragraphs. @param {Node[]} kids @param {Document} doc @returns {Node[]} */
function grouped(kids, doc) {
  /** @type {Node[]} */
  const out = [];
  /** @type {Node[]} */
  let loose = [];
  const close = () => {
    out.push(...wrap("p", loose, doc));
    loose = [];
  };
  for (const k of kids) {
    if (isBlock(k)) {
      close();
      out.push(k);
    } else loose.push(k);
  }
  close();
  return out;
}

/** Takes a lone paragraph out of an item. @param {Node[]} kids */
function flat(kids) {
  const solid = kids.filter((k) => !(k.nodeType === 3 && blank.test(k.textContent ?? "")));
  return solid.length >= 1 && solid[0].nodeName.toLowerCase() === "p" ? [...solid[0].childNodes, ...solid.slice(1)] : kids;
}

/** @param {Node[]} kids @param {Document} doc */
function items(kids, doc) {
  /** @type {Node[]} */
  const out = [];
  for (const k of kids) {
    const tag = k.nodeName.toLowerCase();
    const last = out[out.length - 1];
    if (tag === "li") out.push(k);
    else if ((tag === "ul" || tag === "ol") && last) /** @type {Element} */ (last).append(k); // Word nests lists beside items
    else out.push(...wrap("li", [k], doc));
  }
  return out;
}

/** Headings are bold already. @param {Node[]} kids @param {Document} doc @returns {Node[]} */
function plain(kids, doc) {
  return kids.flatMap((k) => {
    const tag = k.nodeName.toLowerCase();
    if (tag === "strong" || tag === "em" || tag === "u" || tag === "p") return plain([...k.childNodes], doc);
    return tag === "img" ? [] : [k];
  });
}

/** @param {Element} el @param {string} tag @param {Node[]} kids @param {Document} doc */
function cell(el, tag, kids, doc) {
  const part = doc.createElement(tag);
  const isCell = tag === "td" || tag === "th";
  for (const a of isCell ? ["colspan", "rowspan"] : []) {
    const n = Number(el.getAttribute(a) ?? 1);
    if (n > 1 && n < 100) part.setAttribute(a, String(n));
  }
  if (isCell) part.append(...trimmed(kids.length === 1 ? flat(kids) : kids));
  else part.append(...kids.filter((k) => k.nodeType === 1));
  return isCell || part.childNodes.length ? [part] : [];
}

/** @param {Element} el @param {Node[]} kids @param {Document} doc */
function link(el, kids, doc) {
  const href = safeLink(el.getAttribute("href") ?? "");
  if (!href || kids.length === 0 || kids.some(isBlock)) return kids;
  const a = doc.createElement("a");
  a.setAttribute("href", href);
  a.append(...kids);
  return [a];
}

/** Returns an address that a link may lead to, or "". @param {string} text */
export function safeLink(text) {
  const address = text.trim();
  return /^(https?:\/\/|mailto:|tel:)[^\s"'<>]+$/i.test(address) || /^\/(?![/\\])[^\s"'<>]*$/.test(address) ? address : "";
}

/** @param {Element} el @param {Document} doc @param {Report} report @returns {Node[]} */
function picture(el, doc, report) {
  // WeChat shows pictures late: src is a grey dot, data-src the picture.
  const src = (el.getAttribute("data-src") || el.getAttribute("src") || "").trim();
  const alt = (el.getAttribute("alt") ?? "").trim();
  if (/^\/files\//.test(src) || /^data:image\/(png|jpeg|gif|webp);base64,/.test(src)) {
    const img = doc.createElement("img");
    img.setAttribute("src", src);
    img.setAttribute("alt", alt);
    if (src.startsWith("data:")) report.inline.push(/** @type {HTMLImageElement} */ (img));
    return [img];
  }
  if (/^https?:\/\//i.test(src)) report.foreign.push(src);
  else if (/^(file:|cid:|blob:)/i.test(src)) report.local++;
  return [];
}
