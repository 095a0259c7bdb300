package payment_test

import (
	"strings"
	"testing"

	"nearby/internal/payment"
)

func TestCheckMode(t *testing.T) {
	const stripeTest, stripeLive = "sk_test_4eC39HqLyjWDarjtT1zdp7dc", "rk_live_4eC39HqLyjWDarjtT1zdp7dc"
	sandbox := payment.Config{
		Mode: payment.ModeSandbox, Key: "sk_test_sandbox9f8e7d", BaseURL: "http://127.0.0.1:8431",
		WebhookSecrets: []string{secretA, secretB},
	}
	test, live := sandbox, sandbox
	test.Mode, test.Key, test.BaseURL = payment.ModeTest, stripeTest, ""
	live.Mode, live.Key, live.BaseURL, live.PublicURL, live.Production = payment.ModeLive, stripeLive, "", "https://nearby.example", true
	tests := []struct {
		name string
		base payment.Config
		edit func(*payment.Config)
		ok   bool
	}{
		{"off needs nothing", payment.Config{Mode: payment.ModeOff}, func(*payment.Config) {}, true},
		{"no mode", payment.Config{}, func(*payment.Config) {}, false},
		{"unknown mode", payment.Config{Mode: "on"}, func(*payment.Config) {}, false},
		{"sandbox", sandbox, func(*payment.Config) {}, true},
		{"sandbox on a named host", sandbox, func(c *payment.Config) { c.BaseURL, c.SandboxHosts = "http://stripe:8431", []string{"stripe"} }, true},
		{"sandbox on localhost and IPv6", sandbox, func(c *payment.Config) { c.BaseURL = "http://[::1]:8431" }, true},
		{"sandbox elsewhere", sandbox, func(c *payment.Config) { c.BaseURL = "http://sandbox.example" }, false},
		{"sandbox at the real API", sandbox, func(c *payment.Config) { c.BaseURL = "https://api.stripe.com" }, false},
		{"sandbox without address", sandbox, func(c *payment.Config) { c.BaseURL = "" }, false},
		{"sandbox in production", sandbox, func(c *payment.Config) { c.Production = true }, false},
		{"sandbox with a real test key", sandbox, func(c *payment.Config) { c.Key = stripeTest }, false},
		{"sandbox with a real key dressed up", sandbox, func(c *payment.Config) { c.Key = "sk_test_sandbox_live_x" }, false},
		{"sandbox with a bare prefix", sandbox, func(c *payment.Config) { c.Key = "sk_test_sandbox" }, false},
		{"test", test, func(*payment.Config) {}, true},
		{"test with a live key", test, func(c *payment.Config) { c.Key = stripeLive }, false},
		{"test with the sandbox's key", test, func(c *payment.Config) { c.Key = sandbox.Key }, false},
		{"test with an API address", test, func(c *payment.Config) { c.BaseURL = sandbox.BaseURL }, false},
		{"test without key", test, func(c *payment.Config) { c.Key = "" }, false},
		{"live", live, func(*payment.Config) {}, true},
		{"live with a test key", live, func(c *payment.Config) { c.Key = stripeTest }, false},
		{"live with an API address", live, func(c *payment.Config) { c.BaseURL = sandbox.BaseURL }, false},
		{"live over plain http", live, func(c *payment.Config) { c.PublicURL = "http://nearby.example" }, false},
		{"live on this machine", live, func(c *payment.Config) { c.PublicURL = "https://localhost" }, false},
		{"no secret", test, func(c *payment.Config) { c.WebhookSecrets = nil }, false},
		{"empty secret", test, func(c *payment.Config) { c.WebhookSecrets = []string{secretA, ""} }, false},
		{"secret of another kind", sandbox, func(c *payment.Config) { c.WebhookSecrets = []string{"sk_test_x"} }, false},
		{"one secret", live, func(c *payment.Config) { c.WebhookSecrets = []string{secretA} }, true},
		{"three secrets while one is rotated", test, func(c *payment.Config) { c.WebhookSecrets = []string{secretA, secretB, "whsec_cccccccccccc"} }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.base
			tt.edit(&c)
			err := payment.CheckMode(c)
			if (err == nil) != tt.ok {
				t.Fatalf("CheckMode = %v, want ok %v", err, tt.ok)
			}
			if err != nil && c.Key != "" && len(c.Key) > 16 && strings.Contains(err.Error(), c.Key) {
				t.Errorf("the error repeats the key: %v", err)
			}
		})
	}
}

func TestRedirectAllowed(t *testing.T) {
	sandbox := payment.Config{Mode: payment.ModeSandbox, BaseURL: "http://127.0.0.1:8431"}
	live := payment.Config{Mode: payment.ModeLive}
	for address, want := range map[string][2]bool{ // sandbox, live
		"https://checkout.stripe.com/c/pay/cs_1":    {false, true},
		"https://connect.stripe.com/setup/e/x":      {false, true},
		"http://checkout.stripe.com/c/pay/cs_1":     {false, false},
		"https://checkout.stripe.com.evil.example/": {false, false},
		"https://checkout.stripe.com@evil.example/": {false, false},
		"http://127.0.0.1:8431/c/pay/cs_1":          {true, false},
		"http://127.0.0.1:8432/c/pay/cs_1":          {false, false},
		"//checkout.stripe.com/":                    {false, false},
		"javascript:alert(1)":                       {false, false},
		"":                                          {false, false},
	} {
		if got := [2]bool{sandbox.RedirectAllowed(address), live.RedirectAllowed(address)}; got != want {
			t.Errorf("%q: sandbox, live = %v, want %v", address, got, want)
		}
	}
}
