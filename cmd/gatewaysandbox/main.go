// Command gatewaysandbox runs a local stand-in for Telegram's Gateway: codes for
// made-up telephones, printed here, on this machine only.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"nearby/internal/gatewaysandbox"
)

// Exit codes.
const (
	done     = 0
	failed   = 1
	wrongUse = 2
)

type config struct {
	Addr  string        `default:"127.0.0.1:8433" help:"Where the Gateway's calls are answered; port 0 picks one."`
	Token string        `required:"" env:"TELEGRAM_GATEWAY_TOKEN" help:"The token that callers give, and that reports are signed with."`
	Every time.Duration `default:"2s" help:"How often delivery reports are sent."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program: it returns the exit code when ctx ends or it cannot go on.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c config
	helped := false
	parser, err := kong.New(&c,
		kong.Name("gatewaysandbox"),
		kong.Description("A local stand-in for Telegram's Gateway. No message leaves this machine.\n\nNumbers that end in 0000 are not reached, those in 0001 never get the message.\n\nExample: gatewaysandbox --token test, and nearby serve with NEARBY_PHONE_URL=telegram-gateway://127.0.0.1:8433?price=1 and TELEGRAM_GATEWAY_TOKEN=test"),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
	)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return failed
	}
	if _, err := parser.Parse(args); helped {
		return done
	} else if err != nil {
		fmt.Fprintln(stderr, err)
		return wrongUse
	}
	if err := serve(ctx, c, stdout); err != nil {
		fmt.Fprintln(stderr, err)
		return failed
	}
	return done
}

func serve(ctx context.Context, c config, stdout io.Writer) error {
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return errors.New("the stand-in listens on this machine only: choose an address of 127.0.0.1")
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return err
	}
	sandbox := gatewaysandbox.New(gatewaysandbox.Options{Token: c.Token})
	server := &http.Server{Handler: sandbox, ReadHeaderTimeout: 5 * time.Second}
	fmt.Fprintf(stdout, "gatewaysandbox answers on http://%s\n", listener.Addr())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	shown := 0
	tick := time.NewTicker(c.Every)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return server.Shutdown(stop)
		case <-tick.C:
			for ; shown < len(sandbox.Messages()); shown++ {
				m := sandbox.Messages()[shown]
				fmt.Fprintf(stdout, "code %s for a number ending in %s\n", m.Code, m.Number[len(m.Number)-2:])
			}
			if err := sandbox.Report(ctx); err != nil {
				fmt.Fprintln(stdout, err)
			}
		}
	}
}
