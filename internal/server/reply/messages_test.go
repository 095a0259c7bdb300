package reply

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// message is one English sentence that the code gives to an error, with "{1}",
// "{2}" where something is filled in.
type message struct {
	text string
	file string // below internal/
	line int
}

func (m message) at() string { return fmt.Sprintf("internal/%s:%d", m.file, m.line) }

// unread are the folders and files of internal/ whose messages no page shows:
// they go to programs, to the log or to the operator's terminal.
var unread = []string{
	"app/", "audit/", "catalog/csv.go", "catalog/import.go", "database/dbtest/", "demo/", "directory/import.go", "directory/import_place.go",
	"mail/", "order/difference.go", "order/sweep.go", "payment/verify.go", "places/", "server/api/", "server/hook/", "server/pages/", "server/servertest/", "stripesandbox/", "torture/",
}

// messages reads them all from the source.
func messages(t *testing.T) []message {
	t.Helper()
	var found []message
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		short := filepath.ToSlash(strings.TrimPrefix(name, root+string(filepath.Separator)))
		if entry.IsDir() || !strings.HasSuffix(short, ".go") || strings.HasSuffix(short, "_test.go") || within(short, unread) {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Walk(&reader{t: t, file: short, files: files, found: &found}, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func within(file string, list []string) bool {
	return slices.ContainsFunc(list, func(prefix string) bool { return strings.HasPrefix(file, prefix) })
}

// reader walks one file. It knows three ways in which the code gives a sentence
// to an error: errs.New and errs.Missing, a struct's Message, and a small
// helper of the room, which takes a code and behind it the sentence.
type reader struct {
	t     *testing.T
	file  string
	files *token.FileSet
	given []string // parameters of the functions around
	found *[]message
}

var (
	codeLike     = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	sentenceLike = regexp.MustCompile(`^(?:\p{Lu}|\{1\}).* .*[.?!]$`)
	letters      = regexp.MustCompile(`\pL`)
	verb         = regexp.MustCompile(`%[+#]?[a-z]`)
)

// Visit looks at one node.
func (r *reader) Visit(node ast.Node) ast.Visitor {
	switch n := node.(type) {
	case *ast.FuncDecl:
		return r.inside(n.Type)
	case *ast.FuncLit:
		return r.inside(n.Type)
	case *ast.CallExpr:
		switch {
		case calls(n, "errs.Missing") && len(n.Args) == 1:
			if what, plain := sentenceOf(n.Args[0]); plain {
				r.add("There is no such "+what+".", n)
			}
		case calls(n, "errs.New") && len(n.Args) == 3:
			r.take(n.Args[2])
		default:
			for i := 0; i+1 < len(n.Args); i++ {
				code, _ := sentenceOf(n.Args[i])
				said, _ := sentenceOf(n.Args[i+1])
				_, named := n.Args[i+1].(*ast.Ident)
				if codeLike.MatchString(code) && (sentenceLike.MatchString(said) || named && i+2 == len(n.Args) && helper(n)) {
					r.take(n.Args[i+1])
				}
			}
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Message" {
			r.take(n.Value)
		}
	}
	return r
}

// inside is the reader of a function's body.
func (r *reader) inside(f *ast.FuncType) ast.Visitor {
	in := *r
	in.given = slices.Clone(r.given)
	for _, list := range f.Params.List {
		for _, name := range list.Names {
			in.given = append(in.given, name.Name)
		}
	}
	return &in
}

func (r *reader) add(text string, at ast.Node) {
	*r.found = append(*r.found, message{text, r.file, r.files.Position(at.Pos()).Line})
}

// take notes a message. One without words of its own must be passed on from
// where it is read already, or come in the reader's language.
func (r *reader) take(e ast.Expr) {
	text, _ := sentenceOf(e)
	if letters.MatchString(text) {
		r.add(text, e)
		return
	}
	alone := text == "{1}"
	ast.Inspect(e, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.CallExpr:
			return !asks(n)
		case *ast.SelectorExpr:
			if n.Sel.Name == "Message" && !alone {
				r.refuse(e, "a longer line is said by parts: r.Say(….Message)")
			}
			return false
		case *ast.Ident:
			if alone && !slices.Contains(r.given, n.Name) {
				r.refuse(e, "write the sentence where the error is made, so that it can be translated")
			}
		}
		return true
	})
}

func (r *reader) refuse(at ast.Node, why string) {
	r.t.Errorf("internal/%s:%d: %s", r.file, r.files.Position(at.Pos()).Line, why)
}

// asks reports whether a call is given the request, which knows the language:
// r.Text("…"), hoursMessage(r, err).
func asks(c *ast.CallExpr) bool {
	is := func(e ast.Expr) bool {
		name, ok := e.(*ast.Ident)
		return ok && name.Name == "r"
	}
	sel, ok := c.Fun.(*ast.SelectorExpr)
	return ok && is(sel.X) || slices.ContainsFunc(c.Args, is)
}

// helper reports whether a call is one of the rooms' small helpers that note a
// wrong field, by its name.
func helper(c *ast.CallExpr) bool {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name == "add" || f.Name == "wrong"
	case *ast.SelectorExpr:
		return f.Sel.Name == "add"
	}
	return false
}

func calls(c *ast.CallExpr, name string) bool {
	sel, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name+"."+sel.Sel.Name == name
}

// sentenceOf writes an expression as a sentence: its literals, with a numbered
// hole for everything else. It is plain when it has no hole.
func sentenceOf(e ast.Expr) (said string, plain bool) {
	holes := 0
	hole := func() string { holes++; return fmt.Sprintf("{%d}", holes) }
	var walk func(e ast.Expr) string
	walk = func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			if s, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
				return s
			}
		case *ast.ParenExpr:
			return walk(e.X)
		case *ast.BinaryExpr:
			if e.Op == token.ADD {
				return walk(e.X) + walk(e.Y)
			}
		case *ast.CallExpr:
			if !calls(e, "fmt.Sprintf") {
				break
			}
			if form, ok := e.Args[0].(*ast.BasicLit); ok {
				s, _ := strconv.Unquote(form.Value)
				s = strings.ReplaceAll(s, "%q", `"%s"`)
				return strings.ReplaceAll(verb.ReplaceAllStringFunc(s, func(string) string { return hole() }), "%%", "%")
			}
		}
		return hole()
	}
	said = walk(e)
	return said, holes == 0
}
