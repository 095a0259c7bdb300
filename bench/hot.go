package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/ident"
	"nearby/internal/payment"
	"nearby/internal/server/servertest"
)

// crowd is how many shoppers wait for the same product at once.
const crowd = 1000

// hot measures a sale that everybody waits for: holds of one product through
// the API on both databases, in groups and one transaction each, while others
// browse; and as the limit what pgbench reaches on the guarded update alone.
func (b *bench) hot() error {
	ways := []struct{ group, what string }{{"128", "in groups"}, {"1", "one transaction each"}}
	for _, way := range ways {
		file := filepath.Join(b.scratch, "hot-"+way.group, "nearby.db")
		if err := b.hotOn("SQLite", way.what, way.group, "sqlite:"+file); err != nil {
			return err
		}
	}
	cluster, err := dbtest.Start(true)
	if err != nil {
		b.skip("holds on PostgreSQL", err.Error())
		return nil
	}
	defer cluster.Stop()
	// The throw-away cluster waits for the disk as a real one does.
	settings := []string{"ALTER SYSTEM SET fsync = on", "ALTER SYSTEM SET full_page_writes = on", "SELECT pg_reload_conf()"}
	if err := b.run(cluster.URL, settings...); err != nil {
		return err
	}
	for _, way := range ways {
		name := "hot" + way.group
		if err := b.run(cluster.URL, "CREATE DATABASE "+name); err != nil {
			return err
		}
		address := strings.Replace(cluster.URL, "/postgres?", "/"+name+"?", 1)
		if err := b.hotOn("PostgreSQL", way.what, way.group, address); err != nil {
			return err
		}
		if way.group != "1" {
			continue
		}
		if err := b.pgbench(address); err != nil {
			return err
		}
	}
	return nil
}

// run runs statements of the measuring itself.
func (b *bench) run(address string, statements ...string) error {
	db, err := database.Open(b.ctx, address)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Pool().ExecContext(b.ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) hotOn(name, what, group, address string) error {
	const key, hook = "sk_test_sandboxhot", "whsec_hothothot"
	dir := filepath.Join(b.scratch, "hot-"+name+group)
	sandbox, err := b.start(nil, "stripesandbox", "--addr", "127.0.0.1:0", "--control", "127.0.0.1:0", "--key", key)
	if err != nil {
		return err
	}
	api, err := sandbox.wait("api ")
	if err != nil {
		return err
	}
	a, err := b.roomsAt(dir, address, payment.Config{Mode: payment.ModeSandbox, Key: key, BaseURL: api, WebhookSecrets: []string{hook}})
	if err != nil {
		return err
	}
	people, err := servertest.AddPeople(b.ctx, a)
	if err != nil {
		return err
	}
	shop, err := servertest.AddShop(b.ctx, a, people, servertest.NewShop{Pieces: 900_000})
	if err != nil {
		return err
	}
	if err := a.Close(); err != nil {
		return err
	}
	p, err := b.start([]string{
		"NEARBY_DATA_DIR=" + dir, "NEARBY_DATABASE_URL=" + address, "NEARBY_ADDR=127.0.0.1:0", "NEARBY_ADMIN_ADDR=127.0.0.1:0", "NEARBY_LOG_LEVEL=error",
		"NEARBY_PAYMENTS=sandbox", "STRIPE_SECRET_KEY=" + key, "STRIPE_API_BASE=" + api, "STRIPE_WEBHOOK_SECRETS=" + hook, "NEARBY_ORDER_GROUP=" + group,
	}, "nearby", "serve")
	if err != nil {
		return err
	}
	base, err := p.wait("listening on ")
	if err != nil {
		return err
	}
	if err := b.holds(fmt.Sprintf("holds of one product, %s, %d waiting, %s", name, crowd, what), base, shop); err != nil {
		return err
	}
	if err := p.stop(); err != nil {
		return err
	}
	return sandbox.stop()
}

// holds has the crowd order, and eight others browse meanwhile.
func (b *bench) holds(what, base string, shop servertest.Shop) error {
	var taken, browsed figures
	var takenErr, browsedErr error
	var both sync.WaitGroup
	both.Go(func() {
		taken, takenErr = b.loadBy(crowd, 0, 8*time.Second, func(client *http.Client, _ int) error {
			key := ident.Random()
			wish := servertest.Wish{Quantity: 1, Payment: "card", Email: key + "@bench.example", Key: key}
			for {
				_, err := servertest.Caller{Base: base, HTTP: client}.Place(b.ctx, shop, wish)
				var refused *servertest.Problem
				if !errors.As(err, &refused) || refused.Status != http.StatusServiceUnavailable {
					return err
				}
				time.Sleep(time.Second) // as it is told to
			}
		})
	})
	both.Go(func() {
		browsed, browsedErr = b.loadBy(2, 0, 8*time.Second, func(client *http.Client, _ int) error {
			time.Sleep(20 * time.Millisecond) // somebody reads the page
			return get(client, base+"/b/"+shop.Slug)
		})
	})
	both.Wait()
	if takenErr != nil {
		return takenErr
	}
	b.add(what+": acknowledged", taken.rate, "1/s")
	b.add(what+": 99th percentile", taken.p99, "ms")
	b.add(what+": browsing meanwhile, 99th percentile", browsed.p99, "ms")
	return browsedErr
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbench is what PostgreSQL's own tool reaches on the guarded update alone,
// without orders, lines, prices, an audit log or HTTP.
func (b *bench) pgbench(address string) error {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if len(found) == 0 {
		b.skip("pgbench on the guarded update", "it is not installed")
		return nil
	}
	script := filepath.Join(b.scratch, "hot.sql")
	update := "UPDATE stock SET held = held + 1, version = version + 1 WHERE id = (SELECT min(id) FROM stock) AND on_hand - held - committed >= 1;\n"
	if err := os.WriteFile(script, []byte(update), 0o600); err != nil {
		return err
	}
	for _, clients := range []string{"1", "16"} {
		out, err := exec.CommandContext(b.ctx, found[len(found)-1], "-n", "-M", "prepared", "-f", script, "-c", clients, "-j", "2", "-T", "5", address).CombinedOutput()
		if err != nil {
			return fmt.Errorf("pgbench: %w: %s", err, out)
		}
		match := tps.FindSubmatch(out)
		if match == nil {
			return fmt.Errorf("pgbench said %s", out)
		}
		n, err := strconv.ParseFloat(string(match[1]), 64)
		if err != nil {
			return err
		}
		b.add("pgbench, the guarded update alone, "+clients+" clients", n, "1/s")
	}
	return nil
}
