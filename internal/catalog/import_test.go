package catalog_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/audit"
	"nearby/internal/catalog"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
)

// The same three products in the headings of both generations.
const (
	older = `Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Image Position,Image Alt Text,Gift Card
mug,Mug,"<p>Oat &amp; ink.</p><ul><li>320 ml</li><li>Dishwasher</li></ul><script>alert(1)</script>",KQ,For the table,,true,Size,S,Glaze,Oat,MUG-S-O,250,shopify,5,deny,24.00,30.00,4006381333931,https://cdn.example/files/mug.jpg?v=1,2,From above,false
mug,,,,,,,,S,,Ink,MUG-S-I,250.4,shopify,-2,deny,24.00,,,img/side.jpg,1,,
mug,,,,,,,,L,,Ink,MUG-L-I,,shopify,0,continue,29.00,,,,,,
mug,,,,,,,,,,,,,,,,,,,missing.jpg,3,,
bag,Gift bag,Paper,KQ,,,false,Title,Default Title,,,,,,,deny,1.50,,,,,,false
card,Gift card,,KQ,,,true,Title,Default Title,,,,,,,deny,10.00,,,,,,true
`
	newer = `Title,URL handle,Description,Vendor,Type,Published on online store,Status,SKU,Barcode,Option1 name,Option1 value,Option2 name,Option2 value,Price,Compare-at price,Inventory tracker,Inventory quantity,Continue selling when out of stock,Weight value (grams),Product image URL,Image position,Image alt text,Gift card
Mug,mug,"<p>Oat &amp; ink.</p><ul><li>320 ml</li><li>Dishwasher</li></ul><script>alert(1)</script>",KQ,For the table,TRUE,Active,MUG-S-O,4006381333931,Size,S,Glaze,Oat,24.00,30.00,shopify,5,DENY,250,https://cdn.example/files/mug.jpg?v=1,2,From above,FALSE
,mug,,,,,,MUG-S-I,,,S,,Ink,24.00,,shopify,-2,DENY,250.4,img/side.jpg,1,,
,mug,,,,,,MUG-L-I,,,L,,Ink,29.00,,shopify,0,CONTINUE,,,,,
,mug,,,,,,,,,,,,,,,,,,missing.jpg,3,,
Gift bag,bag,Paper,KQ,,FALSE,Draft,,,Title,Default Title,,,1.50,,,,DENY,,,,,FALSE
Gift card,card,,KQ,,TRUE,Active,,,Title,Default Title,,,10.00,,,,DENY,,,,,TRUE
`
)

func pictures(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for i, name := range []string{"mug.jpg", "img/side.jpg"} {
		img := image.NewGray(image.Rect(0, 0, 30+i, 20))
		var out bytes.Buffer
		if err := jpeg.Encode(&out, img, nil); err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: out.Bytes()}
	}
	return files
}

func TestImport(t *testing.T) {
	for name, file := range map[string]string{"older headings": older, "newer headings": newer} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) { testImport(t, newHouse(t, db), file) })
		})
	}
}

