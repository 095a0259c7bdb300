package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"nearby/internal/audit"
)

// anchorEvery is how often the audit log's tip is written outside the database.
const anchorEvery = 30 * time.Second

func (a *App) anchorPath() string { return filepath.Join(a.settings.DataDir, "audit.anchors") }

// anchor appends the audit log's tip to a file beside the database whenever it
// moved, so that a cut or replaced log is noticed.
func (a *App) anchor(ctx context.Context) error {
	var last audit.Tip
	for {
		tip, err := a.Audit.Tip(ctx)
		if err != nil {
			return err
		}
		if tip != last && tip.Seq > 0 {
			if err := appendLine(a.anchorPath(), tip); err != nil {
				return err
			}
			last = tip
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(anchorEvery):
		}
	}
}

func appendLine(path string, value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Sync(), file.Close())
}

// VerifyAudit checks the audit log against its own chain and the tips kept
// beside the database. It returns how many entries are sound.
func (a *App) VerifyAudit(ctx context.Context) (int64, error) {
	tips, err := readTips(a.anchorPath())
	if err != nil {
		return 0, err
	}
	return a.Audit.Verify(ctx, tips...)
}

func readTips(path string) ([]audit.Tip, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var tips []audit.Tip
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var tip audit.Tip
		if err := json.Unmarshal(lines.Bytes(), &tip); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, len(tips)+1, err)
		}
		tips = append(tips, tip)
	}
	return tips, lines.Err()
}
