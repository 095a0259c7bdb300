// Command nearby is the whole product in one program: the web app, its
// database migrations, imports, users, backups and checks.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the program at once
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	done     = 0
	failed   = 1
	wrongUse = 2
)

// cli is every subcommand with its flags; the settings are shared by all.
type cli struct {
	Serve       serveCommand       `cmd:"" help:"Run the web app."`
	Demo        demoCommand        `cmd:"" help:"Run the web app with the demo town and the payment sandbox."`
	Migrate     migrateCommand     `cmd:"" help:"Bring the database schema up to date, or show it."`
	Import      importCommand      `cmd:"" help:"Bring in places or products from files."`
	User        userCommand        `cmd:"" help:"Add a user or change a role."`
	Token       tokenCommand       `cmd:"" help:"Add, list or revoke API tokens."`
	Reconcile   reconcileCommand   `cmd:"" help:"Compare payments and books with the provider now, and list what differs."`
	Stripe      stripeCommand      `cmd:"" help:"Set up Stripe's side."`
	Index       indexCommand       `cmd:"" help:"Look at the nearby index."`
	Hours       hoursCommand       `cmd:"" help:"Try opening hours: open or not at an instant, and why."`
	Backup      backupCommand      `cmd:"" help:"Write a consistent copy of database, photos and secrets."`
	Restore     restoreCommand     `cmd:"" help:"Put a backup into an empty data folder."`
	VerifyAudit verifyAuditCommand `cmd:"" help:"Check the audit log's hash chain."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

// program is what a subcommand works with.
type program struct {
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

// usageError marks a mistake in how the command was called.
type usageError struct{ error }

// run parses args and runs the subcommand. It returns the exit code; errors go
// to stderr in one line.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("nearby"),
		kong.Description("Find verified businesses near you, see what they sell, and pay them."),
		kong.UsageOnError(),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code; panic(exited{}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "nearby:", err)
		return failed
	}
	command, code := parse(parser, args, &exit, stderr)
	if command == nil {
		return code
	}
	err = command.Run(&program{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr})
	var usage usageError
	switch {
	case err == nil:
		return done
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, "nearby:", err)
		return wrongUse
	default:
		fmt.Fprintln(stderr, "nearby:", err)
		return failed
	}
}

// exited carries kong's wish to exit (after --help) up to parse.
type exited struct{}

func parse(parser *kong.Kong, args []string, exit *int, stderr io.Writer) (command *kong.Context, code int) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(exited); !ok {
				panic(p)
			}
			command, code = nil, *exit
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "nearby: %v (see nearby --help)\n", err)
		return nil, wrongUse
	}
	return command, done
}