func testImport(t *testing.T, h *house, file string) {
	run := func(file string, dry bool) catalog.ImportReport {
		t.Helper()
		report, err := h.Import(t.Context(), h.owner, h.business.ID, strings.NewReader(file), catalog.ImportOptions{Images: pictures(t), DryRun: dry})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	count := func(r catalog.ImportReport) [4]int { return [4]int{r.Added, r.Updated, r.Unchanged, r.Failed} }

	dry := run(file, true)
	if counts, err := h.Counts(t.Context(), h.business.ID); err != nil || counts != (catalog.Counts{}) {
		t.Fatalf("a dry run left %+v, %v", counts, err)
	}
	report := run(file, false)
	if diff := cmp.Diff(dry, report); diff != "" {
		t.Errorf("the dry run said something else: %s", diff)
	}
	if count(report) != [4]int{2, 0, 0, 1} {
		t.Errorf("report = %+v", report)
	}
	var problems []string
	for _, p := range report.Problems {
		problems = append(problems, strings.ToLower(p.String())[:strings.LastIndex(p.String(), ":")]+" "+p.Code)
	}
	stock := `line 3, column "variant inventory qty": warning negative`
	picture := `line 5, column "image src": warning no_image`
	if strings.HasPrefix(file, "Title") {
		stock, picture = `line 3, column "inventory quantity": warning negative`, `line 5, column "product image url": warning no_image`
	}
	if diff := cmp.Diff([]string{stock, picture, `line 7, column "gift card": error gift_card`}, problems); diff != "" {
		t.Error(diff)
	}

	mug, err := h.BySlug(t.Context(), h.business.ID, "mug") // which is on sale
	if err != nil {
		t.Fatal(err)
	}
	if mug.Title != "Mug" || mug.Section != "For the table" || mug.Description != "Oat & ink.\n\n– 320 ml\n– Dishwasher" {
		t.Errorf("mug = %q %q %q", mug.Title, mug.Section, mug.Description)
	}
	if diff := cmp.Diff([]catalog.Option{{Name: "Size", Values: []string{"S", "L"}}, {Name: "Glaze", Values: []string{"Oat", "Ink"}}}, mug.Options); diff != "" {
		t.Error(diff)
	}
	former := eur(3000)
	want := []catalog.Variant{
		{Options: []string{"S", "Oat"}, SKU: "MUG-S-O", Barcode: "4006381333931", Price: eur(2400), Priced: true, CompareAt: &former, Weight: 250, Counted: true, OnHand: 5},
		{Options: []string{"S", "Ink"}, SKU: "MUG-S-I", Price: eur(2400), Priced: true, Weight: 250, Counted: true},
		{Options: []string{"L", "Ink"}, SKU: "MUG-L-I", Price: eur(2900), Priced: true},
	}
	for i := range mug.Variants {
		want[i].ID = mug.Variants[i].ID
	}
	if diff := cmp.Diff(want, mug.Variants); diff != "" {
		t.Error(diff)
	}
	if len(mug.Photos) != 2 || mug.Photos[0].Width != 31 || mug.Photos[1].Alt != "From above" {
		t.Errorf("photos = %+v", mug.Photos)
	}

	// Again: nothing changes, and what was sold since stays sold.
	if _, err := h.SetStock(t.Context(), h.owner, h.business.ID, mug.Variants[0].ID, catalog.Count(1), "sold"); err != nil {
		t.Fatal(err)
	}
	if again := run(file, false); count(again) != [4]int{0, 0, 2, 1} {
		t.Errorf("again = %+v", again)
	}
	if got := count(run(strings.ReplaceAll(file, "29.00", "28.00"), false)); got != [4]int{0, 1, 1, 1} {
		t.Errorf("one price changed: %v", got)
	}
	mug, err = h.BySlug(t.Context(), h.business.ID, "mug")
	if err != nil || mug.Variants[0].OnHand != 1 || mug.Variants[2].Price != eur(2800) {
		t.Errorf("mug = %+v, %v", mug.Variants, err)
	}
}

func TestImportNamesLineAndColumn(t *testing.T) {
	file := "Handle;Title;Option1 Name;Option1 Value;Variant SKU;Variant Price;Variant Barcode;Published\n" +
		"a;Alpha;Size;S;A-1;12,50;;true\n" +
		"a;;;S;A-1;cheap;123;\n" +
		"b;" + strings.Repeat("x", 121) + ";;;;1;;\n" +
		"c;Gamma;;;A-9;;;true\n" +
		"d;Delta;;;A-9;1;;\n" +
		"e;;;;;;;\n" +
		"東京;東京;;;;1;;\n" +
		"new;New;;;;1;;\n" +
		";;;;;;;\n"
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		report, err := h.Import(t.Context(), audit.System, h.business.ID, strings.NewReader(file), catalog.ImportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		type place struct {
			line         int
			column, code string
		}
		var got []place
		for _, p := range report.Problems {
			got = append(got, place{p.Line, p.Column, p.Code})
		}
		want := []place{
			{3, "Option1 Value", "twice"},
			{3, "Variant Barcode", "bad_barcode"},
			{3, "Variant Price", "bad_amount"},
			{3, "Variant SKU", "sku_taken"}, // a warning, as in line 6
			{4, "Title", "too_long"},
			{5, "Variant Price", "draft"},
			{6, "Variant SKU", "sku_taken"},
			{7, "Title", "required"},
		}
		byColumn := cmp.Transformer("sorted", func(list []place) map[place]bool {
			set := map[place]bool{}
			for _, p := range list {
				set[p] = true
			}
			return set
		})
		if diff := cmp.Diff(want, got, byColumn, cmp.AllowUnexported(place{})); diff != "" {
			t.Error(diff)
		}
		if report.Added != 4 || report.Failed != 3 {
			t.Errorf("report = %+v", report)
		}
		again, err := h.Import(t.Context(), audit.System, h.business.ID, strings.NewReader(file), catalog.ImportOptions{})
		if err != nil || again.Added != 0 || again.Unchanged != 4 {
			t.Errorf("again = %+v, %v", again, err)
		}
	})
}

