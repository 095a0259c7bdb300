package hours

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where a text stopped making sense.
type SyntaxError struct {
	Pos  int    // byte of the text, from 0
	Word string // what stands there; empty at the end
	Want string // what could have stood there
}

// Error names the position, the word and what was expected.
func (e *SyntaxError) Error() string {
	if e.Word == "" {
		return fmt.Sprintf("hours: ends at %d where %s is missing", e.Pos, e.Want)
	}
	return fmt.Sprintf("hours: %q at %d is not understood; expected %s", e.Word, e.Pos, e.Want)
}

type tokenKind uint8

const (
	tokenEnd     tokenKind = iota
	tokenNumber            // digits; num is their value
	tokenWord              // letters, in lower case
	tokenComment           // "…", without the quotes
	tokenSign              // one of - : , ; + [ ] / ( ) . |
	tokenOther             // anything else
)

type token struct {
	kind  tokenKind
	text  string
	num   int
	pos   int
	end   int
	space bool // white space stands before it
}

func (t token) is(sign string) bool { return t.kind == tokenSign && t.text == sign }

// dashes are what people type for "-".
var dashes = []string{"–", "—", "−", "‐", "‑"}

// scan reads the token at or after pos.
func scan(src string, pos int) token {
	start := pos
	for pos < len(src) {
		if src[pos] == ' ' || src[pos] == '\t' || src[pos] == '\n' || src[pos] == '\r' {
			pos++
		} else if strings.HasPrefix(src[pos:], "\u00a0") {
			pos += len("\u00a0")
		} else {
			break
		}
	}
	t := token{pos: pos, end: pos, space: pos > start}
	if pos == len(src) {
		return t
	}
	c := src[pos]
	switch {
	case c >= '0' && c <= '9':
		t.kind = tokenNumber
		for t.end < len(src) && src[t.end] >= '0' && src[t.end] <= '9' {
			t.num = min(t.num*10+int(src[t.end]-'0'), 1_000_000)
			t.end++
		}
		t.text = src[pos:t.end]
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		t.kind = tokenWord
		for t.end < len(src) && (src[t.end]|0x20 >= 'a' && src[t.end]|0x20 <= 'z') {
			t.end++
		}
		t.text = strings.ToLower(src[pos:t.end])
	case c == '"':
		end := strings.IndexByte(src[pos+1:], '"')
		if end < 0 {
			t.kind, t.text, t.end = tokenOther, src[pos:], len(src)
			break
		}
		t.kind, t.text, t.end = tokenComment, src[pos+1:pos+1+end], pos+end+2
	case strings.HasPrefix(src[pos:], "||"):
		t.kind, t.text, t.end = tokenSign, "||", pos+2
	case strings.IndexByte("-:,;+[]/().", c) >= 0:
		t.kind, t.text, t.end = tokenSign, src[pos:pos+1], pos+1
	default:
		for _, d := range dashes {
			if strings.HasPrefix(src[pos:], d) {
				t.kind, t.text, t.end = tokenSign, "-", pos+len(d)
				return t
			}
		}
		_, size := utf8.DecodeRuneInString(src[pos:])
		t.kind, t.text, t.end = tokenOther, src[pos:pos+size], pos+size
	}
	return t
}

// parser walks through a text token by token.
type parser struct {
	src string
	tok token
}

func (p *parser) next() { p.tok = scan(p.src, p.tok.end) }

// peek is the token after the present one.
func (p *parser) peek() token { return scan(p.src, p.tok.end) }

// take steps over a sign if it stands here.
func (p *parser) take(sign string) bool {
	if !p.tok.is(sign) {
		return false
	}
	p.next()
	return true
}

func (p *parser) unexpected(want string) error { return p.refuse(p.tok, want) }

func (p *parser) refuse(t token, want string) error {
	word := p.src[t.pos:t.end]
	const longestWord = 40
	if len(word) > longestWord {
		cut := longestWord
		for !utf8.RuneStart(word[cut]) {
			cut--
		}
		word = word[:cut]
	}
	return &SyntaxError{Pos: t.pos, Word: word, Want: want}
}
