package stripesandbox

import "time"

// linkLife is how long an onboarding or dashboard link may be opened.
const linkLife = 5 * time.Minute

// accountLink is one way into the pages of a business: onboarding, or its
// dashboard. It opens them once.
type accountLink struct {
	scope
	For       string `json:"for"` // the business's account
	Dashboard bool   `json:"dashboard"`
	ReturnURL string `json:"return_url"`
	Refresh   string `json:"refresh"`
	ExpiresAt int64  `json:"expires_at"`
	Opened    bool   `json:"opened"`
	Done      bool   `json:"done"`
}

func (accountLink) kind() string { return "account_link" }

func createAccountLink(rq *request) (object, error) {
	p := rq.params
	id := p.required("account")
	link := accountLink{
		scope: scope{"", rq.s.newID("link_")}, For: id,
		ReturnURL: p.required("return_url"), Refresh: p.required("refresh_url"),
		ExpiresAt: rq.now.Add(linkLife).Unix(),
	}
	if p.required("type") != "account_onboarding" && p.text("type") != "account_update" {
		p.fail(invalid("type", "Invalid type: must be one of account_onboarding, account_update"))
	}
	p.choice("collect", "currently_due", "eventually_due")
	p.pageURL("return_url")
	p.pageURL("refresh_url")
	if err := p.check(); err != nil {
		return nil, err
	}
	if _, err := rq.connected(id); err != nil {
		return nil, err
	}
	put(rq.tx, link)
	return object{
		"object": "account_link", "created": rq.now.Unix(), "expires_at": link.ExpiresAt,
		"url": rq.origin() + "/setup/e/" + id + "?link=" + link.ID,
	}, nil
}

func createLoginLink(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	a, err := rq.connected(rq.id("id"))
	if err != nil {
		return nil, err
	}
	if !a.Submitted {
		return nil, refused("", "Cannot create a login link for an account that has not completed onboarding.")
	}
	link := accountLink{
		scope: scope{"", rq.s.newID("link_")}, For: a.ID, Dashboard: true,
		ExpiresAt: rq.now.Add(linkLife).Unix(),
	}
	put(rq.tx, link)
	return object{
		"object": "login_link", "created": rq.now.Unix(),
		"url": rq.origin() + "/express/" + a.ID + "?link=" + link.ID,
	}, nil
}
