package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"nearby/internal/geo"
)

// app measures the program itself with as many businesses as the index is
// measured with: how fast it starts, what it needs, how it answers. To import
// them takes minutes; a folder named by NEARBY_BENCH_FOLDER is imported into
// once, and used again.
func (b *bench) app() error {
	n, err := rowsWanted()
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d businesses in the program: ", n)
	if b.data == "" {
		b.skip(what, "NEARBY_TESTDATA does not say where the real places are")
		return nil
	}
	places, dir := filepath.Join(b.scratch, "many.ndjson"), cmp.Or(os.Getenv("NEARBY_BENCH_FOLDER"), filepath.Join(b.scratch, "many"))
	points, err := b.writePlaces(places, n)
	if err != nil {
		return err
	}
	in := func(dir string) []string {
		return []string{"NEARBY_DATA_DIR=" + dir, "NEARBY_ADDR=127.0.0.1:0", "NEARBY_ADMIN_ADDR=127.0.0.1:0", "NEARBY_LOG_LEVEL=warn"}
	}
	none := in(filepath.Join(b.scratch, "none"))
	if _, err := b.heapOf(none); err != nil { // the first start makes the database, which the others need not
		return err
	}
	empty, err := b.heapOf(none)
	if err != nil {
		return err
	}
	env, saved := in(dir), filepath.Join(dir, "index.saved")
	if _, err := os.Stat(filepath.Join(dir, "nearby.db")); err != nil {
		_, took, err := b.do(env, "nearby", "import", "places", places, "--as", "verified", "--reason", "a measurement")
		if err != nil {
			return err
		}
		b.add(what+"import into SQLite", took.Seconds(), "s")
	}
	if err := os.Remove(saved); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, start := range []struct {
		from string
		most float64
	}{{"the database", math.Inf(1)}, {"the saved index", 3}} {
		begin := time.Now()
		p, base, _, err := b.serve(env)
		if err != nil {
			return err
		}
		if err := get(http.DefaultClient, base+nearPath(points[0])); err != nil {
			return err
		}
		took := time.Since(begin).Seconds()
		if math.IsInf(start.most, 1) {
			b.add(what+"start to first search, from "+start.from, took, "s")
		} else {
			b.goal(what+"start to first search, from "+start.from, took, "s", start.most)
		}
		if err := p.stop(); err != nil {
			return err
		}
	}
	file, err := os.Stat(saved)
	if err != nil {
		return err
	}
	mapped := float64(file.Size())
	b.add(what+"the saved index, mapped into memory", mapped/1e6, "MB")
	heap, err := b.heapOf(env)
	if err != nil {
		return err
	}
	b.goal(what+"memory for the index, its texts and what lists show", (heap-empty+mapped)/1e6, "MB", 250*float64(n)/million)
	p, base, _, err := b.serve(env)
	if err != nil {
		return err
	}
	addresses := []string{base + "/livez"}
	for _, at := range points {
		addresses = append(addresses, base+nearPath(at))
	}
	all, err := questions(addresses...)
	if err != nil {
		return err
	}
	livez, search := all[0], all[1:]
	for _, clients := range []int{32, 64} {
		find := func(client *http.Client, n int) error { return ask(client, search[n*7919%len(search)]) }
		near, err := b.loadBy(clients, 0, 10*time.Second, find)
		if err != nil {
			return err
		}
		nothing, err := b.loadBy(clients, 0, 5*time.Second, func(client *http.Client, _ int) error { return ask(client, livez) })
		if err != nil {
			return err
		}
		half, err := b.loadBy(clients, near.rate/2, 10*time.Second, find)
		if err != nil {
			return err
		}
		of := fmt.Sprintf("%sGET /api/v1/nearby, %d clients: ", what, clients)
		b.add(of+"answers a second", near.rate, "1/s")
		b.add(of+"share of what /livez answers", 100*near.rate/nothing.rate, "%")
		b.add(of+"median", near.median, "ms")
		b.goal(of+"99th percentile", near.p99, "ms", 10)
		b.add(of+"99th percentile of /livez", nothing.p99, "ms")
		b.goal(of+"99th percentile at half of that rate", half.p99, "ms", 10)
	}
	return p.stop()
}

