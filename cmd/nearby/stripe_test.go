package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"nearby/internal/stripesandbox"
)

// TestSetupWebhooks makes the endpoints once, tells their secrets once, and
// makes new ones only when it is asked to.
func TestSetupWebhooks(t *testing.T) {
	const key = "sk_test_sandboxsetup"
	sandbox, err := stripesandbox.New(stripesandbox.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(sandbox.API())
	defer api.Close()
	defer sandbox.Close()
	settings := []string{"--payments=sandbox", "--stripe-key=" + key, "--stripe-base=" + api.URL, "--base-url=http://127.0.0.1:1"}
	set := func(extra ...string) (int, string, string) {
		return call(t, "", append(append([]string{"stripe", "setup-webhooks"}, settings...), extra...)...)
	}
	secrets := func(stdout string) []string {
		list, _ := strings.CutPrefix(strings.TrimSpace(stdout), "STRIPE_WEBHOOK_SECRETS=")
		return strings.Split(list, ",")
	}
	code, stdout, stderr := set()
	first := secrets(stdout)
	if code != done || len(first) != 2 || first[0] == first[1] || !strings.HasPrefix(first[0], "whsec_") || !strings.HasPrefix(first[1], "whsec_") {
		t.Fatalf("the first time: %d %q %s", code, stdout, stderr)
	}
	if strings.Contains(stderr, "whsec_") {
		t.Error("a secret is told beside the settings")
	}
	if code, stdout, stderr = set(); code != done || stdout != "" || !strings.Contains(stderr, "--renew") {
		t.Errorf("again: %d %q %s", code, stdout, stderr)
	}
	code, stdout, stderr = set("--renew")
	if renewed := secrets(stdout); code != done || len(renewed) != 2 || renewed[0] == first[0] || !strings.Contains(stderr, "old secrets") {
		t.Errorf("renewed: %d %q %s", code, stdout, stderr)
	}
	if code, _, stderr = call(t, "", "stripe", "setup-webhooks", "--payments=test", "--stripe-key=sk_test_0123456789abcdef", "--base-url=http://nearby.example"); code != failed || !strings.Contains(stderr, "https") {
		t.Errorf("without https: %d %s", code, stderr)
	}
	if code, _, stderr = call(t, "", "stripe", "setup-webhooks", settings[0], settings[1], settings[2]); code != wrongUse || !strings.Contains(stderr, "NEARBY_BASE_URL") {
		t.Errorf("without an address: %d %s", code, stderr)
	}
}
