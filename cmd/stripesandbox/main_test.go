package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

const (
	key    = "sk_test_sandboxOfTheTests"
	secret = "whsec_secretOfTheTests"
)

func TestRun(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	out, in := io.Pipe()
	var errs bytes.Buffer
	code := make(chan int)
	go func() {
		code <- run(ctx, []string{"--key", key, "--addr", "127.0.0.1:0", "--control", "127.0.0.1:0", "--data", t.TempDir() + "/s.db"}, in, &errs)
	}()
	lines := bufio.NewScanner(out)
	found := map[string]string{}
	for len(found) < 2 && lines.Scan() {
		name, url, _ := strings.Cut(lines.Text(), " ")
		found[name] = url
	}
	for url, want := range map[string]int{
		found["api"] + "/v1/account":         http.StatusUnauthorized,
		found["api"] + "/sandbox.css":        http.StatusOK,
		found["api"] + "/_sandbox/clock":     http.StatusNotFound,
		found["control"] + "/_sandbox/clock": http.StatusOK,
		found["control"] + "/v1/account":     http.StatusNotFound,
	} {
		r, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != want {
			t.Errorf("%s: %d, want %d", url, r.StatusCode, want)
		}
	}
	stop()
	if got := <-code; got != done {
		t.Errorf("exit code %d: %s", got, &errs)
	}
	if _, err := http.Get(found["api"] + "/sandbox.css"); err == nil {
		t.Error("it still listens")
	}
}

func TestExitCodes(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	good := []string{"--key", key, "--addr", "127.0.0.1:0", "--control", "127.0.0.1:0"}
	for name, c := range map[string]struct {
		args []string
		want int
	}{
		"help":             {[]string{"--help"}, done},
		"no key":           {nil, wrongUse},
		"key of another":   {[]string{"--key", "sk_test_abc"}, wrongUse},
		"unknown flag":     {append(good, "--nonsense"), wrongUse},
		"everyone":         {append(good, "--addr", "0.0.0.0:0"), wrongUse},
		"no host":          {append(good, "--control", ":0"), wrongUse},
		"other interface":  {append(good, "--addr", "192.168.0.1:0"), wrongUse},
		"no address":       {append(good, "--addr", "here"), wrongUse},
		"no secret":        {append(good, "--webhook", "http://127.0.0.1:1/"), wrongUse},
		"far webhook":      {append(good, "--webhook", "http://example.com/", "--webhook-secret", secret), wrongUse},
		"taken port":       {append(good, "--addr", taken.Addr().String()), failed},
		"taken control":    {append(good, "--control", taken.Addr().String()), failed},
		"no file for data": {append(good, "--data", t.TempDir()+"/none/s.db"), failed},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if got := run(t.Context(), c.args, &out, &errs); got != c.want {
				t.Errorf("exit code %d, want %d: %s", got, c.want, &errs)
			}
			if c.want != done && strings.Count(errs.String(), "\n") != 1 {
				t.Errorf("not one line: %q", &errs)
			}
		})
	}
}

func TestWhoGetsWhichEvents(t *testing.T) {
	both := config{Webhook: []string{"http://127.0.0.1:1/"}, WebhookSecret: secret}
	if hooks := both.webhooks(); len(hooks) != 1 || !hooks[0].Businesses || !hooks[0].Operator {
		t.Errorf("one for all: %+v", hooks)
	}
	split := both
	split.WebhookOperator = []string{"http://127.0.0.1:1/own"}
	hooks := split.webhooks()
	if len(hooks) != 2 || hooks[0].Operator || !hooks[0].Businesses || !hooks[1].Operator || hooks[1].Businesses || hooks[1].Secret != secret {
		t.Errorf("one each: %+v", hooks)
	}
	split.WebhookOperatorSecret = "whsec_another1"
	if hooks := split.webhooks(); hooks[1].Secret != "whsec_another1" {
		t.Errorf("own secret: %+v", hooks)
	}
}
