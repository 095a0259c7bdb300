package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nearby/internal/app"
	"nearby/internal/ident"
	"nearby/internal/payment"
	"nearby/internal/server/servertest"
)

const clients = 8

// starts measures how long it takes from the command to the first page.
func (b *bench) starts() error {
	env := []string{
		"NEARBY_DATA_DIR=" + filepath.Join(b.scratch, "demo"), "NEARBY_ADDR=127.0.0.1:0", "NEARBY_ADMIN_ADDR=127.0.0.1:0",
		"NEARBY_SANDBOX_ADDR=127.0.0.1:0", "NEARBY_SANDBOX_CONTROL=127.0.0.1:0",
	}
	for _, start := range []struct {
		what string
		most float64
	}{{"demo: first start, town included", 10}, {"demo: second start", 3}} {
		begin := time.Now()
		p, err := b.start(env, "nearby", "demo")
		if err != nil {
			return err
		}
		site, err := p.wait("Site ")
		if err != nil {
			return err
		}
		if err := get(http.DefaultClient, site+"/"); err != nil {
			return err
		}
		b.goal(start.what, time.Since(begin).Seconds(), "s", start.most)
		if err := p.stop(); err != nil {
			return err
		}
	}
	return nil
}

func get(client *http.Client, address string) error {
	response, err := client.Get(address)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, response.Status)
	}
	return nil
}

// places imports a city and asks what is near, as many would at once.
func (b *bench) places() error {
	const what = "Berlin"
	if b.data == "" {
		b.skip(what, "NEARBY_TESTDATA does not say where the real places are")
		return nil
	}
	file := filepath.Join(b.data, "businesses", "berlin-2024-01.ndjson.gz")
	env := []string{"NEARBY_DATA_DIR=" + filepath.Join(b.scratch, "berlin"), "NEARBY_ADDR=127.0.0.1:0", "NEARBY_ADMIN_ADDR=127.0.0.1:0", "NEARBY_LOG_LEVEL=warn"}
	_, took, err := b.do(env, "nearby", "import", "places", file, "--as", "verified", "--reason", "a measurement")
	if err != nil {
		return err
	}
	b.goal("Berlin: import into SQLite", took.Seconds(), "s", 15)
	if _, took, err = b.do(env, "nearby", "import", "places", file, "--as", "verified", "--reason", "a measurement"); err != nil {
		return err
	}
	b.add("Berlin: the same file again", took.Seconds(), "s")
	ids, err := b.imported(filepath.Join(b.scratch, "berlin"))
	if err != nil {
		return err
	}
	scan, err := servertest.ReadScan(b.ctx, file, "Europe/Berlin", ids)
	if err != nil {
		return err
	}
	begin := time.Now()
	p, err := b.start(env, "nearby", "serve")
	if err != nil {
		return err
	}
	base, err := p.wait("listening on ")
	if err != nil {
		return err
	}
	questions := scan.Questions(2000, 20, time.Date(2026, 3, 23, 0, 0, 0, 0, time.UTC))
	if err := get(http.DefaultClient, base+questions[0].Path()); err != nil {
		return err
	}
	b.add("Berlin: start to first search", time.Since(begin).Seconds(), "s")
	report, err := scan.Compare(b.ctx, servertest.NewCaller(base, 1), questions)
	if err != nil {
		return err
	}
	b.add(fmt.Sprintf("Berlin: questions that equal a scan of %d places", scan.Len()), float64(report.Questions), fmt.Sprintf("with %d answers", report.Answers))
	b.goal("Berlin: largest error of a distance", report.WorstM, "m", 0.1)
	if err := b.compareLoad(base, questions); err != nil {
		return err
	}
	return p.stop()
}

// compareLoad asks for places and, as the yardstick, for nothing at all.
func (b *bench) compareLoad(base string, asked []servertest.Question) error {
	addresses := []string{base + "/livez"}
	for _, q := range asked {
		addresses = append(addresses, base+q.Path())
	}
	all, err := questions(addresses...)
	if err != nil {
		return err
	}
	livez, search := all[0], all[1:]
	near, err := b.load(10*time.Second, func(client *http.Client, n int) error { return ask(client, search[n%len(search)]) })
	if err != nil {
		return err
	}
	nothing, err := b.load(5*time.Second, func(client *http.Client, _ int) error { return ask(client, livez) })
	if err != nil {
		return err
	}
	b.add("GET /api/v1/nearby, 8 clients: answers a second", near.rate, "1/s")
	b.add("GET /api/v1/nearby, 8 clients: median", near.median, "ms")
	b.goal("GET /api/v1/nearby, 8 clients: 99th percentile", near.p99, "ms", 5)
	b.add("GET /livez, 8 clients: answers a second", nothing.rate, "1/s")
	b.add("GET /livez, 8 clients: 99th percentile", nothing.p99, "ms")
	b.add("nearby beside livez: times as long, median", near.median/nothing.median, "")
	return nil
}

// imported reads which id each imported place got.
func (b *bench) imported(dir string) (map[string]string, error) {
	a, err := b.rooms(dir, payment.Config{})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	rows, err := a.DB.Pool().QueryContext(b.ctx, "SELECT source_id, id FROM businesses WHERE source_id IS NOT NULL")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ids := map[string]string{}
	for rows.Next() {
		var source, id string
		if err := rows.Scan(&source, &id); err != nil {
			return nil, err
		}
		ids[source] = id
	}
	return ids, rows.Err()
}