func TestImportReadsEncodings(t *testing.T) {
	const text = "Title\tPrice\nCafé crème — €5\t5.00\n"
	utf16File := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		utf16File = append(utf16File, byte(unit), byte(unit>>8))
	}
	files := map[string][]byte{
		"utf-8":        []byte(text),
		"utf-8 mark":   []byte("\xef\xbb\xbf" + text),
		"utf-16":       utf16File,
		"windows-1252": []byte("Title\tPrice\nCaf\xe9 cr\xe8me \x97 \x805\t5.00\n"),
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, dbtest.SQLite(t))
			if _, err := h.Import(t.Context(), h.owner, h.business.ID, bytes.NewReader(file), catalog.ImportOptions{}); err != nil {
				t.Fatal(err)
			}
			page, err := h.List(t.Context(), h.business.ID, catalog.Filter{}, "")
			if diff := cmp.Diff([]string{"Café crème — €5"}, titles(page.Products)); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

func TestImportRefusesFiles(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	tests := []struct {
		name, file string
		kind       errs.Kind
		code       string
	}{
		{"nothing", "", errs.Invalid, "not_a_catalog"},
		{"other headings", "a,b\n1,2\n", errs.Invalid, "not_a_catalog"},
		{"a picture", "\x89PNG\r\n\x1a\n\x00\x00", errs.Invalid, "not_a_catalog"},
		{"a broken quote", "Title,Price\n\"Mug,1\n", errs.Invalid, "broken_csv"},
		{"too many rows", "Title\n" + strings.Repeat("a\n", 20_001), errs.TooLarge, "too_many_rows"},
		{"too large", strings.Repeat("x", 10<<20+1), errs.TooLarge, "file_too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.Import(t.Context(), h.owner, h.business.ID, strings.NewReader(tt.file), catalog.ImportOptions{})
			if !errs.Is(err, tt.kind) || !errs.Has(err, tt.code) {
				t.Errorf("error = %v", err)
			}
		})
	}
	stranger, _ := h.newBusiness(t, "Other")
	if _, err := h.Import(t.Context(), stranger, h.business.ID, strings.NewReader(older), catalog.ImportOptions{Images: pictures(t)}); !errs.Is(err, errs.NotFound) {
		t.Errorf("a stranger's import: %v", err)
	}
}

// TestImportRealFile imports a file as a shop system writes it, pictures and
// all.
func TestImportRealFile(t *testing.T) {
	data := os.Getenv("NEARBY_TESTDATA")
	if data == "" {
		t.Skip("SKIPPED: NEARBY_TESTDATA is not set")
	}
	folder := filepath.Join(data, "products")
	h := newHouse(t, dbtest.SQLite(t))
	run := func() catalog.ImportReport {
		file, err := os.Open(filepath.Join(folder, "demo-shop-shopify.csv"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		report, err := h.Import(t.Context(), h.owner, h.business.ID, file, catalog.ImportOptions{Images: os.DirFS(folder)})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	report := run()
	// Three variants of the last product share one SKU.
	var problems []string
	for _, p := range report.Problems {
		problems = append(problems, fmt.Sprint(p.Line, " ", p.Column, " ", p.Code, " ", p.Warning))
	}
	if diff := cmp.Diff([]string{"88 Variant SKU sku_taken true", "89 Variant SKU sku_taken true"}, problems); diff != "" || report.Added != 54 {
		t.Errorf("%d added, %s", report.Added, diff)
	}
	shelves, err := h.ListPublic(t.Context(), h.business.ID)
	products, variants, photos := 0, 0, 0
	for _, shelf := range shelves {
		for _, p := range shelf.Products {
			products, variants, photos = products+1, variants+len(p.Variants), photos+len(p.Photos)
		}
	}
	if err != nil || products != 54 || variants != 88 || photos != 54 {
		t.Errorf("%d products, %d variants, %d photos, %v", products, variants, photos, err)
	}
	if again := run(); again.Unchanged != 54 {
		t.Errorf("again = %+v", again)
	}
}
