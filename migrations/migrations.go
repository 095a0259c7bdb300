// Package migrations holds the schema as numbered SQL steps. A step is one
// file that runs on both databases, or a pair NAME.sqlite.sql and
// NAME.postgres.sql where the two must differ.
package migrations

import "embed"

// Files are the steps, applied in the order of their numbers.
//
//go:embed *.sql
var Files embed.FS
