package app

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"nearby/internal/account"
	"nearby/internal/check"
	"nearby/internal/errs"
	"nearby/internal/mail"
	"nearby/internal/order"
	"nearby/internal/server/reply"
	"nearby/internal/server/view"
)

// letters to people, by what they lead to: each has a subject and a text in
// every language, under "letter" in the language files.
var (
	accountLetters = map[string]string{
		"sign_up": "/sign-up/confirm?t=", "sign_up_known": "/sign-in", "password_reset": "/password/new?t=", "password_unknown": "/sign-up",
		"password_changed": "/me", "invite": "/invite?t=",
	}
	businessLetters = map[string]string{
		"verification_approve": "/verification", "verification_ask": "/verification", "verification_reject": "/verification",
		"verification_submitted": "/verification",
		"verification_taken":     "/verification", "verification_withdrawn": "/verification",
		"change_approved": "/profile", "change_declined": "/profile",
		check.MailSoon: "/verification", check.MailDue: "/verification", check.MailLimited: "/verification", check.MailFine: "/verification",
	}
	ownerLetters = []string{
		"order_new", "refund_failed", "refund_manual", "dispute_asked", "dispute_opened", "dispute_reminder", "dispute_refused", "dispute_won", "dispute_lost",
	}
	shopperLetters = []string{
		"order_placed", "order_accepted", "order_declined", "order_ready", "order_on_its_way", "order_completed", "order_cancelled",
		"order_expired", "order_paid_late", "order_refunded", "order_missed", "order_reserved", "order_charged", "order_short",
		"order_released", "order_unanswered", "order_unanswered_free", "order_let_go", "order_suspended",
	}
)

// mails gives the outbox its texts. Addresses and names are read when a letter
// is sent, never when it is asked for.
func (a *App) mails(render *reply.Renderer) {
	for name, path := range accountLetters {
		a.Outbox.Template(name, a.toPerson(func(ctx context.Context, to account.Recipient, m account.Mail) (mail.Message, error) {
			link := path
			if strings.HasSuffix(link, "=") {
				link += to.Token
			}
			return a.letter(render, to.Locale, name, to.Email, link, "Name", to.Name), nil
		}))
	}
	for name, section := range businessLetters {
		a.Outbox.Template(name, a.toPerson(func(ctx context.Context, to account.Recipient, m account.Mail) (mail.Message, error) {
			b, err := a.Directory.Get(ctx, m.Data["business_id"])
			if err != nil {
				return mail.Message{}, err
			}
			return a.letter(render, to.Locale, name, to.Email, "/manage/"+b.Slug+section, "Name", to.Name, "Business", b.Name, "N", days(m)), nil
		}))
	}
	for _, name := range complaintLetters {
		a.Outbox.Template(name, a.complaintLetter(render, name))
	}
	for _, name := range reporterLetters {
		a.Outbox.Template(name, a.reporterLetter(render, name))
	}
	a.Outbox.Template("notice_passed", a.passedLetter(render))
	for _, name := range measureLetters {
		a.Outbox.Template(name, a.measureLetter(render, name))
	}
	a.Outbox.Template(check.CodeMail, a.codeLetter(render))
	for _, name := range shopperLetters {
		a.Outbox.Template(name, a.orderLetter(render, name))
	}
	for _, name := range ownerLetters {
		a.Outbox.Template(name, a.ownerLetter(render, name))
	}
}

// days is how many days a letter speaks of.
func days(m account.Mail) int {
	n, _ := strconv.Atoi(m.Data["days"])
	return n
}

// codeLetter brings a code to the address that it is to prove. Nothing is sent
// once the code does not work any more.
func (a *App) codeLetter(render *reply.Renderer) mail.Render {
	return func(ctx context.Context, args json.RawMessage) (mail.Message, error) {
		var m account.Mail
		if err := json.Unmarshal(args, &m); err != nil {
			return mail.Message{}, err
		}
		c, code, err := a.Check.Code(ctx, m.Data["check_id"])
		if err != nil {
			return mail.Message{}, err
		}
		b, err := a.Directory.Get(ctx, c.BusinessID)
		if err != nil {
			return mail.Message{}, err
		}
		asker, err := a.Account.Recipient(ctx, m)
		if err != nil {
			return mail.Message{}, err
		}
		return a.letter(render, asker.Locale, check.CodeMail, c.Target, "/manage/"+b.Slug+"/verification", "Business", b.Name, "Code", view.PinGroups(code)), nil
	}
}

