// Package internal_test keeps the floor plan of README.md: imports go down
// only, and some libraries stay in their room.
package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors lists the packages below internal from the ground up. A package may
// import what stands before it; packages on one line do not import each other.
var floors = [][]string{
	{"errs", "clock", "text"},
	{"ident", "lifecycle", "money", "geo", "hours", "likeness"},
	{"places"},
	{"database"},
	{"nearby", "blob", "payment", "probe", "phone"},
	{"audit"},
	{"job"},
	{"mail", "inbox"},
	{"account"},
	{"directory/category"},
	{"directory"},
	{"catalog", "payout"},
	{"check"},
	{"verification"},
	{"proposal"},
	{"ledger"},
	{"order"},
	{"measure"},
	{"notice"},
	{"complaint"},
	{"transparency"},
	{"server/pages", "server/problem"},
	{"server/reply"},
	{"server/route"},
	{"server/view"},
	{"server/shop", "server/owner", "server/desk", "server/admin", "server/api", "server/hook"},
	{"server"},
	{"demo"},
	{"app"},
}

// rooms says where a library may be imported: in these packages, or in files
// whose name begins with one of the given words.
var rooms = []struct {
	library  string
	packages []string
	files    string
}{
	{library: "github.com/labstack/echo", packages: []string{"server"}},
	{library: "github.com/stripe/stripe-go", packages: []string{"payment"}},
	{library: "github.com/uber/h3-go", packages: []string{"geo"}},
	{library: "github.com/emersion/go-ical", packages: []string{"hours"}},
	{library: "gorm.io/", packages: []string{"database"}, files: "store"},
}

// apart are programs and test tools that stand beside the house.
var apart = []string{"stripesandbox", "gatewaysandbox", "database/dbtest", "payment/paymenttest", "check/checktest", "probe/probetest", "server/servertest", "server/pages/pagestest", "torture"}

func TestImportsGoDownOnly(t *testing.T) {
	height := map[string]int{}
	for level, line := range floors {
		for _, name := range line {
			height[name] = level
		}
	}
	each(t, func(pkg, file string, imports []string) {
		if pkg == "" || stands(pkg, apart) {
			return
		}
		own, known := height[pkg]
		if !known {
			t.Errorf("%s: package %q has no place on the floor plan; add it to floors", file, pkg)
			return
		}
		for _, path := range imports {
			name, ours := strings.CutPrefix(path, "nearby/internal/")
			if !ours {
				if strings.HasPrefix(path, "nearby/cmd") {
					t.Errorf("%s imports %s", file, path)
				}
				continue
			}
			if stands(name, apart) {
				t.Errorf("%s imports %s, which is for tests and other programs", file, path)
			} else if below, known := height[name]; known && below >= own {
				t.Errorf("%s: %s imports %s, which does not lie below it", file, pkg, name)
			}
		}
	})
}

func TestLibrariesStayInTheirRoom(t *testing.T) {
	each(t, func(pkg, file string, imports []string) {
		if stands(pkg, apart) {
			return
		}
		for _, path := range imports {
			for _, r := range rooms {
				if !strings.HasPrefix(path, r.library) || stands(pkg, r.packages) {
					continue
				}
				if r.files == "" || !strings.HasPrefix(filepath.Base(file), r.files) {
					t.Errorf("%s imports %s, which stays in %v", file, path, r.packages)
				}
			}
		}
	})
}

// The real program must not even carry the code of the one that pretends.
func TestProgramKnowsNoSandbox(t *testing.T) {
	seen := map[string]bool{}
	var walk func(dir string)
	walk = func(dir string) {
		if seen[dir] {
			return
		}
		seen[dir] = true
		files, _ := filepath.Glob(filepath.Join("..", dir, "*.go"))
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, path := range importsOf(t, file) {
				if strings.HasPrefix(path, "github.com/stripe/stripe-mock") {
					t.Errorf("%s imports %s", file, path)
				}
				if ours, ok := strings.CutPrefix(path, "nearby/"); ok {
					if strings.Contains(ours, "stripesandbox") || strings.Contains(ours, "gatewaysandbox") {
						t.Errorf("%s imports %s", file, path)
					}
					walk(ours)
				}
			}
		}
	}
	walk("cmd/nearby")
	if len(seen) < 10 {
		t.Fatalf("only %d packages reached from cmd/nearby", len(seen))
	}
}

func stands(pkg string, list []string) bool {
	for _, name := range list {
		if pkg == name || strings.HasPrefix(pkg, name+"/") {
			return true
		}
	}
	return false
}

// each calls fn for every Go file below internal that is no test.
func each(t *testing.T, fn func(pkg, file string, imports []string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		if pkg == "." {
			pkg = ""
		}
		fn(pkg, path, importsOf(t, path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func importsOf(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}
