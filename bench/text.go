package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"nearby/internal/nearby"
	"nearby/internal/text"
)

// scripts are words that a few businesses of a thousand each are found by.
var scripts = text.Words("ラーメン 寿司 кофе пекарня καφές قهوة מאפייה")

const productsEach = 5

// text measures words together with "near": a million businesses under the names
// of real ones, each with five products of two words, which are common and rare
// by Zipf's law.
func (b *bench) text() error {
	n, err := rowsWanted()
	if err != nil {
		return err
	}
	what := fmt.Sprintf("text, %d businesses with %d products: ", n, n*productsEach)
	if b.data == "" {
		b.skip(what, "NEARBY_TESTDATA does not say where the real places are")
		return nil
	}
	names, words, err := readNames(filepath.Join(b.data, "businesses", "berlin-2024-01.ndjson.gz"))
	if err != nil {
		return err
	}
	rows, err := b.cityRows(n)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(75, 76))
	random.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	often := rand.NewZipf(random, 1.1, 8, uint64(len(words)-1))
	filling := nearby.New()
	for i := range rows {
		list := slices.Clone(names[random.IntN(len(names))])
		for range productsEach * 2 {
			list = append(list, words[often.Uint64()])
		}
		if random.IntN(100) == 0 {
			list = append(list, scripts[random.IntN(len(scripts))])
		}
		rows[i].Words = list
	}
	begin := time.Now()
	filling.Replace(rows)
	b.add(what+"built", time.Since(begin).Seconds(), "s")
	for _, c := range []struct {
		what  string
		terms func(r *nearby.Row) []nearby.Term
	}{
		{"two words of one business", func(r *nearby.Row) []nearby.Term {
			return []nearby.Term{{Text: one(random, r.Words)}, {Text: one(random, r.Words), Prefix: true}}
		}},
		{"a word with a typo", func(r *nearby.Row) []nearby.Term { return []nearby.Term{mistyped(random, one(random, r.Words))} }},
		{"a word of another script", func(*nearby.Row) []nearby.Term { return []nearby.Term{{Text: one(random, scripts)}} }},
		{"three letters typed so far", func(r *nearby.Row) []nearby.Term {
			letters := []rune(one(random, r.Words))
			return []nearby.Term{{Text: string(letters[:min(3, len(letters))]), Prefix: true}}
		}},
	} {
		var took []time.Duration
		room := make([]nearby.Hit, 0, 20)
		for i := 0; i < 10_000 && b.ctx.Err() == nil; i++ {
			r := &rows[random.IntN(len(rows))]
			q := nearby.Query{Center: beside(random, r.Point, 300), Limit: 20, Terms: c.terms(r)}
			begin := time.Now()
			filling.Append(room, q)
			took = append(took, time.Since(begin))
		}
		f := summary(took, time.Second)
		b.add(what+c.what+", median", f.median*1000, "µs")
		b.goal(what+c.what+", 99th percentile", f.p99*1000, "µs", 200)
	}
	return b.ctx.Err()
}

func one(random *rand.Rand, words []string) string { return words[random.IntN(len(words))] }

// mistyped is a word with two neighbours in the wrong order, and the typos that
// the search forgives in one of its length.
func mistyped(random *rand.Rand, word string) nearby.Term {
	letters := []rune(word)
	t := nearby.Term{Text: word}
	switch {
	case len(letters) >= 8:
		t.Edits = 2
	case len(letters) >= 4:
		t.Edits = 1
	default:
		return t
	}
	i := 1 + random.IntN(len(letters)-2)
	letters[i], letters[i+1] = letters[i+1], letters[i]
	t.Text = string(letters)
	return t
}

// readNames are the names of the places of a file, cut into words, and all their
// words once each.
func readNames(path string) (names [][]string, words []string, err error) {
	file, content, err := unzip(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(content)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var place struct{ Name string }
		if err := json.Unmarshal(lines.Bytes(), &place); err != nil {
			return nil, nil, err
		}
		if list := text.Words(place.Name); len(list) > 0 {
			names, words = append(names, list), append(words, list...)
		}
	}
	slices.Sort(words)
	return names, slices.Compact(words), lines.Err()
}
