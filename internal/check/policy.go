package check

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"nearby/internal/directory"
	"nearby/internal/directory/category"
)

// Proof is what a method proves.
type Proof string

// The proofs.
const (
	Presence  Proof = "presence"  // the business is at its address
	Authority Proof = "authority" // whoever applies may speak for it
	Permit    Proof = "licence"   // it may do what it does
)

var proofs = []Proof{Presence, Authority, Permit}

// Policy is one version of what businesses have to prove.
type Policy struct {
	Version string              `toml:"version"`
	Methods map[Name]MethodRule `toml:"method"`
	Rules   []Rule              `toml:"rule"`
}

// MethodRule is what passing a method proves, and for how many days.
type MethodRule struct {
	Proves []Proof `toml:"proves"`
	Days   int     `toml:"days"`
}

// Rule is what the businesses of some countries and categories have to prove.
type Rule struct {
	Countries  []string `toml:"countries"`  // ISO 3166-1; none for all
	Categories []string `toml:"categories"` // slugs, with all below them; none for all
	Need       int      `toml:"need"`       // different methods
	Prove      []Proof  `toml:"prove"`      // what they prove together, at least
}

//go:embed policies/*.toml
var policyFiles embed.FS

// Policies are the embedded ones by version, and the newest version.
func Policies() (known map[string]Policy, newest string, err error) {
	known = map[string]Policy{}
	files, err := policyFiles.ReadDir("policies")
	if err != nil {
		return nil, "", err
	}
	for _, file := range files {
		text, err := policyFiles.ReadFile("policies/" + file.Name())
		if err != nil {
			return nil, "", err
		}
		p, err := ParsePolicy(text)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", file.Name(), err)
		}
		if file.Name() != p.Version+".toml" {
			return nil, "", fmt.Errorf("%s calls itself %q", file.Name(), p.Version)
		}
		known[p.Version], newest = p, max(newest, p.Version)
	}
	return known, newest, nil
}

// ParsePolicy reads a policy and names what is wrong with it.
func ParsePolicy(text []byte) (Policy, error) {
	var p Policy
	meta, err := toml.Decode(string(text), &p)
	if err != nil {
		return p, err
	}
	if odd := meta.Undecoded(); len(odd) > 0 {
		return p, fmt.Errorf("unknown key %s", odd[0])
	}
	if p.Version == "" || len(p.Rules) == 0 {
		return p, fmt.Errorf("a policy has a version and rules")
	}
	for name, m := range p.Methods {
		if m.Days <= 0 || len(m.Proves) == 0 {
			return p, fmt.Errorf("method %s proves nothing, or for no time", name)
		}
		for _, proof := range m.Proves {
			if !slices.Contains(proofs, proof) {
				return p, fmt.Errorf("method %s proves %q, which is no proof", name, proof)
			}
		}
	}
	for i, r := range p.Rules {
		if err := p.checkRule(r); err != nil {
			return p, fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	if last := p.Rules[len(p.Rules)-1]; len(last.Countries)+len(last.Categories) > 0 {
		return p, fmt.Errorf("the last rule must fit every business")
	}
	return p, nil
}

func (p Policy) checkRule(r Rule) error {
	if r.Need > len(p.Methods) || r.Need < 0 {
		return fmt.Errorf("it needs %d methods of %d", r.Need, len(p.Methods))
	}
	for _, slug := range r.Categories {
		if _, known := category.BySlug(slug); !known {
			return fmt.Errorf("there is no category %q", slug)
		}
	}
	for _, proof := range r.Prove {
		if len(p.proving(proof)) == 0 {
			return fmt.Errorf("no method proves %q", proof)
		}
	}
	return nil
}

// proving are the methods that prove something, by name.
func (p Policy) proving(proof Proof) []Name {
	var list []Name
	for _, name := range slices.Sorted(maps.Keys(p.Methods)) {
		if slices.Contains(p.Methods[name].Proves, proof) {
			list = append(list, name)
		}
	}
	return list
}

// For is the rule that holds for a business.
func (p Policy) For(b directory.Business) Rule {
	for _, r := range p.Rules {
		if r.fits(b) {
			return r
		}
	}
	return p.Rules[len(p.Rules)-1]
}

func (r Rule) fits(b directory.Business) bool {
	if len(r.Countries) > 0 && !slices.Contains(r.Countries, b.Address.Country) {
		return false
	}
	if len(r.Categories) == 0 {
		return true
	}
	for slug := b.Category; slug != ""; {
		if slices.Contains(r.Categories, slug) {
			return true
		}
		kind, _ := category.BySlug(slug)
		slug = kind.Parent
	}
	return false
}

// Standing is what of a policy a business has proven at a moment.
type Standing struct {
	Policy   string
	Need     int     // different methods
	Prove    []Proof // what they prove together
	Counting []Check // that prove something now
	Missing  []Proof // that nothing proves
	Short    int     // methods that are still missing, whatever they prove
	Until    time.Time
}

// Met reports whether nothing is missing.
func (s Standing) Met() bool { return s.Short == 0 && len(s.Missing) == 0 }

// Codes are what is missing in words for machines: the proofs, and "methods"
// when more methods are needed whatever they prove.
func (s Standing) Codes() []string {
	var list []string
	for _, proof := range s.Missing {
		list = append(list, string(proof))
	}
	if s.Short > len(s.Missing) {
		list = append(list, "methods")
	}
	return list
}

// judge says where a business stands with the checks that count now. Until is
// when that stops being enough, zero when it is not, or when nothing is needed.
func (p Policy) judge(b directory.Business, counting []Check, now time.Time) Standing {
	rule := p.For(b)
	s := Standing{Policy: p.Version, Need: rule.Need, Prove: rule.Prove}
	for _, c := range counting {
		if _, known := p.Methods[c.Method]; known {
			s.Counting = append(s.Counting, c)
		}
	}
	slices.SortFunc(s.Counting, func(a, b Check) int { return strings.Compare(string(a.Method), string(b.Method)) })
	s.Missing, s.Short = p.missing(rule, s.Counting, now)
	if !s.Met() || rule.Need == 0 {
		return s
	}
	ends := make([]time.Time, len(s.Counting))
	for i, c := range s.Counting {
		ends[i] = c.ValidUntil
	}
	slices.SortFunc(ends, time.Time.Compare)
	for _, end := range ends {
		if lost, short := p.missing(rule, s.Counting, end); short > 0 || len(lost) > 0 {
			s.Until = end
			break
		}
	}
	return s
}

// missing is what a rule asks for and the checks do not prove at a moment.
func (p Policy) missing(rule Rule, checks []Check, at time.Time) (lost []Proof, short int) {
	methods := map[Name]bool{}
	for _, c := range checks {
		if at.Before(c.ValidUntil) {
			methods[c.Method] = true
		}
	}
	for _, proof := range rule.Prove {
		if !slices.ContainsFunc(p.proving(proof), func(n Name) bool { return methods[n] }) {
			lost = append(lost, proof)
		}
	}
	return lost, max(rule.Need-len(methods), 0)
}

// valid is how long a passed check counts.
func (p Policy) valid(method Name) time.Duration {
	return time.Duration(p.Methods[method].Days) * 24 * time.Hour
}
