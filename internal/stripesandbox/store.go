package stripesandbox

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver behind Options.Data
)

// record is a thing the store keeps: one JSON document under its kind, its
// account ("" = the operator) and its id.
type record interface {
	kind() string
	ref() (account, id string)
}

// scope is embedded by every record: whose it is, and its id there.
type scope struct {
	Account string `json:"account"`
	ID      string `json:"id"`
}

func (s scope) ref() (account, id string) { return s.Account, s.ID }

type key struct{ kind, account, id string }

type shelf struct{ kind, account string }

type document struct {
	key
	seq  int64 // order of making
	body []byte
}

// store keeps every document in memory and writes changes through to an
// SQLite file, if there is one.
type store struct {
	db      *sql.DB // nil: memory only
	docs    map[key]*document
	shelves map[shelf][]*document // oldest first
	seq     int64
}

const schema = `CREATE TABLE IF NOT EXISTS documents (
	kind TEXT NOT NULL, account TEXT NOT NULL, id TEXT NOT NULL,
	seq INTEGER NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY (kind, account, id))`

func openStore(file string) (*store, error) {
	st := &store{docs: map[key]*document{}, shelves: map[shelf][]*document{}}
	if file == "" {
		return st, nil
	}
	// The file belongs to one process: a second one would not see its changes.
	dsn := (&url.URL{Scheme: "file", Opaque: url.PathEscape(file), RawQuery: "_journal=WAL&_sync=NORMAL&_locking=EXCLUSIVE&_busy_timeout=1000"}).String()
	db, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	db.SetMaxOpenConns(1)
	st.db = db
	if _, err := db.Exec(schema); err != nil {
		db.Close()
		return nil, fmt.Errorf("open %s (is another sandbox using it?): %w", file, err)
	}
	if err := st.read(); err != nil {
		db.Close()
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return st, nil
}

func (st *store) read() error {
	rows, err := st.db.Query(`SELECT kind, account, id, seq, body FROM documents ORDER BY seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		d := &document{}
		if err := rows.Scan(&d.kind, &d.account, &d.id, &d.seq, &d.body); err != nil {
			return err
		}
		st.set(d.key, d)
		st.seq = d.seq
	}
	return rows.Err()
}

func (st *store) close() error {
	if st.db == nil {
		return nil
	}
	return st.db.Close()
}

// set places d under k, or takes k away when d is nil.
func (st *store) set(k key, d *document) {
	on := shelf{k.kind, k.account}
	docs := st.shelves[on]
	old := st.docs[k]
	switch {
	case old == nil && d == nil:
	case old == nil:
		st.shelves[on] = slices.Insert(docs, place(docs, d.seq), d)
	case d == nil:
		i := place(docs, old.seq)
		st.shelves[on] = slices.Delete(docs, i, i+1)
	default: // put keeps the order of making
		docs[place(docs, old.seq)] = d
	}
	if d == nil {
		delete(st.docs, k)
	} else {
		st.docs[k] = d
	}
}

func place(docs []*document, seq int64) int {
	i, _ := slices.BinarySearchFunc(docs, seq, func(d *document, seq int64) int { return int(d.seq - seq) })
	return i
}

// tx is one transaction: changes show at once in memory, commit writes them
// to the file, rollback takes them back.
type tx struct {
	s      *Sandbox
	now    time.Time
	cause  *Call             // the API call at work, named in its events; nil: a page or a timer
	before map[key]*document // what stood under each changed key; nil: nothing
	events bool              // an event was made: the deliverer has work
}

// begin opens a transaction. The caller holds mu until its end.
func (s *Sandbox) begin() *tx {
	return &tx{s: s, now: s.now(), before: map[key]*document{}}
}

func (t *tx) change(k key, d *document) {
	if _, known := t.before[k]; !known {
		t.before[k] = t.s.store.docs[k]
	}
	t.s.store.set(k, d)
}

func (t *tx) rollback() {
	for k, d := range t.before {
		t.s.store.set(k, nil) // what stood there may have had another place
		t.s.store.set(k, d)
	}
}

func (t *tx) commit() error {
	if err := t.write(); err != nil {
		t.rollback()
		return fmt.Errorf("save: %w", err)
	}
	if t.events {
		t.s.wakeDeliverer()
	}
	return nil
}

func (t *tx) write() error {
	st := t.s.store
	if st.db == nil || len(t.before) == 0 {
		return nil
	}
	out, err := st.db.Begin()
	if err != nil {
		return err
	}
	defer out.Rollback() // a no-op once committed
	for k := range t.before {
		if d := st.docs[k]; d != nil {
			_, err = out.Exec(`INSERT INTO documents (kind, account, id, seq, body) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (kind, account, id) DO UPDATE SET seq = excluded.seq, body = excluded.body`,
				k.kind, k.account, k.id, d.seq, string(d.body))
		} else {
			_, err = out.Exec(`DELETE FROM documents WHERE kind = ? AND account = ? AND id = ?`, k.kind, k.account, k.id)
		}
		if err != nil {
			return err
		}
	}
	return out.Commit()
}

// put keeps r: anew, or in the place of the one with its id.
func put(t *tx, r record) {
	body, err := json.Marshal(r)
	if err != nil {
		panic(err) // records are plain data
	}
	d := &document{key: keyOf(r), body: body}
	if old := t.s.store.docs[d.key]; old != nil {
		d.seq = old.seq
	} else {
		t.s.store.seq++
		d.seq = t.s.store.seq
	}
	t.change(d.key, d)
}

// remove takes r away.
func remove(t *tx, r record) { t.change(keyOf(r), nil) }

func keyOf(r record) key {
	account, id := r.ref()
	return key{r.kind(), account, id}
}

// find reads the record of type T with this id in this account. What it
// returns is a copy: put keeps a change.
func find[T record](t *tx, account, id string) (T, bool) {
	var r T
	d := t.s.store.docs[key{r.kind(), account, id}]
	if d == nil {
		return r, false
	}
	return decode[T](d), true
}

// need is find for a record the caller's parameter names: when it is not
// there, or belongs to another account, the error is Stripe's resource_missing.
func need[T record](t *tx, account, id, param string) (T, error) {
	r, ok := find[T](t, account, id)
	if !ok {
		return r, missing(r.kind(), id, param)
	}
	return r, nil
}

// all walks the records of type T in this account, newest first. Records made
// or taken away meanwhile are not seen.
func all[T record](t *tx, account string) iter.Seq[T] {
	docs := slices.Clone(shelfOf[T](t, account))
	slices.Reverse(docs)
	return decoded[T](docs)
}

// oldest is all in the other direction.
func oldest[T record](t *tx, account string) iter.Seq[T] {
	return decoded[T](slices.Clone(shelfOf[T](t, account)))
}

// anywhere finds the record of type T with this id in whatever account has
// it; the oldest, should there be several.
func anywhere[T record](t *tx, id string) (T, bool) {
	var r T
	var first *document
	for on := range t.s.store.shelves {
		if on.kind != r.kind() {
			continue
		}
		if d := t.s.store.docs[key{on.kind, on.account, id}]; d != nil && (first == nil || d.seq < first.seq) {
			first = d
		}
	}
	if first == nil {
		return r, false
	}
	return decode[T](first), true
}

// lowest is the record of type T with the smallest id in the account.
func lowest[T record](t *tx, account string) (T, bool) {
	docs := shelfOf[T](t, account)
	if len(docs) == 0 {
		var none T
		return none, false
	}
	return decode[T](slices.MinFunc(docs, func(a, b *document) int { return strings.Compare(a.id, b.id) })), true
}

// count is how many records of type T in the account have an id that begins
// with prefix.
func count[T record](t *tx, account, prefix string) int {
	n := 0
	for _, d := range shelfOf[T](t, account) {
		if strings.HasPrefix(d.id, prefix) {
			n++
		}
	}
	return n
}

func shelfOf[T record](t *tx, account string) []*document {
	var r T
	return t.s.store.shelves[shelf{r.kind(), account}]
}

func decoded[T record](docs []*document) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, d := range docs {
			if !yield(decode[T](d)) {
				return
			}
		}
	}
}

func decode[T record](d *document) T {
	var r T
	if err := json.Unmarshal(d.body, &r); err != nil {
		panic(fmt.Sprintf("stored %s %s: %v", d.kind, d.id, err)) // written by put
	}
	return r
}
