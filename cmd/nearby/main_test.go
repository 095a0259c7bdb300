package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// call runs the program as a shell would.
func call(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errors bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(stdin), &out, &errors)
	return code, out.String(), errors.String()
}

func TestUseIsExplained(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		text string // on either output
	}{
		{[]string{"--help"}, done, "verify-audit"},
		{[]string{"import", "places", "--help"}, done, "Example: nearby import places"},
		{nil, done, "serve"},
		{[]string{"fly"}, wrongUse, "fly"},
		{[]string{"import", "places", "x", "--as", "verified"}, wrongUse, "--reason"},
		{[]string{"serve", "--env", "production"}, wrongUse, "NEARBY_BASE_URL"},
		{[]string{"serve", "--addr", "nonsense"}, wrongUse, "NEARBY_ADDR"},
		{[]string{"serve", "--database-url", "mysql://x"}, wrongUse, "NEARBY_DATABASE_URL"},
		{[]string{"serve", "--payments", "live"}, wrongUse, "live"},
		{[]string{"serve", "--payments", "sandbox", "--env", "production", "--base-url", "https://nearby.example", "--mail-url", "smtp://x"}, wrongUse, "sandbox"},
		{[]string{"demo", "--env", "production"}, wrongUse, "demo"},
		{[]string{"version"}, done, "nearby "},
		{[]string{"hours", "--help"}, done, "Example: nearby hours 'Mo-Fr"},
		{[]string{"hours", "24/7", "--zone", "Mars/Olympus"}, wrongUse, "time zone"},
		{[]string{"hours", "24/7", "--zone", "UTC", "--at", "noon"}, wrongUse, "2026-12-25T10:00"},
		{[]string{"hours", "24/7", "--zone", "UTC", "--pin", "north"}, wrongUse, "latitude"},
		{[]string{"hours", "Mo-Fr 9 bis 17", "--zone", "UTC"}, failed, "\n        ^"},
	} {
		code, stdout, stderr := call(t, "", test.args...)
		if code != test.code || !strings.Contains(stdout+stderr, test.text) {
			t.Errorf("nearby %v: exit %d, %q %q; want %d and %q", test.args, code, stdout, stderr, test.code, test.text)
		}
	}
}

func TestHours(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"Mo-Fr 09:00-17:00; PH off", "--region", "DE-BE", "--at", "2026-12-25T10:00"}, "at    Fri 2026-12-25 10:00 CET (Europe/Berlin)\n" +
			"state closed\nnext  open from Mon 2026-12-28 09:00 CET\nwhy   the rule “PH off”, asked for 2026-12-25, which is a holiday (Erster Weihnachtstag)\n"},
		{[]string{"24/7", "--at", "2026-12-25T10:00"}, "at    Fri 2026-12-25 10:00 CET (Europe/Berlin)\n" +
			"state open\nnext  no change that is known\nwhy   the rule “24/7”, asked for 2026-12-25\n"},
		{[]string{"10:00-sunset", "--at", "2026-06-21T12:00", "--pin", "52.52,13.40", "--json"}, `{"state":"open","next_change_at":"2026-06-21T19:33:00Z","rule":"10:00-sunset","day":"2026-06-21","holiday":"","holiday_in_doubt":false,"special":false}` + "\n"},
	} {
		code, stdout, stderr := call(t, "", append([]string{"hours", "--zone", "Europe/Berlin"}, test.args...)...)
		if code != done || stdout != test.want {
			t.Errorf("%v: exit %d\n%s%s", test.args, code, stdout, stderr)
		}
	}
}

func TestSettingsArePrintedWithoutSecrets(t *testing.T) {
	_, stdout, _ := call(t, "", "serve", "--print-config", "--stripe-key", "sk_test_verysecret", "--webhook-secrets", "whsec_alsosecret",
		"--database-url", "postgres://ada:hidden@db.example/nearby", "--mail-url", "smtp://ada:hidden@mail.example:587")
	for _, secret := range []string{"verysecret", "alsosecret", "hidden"} {
		if strings.Contains(stdout, secret) {
			t.Errorf("%q is printed:\n%s", secret, stdout)
		}
	}
	for _, line := range []string{"NEARBY_ADDR=127.0.0.1:8080", "STRIPE_SECRET_KEY=(set)", "NEARBY_DATABASE_URL=postgres://ada@db.example/nearby"} {
		if !strings.Contains(stdout, line+"\n") {
			t.Errorf("no line %q in\n%s", line, stdout)
		}
	}
}

