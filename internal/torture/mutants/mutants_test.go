package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// root is the module's folder, seen from here.
const root = "../../.."

// TestPatchesApply keeps the patches true while the code around them changes:
// each applies to what is there and names a test that exists.
func TestPatchesApply(t *testing.T) {
	all, err := read(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if _, err := m.plant(root, t.TempDir()); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		if len(m.does) < 20 || strings.HasPrefix(m.does, "---") {
			t.Errorf("%s does not say what it does: %q", m.name, m.does)
		}
		if tests(t)[strings.TrimPrefix(m.test.pkg, "./internal/")+"."+m.test.name] == nil {
			t.Errorf("%s is to be killed by %s, which does not exist", m.name, m.test)
		}
	}
}

// TestWhatDoesNotApplyIsSaid plants a patch of words that are not there.
func TestWhatDoesNotApplyIsSaid(t *testing.T) {
	m := mutant{files: []string{"go.mod"}, patch: []byte("--- a/go.mod\n+++ b/go.mod\n@@ -1 +1 @@\n-module elsewhere\n+module nearby\n")}
	if _, err := m.plant(root, t.TempDir()); err == nil {
		t.Error("it applied")
	}
}

var (
	promiseRow = regexp.MustCompile(`(?m)^\| (P\d+) \|.*\| (both|none) \| (.+) \|$`)
	quoted     = regexp.MustCompile("`((?:[a-z/]+\\.)?(?:Test|Fuzz)\\w+)`")
)

// TestEveryPromiseIsProven reads the table of docs/money.md: the promises are
// numbered without a gap, each names tests that exist, and those that need a
// database run on both.
func TestEveryPromiseIsProven(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root, "docs", "money.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := promiseRow.FindAllStringSubmatch(string(raw), -1)
	if len(rows) != 27 {
		t.Fatalf("%d promises, want 27", len(rows))
	}
	for i, row := range rows {
		number, databases := row[1], row[2]
		if want := "P" + strconv.Itoa(i+1); number != want {
			t.Errorf("%s stands where %s should", number, want)
		}
		named := quoted.FindAllStringSubmatch(row[3], -1)
		if len(named) == 0 {
			t.Errorf("%s names no test", number)
		}
		both := false
		for _, name := range named {
			test := tests(t)[name[1]]
			if test == nil {
				t.Errorf("%s names %s, which does not exist", number, name[1])
				continue
			}
			both = both || onBoth(test)
		}
		if want := databases == "both"; both != want {
			t.Errorf("%s says %q, and a test of it on both databases: %v", number, databases, both)
		}
	}
}

// onBoth reports whether a test runs on each database.
func onBoth(test *ast.FuncDecl) bool {
	found := false
	ast.Inspect(test.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch fn := call.Fun.(type) {
		case *ast.SelectorExpr:
			pkg, ok := fn.X.(*ast.Ident)
			found = found || ok && pkg.Name == "dbtest" && fn.Sel.Name == "Each"
		case *ast.Ident:
			found = found || fn.Name == "each"
		}
		return true
	})
	return found
}

var known map[string]*ast.FuncDecl

// tests are the tests below internal, by package and name.
func tests(t *testing.T) map[string]*ast.FuncDecl {
	t.Helper()
	if known != nil {
		return known
	}
	known = map[string]*ast.FuncDecl{}
	below := filepath.Join(root, "internal")
	err := filepath.WalkDir(below, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		pkg, err := filepath.Rel(below, filepath.Dir(path))
		if pkg = filepath.ToSlash(pkg) + "."; pkg == ".." {
			pkg = ""
		}
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil {
				known[pkg+fn.Name.Name] = fn
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return known
}
