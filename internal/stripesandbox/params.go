package stripesandbox

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// params reads the nested form fields of a request ("line_items[0][quantity]").
// The first thing wrong is remembered and told by check, so that a handler
// reads everything first and checks once.
type params struct {
	*fields
	prefix string // of every name, when these are the fields of one element
}

type fields struct {
	values url.Values
	used   map[string]bool
	err    *apiError
}

func newParams(values url.Values) params {
	return params{fields: &fields{values: values, used: map[string]bool{}}}
}

// name is the full name of a field: "price_data[currency]" of the element
// "line_items[0]" is "line_items[0][price_data][currency]".
func (p params) name(name string) string {
	if p.prefix == "" {
		return name
	}
	head, rest, nested := strings.Cut(name, "[")
	if nested {
		rest = "[" + rest
	}
	return p.prefix + "[" + head + "]" + rest
}

func (p params) fail(err *apiError) {
	if p.err == nil {
		p.fields.err = err
	}
}

// has reports whether the field was sent, or any field inside it.
func (p params) has(name string) bool {
	full := p.name(name)
	for sent := range p.values {
		if sent == full || strings.HasPrefix(sent, full+"[") {
			return true
		}
	}
	return false
}

// text is the field's value, "" when it was not sent.
func (p params) text(name string) string {
	full := p.name(name)
	p.used[full] = true
	sent, ok := p.values[full]
	if !ok {
		return ""
	}
	if sent[0] == "" {
		p.fail(invalid(full, "You passed an empty string for '%s'. We assume empty values are an attempt to unset a parameter; however '%s' cannot be unset.", full, full).code("parameter_invalid_empty"))
	}
	if len(sent[0]) > 5000 {
		p.fail(invalid(full, "Invalid string: '%s' must be at most 5000 characters", full))
	}
	return sent[0]
}

func (p params) required(name string) string {
	if !p.has(name) {
		p.fail(invalid(p.name(name), "Missing required param: %s.", p.name(name)).code("parameter_missing"))
	}
	return p.text(name)
}

// choice is text that must be one of the words, the first of which stands for
// a field that was not sent.
func (p params) choice(name string, words ...string) string {
	if !p.has(name) {
		return words[0]
	}
	v := p.text(name)
	if !slices.Contains(words, v) {
		p.fail(invalid(p.name(name), "Invalid %s: must be one of %s", p.name(name), strings.Join(words, ", ")))
	}
	return v
}

// number is the field's whole number, or other when it was not sent.
func (p params) number(name string, other int64) int64 {
	v := p.text(name)
	if v == "" {
		return other
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		p.fail(invalid(p.name(name), "Invalid integer: %s", v).code("parameter_invalid_integer"))
	}
	return n
}

func (p params) flag(name string, other bool) bool {
	switch v := p.text(name); v {
	case "":
		return other
	case "true":
		return true
	case "false":
		return false
	default:
		p.fail(invalid(p.name(name), "Invalid boolean: %s", v))
		return other
	}
}

// list is the values of "name[0]", "name[1]", … or of "name[]".
func (p params) list(name string) []string {
	full := p.name(name)
	if sent, ok := p.values[full+"[]"]; ok {
		p.used[full+"[]"] = true
		return sent
	}
	var out []string
	for i := range p.indexes(name) {
		out = append(out, p.text(name+"["+strconv.Itoa(i)+"]"))
	}
	return out
}

// elements is the nested fields of "name[0]", "name[1]", …
func (p params) elements(name string) []params {
	var out []params
	for i := range p.indexes(name) {
		out = append(out, params{p.fields, p.name(name + "[" + strconv.Itoa(i) + "]")})
	}
	return out
}

// indexes counts "name[0]", "name[1]", … up to the first that is not there.
func (p params) indexes(name string) int {
	n := 0
	for p.has(name + "[" + strconv.Itoa(n) + "]") {
		n++
	}
	return n
}

// metadata is the pairs of "name[key]". Stripe's limits: 50 keys of 40
// characters, values of 500. A pair with an empty value is an unset.
func (p params) metadata(name string) map[string]string {
	out := map[string]string{}
	full := p.name(name)
	for sent, values := range p.values {
		rest, ok := strings.CutPrefix(sent, full+"[")
		if !ok || !strings.HasSuffix(rest, "]") {
			continue
		}
		p.used[sent] = true
		pair := strings.TrimSuffix(rest, "]")
		if len(pair) > 40 || strings.ContainsAny(pair, "[]") {
			p.fail(invalid(full, "Invalid metadata key '%s': keys hold at most 40 characters and no square brackets", pair))
		}
		if len([]rune(values[0])) > 500 {
			p.fail(invalid(full, "Metadata values can have up to 500 characters, but you passed in a value that is longer for the key %s", pair))
		}
		out[pair] = values[0]
	}
	if len(out) > 50 {
		p.fail(invalid(full, "Metadata can hold up to 50 keys, but you passed %d", len(out)))
	}
	return out
}

// check is the first thing wrong: a value read, or a field nobody asked for.
func (p params) check() error {
	if p.err != nil {
		return p.err
	}
	for _, sent := range slices.Sorted(maps.Keys(p.values)) {
		if !p.used[sent] {
			return invalid(sent, "Received unknown parameter: %s", sent).code("parameter_unknown")
		}
	}
	return nil
}

// merged is old with the pairs of changes set, or unset where they are empty.
func merged(old, changes map[string]string) map[string]string {
	out := maps.Clone(old)
	if out == nil {
		out = map[string]string{}
	}
	for k, v := range changes {
		if v == "" {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}
