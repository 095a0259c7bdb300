package shop

import (
	"cmp"
	"net/http"
	"strings"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/reply"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

func (h *Handlers) accountRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/sign-in", Handle: h.signInForm},
		{Method: http.MethodPost, Path: "/sign-in", Handle: h.signIn, Limit: "sign-in"},
		{Method: http.MethodPost, Path: "/sign-out", Handle: h.signOut},
		{Method: http.MethodGet, Path: "/sign-up", Handle: h.signUpForm},
		{Method: http.MethodPost, Path: "/sign-up", Handle: h.signUp, Limit: "sign-up"},
		{Method: http.MethodGet, Path: "/sign-up/sent", Handle: h.signUpSent},
		{Method: http.MethodGet, Path: "/sign-up/confirm", Handle: h.confirmForm},
		{Method: http.MethodPost, Path: "/sign-up/confirm", Handle: h.confirm},
		{Method: http.MethodGet, Path: "/password", Handle: h.resetForm},
		{Method: http.MethodPost, Path: "/password", Handle: h.requestReset, Limit: "sign-up"},
		{Method: http.MethodGet, Path: "/password/new", Handle: h.newPasswordForm},
		{Method: http.MethodPost, Path: "/password/new", Handle: h.newPassword, Limit: "sign-in"},
		{Method: http.MethodPost, Path: "/settings", Handle: h.settings},
		{Method: http.MethodGet, Path: "/me", Who: route.SignedIn, Handle: h.me},
		{Method: http.MethodPost, Path: "/me", Who: route.SignedIn, Handle: h.saveMe},
		{Method: http.MethodPost, Path: "/me/password", Who: route.SignedIn, Handle: h.changePassword, Limit: "sign-in"},
		{Method: http.MethodPost, Path: "/me/sessions/end", Who: route.SignedIn, Handle: h.endOtherSessions},
		{Method: http.MethodPost, Path: "/me/sessions/:id/end", Who: route.SignedIn, Handle: h.endSession},
	}
}

func (h *Handlers) signInForm(r *route.Request) (route.Answer, error) {
	back := route.SafePath(r.QueryParam("back"), "/")
	if r.Session != nil {
		return route.See{Path: back}, nil
	}
	return route.HTML{Name: "account/sign-in", Page: h.signInPage(r, back)}, nil
}

func (h *Handlers) signInPage(r *route.Request, back string) *pages.SignIn {
	page := &pages.SignIn{Return: back, Demo: h.DemoUsers}
	page.Title, page.Tab, page.Robots = r.Text("sign_in.title"), "me", "noindex"
	return page
}

func (h *Handlers) signIn(r *route.Request) (route.Answer, error) {
	in := account.SignInInput{Email: r.FormValue("email"), Password: r.FormValue("password")}
	back := route.SafePath(r.FormValue("back"), "/")
	if err := r.TakeName(in.Email); err != nil {
		return nil, err
	}
	session, token, err := h.Account.SignIn(r.Req().Context(), in, r.Req().UserAgent())
	if errs.Has(err, "wrong_credentials") {
		page := h.signInPage(r, back)
		page.Email, page.Errors = in.Email, pages.Errors{{Name: "email", Message: r.Text("sign_in.wrong")}}
		return route.Wrong("account/sign-in", page), nil
	}
	if err != nil {
		return nil, err
	}
	return h.enter(r, session, token, back)
}

// enter finishes every way of signing in: what the visitor had as a guest
// becomes theirs.
func (h *Handlers) enter(r *route.Request, session account.Session, token, back string) (route.Answer, error) {
	if guest := r.GuestID(); guest != "" {
		if err := h.Order.Adopt(r.Req().Context(), guest, session.User.ID); err != nil {
			return nil, err
		}
	}
	r.SignedIn(session, token)
	return route.See{Path: back}, nil
}

func (h *Handlers) signOut(r *route.Request) (route.Answer, error) {
	if r.Token() != "" {
		if err := h.Account.SignOut(r.Req().Context(), r.Token()); err != nil {
			return nil, err
		}
	}
	r.SignedOut()
	return route.See{Path: "/"}, nil
}

