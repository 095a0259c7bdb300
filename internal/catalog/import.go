package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"nearby/internal/audit"
	"nearby/internal/errs"
)

// ImportOptions say how a file is imported.
type ImportOptions struct {
	Images   fs.FS                 // where the pictures that it names lie; nil: none
	DryRun   bool                  // report only, change nothing
	Progress func(done, total int) // called after each product; may be nil
}

// ImportReport is what became of the products of a file.
type ImportReport struct {
	Added, Updated, Unchanged, Failed int
	Problems                          []Problem // in the order of the lines
}

var errDryRun = errors.New("catalog: dry run")

// Import reads a Shopify product file of either generation (see columns) into
// a business's catalog, one transaction a product. A product whose handle is
// known is updated; its state, and the stock of the variants it has already,
// are left alone, because both are newer here. Nothing is fetched from the
// network: pictures come from opts.Images by their path or file name, and a
// missing one is a warning. Errors concern the file as a whole, those of
// products are in the report.
func (s *Service) Import(ctx context.Context, actor audit.Actor, businessID string, r io.Reader, opts ImportOptions) (ImportReport, error) {
	sheet, err := readSheet(r)
	if err != nil {
		return ImportReport{}, err
	}
	drafts := sheet.drafts()
	var report ImportReport
	for _, p := range sheet.problems {
		if !p.Warning {
			report.Failed++
		}
	}
	for i, d := range drafts {
		if err := s.importOne(ctx, actor, businessID, sheet, d, opts, &report); err != nil {
			return report, err
		}
		if opts.Progress != nil {
			opts.Progress(i+1, len(drafts))
		}
	}
	report.Problems = sheet.problems
	slices.SortStableFunc(report.Problems, func(a, b Problem) int { return a.Line - b.Line })
	return report, nil
}

// importOne adds or updates one product and notes in the report how it went.
// Only an error that will meet the next product too is returned.
func (s *Service) importOne(ctx context.Context, actor audit.Actor, businessID string, sheet *sheet, d *draft, opts ImportOptions, report *ImportReport) error {
	photos, err := s.importImages(ctx, sheet, d, opts)
	if err != nil {
		return err
	}
	d.input.Photos = photos
	var outcome *int
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		var err error
		outcome, err = s.importDraft(ctx, actor, businessID, sheet, d, report)
		if err == nil && opts.DryRun {
			return errDryRun
		}
		return err
	})
	switch {
	case err == nil, errors.Is(err, errDryRun):
		*outcome++
	case errs.Is(err, errs.Invalid), errs.Is(err, errs.Conflict):
		report.Failed++
		failure := errs.Of(err)
		for _, f := range failure.Fields {
			sheet.problems = append(sheet.problems, sheet.problem(d, f))
		}
		if len(failure.Fields) == 0 {
			sheet.problems = append(sheet.problems, Problem{Line: d.row.line, Code: failure.Code, Message: failure.Message})
		}
	default:
		return err
	}
	return nil
}

// importDraft writes one product and points at the number of the report that
// counts it.
func (s *Service) importDraft(ctx context.Context, actor audit.Actor, businessID string, sheet *sheet, d *draft, report *ImportReport) (*int, error) {
	known, err := s.store.one(ctx, "business_id = ? AND slug = ?", businessID, d.slug)
	if errs.Is(err, errs.NotFound) {
		p, err := s.add(ctx, actor, businessID, d.slug, d.input)
		if err != nil || !d.active {
			return &report.Added, err
		}
		if needed, _ := p.Missing(); len(needed) > 0 {
			sheet.warn(d.row, "price", "draft", "Without a price this stays a draft.")
			return &report.Added, nil
		}
		_, err = s.SetState(ctx, actor, businessID, p.ID, Active, 0)
		return &report.Added, err
	}
	if err != nil {
		return nil, err
	}
	in := d.input
	in.Variants = slices.Clone(in.Variants)
	in.TaxMpct, in.TaxExcluded, in.LowStock = known.TaxMpct, !known.TaxIncluded, Count(known.LowStock)
	for i := range in.Variants {
		values := in.Variants[i].Options
		if slices.ContainsFunc(known.Variants, func(v Variant) bool { return slices.Equal(v.Options, values) }) {
			in.Variants[i].Stock = Number{}
		}
	}
	p, err := s.Update(ctx, actor, businessID, known.ID, in, 0)
	if err == nil && p.Version == known.Version {
		return &report.Unchanged, nil
	}
	return &report.Updated, err
}

// importImages stores the pictures of a product. nil means that there are none,
// and the product keeps those it has.
func (s *Service) importImages(ctx context.Context, sheet *sheet, d *draft, opts ImportOptions) ([]PhotoInput, error) {
	var photos []PhotoInput
	for i, image := range d.images {
		if i >= maxPhotos {
			sheet.warn(image.row, "image", "too_many", fmt.Sprintf("A product has at most %d photos; this one is left out.", maxPhotos))
			continue
		}
		file, err := openImage(opts.Images, image.source)
		if err != nil {
			sheet.warn(image.row, "image", "no_image", "This picture is not in the folder of images.")
			continue
		}
		if opts.DryRun {
			file.Close()
			continue
		}
		stored, err := s.photos.Add(ctx, file)
		file.Close()
		switch {
		case err == nil:
			photos = append(photos, PhotoInput{Hash: stored.Hash, Alt: image.alt})
		case errs.Is(err, errs.Invalid), errs.Is(err, errs.TooLarge), errs.Is(err, errs.Malformed):
			sheet.warn(image.row, "image", errs.Of(err).Code, errs.Of(err).Message)
		default:
			return nil, err
		}
	}
	return photos, nil
}

// openImage finds a picture by the path that the file gives, or by its last
// part. Addresses are only read for that name.
func openImage(images fs.FS, source string) (fs.File, error) {
	if images == nil {
		return nil, fs.ErrNotExist
	}
	if u, err := url.Parse(source); err == nil {
		source = u.Path
	}
	source = strings.TrimPrefix(path.Clean(strings.ReplaceAll(source, `\`, "/")), "/")
	for _, name := range []string{source, path.Base(source)} {
		if !fs.ValidPath(name) {
			continue
		}
		if info, err := fs.Stat(images, name); err == nil && info.Mode().IsRegular() {
			return images.Open(name)
		}
	}
	return nil, fs.ErrNotExist
}
