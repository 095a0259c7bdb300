package owner

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

	"nearby/internal/account"
	"nearby/internal/blob"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
)

// Bounds of a form with photos, beside the bytes of the whole.
const (
	mostValues     = 2000 // fields; a product of a hundred variants has 700
	mostValueBytes = 512 << 10
	mostPhotos     = 10
)

// form is what was typed into a form with photos. The photos are stored already,
// so that they are there even when something else was wrong.
type form struct {
	url.Values
	photos []blob.Photo
	wrong  pages.Errors // of the photos
}

// readForm reads a form as it arrives: texts into memory, each photo straight
// into the store. A photo that cannot be taken is a wrong field; a body that
// cannot be read is an error.
func (h *Handlers) readForm(r *route.Request, p place) (form, error) {
	f := form{Values: url.Values{}}
	parts, err := r.Req().MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		if err := r.Req().ParseForm(); err != nil {
			return f, malformed(err)
		}
		f.Values = r.Req().PostForm
		return f, nil
	}
	if err != nil {
		return f, malformed(err)
	}
	left := int64(mostValueBytes)
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err == nil && n >= mostValues {
			return f, malformed(errors.New("too many fields"))
		}
		if err == nil && part.FileName() != "" {
			err = h.takePhoto(r, p, &f, part)
		} else if err == nil {
			err = f.takeValue(part, &left)
		}
		if tooLarge(err) {
			// What was typed came before the photos and is kept.
			f.refuse(r.Text("product.photo_too_large"))
			return f, nil
		}
		if err != nil {
			return f, err
		}
	}
}

func malformed(err error) error {
	return errs.New(errs.Malformed, "malformed", "This form could not be read.").Because(err)
}

func tooLarge(err error) bool {
	var limit *http.MaxBytesError
	return errors.As(err, &limit)
}

func (f *form) takeValue(part *multipart.Part, left *int64) error {
	text, err := io.ReadAll(io.LimitReader(part, *left+1))
	if err != nil {
		if tooLarge(err) {
			return err
		}
		return malformed(err)
	}
	if *left -= int64(len(text)); *left < 0 {
		return errs.New(errs.TooLarge, "too_large", "This is more text than is accepted here.")
	}
	f.Add(part.FormName(), string(text))
	return nil
}

func (h *Handlers) takePhoto(r *route.Request, p place, f *form, part *multipart.Part) error {
	if len(f.photos) >= mostPhotos {
		f.refuse(r.Text("product.photo_too_many"))
		_, err := io.Copy(io.Discard, part)
		return err
	}
	photo, err := h.Catalog.Upload(r.Req().Context(), r.As(account.Owner), p.ID, part)
	switch {
	case err == nil:
		f.photos = append(f.photos, photo)
		return nil
	case tooLarge(err):
		return err
	case errs.Is(err, errs.Invalid), errs.Is(err, errs.TooLarge):
		f.refuse(errs.Of(err).Message)
		_, err := io.Copy(io.Discard, part)
		return err
	}
	return err
}

// refuse notes once what is wrong with the photos.
func (f *form) refuse(message string) {
	if f.wrong.For("photo") == "" {
		f.wrong = append(f.wrong, pages.Error{Name: "photo", Message: message})
	}
}
