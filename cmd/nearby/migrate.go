package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"nearby/internal/database"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Apply every step that is waiting. Example: nearby migrate up"`
	Status migrateStatus `cmd:"" help:"List the steps. Example: nearby migrate status"`
}

type migrateUp struct{ Config }

func (c *migrateUp) Run(p *program) error {
	c.fill()
	db, err := database.Open(p.ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(p.ctx); err != nil {
		return err
	}
	list, err := db.Migrations(p.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "schema at version %d\n", list[len(list)-1].Version)
	return nil
}

type migrateStatus struct{ Config }

func (c *migrateStatus) Run(p *program) error {
	c.fill()
	db, err := database.Open(p.ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	list, err := db.Migrations(p.ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VERSION\tNAME\tAPPLIED")
	for _, m := range list {
		applied := "waiting"
		if !m.AppliedAt.IsZero() {
			applied = m.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\n", m.Version, m.Name, applied)
	}
	return table.Flush()
}
