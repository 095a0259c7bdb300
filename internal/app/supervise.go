package app

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// supervise runs work until ctx ends. Work that fails or panics is started
// again, ever later, and never takes the program with it.
func supervise(ctx context.Context, name string, work func(context.Context) error) {
	pause := time.Second
	for ctx.Err() == nil {
		begin := time.Now() //nolint:forbidigo // how long it ran, no decision of the product
		err := guarded(ctx, work)
		if ctx.Err() != nil {
			return
		}
		if time.Since(begin) > time.Minute {
			pause = time.Second
		}
		slog.Error("background work stopped and is started again", "work", name, "in", pause, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, time.Minute)
	}
}

func guarded(ctx context.Context, work func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return work(ctx)
}

// every runs work at once and then each time the pause is over.
func every(pause time.Duration, work func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			if err := work(ctx); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(pause):
			}
		}
	}
}
