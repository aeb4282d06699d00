// A column in somebody else's page: <script src="https://HOST/embed.js" data-site="CODE" data-column="SLUG"
// data-n="10"></script>. It stands where the script stands, in a shadow root with a constructed style sheet, so
// that neither page's styles reach the other's and a policy without inline styles is kept. It sends nothing but
// the question for the articles, without cookies.

{
  const script = document.currentScript;
  if (script instanceof HTMLScriptElement) {
    const { site = "", column = "", n = "10", lang = document.documentElement.lang } = script.dataset;
    const base = new URL(script.src).origin;
    const english = lang.startsWith("en");
    const host = document.createElement("div");
    script.after(host);
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
      :host { display: block; color: inherit; font: inherit; line-height: 1.6; }
      ul { margin: 0; padding: 0; list-style: none; }
      li { display: flex; gap: 1em; align-items: baseline; justify-content: space-between; padding: .5em 0; border-bottom: 1px solid color-mix(in srgb, currentcolor 15%, transparent); }
      a { color: inherit; text-decoration: none; overflow-wrap: anywhere; }
      a:hover, a:focus-visible { text-decoration: underline; }
      time { flex: none; opacity: .75; font-size: .875em; }
      p { margin: .5em 0; }`);
    root.adoptedStyleSheets = [sheet];

    /** @param {string} text */
    const say = (text) => {
      const p = document.createElement("p");
      p.setAttribute("role", "status");
      p.textContent = text;
      root.replaceChildren(p);
    };

    const show = async () => {
      const query = new URLSearchParams({ column, n });
      const answer = await fetch(`${base}/api/v1/sites/${encodeURIComponent(site)}/articles?${query}`, { credentials: "omit", signal: AbortSignal.timeout(15_000) });
      if (!answer.ok) throw new Error(String(answer.status));
      const { items } = await answer.json();
      if (items.length === 0) return say(english ? "There is nothing here yet." : "这里还没有内容。");
      const list = document.createElement("ul");
      for (const item of items) {
        const row = document.createElement("li");
        const link = document.createElement("a");
        link.href = item.url;
        link.target = "_blank";
        link.rel = "noopener";
        link.textContent = item.title;
        const time = document.createElement("time");
        time.dateTime = item.published;
        time.textContent = item.published.slice(0, 10);
        row.append(link, time);
        list.append(row);
      }
      root.replaceChildren(list);
    };
    show().catch(() => say(english ? "The list can’t be loaded at the moment." : "列表暂时无法加载。"));
  }
}