func (h *Handlers) signUpForm(r *route.Request) (route.Answer, error) {
	return route.HTML{Name: "account/sign-up", Page: h.signUpPage(r, route.SafePath(r.QueryParam("back"), "/"))}, nil
}

func (h *Handlers) signUpPage(r *route.Request, back string) *pages.SignUp {
	page := &pages.SignUp{Return: back}
	page.Title, page.Tab, page.Robots = r.Text("sign_up.title"), "me", "noindex"
	return page
}

func (h *Handlers) signUp(r *route.Request) (route.Answer, error) {
	in := account.SignUpInput{Email: r.FormValue("email"), Name: r.FormValue("name"), Password: r.FormValue("password"), Locale: r.Lang}
	err := h.Account.SignUp(r.Req().Context(), in)
	if wrong, ok := view.Errors(err); ok {
		page := h.signUpPage(r, route.SafePath(r.FormValue("back"), "/"))
		page.Name, page.Email, page.Errors = in.Name, in.Email, wrong
		return route.Wrong("account/sign-up", page), nil
	}
	if err != nil {
		return nil, err
	}
	return route.See{Path: "/sign-up/sent"}, nil
}

func (h *Handlers) signUpSent(r *route.Request) (route.Answer, error) {
	page := &pages.SignUpSent{Mailbox: h.Mailbox != nil}
	page.Title, page.Robots = r.Text("sign_up.sent"), "noindex"
	return route.HTML{Name: "account/sign-up-sent", Page: page}, nil
}

// confirmForm asks for one more press: mail programs open links by themselves,
// and looking must not change anything.
func (h *Handlers) confirmForm(r *route.Request) (route.Answer, error) {
	page := &pages.Confirm{Token: r.QueryParam("t")}
	page.Title, page.Robots = r.Text("sign_up.confirm"), "noindex"
	return route.HTML{Name: "account/confirm", Page: page}, nil
}

func (h *Handlers) confirm(r *route.Request) (route.Answer, error) {
	session, token, err := h.Account.ConfirmSignUp(r.Req().Context(), r.FormValue("token"), r.Req().UserAgent())
	if err != nil {
		return nil, err
	}
	r.Flash("sign_up.welcome")
	return h.enter(r, session, token, "/")
}

func (h *Handlers) resetForm(r *route.Request) (route.Answer, error) {
	return h.resetPage(r, "", nil), nil
}

func (h *Handlers) resetPage(r *route.Request, email string, wrong pages.Errors) route.Answer {
	page := &pages.Reset{Email: email, Errors: wrong}
	page.Title, page.Robots = r.Text("reset.title"), "noindex"
	if len(wrong) > 0 {
		return route.Wrong("account/reset", page)
	}
	return route.HTML{Name: "account/reset", Page: page}
}

func (h *Handlers) requestReset(r *route.Request) (route.Answer, error) {
	email := r.FormValue("email")
	err := h.Account.RequestReset(r.Req().Context(), email)
	if wrong, ok := view.Errors(err); ok {
		return h.resetPage(r, email, wrong), nil
	}
	if err != nil {
		return nil, err
	}
	return route.See{Path: "/sign-up/sent"}, nil
}

func (h *Handlers) newPasswordForm(r *route.Request) (route.Answer, error) {
	return h.newPasswordPage(r, r.QueryParam("t"), nil), nil
}

func (h *Handlers) newPasswordPage(r *route.Request, token string, wrong pages.Errors) route.Answer {
	page := &pages.NewPassword{Token: token, Errors: wrong}
	page.Title, page.Robots = r.Text("reset.new"), "noindex"
	if len(wrong) > 0 {
		return route.Wrong("account/new-password", page)
	}
	return route.HTML{Name: "account/new-password", Page: page}
}

func (h *Handlers) newPassword(r *route.Request) (route.Answer, error) {
	token := r.FormValue("token")
	err := h.Account.Reset(r.Req().Context(), token, r.FormValue("password"))
	if wrong, ok := view.Errors(err); ok {
		return h.newPasswordPage(r, token, wrong), nil
	}
	if err != nil {
		return nil, err
	}
	r.Flash("reset.done")
	return route.See{Path: "/sign-in"}, nil
}

