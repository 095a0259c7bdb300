package torture

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nearby/internal/app"
	"nearby/internal/clock"
	"nearby/internal/payment"
	"nearby/internal/server/servertest"
)

const (
	key            = "sk_test_sandboxtorture"
	operatorSecret = "whsec_tortureoperator"
	businessSecret = "whsec_torturebusiness"
)

// world is a sandbox that stays up, and a Nearby that is started and ended
// over it, always at the same address and with the same data.
type world struct {
	t        *testing.T
	dir      string
	database string
	addr     string
	api      string // of the sandbox
	control  string
	people   servertest.People
	shop     servertest.Shop
	pieces   int64  // that the shop had
	account  string // of the shop at the sandbox
}

// newWorld starts the sandbox and makes a shop with so many pieces. Nearby
// does not run yet.
func newWorld(t *testing.T, database string, pieces int64) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), database: database, addr: freeAddress(t), pieces: pieces}
	w.startSandbox()
	w.rooms(clock.System, func(ctx context.Context, a *app.App) {
		var err error
		if w.people, err = servertest.AddPeople(ctx, a); err == nil {
			w.shop, err = servertest.AddShop(ctx, a, w.people, servertest.NewShop{Pieces: pieces})
		}
		if err != nil {
			t.Fatal(err)
		}
		w.account = query[string](t, a, "SELECT account FROM payout_accounts")
	})
	return w
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func (w *world) startSandbox() {
	w.t.Helper()
	p := start(w.t, exec.Command(filepath.Join(bin, "stripesandbox"), "--addr", "127.0.0.1:0", "--control", "127.0.0.1:0", "--key", key,
		"--webhook", "http://"+w.addr+"/webhooks/stripe", "--webhook-secret", businessSecret,
		"--webhook-operator", "http://"+w.addr+"/webhooks/stripe", "--webhook-operator-secret", operatorSecret))
	w.api = p.wait(w.t, "api ")
	w.control = p.wait(w.t, "control ")
	w.t.Cleanup(func() { p.kill() })
}

// rooms opens the rooms in this process, over the data of a Nearby that does
// not run now.
func (w *world) rooms(now clock.Clock, fn func(ctx context.Context, a *app.App)) {
	w.t.Helper()
	a, err := app.Open(w.t.Context(), app.Settings{
		DataDir: w.dir, DatabaseURL: w.database, BlobURL: "file:" + filepath.Join(w.dir, "photos"),
		MailURL: "console:", MailFrom: "Nearby <no-reply@nearby.example>", BaseURL: &url.URL{Scheme: "http", Host: w.addr},
		Payment: payment.Config{
			Mode: payment.ModeSandbox, Key: key, BaseURL: w.api, PublicURL: "http://" + w.addr,
			WebhookSecrets: []string{operatorSecret, businessSecret},
		},
		Clock: now, Secret: w.secret, Demo: true,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			w.t.Errorf("closing: %v", err)
		}
	}()
	if _, err := a.HTTP(w.t.Context()); err != nil { // letters get their texts there
		w.t.Fatal(err)
	}
	fn(w.t.Context(), a)
}

// secret keeps the secrets where the program looks for them.
func (w *world) secret(name string) ([]byte, error) {
	sum := sha256.Sum256([]byte("torture " + name))
	path := filepath.Join(w.dir, name+".key")
	return sum[:], os.WriteFile(path, []byte(hex.EncodeToString(sum[:])+"\n"), 0o600)
}

func (w *world) environment() []string {
	env := []string{
		"NEARBY_ADDR=" + w.addr, "NEARBY_ADMIN_ADDR=127.0.0.1:0", "NEARBY_DATA_DIR=" + w.dir, "NEARBY_DATABASE_URL=" + w.database,
		"NEARBY_PAYMENTS=sandbox", "NEARBY_LOG=text", "NEARBY_LOG_LEVEL=warn", "STRIPE_SECRET_KEY=" + key, "STRIPE_API_BASE=" + w.api,
		"STRIPE_WEBHOOK_SECRETS=" + operatorSecret + "," + businessSecret,
	}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "NEARBY_") && !strings.HasPrefix(pair, "STRIPE_") {
			env = append(env, pair)
		}
	}
	return env
}

