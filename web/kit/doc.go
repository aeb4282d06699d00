// Package kit owns what all pages share: the frame around them, the files that they load, the visitor's
// language and way of reading, the headers that guard them, and the pages and answers that say what failed.
//
// It refuses everything that one page knows: no address but /assets, no article, no stream, no console. It
// does not find out who asks; package signin does, and the wiring puts it in [Config.Session].
//
// # How a page is made
//
//  1. Embed the folder of templates, styles and scripts and export it: var Mount = kit.Mount{Prefix: "sign", FS: embedded}.
//     Prefix is the package's folder below web, so that scripts find each other by relative address in the
//     browser and in tsc alike. The wiring hands all mounts to New, which gives all files one version.
//  2. Parse the page once: front, err := k.Parse(embedded, nil, "pages/front/front.html"). It defines "main" and,
//     where it needs them, "head", "header", "footer"; {{asset "sign/style/sign.css"}} is the address of a file.
//  3. Data embeds a frame and the package's own words: type page struct { kit.Frame; T *Messages; … }.
//  4. The handler fills it: f := k.Frame(r); f.Title = …; k.Show(w, r, http.StatusOK, front, page{f, …}).
//     What went wrong: k.Fail(w, r, err), which knows the kinds of package errs and answers people and programs.
//  5. Routes puts it under an address: func (s *Server) Routes(r *kit.Router) { r.Page("GET /sign/in", s.in) }.
//
// # Styles
//
// style/*.css are served as one file, kit/style/kit.css, which the frame loads: tokens (colour, type, space),
// base, forms, parts (table, notice, pager, tabs, card, crumbs, toast), modes (elder, contrast, print). A page's
// own sheet draws from the tokens and never names a colour.
package kit