// letter is the text of a template, its link on a line of its own at the end.
func (a *App) letter(render *reply.Renderer, lang, name, to, path string, pairs ...any) mail.Message {
	lang = reply.Match("", lang)
	return mail.Message{
		To:      to,
		Subject: render.Text(lang, "letter."+name+"_subject", pairs...),
		Text:    render.Text(lang, "letter."+name, pairs...) + "\n\n" + strings.TrimSuffix(a.settings.BaseURL.String(), "/") + path + "\n",
	}
}

// orderLetter tells the shopper. Who gave no address is told by the page alone.
func (a *App) orderLetter(render *reply.Renderer, name string) mail.Render {
	return func(ctx context.Context, args json.RawMessage) (mail.Message, error) {
		o, business, err := a.orderOf(ctx, args)
		if err != nil {
			return mail.Message{}, err
		}
		if o.Contact.Email == "" {
			return mail.Message{}, errs.Missing("address")
		}
		lang, total := reply.Match("", o.Locale), view.OrderTotal(o)
		until, settle := "", ""
		if o.SettleBy != nil {
			settle = render.When(lang, o.SettleBy.In(view.Zone(o.Zone)))
		}
		if o.AcceptBy != nil {
			until = render.When(lang, o.AcceptBy.In(view.Zone(o.Zone)))
		}
		return a.letter(render, o.Locale, name, o.Contact.Email, "/o/"+o.ID+"?t="+a.Order.Token(o.ID),
			"Name", o.Contact.Name, "Business", business, "Number", view.OrderNumber(o), "Total", total.Total.Format(lang),
			"Charged", view.Cost(o).Format(lang), "Time", until, "Settle", settle, "Missing", missing(render, lang, o), "Code", a.Order.PickupCode(o.ID)), nil
	}
}

// missing are the lines of an order of which something was not there, one a
// line.
func missing(render *reply.Renderer, lang string, o order.Order) string {
	var lines []string
	for _, l := range o.Lines {
		if n := l.Quantity - l.QtyAccepted; n > 0 {
			lines = append(lines, l.Title()+": "+render.Text(lang, "order.missing", "N", int(n), "Of", int(l.Quantity)))
		}
	}
	return strings.Join(lines, "\n")
}

// ownerLetter tells the business's first owner about an order.
func (a *App) ownerLetter(render *reply.Renderer, name string) mail.Render {
	return func(ctx context.Context, args json.RawMessage) (mail.Message, error) {
		o, business, err := a.orderOf(ctx, args)
		if err != nil {
			return mail.Message{}, err
		}
		b, err := a.Directory.Get(ctx, o.BusinessID)
		if err != nil {
			return mail.Message{}, err
		}
		to, err := a.Account.Recipient(ctx, account.Mail{UserID: b.OwnerID})
		if err != nil {
			return mail.Message{}, err
		}
		return a.letter(render, to.Locale, name, to.Email, "/manage/"+b.Slug+"/orders/"+o.ID,
			"Name", to.Name, "Business", business, "Number", view.OrderNumber(o), "Total", o.Totals.Total.Format(reply.Match("", to.Locale))), nil
	}
}

func (a *App) orderOf(ctx context.Context, args json.RawMessage) (o order.Order, business string, err error) {
	var m order.Mail
	if err := json.Unmarshal(args, &m); err != nil {
		return o, "", err
	}
	if o, err = a.Order.Get(ctx, m.OrderID); err != nil {
		return o, "", err
	}
	b, err := a.Directory.Get(ctx, o.BusinessID)
	return o, b.Name, err
}

// toPerson renders a letter to somebody who has an account.
func (a *App) toPerson(write func(ctx context.Context, to account.Recipient, m account.Mail) (mail.Message, error)) mail.Render {
	return func(ctx context.Context, args json.RawMessage) (mail.Message, error) {
		var m account.Mail
		if err := json.Unmarshal(args, &m); err != nil {
			return mail.Message{}, err
		}
		to, err := a.Account.Recipient(ctx, m)
		if err != nil {
			return mail.Message{}, err
		}
		return write(ctx, to, m)
	}
}
