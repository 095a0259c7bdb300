package stripesandbox

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// endpoint is a receiver of events: set from outside (Webhook) or made
// through the API.
type endpoint struct {
	scope
	URL         string            `json:"url"`
	Secret      string            `json:"secret"`
	Businesses  bool              `json:"businesses"`
	Operator    bool              `json:"operator"`
	Types       []string          `json:"types"` // "*" = all
	Created     int64             `json:"created"`
	Description string            `json:"description"`
	Metadata    map[string]string `json:"metadata"`
	Version     string            `json:"version"`
}

func (endpoint) kind() string { return "webhook_endpoint" }

func (e endpoint) wants(ev event) bool {
	audience := e.Operator
	if ev.Account != "" {
		audience = e.Businesses
	}
	return audience && (slices.Contains(e.Types, "*") || slices.Contains(e.Types, ev.Type))
}

// view shows everything but the secret, which only the answer to the creation
// tells.
func (e endpoint) view(*tx) object {
	return object{
		"id": e.ID, "object": "webhook_endpoint", "api_version": orNull(e.Version), "application": nil,
		"created": e.Created, "description": orNull(e.Description), "enabled_events": e.Types,
		"livemode": false, "metadata": e.Metadata, "status": "enabled", "url": e.URL,
	}
}

// endpoints is every receiver there is.
func (t *tx) endpoints() []endpoint {
	list := slices.Clone(t.s.webhooks)
	return slices.AppendSeq(list, all[endpoint](t, ""))
}

// setWebhooks takes the place of Options.Webhooks. Their ids stay the same
// from one start to the next, so that what waits for delivery finds them.
func (s *Sandbox) setWebhooks(hooks []Webhook) {
	list := make([]endpoint, len(hooks))
	for i, h := range hooks {
		list[i] = endpoint{
			scope: scope{"", fmt.Sprintf("webhook-%d", i)}, URL: h.URL, Secret: h.Secret,
			Businesses: h.Businesses, Operator: h.Operator, Types: []string{"*"},
		}
	}
	s.webhooks = list
}

func (h Webhook) check() error {
	if rest, ok := strings.CutPrefix(h.Secret, "whsec_"); !ok || len(rest) < 8 {
		return errors.New("a webhook secret is whsec_ and at least 8 characters")
	}
	return checkReceiver(h.URL)
}

// checkReceiver lets only addresses of this machine pass: made-up payments are
// nobody else's business.
func checkReceiver(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("webhook address %q is no http address", address)
	}
	if !Loopback(u.Hostname()) {
		return fmt.Errorf("webhook address %q is not on this machine", address)
	}
	return nil
}

// Loopback reports whether host is a name or address of this machine's
// loopback interface.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func createEndpoint(rq *request) (object, error) {
	p := rq.params
	connect := p.flag("connect", false)
	e := endpoint{
		scope: scope{"", rq.s.newID("we_")}, URL: p.required("url"), Secret: rq.s.newID("whsec_"),
		Businesses: connect, Operator: !connect, Types: p.list("enabled_events"), Created: rq.now.Unix(),
		Description: p.text("description"), Metadata: merged(nil, p.metadata("metadata")), Version: p.text("api_version"),
	}
	if len(e.Types) == 0 {
		p.fail(invalid("enabled_events", "Missing required param: enabled_events.").code("parameter_missing"))
	}
	if err := checkReceiver(e.URL); err != nil {
		p.fail(invalid("url", "Invalid URL: %v", err).code("url_invalid"))
	}
	if e.Version != "" && e.Version != APIVersion {
		p.fail(invalid("api_version", "Invalid API version: the sandbox speaks %s", APIVersion))
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	put(rq.tx, e)
	v := e.view(rq.tx)
	v["secret"] = e.Secret
	return v, nil
}

func getEndpoint(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	e, err := need[endpoint](rq.tx, "", rq.id("id"), "webhook_endpoint")
	if err != nil {
		return nil, err
	}
	return e.view(rq.tx), nil
}

func listEndpoints(rq *request) (object, error) {
	return page(rq, rq.params.window(),
		func(endpoint) bool { return true },
		func(e endpoint) object { return e.view(rq.tx) })
}

func deleteEndpoint(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	e, err := need[endpoint](rq.tx, "", rq.id("id"), "webhook_endpoint")
	if err != nil {
		return nil, err
	}
	remove(rq.tx, e)
	return object{"id": e.ID, "object": "webhook_endpoint", "deleted": true}, nil
}
