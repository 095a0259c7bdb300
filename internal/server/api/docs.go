package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

//go:embed docs.html
var docsPage string

// document serves the OpenAPI document and a plain page made from it. Both are
// made once: the contract does not change while a program runs.
func (a *api) document(e *echo.Echo) {
	if err := a.illustrate(); err != nil {
		panic(err) // examples.json is part of the program
	}
	spec, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		panic(err) // it is made of the program's own types
	}
	var page bytes.Buffer
	if err := template.Must(template.New("docs").Parse(docsPage)).Execute(&page, a.guide()); err != nil {
		panic(err)
	}
	for path, file := range map[string]struct {
		kind string
		body []byte
	}{
		"/api/openapi.json": {"application/openapi+json", spec},
		"/api/docs":         {"text/html; charset=utf-8", page.Bytes()},
	} {
		answer := func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("Cache-Control", "public, max-age=300")
			h.Set("Access-Control-Allow-Origin", "*")
			return c.Blob(http.StatusOK, file.kind, file.body)
		}
		e.GET(path, answer)
		e.HEAD(path, answer)
	}
}

// guide is what the page shows.
type guide struct {
	Version string
	Groups  []guideGroup
	Codes   []code
}

type guideGroup struct {
	Name, About string
	Operations  []guideOperation
}

type guideOperation struct {
	ID, Method, Path, Summary, About, Needs string
	Keyed, Edit                             bool
	Parameters                              []guideParameter
	Example, Answer                         string
}

type guideParameter struct {
	Name, In, About string
	Required        bool
}

func (a *api) guide() guide {
	g := guide{Version: a.Version, Codes: codes()}
	for _, tag := range a.huma.OpenAPI().Tags {
		group := guideGroup{Name: tag.Name, About: tag.Description}
		for _, op := range a.table {
			if op.tag == tag.Name {
				group.Operations = append(group.Operations, a.guideTo(op))
			}
		}
		g.Groups = append(g.Groups, group)
	}
	return g
}

func (a *api) guideTo(op operation) guideOperation {
	h := operationOf(a.huma.OpenAPI().Paths[prefix+op.path], op.method)
	o := guideOperation{
		ID: op.id, Method: op.method, Path: prefix + op.path, Summary: op.summary, About: op.about, Keyed: op.repeat != never, Edit: op.edit,
		Example: indented(op.example),
	}
	o.Needs = "nothing"
	if op.scope != "" {
		o.Needs = "a token with " + op.scope
		if op.who == anybody {
			o.Needs = "nothing, or " + o.Needs
		}
	}
	for _, p := range h.Parameters {
		o.Parameters = append(o.Parameters, guideParameter{Name: p.Name, In: p.In, About: p.Description, Required: p.Required})
	}
	for _, response := range h.Responses {
		if media := response.Content["application/json"]; media != nil && media.Example != nil {
			o.Answer = indented(media.Example)
		}
	}
	return o
}

// indented is an example as people read it.
func indented(v any) string {
	if v == nil {
		return ""
	}
	if text, ok := v.(string); ok {
		return text
	}
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return ""
	}
	return string(body)
}

// code is a word that failures carry, with what it means.
type code struct{ Word, Means string }

//go:embed codes.tsv
var codeTable string

// codes are all of them, by word.
func codes() []code {
	var list []code
	for line := range strings.Lines(codeTable) {
		word, means, _ := strings.Cut(strings.TrimSpace(line), "\t")
		list = append(list, code{word, means})
	}
	slices.SortFunc(list, func(a, b code) int { return strings.Compare(a.Word, b.Word) })
	return list
}