// serve starts Nearby and waits until it answers.
func (w *world) serve() *process {
	w.t.Helper()
	command := exec.Command(filepath.Join(bin, "nearby"), "serve")
	command.Env = w.environment()
	p := start(w.t, command)
	p.wait(w.t, "listening on ")
	return p
}

// nearby runs one of the program's other commands to its end.
func (w *world) nearby(args ...string) string {
	w.t.Helper()
	command := exec.Command(filepath.Join(bin, "nearby"), args...)
	command.Env = w.environment()
	out, err := command.CombinedOutput()
	if err != nil {
		w.t.Fatalf("nearby %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (w *world) caller(clients int) servertest.Caller {
	return servertest.NewCaller("http://"+w.addr, clients)
}

// sandbox calls the sandbox's control, or with account its API.
func (w *world) sandbox(method, path string, body, out any) {
	w.t.Helper()
	caller, headers := servertest.Caller{Base: w.control, HTTP: http.DefaultClient}, []string{}
	if strings.HasPrefix(path, "/v1/") {
		caller.Base, headers = w.api, []string{"Authorization", "Bearer " + key, "Stripe-Account", w.account}
	}
	if err := caller.Do(w.t.Context(), method, path, body, out, headers...); err != nil {
		w.t.Fatalf("sandbox %s %s: %v", method, path, err)
	}
}

// process is a running program.
type process struct {
	*exec.Cmd
	lines chan string
	ended chan error
	log   *logFile
}

// logFile keeps the end of what a program says.
type logFile struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.text.Len() > 1<<20 {
		l.text.Reset()
	}
	return l.text.Write(b)
}

func (l *logFile) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start runs a program that ends with this one at the latest.
func start(t *testing.T, command *exec.Cmd) *process {
	t.Helper()
	p := &process{Cmd: command, lines: make(chan string, 16), ended: make(chan error, 1), log: &logFile{}}
	command.Stderr = p.log
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		scanner := bufio.NewScanner(out)
		for scanner.Scan() {
			select {
			case p.lines <- scanner.Text():
			default: // nobody waits for it
			}
		}
		_, _ = io.Copy(io.Discard, out)
		p.ended <- command.Wait()
		close(p.ended)
	}()
	return p
}

// wait gives the rest of the line that begins with prefix.
func (p *process) wait(t *testing.T, prefix string) string {
	t.Helper()
	patience := time.After(30 * time.Second)
	for {
		select {
		case line := <-p.lines:
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return rest
			}
		case err := <-p.ended:
			t.Fatalf("%s ended: %v\n%s", p.Path, err, p.log)
		case <-patience:
			t.Fatalf("%s does not say %q\n%s", p.Path, prefix, p.log)
		}
	}
}

// kill ends the program as a power button would and waits until it is gone.
func (p *process) kill() {
	_ = p.Process.Kill()
	<-p.ended
}

// stop asks the program to end and waits until it has.
func (p *process) stop() error {
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-p.ended:
		return err
	case <-time.After(15 * time.Second):
		p.kill()
		return errors.New("it did not end within 15 s")
	}
}

// query reads one value with plain SQL: the check must not trust the rooms.
func query[T any](t *testing.T, a *app.App, sql string, args ...any) T {
	t.Helper()
	var value T
	if err := a.DB.Pool().QueryRowContext(t.Context(), sql, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// column reads a list of values.
func column[T any](t *testing.T, a *app.App, sql string, args ...any) []T {
	t.Helper()
	rows, err := a.DB.Pool().QueryContext(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		var value T
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		list = append(list, value)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