func nearPath(p geo.Point) string {
	return fmt.Sprintf("/api/v1/nearby?lat=%.5f&lng=%.5f&limit=20", p.Lat, p.Lng)
}

// serve starts the server and tells where it and its second listener are.
func (b *bench) serve(env []string) (p *program, base, admin string, err error) {
	if p, err = b.start(env, "nearby", "serve"); err != nil {
		return nil, "", "", err
	}
	if base, err = p.wait("listening on "); err != nil {
		return nil, "", "", err
	}
	admin, err = p.wait("metrics on ")
	return p, base, admin, err
}

// heapOf starts the server and tells how many bytes live in it once it has
// answered and garbage is collected.
func (b *bench) heapOf(env []string) (float64, error) {
	p, base, metrics, err := b.serve(append(env, "NEARBY_DEBUG=true"))
	if err != nil {
		return 0, err
	}
	for range 300 {
		if err := get(http.DefaultClient, base+"/"); err != nil {
			return 0, err
		}
	}
	collect := strings.TrimSuffix(metrics, "/metrics") + "/debug/pprof/heap?gc=1"
	bytes, before := 0.0, math.Inf(1)
	for tries := 0; tries < 20; tries++ { // after a start, assets are compressed for a while
		if err := get(http.DefaultClient, collect); err != nil {
			return 0, err
		}
		if bytes, err = metric(metrics, "go_memstats_heap_alloc_bytes"); err != nil {
			return 0, err
		}
		if bytes > 0.99*before && tries > 3 {
			break
		}
		before = bytes
		time.Sleep(time.Second)
	}
	return bytes, p.stop()
}

// metric is the value of a gauge.
func metric(address, name string) (float64, error) {
	answer, err := http.Get(address)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, cmp.Or(lines.Err(), fmt.Errorf("%s has no %s", address, name))
}

// writePlaces writes n places for an import, the real ones of Berlin set down in
// the real cities of the world, and gives a sample of where they are.
func (b *bench) writePlaces(path string, n int) ([]geo.Point, error) {
	const berlin = "berlin-2024-01.ndjson.gz"
	pattern, err := readPattern(filepath.Join(b.data, "businesses", berlin))
	if err != nil {
		return nil, err
	}
	cities, err := readCities(filepath.Join(b.data, "geo", "geonames-cities1000.csv.gz"))
	if err != nil {
		return nil, err
	}
	file, text, err := unzip(filepath.Join(b.data, "businesses", berlin))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var places []map[string]json.RawMessage
	for lines := json.NewDecoder(text); lines.More(); {
		var place map[string]json.RawMessage
		if err := lines.Decode(&place); err != nil {
			return nil, err
		}
		places = append(places, place)
	}
	out, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	to := bufio.NewWriterSize(out, 1<<20)
	lines := json.NewEncoder(to)
	random := rand.New(rand.NewPCG(73, 74))
	var sample []geo.Point
	for i := range n {
		people := random.Float64() * cities[len(cities)-1].upTo
		at, _ := slices.BinarySearchFunc(cities, people, func(c city, people float64) int { return cmp.Compare(c.upTo, people) })
		which := random.IntN(len(places))
		c, scale := cities[at], math.Sqrt(cities[at].people/berliners)
		p := moved(c.middle, pattern[which].north*scale+random.NormFloat64()*20, pattern[which].east*scale+random.NormFloat64()*20)
		place := places[which]
		place["id"] = fmt.Appendf(nil, `"bench:%d"`, i)
		place["lat"], place["lng"] = fmt.Appendf(nil, "%.7f", p.Lat), fmt.Appendf(nil, "%.7f", p.Lng)
		if err := lines.Encode(place); err != nil {
			return nil, err
		}
		if i%100 == 0 {
			sample = append(sample, p)
		}
	}
	return sample, cmp.Or(to.Flush(), out.Close())
}
