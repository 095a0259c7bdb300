package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver of database/sql

	"nearby/internal/database"
	"nearby/migrations"
)

// server is a running PostgreSQL in which tests may make and drop databases.
type server struct {
	base  *url.URL
	admin *sql.DB
}

var shared struct {
	once   sync.Once
	server *server
	err    error
}

// cluster is the PostgreSQL of this test process: the one that
// NEARBY_TEST_POSTGRES names, else a private one started from the installed
// binaries, which ends with the process.
func cluster() (*server, error) {
	shared.once.Do(func() {
		address := os.Getenv("NEARBY_TEST_POSTGRES")
		if address == "" {
			private, err := Start(true)
			if err != nil {
				shared.err = err
				return
			}
			address = private.URL
		}
		shared.server, shared.err = connect(address)
	})
	return shared.server, shared.err
}

func connect(address string) (*server, error) {
	base, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("NEARBY_TEST_POSTGRES is not an address")
	}
	admin, err := sql.Open("pgx", address)
	if err != nil {
		return nil, err
	}
	admin.SetMaxOpenConns(2)
	s := &server{base: base, admin: admin}
	return s, s.makeTemplate()
}

// address is that of a database, with timeouts that a machine busy with other
// tests does not reach.
func (s *server) address(name string) string {
	u := *s.base
	u.Path = "/" + name
	query := u.Query()
	for setting, patience := range map[string]string{"statement_timeout": "60000", "lock_timeout": "30000", "idle_in_transaction_session_timeout": "120000"} {
		query.Set(setting, patience)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// templateName changes whenever a migration does, so that a long-lived server
// never serves an old schema.
func templateName() string {
	h := fnv.New64a()
	_ = fs.WalkDir(migrations.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			text, _ := fs.ReadFile(migrations.Files, path)
			fmt.Fprintf(h, "%s\n%s\n", path, text)
		}
		return err
	})
	return fmt.Sprintf("nearby_template_%016x", h.Sum64())
}

// makeTemplate migrates the database that tests are cloned from, once per
// server and schema; test processes that start together wait for each other.
func (s *server) makeTemplate() error {
	ctx := context.Background()
	conn, err := s.admin.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(7230411)"); err != nil {
		return err
	}
	defer conn.ExecContext(ctx, "SELECT pg_advisory_unlock(7230411)")
	name := templateName()
	var ready bool
	if err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&ready); err != nil || ready {
		return err
	}
	building := name + "_new"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + building, "CREATE DATABASE " + building} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	db, err := database.Open(ctx, s.address(building))
	if err != nil {
		return err
	}
	err = db.Migrate(ctx)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "ALTER DATABASE "+building+" RENAME TO "+name)
	return err
}

func (s *server) clone(name string) error {
	_, err := s.admin.Exec("CREATE DATABASE " + name + " TEMPLATE " + templateName())
	return err
}

func (s *server) drop(name string) {
	_, _ = s.admin.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)")
}

// Cluster is a private, throw-away PostgreSQL.
type Cluster struct {
	URL     string
	dir     string
	command *exec.Cmd
	bin     string
	owner   *syscall.Credential
}

// Start makes and starts a private PostgreSQL on a free loopback port, as an
// unprivileged user when the caller is root. With tied, it ends when this
// process does. The error says what is missing.
func Start(tied bool) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "nearby-postgres-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, bin: bin}
	if os.Geteuid() == 0 {
		if c.owner, err = unprivileged(); err != nil {
			return nil, err
		}
		if err := os.Chown(dir, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
			return nil, err
		}
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	if out, err := c.as("initdb", "-D", filepath.Join(dir, "data"), "-U", "nearby", "-A", "trust", "-E", "UTF8", "--locale=C", "-N").CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	// The data is thrown away, so waiting for the disk would prove nothing here.
	c.command = c.as("postgres", "-D", filepath.Join(dir, "data"), "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-k", dir,
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=300", "-c", "shared_buffers=128MB", "-c", "log_min_messages=fatal")
	if tied {
		c.command.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	}
	if err := c.command.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	c.URL = fmt.Sprintf("postgres://nearby@127.0.0.1:%d/postgres?sslmode=disable", port)
	if err := c.await(); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) as(program string, args ...string) *exec.Cmd {
	command := exec.Command(filepath.Join(c.bin, program), args...)
	command.Dir = c.dir
	command.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner, Setpgid: true}
	return command
}

func (c *Cluster) await() error {
	db, err := sql.Open("pgx", c.URL)
	if err != nil {
		return err
	}
	defer db.Close()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = db.Ping(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("the private PostgreSQL does not answer: %w", err)
}

// Stop ends the cluster and removes its files.
func (c *Cluster) Stop() {
	if c.command != nil && c.command.Process != nil {
		_ = c.command.Process.Signal(syscall.SIGQUIT)
		_ = c.command.Wait()
	}
	os.RemoveAll(c.dir)
}

// binaries finds the folder of initdb and postgres; Debian keeps them off PATH.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errors.New("the PostgreSQL server programs are not installed (Debian: postgresql)")
}

// unprivileged is the account PostgreSQL runs under when we are root, which it
// refuses to be.
func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
