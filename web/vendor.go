package web

import (
	"encoding/json"
	"fmt"
	"io/fs"
)

// VendorFile is one line of VENDOR.json: a file made by others, which the
// repository does not hold but knows by its hash.
type VendorFile struct {
	File    string `json:"file"` // below vendor/
	Package string `json:"package"`
	Version string `json:"version"`
	Licence string `json:"licence"`
	SHA256  string `json:"sha256"`
}

// Vendor reads the record of vendor files.
func Vendor(folder fs.FS) ([]VendorFile, error) {
	body, err := fs.ReadFile(folder, "VENDOR.json")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	var record []VendorFile
	if err := json.Unmarshal(body, &record); err != nil {
		return nil, fmt.Errorf("web: VENDOR.json: %w", err)
	}
	return record, nil
}
