package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"nearby/internal/errs"
)

const (
	maxFile = 10 << 20 // bytes
	maxRows = 20_000
)

// Problem is something wrong in an imported file: in which line, counted from
// 1, and under which heading. A warning did not keep the product out.
type Problem struct {
	Line    int
	Column  string // "" for the whole line
	Code    string
	Message string
	Warning bool
}

// String is one line of a report.
func (p Problem) String() string {
	kind := "error"
	if p.Warning {
		kind = "warning"
	}
	if p.Column == "" {
		return fmt.Sprintf("line %d: %s: %s", p.Line, kind, p.Message)
	}
	return fmt.Sprintf("line %d, column %q: %s: %s", p.Line, p.Column, kind, p.Message)
}

// The columns that are read. Shopify renamed them in 2025; files of both
// generations are around, and of the newer one with two names for the barcode.
var columns = map[string][]string{
	"handle":      {"handle", "url handle"},
	"title":       {"title"},
	"description": {"body (html)", "description"},
	"section":     {"type"},
	"published":   {"published", "published on online store"},
	"status":      {"status"},
	"name1":       {"option1 name"},
	"name2":       {"option2 name"},
	"name3":       {"option3 name"},
	"value1":      {"option1 value"},
	"value2":      {"option2 value"},
	"value3":      {"option3 value"},
	"sku":         {"variant sku", "sku"},
	"barcode":     {"variant barcode", "barcode", "variant barcodes", "barcodes"},
	"price":       {"variant price", "price"},
	"compare_at":  {"variant compare at price", "compare-at price", "compare at price"},
	"weight":      {"variant grams", "weight value (grams)"},
	"tracker":     {"variant inventory tracker", "inventory tracker"},
	"stock":       {"variant inventory qty", "inventory quantity"},
	"policy":      {"variant inventory policy", "continue selling when out of stock"},
	"image":       {"image src", "product image url"},
	"position":    {"image position"},
	"alt":         {"image alt text"},
	"gift":        {"gift card"},
}

// sheet is a file with its headings understood.
type sheet struct {
	at       map[string]int    // column -> place in a row
	headings map[string]string // column -> heading as written
	rows     []sheetRow
	problems []Problem
}

type sheetRow struct {
	line  int
	cells []string
}

func (s *sheet) cell(row sheetRow, column string) string {
	if at, known := s.at[column]; known && at < len(row.cells) {
		return strings.TrimSpace(row.cells[at])
	}
	return ""
}

func (s *sheet) warn(row sheetRow, column, code, message string) {
	s.problems = append(s.problems, Problem{Line: row.line, Column: s.headings[column], Code: code, Message: message, Warning: true})
}

// readSheet reads a file in UTF-8, UTF-16 or Windows-1252 whose cells are
// parted by comma, semicolon or tab. Errors: TooLarge "file_too_large"; Invalid
// "not_a_catalog" without a heading "Title", "broken_csv" with line and column.
func readSheet(r io.Reader) (*sheet, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, errs.New(errs.Malformed, "upload_broken", "The file did not arrive whole.").Because(err)
	}
	if len(raw) > maxFile {
		return nil, errs.New(errs.TooLarge, "file_too_large", "The file is larger than 10 MB.")
	}
	text := plainText(raw)
	heading, _, _ := strings.Cut(text, "\n")
	in := csv.NewReader(strings.NewReader(text))
	in.FieldsPerRecord = -1
	for _, separator := range ";\t" {
		if strings.Count(heading, string(separator)) > strings.Count(heading, string(in.Comma)) {
			in.Comma = separator
		}
	}
	s := &sheet{at: map[string]int{}, headings: map[string]string{}}
	first, err := in.Read()
	if err == nil {
		s.readHeadings(first)
	}
	if _, titled := s.at["title"]; !titled {
		return nil, errs.New(errs.Invalid, "not_a_catalog", "The first line must hold headings, and one of them is “Title”.")
	}
	for {
		cells, err := in.Read()
		if err == io.EOF {
			return s, nil
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			return nil, errs.New(errs.Invalid, "broken_csv", fmt.Sprintf("Line %d, character %d: %v.", syntax.Line, syntax.Column, syntax.Err))
		}
		if err != nil {
			return nil, err
		}
		if len(s.rows) >= maxRows {
			return nil, errs.New(errs.TooLarge, "too_many_rows", "The file has more than 20,000 rows.")
		}
		line, _ := in.FieldPos(0)
		s.rows = append(s.rows, sheetRow{line: line, cells: cells})
	}
}