func (h *Handlers) settings(r *route.Request) (route.Answer, error) {
	if lang := r.FormValue("lang"); lang != "" {
		r.SetLang(reply.Match("", lang))
	}
	h.setTheme(r)
	return route.See{Path: withoutLang(route.SafePath(r.FormValue("back"), "/"))}, nil
}

func (h *Handlers) setTheme(r *route.Request) {
	switch theme := r.FormValue("theme"); theme {
	case "light", "dark":
		r.SetTheme(theme)
	case "system":
		r.SetTheme("")
	}
}

// withoutLang drops ?lang=, which would win over the choice just made.
func withoutLang(path string) string {
	bare, query, _ := strings.Cut(path, "?")
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		if part != "" && !strings.HasPrefix(part, "lang=") {
			kept = append(kept, part)
		}
	}
	if len(kept) == 0 {
		return bare
	}
	return bare + "?" + strings.Join(kept, "&")
}

func (h *Handlers) me(r *route.Request) (route.Answer, error) {
	page, err := h.mePage(r)
	if err != nil {
		return nil, err
	}
	return route.HTML{Name: "account/me", Page: page}, nil
}

func (h *Handlers) mePage(r *route.Request) (*pages.Me, error) {
	ctx, user := r.Req().Context(), r.User()
	page := &pages.Me{Form: pages.ProfileForm{Name: user.Name, Email: user.Email, Lang: r.Lang, Theme: r.Theme()}}
	page.Title, page.Tab, page.Robots = r.Text("me.title"), "me", "noindex"
	for _, lang := range reply.Languages {
		page.Languages = append(page.Languages, pages.Option{Value: lang, Label: reply.LanguageName(lang), Selected: lang == r.Lang})
	}
	for _, theme := range []string{"system", "light", "dark"} {
		page.Themes = append(page.Themes, pages.Option{Value: theme, Label: r.Word("theme", theme), Selected: theme == cmp.Or(r.Theme(), "system")})
	}
	sessions, err := h.Account.Sessions(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	for _, s := range sessions {
		page.Sessions = append(page.Sessions, pages.Session{
			ID: s.ID, Device: s.Device, Since: s.CreatedAt, Seen: s.SeenAt, Current: s.ID == r.Session.ID,
		})
	}
	page.Orders, err = h.recentOrders(r, 5)
	return page, err
}

func (h *Handlers) saveMe(r *route.Request) (route.Answer, error) {
	in := account.ProfileInput{Name: r.FormValue("name"), Locale: reply.Match("", r.FormValue("lang"))}
	err := h.Account.SetProfile(r.Req().Context(), *r.Session, in)
	if wrong, ok := view.Errors(err); ok {
		page, err := h.mePage(r)
		if err != nil {
			return nil, err
		}
		page.Form.Name, page.Errors = in.Name, wrong
		return route.Wrong("account/me", page), nil
	}
	if err != nil {
		return nil, err
	}
	r.SetLang(in.Locale)
	h.setTheme(r)
	r.Flash("owner.saved")
	return route.See{Path: "/me"}, nil
}

func (h *Handlers) changePassword(r *route.Request) (route.Answer, error) {
	err := h.Account.ChangePassword(r.Req().Context(), *r.Session, account.ChangePasswordInput{
		Current: r.FormValue("current"), New: r.FormValue("new"),
	})
	if wrong, ok := view.Errors(err); ok {
		page, err := h.mePage(r)
		if err != nil {
			return nil, err
		}
		page.Password = wrong
		return route.Wrong("account/me", page), nil
	}
	if err != nil {
		return nil, err
	}
	r.Flash("me.password_changed")
	return route.See{Path: "/me"}, nil
}

func (h *Handlers) endSession(r *route.Request) (route.Answer, error) {
	if err := h.Account.EndSession(r.Req().Context(), r.As(account.Shopper), r.Param("id")); err != nil {
		return nil, err
	}
	return route.See{Path: "/me"}, nil
}

func (h *Handlers) endOtherSessions(r *route.Request) (route.Answer, error) {
	if err := h.Account.EndOtherSessions(r.Req().Context(), *r.Session); err != nil {
		return nil, err
	}
	return route.See{Path: "/me"}, nil
}
