package view

import (
	"fmt"

	"nearby/internal/blob"
	"nearby/internal/server/pages"
)

// Widths of the stored copies in pixels; a narrower original keeps its width.
const (
	listWidth = 376
	pageWidth = 816
	fullWidth = 1600
)

// PhotoURL is the address of one copy of a photo.
func PhotoURL(hash string, size blob.Size) string {
	return fmt.Sprintf("/photos/%s/%s.jpg", hash, size)
}

// Thumb is a photo in a list: the small copy, 4:3 unless the size is known.
func Thumb(hash, alt string) *pages.Photo {
	if hash == "" {
		return nil
	}
	return &pages.Photo{URL: PhotoURL(hash, blob.List), Alt: alt, Width: listWidth, Height: listWidth * 3 / 4}
}

// Picture is a photo on a page, with the copies a browser may choose from.
// width and height are those of the largest copy.
func Picture(hash, alt string, width, height int) *pages.Photo {
	if hash == "" {
		return nil
	}
	if width <= 0 || height <= 0 {
		width, height = 4, 3
	}
	shown := min(pageWidth, max(width, listWidth))
	return &pages.Photo{
		URL: PhotoURL(hash, blob.Page), Alt: alt, Width: shown, Height: max(1, shown*height/width),
		Srcset: fmt.Sprintf("%s %dw, %s %dw, %s %dw", PhotoURL(hash, blob.List), listWidth, PhotoURL(hash, blob.Page), pageWidth, PhotoURL(hash, blob.Full), fullWidth),
	}
}