func (s *sheet) readHeadings(first []string) {
	for i, heading := range first {
		key := strings.ToLower(strings.Join(strings.Fields(heading), " "))
		for column, names := range columns {
			if _, known := s.at[column]; !known && slices.Contains(names, key) {
				s.at[column], s.headings[column] = i, strings.TrimSpace(heading)
			}
		}
	}
}

// plainText finds out the encoding by the byte order mark, else by whether the
// bytes are valid UTF-8.
func plainText(raw []byte) string {
	if bytes.HasPrefix(raw, []byte{0xff, 0xfe}) || bytes.HasPrefix(raw, []byte{0xfe, 0xff}) {
		if text, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(raw); err == nil {
			return string(text)
		}
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(raw) {
		if text, err := charmap.Windows1252.NewDecoder().Bytes(raw); err == nil {
			return string(text)
		}
	}
	return string(raw)
}

// draft is one product of a file.
type draft struct {
	slug   string // the same at every import of the same handle
	row    sheetRow
	rows   []sheetRow // of the variants
	input  ProductInput
	active bool
	images []imageRef
}

type imageRef struct {
	row      sheetRow
	source   string
	alt      string
	position int
}

// drafts puts the rows of each product together. What cannot be imported is
// left out and becomes a problem.
func (s *sheet) drafts() []*draft {
	var all []*draft
	byHandle := map[string]*draft{}
	skus := map[string]bool{}
	for _, row := range s.rows {
		handle := s.cell(row, "handle")
		if handle == "" {
			handle = s.cell(row, "title")
		}
		d := byHandle[handle]
		if d == nil {
			if s.cell(row, "title") == "" {
				if strings.Join(row.cells, "") != "" {
					s.problems = append(s.problems, Problem{
						Line: row.line, Column: s.headings["title"], Code: "required", Message: "The first line of a product needs its title.",
					})
				}
				continue
			}
			d = s.begin(handle, row)
			byHandle[handle] = d
			all = append(all, d)
		}
		if d.row.line == row.line || s.cell(row, "value1")+s.cell(row, "sku")+s.cell(row, "price") != "" {
			s.addVariant(d, row, skus)
		}
		if source := s.cell(row, "image"); source != "" {
			position, err := strconv.Atoi(s.cell(row, "position"))
			if err != nil {
				position = len(d.images) + 1
			}
			d.images = append(d.images, imageRef{row: row, source: source, alt: s.cell(row, "alt"), position: position})
		}
	}
	for _, d := range all {
		slices.SortStableFunc(d.images, func(a, b imageRef) int { return a.position - b.position })
	}
	return slices.DeleteFunc(all, func(d *draft) bool {
		gift := yes(s.cell(d.row, "gift"))
		if gift {
			s.problems = append(s.problems, Problem{
				Line: d.row.line, Column: s.headings["gift"], Code: "gift_card", Message: "Gift cards cannot be sold here.",
			})
		}
		return gift
	})
}

func (s *sheet) begin(handle string, row sheetRow) *draft {
	d := &draft{slug: handleSlug(handle), row: row, input: ProductInput{
		Title: s.cell(row, "title"), Description: htmlText(s.cell(row, "description")), Section: s.cell(row, "section"),
	}}
	switch status := strings.ToLower(s.cell(row, "status")); status {
	case "":
		d.active = yes(s.cell(row, "published"))
	default:
		d.active = status == "active"
	}
	for _, column := range []string{"name1", "name2", "name3"} {
		if name := s.cell(row, column); name != "" && (name != "Title" || s.cell(row, "value1") != "Default Title") {
			d.input.Options = append(d.input.Options, Option{Name: name})
		}
	}
	return d
}

// handleSlug is the address of a product with a handle. Where the handle cannot
// be one itself, a part of its hash keeps it apart from others.
func handleSlug(handle string) string {
	slug, whole := slugify(handle)
	if whole && !slices.Contains(reservedSlugs, slug) {
		return slug
	}
	sum := sha256.Sum256([]byte(handle))
	return slug + "-" + hex.EncodeToString(sum[:4])
}

// addVariant reads the variant of a row. skus are those of the rows before:
// Shopify lets several variants have one, here it names a single one.
func (s *sheet) addVariant(d *draft, row sheetRow, skus map[string]bool) {
	v := VariantInput{Offer: Offer{
		SKU: s.cell(row, "sku"), Barcode: strings.TrimPrefix(s.cell(row, "barcode"), "'"),
		Price: Typed(s.cell(row, "price")), CompareAt: Typed(s.cell(row, "compare_at")),
	}}
	if v.SKU != "" && skus[v.SKU] {
		s.warn(row, "sku", "sku_taken", "Another variant of this file has this SKU; it is left out here.")
		v.SKU = ""
	}
	skus[v.SKU] = true
	for i := range d.input.Options {
		value := s.cell(row, fmt.Sprint("value", i+1))
		v.Options = append(v.Options, value)
		if o := &d.input.Options[i]; value != "" && !slices.Contains(o.Values, value) {
			o.Values = append(o.Values, value)
		}
	}
	if grams, err := strconv.ParseFloat(s.cell(row, "weight"), 64); err == nil && grams >= 0 && grams <= maxWeight {
		v.Weight = Count(int64(math.Round(grams)))
	} else if s.cell(row, "weight") != "" {
		s.warn(row, "weight", "bad_number", "This weight is left out.")
	}
	goesOn := strings.ToLower(s.cell(row, "policy"))
	v.Counted = s.cell(row, "tracker") != "" && goesOn != "continue" && !yes(goesOn)
	if v.Counted {
		v.Stock = TypedNumber(s.cell(row, "stock"))
		if strings.HasPrefix(v.Stock.text, "-") {
			s.warn(row, "stock", "negative", "A stock below zero becomes zero.")
			v.Stock = Count(0)
		}
	}
	d.input.Variants = append(d.input.Variants, v)
	d.rows = append(d.rows, row)
}

func yes(s string) bool {
	s = strings.ToLower(s)
	return s == "true" || s == "yes" || s == "1"
}

// problem places a wrong field of the input in the file.
func (s *sheet) problem(d *draft, f errs.Field) Problem {
	row, column := d.row, f.Name
	if rest, ok := strings.CutPrefix(f.Name, "variants."); ok {
		number, field, _ := strings.Cut(rest, ".")
		if i, err := strconv.Atoi(number); err == nil && i < len(d.rows) {
			row, column = d.rows[i], field
		}
		if column == "options" {
			column = "value1"
		}
	}
	if rest, ok := strings.CutPrefix(f.Name, "options."); ok {
		number, field, _ := strings.Cut(rest, ".")
		i, _ := strconv.Atoi(number)
		column = fmt.Sprint(map[string]string{"name": "name", "values": "value"}[field], i+1)
	}
	return Problem{Line: row.line, Column: s.headings[column], Code: f.Code, Message: f.Message}
}

// htmlText is the text of a piece of HTML: paragraphs, breaks and list entries
// begin new lines, everything else of the markup goes.
func htmlText(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return s
	}
	var b strings.Builder
	in := html.NewTokenizer(strings.NewReader(s))
	silent := 0 // depth of elements whose text is no text
	for {
		kind := in.Next()
		if kind == html.ErrorToken {
			break
		}
		token := in.Token()
		switch kind {
		case html.TextToken:
			if silent == 0 {
				b.WriteString(strings.Join(strings.FieldsFunc(token.Data, func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }), " "))
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			switch token.Data {
			case "script", "style", "noscript", "iframe":
				if kind == html.StartTagToken {
					silent++
				} else if kind == html.EndTagToken && silent > 0 {
					silent--
				}
			case "p", "div", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6":
				b.WriteString("\n\n")
			case "br", "tr":
				b.WriteString("\n")
			case "li":
				if kind == html.StartTagToken {
					b.WriteString("\n– ")
				}
			}
		}
	}
	var lines []string
	for line := range strings.SplitSeq(b.String(), "\n") {
		line = strings.TrimSpace(line)
		if line != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
