package shop

import (
	"encoding/xml"
	"net/http"
	"strings"
	"time"

	"nearby/internal/blob"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
)

var (
	errProduct = errs.Missing("product")
	errPhoto   = errs.Missing("photo")
)

func (h *Handlers) fileRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/assets/*", Handle: h.asset},
		{Method: http.MethodGet, Path: "/photos/:hash/:size", Handle: h.photo},
		{Method: http.MethodGet, Path: "/favicon.ico", Handle: h.favicon},
		{Method: http.MethodGet, Path: "/robots.txt", Handle: h.robots},
		{Method: http.MethodGet, Path: "/sitemap.xml", Handle: h.sitemap},
		{Method: http.MethodGet, Path: "/.well-known/security.txt", Handle: h.security},
		{Method: http.MethodGet, Path: "/dev/mail", Handle: h.mailbox},
	}
}

func (h *Handlers) asset(*route.Request) (route.Answer, error) {
	files := h.Site.Assets()
	return route.Func(func(w http.ResponseWriter, req *http.Request) error {
		files.ServeHTTP(w, req)
		return nil
	}), nil
}

// photo serves one copy of a photo. The name is its content's hash, so it may
// be kept for ever.
func (h *Handlers) photo(r *route.Request) (route.Answer, error) {
	size, isJPEG := strings.CutSuffix(r.Param("size"), ".jpg")
	if !isJPEG {
		return nil, errPhoto
	}
	file, err := h.Photos.Open(r.Param("hash"), blob.Size(size))
	if err != nil {
		return nil, err
	}
	return route.Func(func(w http.ResponseWriter, req *http.Request) error {
		defer file.Close()
		header := w.Header()
		header.Set("Content-Type", "image/jpeg")
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
		header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		header.Set("Cross-Origin-Resource-Policy", "cross-origin")
		http.ServeContent(w, req, "", time.Time{}, file)
		return nil
	}), nil
}

func (h *Handlers) favicon(*route.Request) (route.Answer, error) {
	return route.Moved{Path: h.Site.URL("img/icon.svg")}, nil
}

func (h *Handlers) robots(r *route.Request) (route.Answer, error) {
	return route.Text{Type: "text/plain; charset=utf-8", Keep: "public, max-age=3600", Body: "User-agent: *\n" +
		"Disallow: /cart\nDisallow: /checkout/\nDisallow: /o/\nDisallow: /me\nDisallow: /manage\nDisallow: /desk\nDisallow: /admin\nDisallow: /map\n" +
		"Sitemap: " + r.Absolute("/sitemap.xml") + "\n"}, nil
}

// security is RFC 9116; reports come in through the form that everybody uses.
func (h *Handlers) security(r *route.Request) (route.Answer, error) {
	return route.Text{Type: "text/plain; charset=utf-8", Keep: "public, max-age=3600", Body: "Contact: " + r.Absolute("/report") + "\n" +
		"Expires: " + r.Now().AddDate(0, 6, 0).Truncate(24*time.Hour).Format(time.RFC3339) + "\n" +
		"Preferred-Languages: en, de\nCanonical: " + r.Absolute("/.well-known/security.txt") + "\n"}, nil
}

// mostInSitemap is the protocol's own limit of addresses in one file.
const mostInSitemap = 50_000

type sitemapURL struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod,omitempty"`
}

// sitemap lists the pages of all listed businesses from memory, so a suspended
// one is out of it at once.
func (h *Handlers) sitemap(r *route.Request) (route.Answer, error) {
	urls := []sitemapURL{{Loc: r.Absolute("/")}}
	for _, b := range h.Directory.Listed(mostInSitemap - 1) {
		urls = append(urls, sitemapURL{Loc: r.Absolute("/b/" + b.Slug)})
	}
	body, err := xml.Marshal(struct {
		XMLName xml.Name     `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URLs    []sitemapURL `xml:"url"`
	}{URLs: urls})
	if err != nil {
		return nil, err
	}
	return route.Text{Type: "application/xml; charset=utf-8", Keep: "public, max-age=60", Body: xml.Header + string(body) + "\n"}, nil
}

// mailbox shows the mails of the demo; anywhere else there is no such page.
func (h *Handlers) mailbox(r *route.Request) (route.Answer, error) {
	if h.Mailbox == nil {
		return nil, errs.Missing("page")
	}
	page := &pages.Mails{}
	page.Title, page.Robots = r.Text("mail.title"), "noindex"
	for _, m := range h.Mailbox.Messages() {
		line := pages.Mail{ID: m.ID, URL: "/dev/mail?id=" + m.ID, To: m.To, Subject: m.Subject, Text: m.Text, At: m.At, Links: links(m.Text)}
		if m.ID == r.QueryParam("id") {
			page.Open = &line
		}
		page.Mails = append(page.Mails, line)
	}
	return route.HTML{Name: "dev/mail", Page: page}, nil
}

// links are the addresses in a mail.
func links(text string) []string {
	var list []string
	for word := range strings.FieldsSeq(text) {
		if strings.HasPrefix(word, "http://") || strings.HasPrefix(word, "https://") {
			list = append(list, word)
		}
	}
	return list
}
