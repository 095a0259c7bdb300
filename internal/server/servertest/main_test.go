package servertest_test

import (
	"io"
	"log/slog"
	"os"
	"testing"
)

// The log of every request would bury what the tests say; NEARBY_LOG_LEVEL shows it.
func TestMain(m *testing.M) {
	if os.Getenv("NEARBY_LOG_LEVEL") == "" {
		slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	}
	os.Exit(m.Run())
}