// rooms opens a data folder in this process, while no program runs on it.
func (b *bench) rooms(dir string, payments payment.Config) (*app.App, error) {
	return b.roomsAt(dir, "sqlite:"+filepath.Join(dir, "nearby.db"), payments)
}

// roomsAt is rooms over any database.
func (b *bench) roomsAt(dir, address string, payments payment.Config) (*app.App, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return app.Open(b.ctx, app.Settings{
		DataDir: dir, DatabaseURL: address, BlobURL: "file:" + filepath.Join(dir, "photos"),
		MailURL: "console:", MailFrom: "Nearby <no-reply@nearby.example>", BaseURL: &url.URL{Scheme: "http", Host: "127.0.0.1"},
		Payment: payments, Secret: func(name string) ([]byte, error) { return secret(dir, name) },
	})
}

// secret reads the program's secret of a name, or puts one where it looks.
func secret(dir, name string) ([]byte, error) {
	path := filepath.Join(dir, name+".key")
	if text, err := os.ReadFile(path); err == nil {
		return hex.DecodeString(string(text[:64]))
	}
	key, err := servertest.TestSecret(name)
	if err != nil {
		return nil, err
	}
	return key, os.WriteFile(path, []byte(hex.EncodeToString(key)+"\n"), 0o600)
}

// orders measures how many orders for one product the program takes.
func (b *bench) orders() error {
	const key, hook = "sk_test_sandboxbench", "whsec_benchbenchbench"
	dir := filepath.Join(b.scratch, "orders")
	sandbox, err := b.start(nil, "stripesandbox", "--addr", "127.0.0.1:0", "--control", "127.0.0.1:0", "--key", key)
	if err != nil {
		return err
	}
	api, err := sandbox.wait("api ")
	if err != nil {
		return err
	}
	a, err := b.rooms(dir, payment.Config{
		Mode: payment.ModeSandbox, Key: key, BaseURL: api, WebhookSecrets: []string{hook},
	})
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
		"NEARBY_DATA_DIR=" + dir, "NEARBY_ADDR=127.0.0.1:0", "NEARBY_ADMIN_ADDR=127.0.0.1:0", "NEARBY_LOG_LEVEL=error",
		"NEARBY_PAYMENTS=sandbox", "STRIPE_SECRET_KEY=" + key, "STRIPE_API_BASE=" + api, "STRIPE_WEBHOOK_SECRETS=" + hook,
	}, "nearby", "serve")
	if err != nil {
		return err
	}
	base, err := p.wait("listening on ")
	if err != nil {
		return err
	}
	for _, way := range []struct{ payment, what string }{
		{"at_pickup", "orders of one product, paid at pickup"}, {"card", "orders of one product, held until paid by card"},
	} {
		taken, err := b.load(5*time.Second, func(client *http.Client, n int) error {
			_, err := servertest.Caller{Base: base, HTTP: client}.Place(b.ctx, shop, servertest.Wish{
				Quantity: 1, Payment: way.payment, Email: fmt.Sprintf("%s%d@bench.example", way.payment, n), Key: ident.Random(),
			})
			return err
		})
		if err != nil {
			return err
		}
		b.add("POST /api/v1/orders, 8 clients: "+way.what, taken.rate, "1/s")
		b.add("POST /api/v1/orders, 8 clients: 99th percentile", taken.p99, "ms")
	}
	if err := p.stop(); err != nil {
		return err
	}
	return sandbox.stop()
}

// figures are what a load came to.
type figures struct{ rate, median, p99 float64 }

// load has the clients call for a while, each again as soon as it is answered,
// after a second of warming up.
func (b *bench) load(lasting time.Duration, call func(client *http.Client, n int) error) (figures, error) {
	return b.loadBy(clients, 0, lasting, call)
}

// loadBy is load with so many clients. With a rate they ask so often a second in
// all, whether answers come or not, and an answer counts from when it was to be
// asked for; with 0 each asks again at once, which keeps the processors full.
func (b *bench) loadBy(clients int, rate float64, lasting time.Duration, call func(client *http.Client, n int) error) (figures, error) {
	ctx, cancel := context.WithTimeout(b.ctx, lasting+time.Second)
	defer cancel()
	var next atomic.Int64
	next.Store(rand.Int64N(1 << 20))
	start := time.Now()
	warm, every := start.Add(time.Second), time.Duration(0)
	if rate > 0 {
		every = time.Duration(float64(clients) / rate * float64(time.Second))
	}
	took, failed := make([][]time.Duration, clients), make([]error, clients)
	var working sync.WaitGroup
	for i := range clients {
		working.Go(func() {
			line := &line{}
			defer line.close()
			client := &http.Client{Transport: line}
			due := start.Add(every * time.Duration(i) / time.Duration(clients))
			for ctx.Err() == nil {
				begin := time.Now()
				if every > 0 {
					time.Sleep(due.Sub(begin))
					begin, due = due, due.Add(every)
				}
				if err := call(client, int(next.Add(1))); err != nil {
					failed[i] = err
					return
				}
				if begin.After(warm) {
					took[i] = append(took[i], time.Since(begin))
				}
			}
		})
	}
	working.Wait()
	for _, err := range failed {
		if err != nil {
			return figures{}, err
		}
	}
	return summary(slices.Concat(took...), lasting), b.ctx.Err()
}

// summary is the figures of durations; times are in milliseconds.
func summary(took []time.Duration, lasting time.Duration) figures {
	if len(took) == 0 {
		return figures{}
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	return figures{rate: float64(len(took)) / lasting.Seconds(), median: ms(took[len(took)/2]), p99: ms(took[len(took)*99/100])}
}