func TestUsersTokensAndChecks(t *testing.T) {
	data := "--data-dir=" + t.TempDir()
	if code, _, stderr := call(t, "correct horse battery\n", "user", "add", "ada@example.com", "--name", "Ada", "--role", "operator", data); code != done {
		t.Fatalf("user add: %d %s", code, stderr)
	}
	if code, _, stderr := call(t, "short\n", "user", "add", "bob@example.com", "--name", "Bob", data); code != failed || !strings.Contains(stderr, "password") {
		t.Errorf("a short password: %d %s", code, stderr)
	}
	code, secret, _ := call(t, "", "token", "add", "ada@example.com", "--name", "till", "--scope", "orders:read", data)
	if code != done || !strings.HasPrefix(secret, "nb_") {
		t.Fatalf("token add: %d %q", code, secret)
	}
	if _, list, _ := call(t, "", "token", "list", "ada@example.com", data); !strings.Contains(list, "till") || strings.Contains(list, strings.TrimSpace(secret)) {
		t.Errorf("token list: %s", list)
	}
	if code, out, stderr := call(t, "", "user", "role", "ada@example.com", "verifier", data); code != done || !strings.Contains(out, "verifier") {
		t.Errorf("user role: %d %s %s", code, out, stderr)
	}
	if code, out, stderr := call(t, "", "verify-audit", data); code != done || !strings.Contains(out, "all sound") {
		t.Errorf("verify-audit: %d %s %s", code, out, stderr)
	}
	if code, out, _ := call(t, "", "migrate", "status", data); code != done || strings.Contains(out, "waiting") {
		t.Errorf("migrate status: %d %s", code, out)
	}
}

func TestBackupRestores(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "restored")
	if code, _, stderr := call(t, "correct horse battery\n", "user", "add", "ada@example.com", "--name", "Ada", "--data-dir", from); code != done {
		t.Fatal(stderr)
	}
	archive := filepath.Join(t.TempDir(), "backup.tar.gz")
	if code, _, stderr := call(t, "", "backup", archive, "--data-dir", from); code != done {
		t.Fatalf("backup: %s", stderr)
	}
	if code, _, _ := call(t, "", "backup", archive, "--data-dir", from); code != failed {
		t.Error("a backup overwrote another")
	}
	if code, _, stderr := call(t, "", "restore", archive, "--data-dir", to); code != done {
		t.Fatalf("restore: %s", stderr)
	}
	if code, _, _ := call(t, "", "restore", archive, "--data-dir", to); code != wrongUse {
		t.Error("a restore overwrote a data folder")
	}
	// The secrets came along: the chain they key is still sound.
	if code, out, stderr := call(t, "", "verify-audit", "--data-dir", to); code != done || !strings.Contains(out, "all sound") || strings.HasPrefix(out, "0 ") {
		t.Errorf("verify-audit of the restored folder: %d %s %s", code, out, stderr)
	}
	if code, _, _ := call(t, "", "token", "list", "ada@example.com", "--data-dir", to); code != done {
		t.Error("the restored folder does not know its user")
	}
}

func TestImportFromStandardInput(t *testing.T) {
	data := "--data-dir=" + t.TempDir()
	lines := `{"id":"osm:node/1","name":"Corner Bakery","lat":52.5,"lng":13.4,"kind":"shop=bakery","address":{"street":"Weg","housenumber":"1","city":"Berlin","country":"DE"},"opening_hours":"Mo-Sa 07:00-18:00"}
{"id":"osm:node/2","name":"","lat":52.5,"lng":13.4,"kind":"shop=bakery"}
{"id":"osm:node/3","name":"Nowhere","lat":95,"lng":13.4,"kind":"shop=books"}
not json
`
	for round, want := range []string{"1 added, 0 updated, 0 unchanged, 3 refused", "0 added, 0 updated, 1 unchanged, 3 refused"} {
		code, stdout, stderr := call(t, lines, "import", "places", "-", "--as", "verified", "--reason", "test", data)
		if code != done || !strings.Contains(stdout, want) {
			t.Fatalf("round %d: exit %d, %q, %s; want %q", round, code, stdout, stderr, want)
		}
		if !strings.Contains(stderr, "-:4:") {
			t.Errorf("the broken line is not named: %s", stderr)
		}
	}
	if code, stdout, _ := call(t, "", "index", "stats", data); code != done || !strings.HasPrefix(stdout, "1 businesses") {
		t.Errorf("index stats: %d %s", code, stdout)
	}
}
