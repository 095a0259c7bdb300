package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"nearby/internal/account"
	"nearby/internal/app"
	"nearby/internal/audit"
)

type userCommand struct {
	Add  userAdd  `cmd:"" help:"Add a user; the password is asked for, or read from standard input. Example: nearby user add ada@example.com --name Ada --role operator"`
	Role userRole `cmd:"" help:"Give or take a role. Example: nearby user role ada@example.com verifier"`

	Flagger userFlagger `cmd:"" help:"Have the reports of an organisation looked at first, or no more. Example: nearby user flagger desk@consumers.example --organisation 'Consumer Centre'"`
}

type userAdd struct {
	Config
	Email string   `arg:"" help:"E-mail address."`
	Name  string   `required:"" help:"Name."`
	Role  []string `enum:"verifier,operator" help:"Further roles: verifier, operator."`
}

func (c *userAdd) Run(p *program) error {
	password, err := readPassword(p)
	if err != nil {
		return err
	}
	return c.open(p, func(a *app.App) error {
		user, err := a.Account.Add(p.ctx, audit.System, account.NewUser{Email: c.Email, Name: c.Name, Password: password, Roles: c.Role})
		if err != nil {
			return explain(err)
		}
		fmt.Fprintf(p.stdout, "%s %s\n", user.ID, strings.Join(user.Roles, ","))
		return nil
	})
}

// readPassword asks on a terminal and reads a line elsewhere, so that a
// password never stands on a command line.
func readPassword(p *program) (string, error) {
	if file, ok := p.stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		fmt.Fprint(p.stderr, "Password: ")
		text, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(p.stderr)
		return string(text), err
	}
	line, err := bufio.NewReader(p.stdin).ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", usageError{errors.New("no password on standard input")}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return line, nil
}

type userRole struct {
	Config
	Email string `arg:"" help:"E-mail address."`
	Role  string `arg:"" enum:"verifier,operator" help:"verifier or operator."`
	Take  bool   `help:"Take the role away instead."`
}

func (c *userRole) Run(p *program) error {
	return c.open(p, func(a *app.App) error {
		user, err := a.Account.ByEmail(p.ctx, c.Email)
		if err != nil {
			return explain(err)
		}
		change := a.Account.Grant
		if c.Take {
			change = a.Account.Revoke
		}
		if err := change(p.ctx, audit.System, user.ID, c.Role); err != nil {
			return explain(err)
		}
		if user, err = a.Account.Get(p.ctx, user.ID); err != nil {
			return explain(err)
		}
		fmt.Fprintf(p.stdout, "%s %s\n", user.ID, strings.Join(user.Roles, ","))
		return nil
	})
}

type userFlagger struct {
	Config
	Email        string `arg:"" help:"E-mail address of its user."`
	Organisation string `help:"Its name."`
	Take         bool   `help:"Take it away instead."`
}

func (c *userFlagger) Run(p *program) error {
	return c.open(p, func(a *app.App) error {
		user, err := a.Account.ByEmail(p.ctx, c.Email)
		if err != nil {
			return explain(err)
		}
		if c.Take {
			return explain(a.Notice.Distrust(p.ctx, audit.System, user.ID))
		}
		return explain(a.Notice.Trust(p.ctx, audit.System, user.ID, c.Organisation))
	})
}

type tokenCommand struct {
	Add    tokenAdd    `cmd:"" help:"Make a token; it is shown once. Example: nearby token add ada@example.com --name till --scope orders:read"`
	List   tokenList   `cmd:"" help:"List a user's tokens. Example: nearby token list ada@example.com"`
	Revoke tokenRevoke `cmd:"" help:"End a token. Example: nearby token revoke ID"`
}

type tokenAdd struct {
	Config
	Email string        `arg:"" help:"E-mail address of its user."`
	Name  string        `required:"" help:"What it is for."`
	Scope []string      `required:"" help:"What it may do; see the API guide."`
	For   time.Duration `default:"2160h" help:"How long it works; 0 for ever."`
}

func (c *tokenAdd) Run(p *program) error {
	return c.open(p, func(a *app.App) error {
		user, err := a.Account.ByEmail(p.ctx, c.Email)
		if err != nil {
			return explain(err)
		}
		token, secret, err := a.Account.AddToken(p.ctx, audit.System, user.ID, account.TokenInput{Name: c.Name, Scopes: c.Scope, Life: c.For})
		if err != nil {
			return explain(err)
		}
		fmt.Fprintf(p.stderr, "token %s, shown this once:\n", token.ID)
		fmt.Fprintln(p.stdout, secret)
		return nil
	})
}

type tokenList struct {
	Config
	Email string `arg:"" help:"E-mail address."`
}

func (c *tokenList) Run(p *program) error {
	return c.open(p, func(a *app.App) error {
		user, err := a.Account.ByEmail(p.ctx, c.Email)
		if err != nil {
			return explain(err)
		}
		tokens, err := a.Account.Tokens(p.ctx, user.ID)
		if err != nil {
			return explain(err)
		}
		table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tNAME\tSCOPES\tEXPIRES\tLAST USED")
		for _, t := range tokens {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", t.ID, t.Name, strings.Join(t.Scopes, ","), when(t.ExpiresAt), when(t.UsedAt))
		}
		return table.Flush()
	})
}

func when(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.Format(time.RFC3339)
}

type tokenRevoke struct {
	Config
	ID string `arg:"" help:"The token's id, from nearby token list."`
}

func (c *tokenRevoke) Run(p *program) error {
	return c.open(p, func(a *app.App) error {
		return explain(a.Account.RevokeToken(p.ctx, audit.System, c.ID))
	})
}
