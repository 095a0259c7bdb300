package torture

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"nearby/internal/database/dbtest"
)

// bin is the folder of the programs, built from this very checkout.
var bin string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "nearby-torture-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "nearby/cmd/nearby", "nearby/cmd/stripesandbox")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the programs: %v\n%s", err, out)
		return 1
	}
	bin = dir
	return m.Run()
}

// rounds is how often to do something: usually so many, few with -short, five
// times as many with NEARBY_TORTURE=1.
func rounds(usual, short int) int {
	switch {
	case os.Getenv("NEARBY_TORTURE") != "":
		return 5 * usual
	case testing.Short():
		return short
	}
	return usual
}

// each runs fn with the address of a fresh SQLite file and of a fresh
// PostgreSQL database.
func each(t *testing.T, fn func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, "sqlite:"+filepath.Join(t.TempDir(), "nearby.db")) })
	t.Run("postgres", func(t *testing.T) { fn(t, dbtest.PostgresURL(t)) })
}
