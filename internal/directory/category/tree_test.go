package category

import (
	"strings"
	"testing"
)

// TestReadRefuses feeds the reader the mistakes an editor of the files makes.
func TestReadRefuses(t *testing.T) {
	const good = "7\tfood\t-\t2\tapple\tStore\tFood\tEssen\tطعام\n"
	for name, files := range map[string][4]string{
		"slug twice":        {good + strings.Replace(good, "7", "8", 1), "", "", ""},
		"number twice":      {good + strings.Replace(good, "food", "eat", 1), "", "", ""},
		"number too big":    {strings.Replace(good, "7", "70000", 1), "", "", ""},
		"hue no number":     {strings.Replace(good, "2", "red", 1), "", "", ""},
		"unknown parent":    {strings.Replace(good, "-", "shop", 1), "", "", ""},
		"missing column":    {"7\tfood\t-\t2\n", "", "", ""},
		"unknown slug":      {good, "shop=food\tfoot\n", "", ""},
		"tag twice":         {good, "shop=food\tfood\nshop=food\tfood\n", "", ""},
		"overture twice":    {good, "", "food\tfood\nfood\tfood\n", ""},
		"overture column":   {good, "", "food\n", ""},
		"synonyms of none":  {good, "", "", "foot\tpied\n"},
		"synonyms twice":    {good, "", "", "food\tcibo\nfood\tcomida\n"},
		"synonyms, columns": {good, "", "", "food\n"},
	} {
		if _, err := read(files[0], files[1], files[2], files[3]); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := read("# comment\n\n"+good, "shop=*\tfood\n", "food\tfood\n", "food\tépicerie\n"); err != nil {
		t.Errorf("good files: %v", err)
	}
}
