package blob

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"golang.org/x/image/webp"

	"nearby/internal/errs"
)

const (
	maxPixels = 40_000_000
	maxSide   = 10_000

	// memoryBudget bounds what all decoders hold together. An ordinary picture
	// takes at most half of it (40 megapixels of a camera JPEG are 60 MB); a
	// costly one (progressive, 16 bit) runs alone or is refused.
	memoryBudget = 128 << 20

	// A scan costs time for every block of the picture but may take only a few
	// bytes of the file. Encoders write about ten.
	maxScans = 50

	decodeTime = 10 * time.Second
)

var (
	notAnImage    = errs.New(errs.Invalid, "not_an_image", "Please choose a JPEG, PNG, GIF or WebP picture.")
	tooManyPixels = errs.New(errs.Invalid, "too_many_pixels", "This picture has too many pixels. Please send one of at most 40 megapixels and 10,000 pixels a side.")
	brokenImage   = errs.New(errs.Invalid, "broken_image", "This picture is damaged and cannot be read.")
)

// picture is what the head of an upload says about it, before anything is
// decoded.
type picture struct {
	decoder       func(io.Reader) (image.Image, error)
	width, height int // as stored, before turning
	orientation   int // EXIF 1 to 8
	cost          int64
}

// inspect tells the type by content and refuses what is too big to decode.
func inspect(file io.ReadSeeker) (picture, error) {
	if err := rewind(file); err != nil {
		return picture{}, err
	}
	var magic [12]byte
	n, err := io.ReadFull(file, magic[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return picture{}, notAnImage
	}
	head := magic[:n]
	p := picture{orientation: 1}
	var config func(io.Reader) (image.Config, error)
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		p.decoder, config = jpeg.Decode, jpeg.DecodeConfig
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		p.decoder, config = png.Decode, png.DecodeConfig
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		p.decoder, config = gif.Decode, gif.DecodeConfig
	case n == 12 && string(head[:4]) == "RIFF" && string(head[8:]) == "WEBP":
		p.decoder, config = webp.Decode, webp.DecodeConfig
	default:
		return picture{}, notAnImage
	}
	if err := rewind(file); err != nil {
		return picture{}, err
	}
	size, err := config(file)
	if err != nil {
		return picture{}, brokenImage.Because(err)
	}
	p.width, p.height = size.Width, size.Height
	if p.width < 1 || p.height < 1 {
		return picture{}, brokenImage
	}
	if p.width > maxSide || p.height > maxSide || p.width*p.height > maxPixels {
		return picture{}, tooManyPixels
	}
	perPixel := bytesPerPixel(size.ColorModel)
	if string(head[:3]) == "\xff\xd8\xff" {
		if err := rewind(file); err != nil {
			return picture{}, err
		}
		frame, err := walkJPEG(file)
		if err != nil {
			return picture{}, brokenImage.Because(err)
		}
		p.orientation, perPixel = frame.orientation, frame.bytesPerPixel()
	}
	p.cost = int64(float64(p.width*p.height) * perPixel)
	if p.cost > memoryBudget {
		return picture{}, tooManyPixels
	}
	return p, rewind(file)
}

func rewind(file io.Seeker) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return unavailable(err)
	}
	return nil
}

// bytesPerPixel is what the decoders of PNG, GIF and WebP hold for a pixel at
// their peak, by colour model.
func bytesPerPixel(model color.Model) float64 {
	switch model {
	case color.GrayModel:
		return 1.5
	case color.Gray16Model:
		return 3
	case color.YCbCrModel: // WebP, lossy
		return 1.6
	case color.NYCbCrAModel: // WebP, lossy, with an alpha plane coded as a lossless picture
		return 11
	case color.RGBA64Model, color.NRGBA64Model:
		return 12
	case color.RGBAModel:
		return 6 // one whole picture and half of one for an interlaced pass
	case color.NRGBAModel:
		return 8 // WebP, lossless: before and after a transform
	default: // a palette
		return 1.5
	}
}

// decode reads the whole picture and returns its full copy, turned upright and
// without transparency. It ends when ctx ends or decodeTime is over.
func (p picture) decode(ctx context.Context, file io.Reader) (full *image.RGBA, err error) {
	ctx, cancel := context.WithTimeout(ctx, decodeTime)
	defer cancel()
	defer func() {
		// A decoder that panics on hostile input must not take the request along.
		if reason := recover(); reason != nil {
			full, err = nil, brokenImage.Because(fmt.Errorf("decoder panicked: %v", reason))
		}
	}()
	img, err := p.decoder(bounded{ctx, file})
	if errors.Is(err, context.Canceled) {
		return nil, unavailable(err)
	}
	if err != nil {
		return nil, brokenImage.Because(err)
	}
	if size := img.Bounds().Size(); size.X < 1 || size.Y < 1 || size.X > p.width || size.Y > p.height {
		return nil, brokenImage
	}
	width, height := img.Bounds().Dx(), img.Bounds().Dy()
	if p.orientation >= 5 { // lies on its side
		height, width = boxes[Full].fit(height, width)
	} else {
		width, height = boxes[Full].fit(width, height)
	}
	return upright(scale(img, width, height), p.orientation), nil
}

// bounded makes a decoder stop at its next read once ctx is over.
type bounded struct {
	ctx context.Context
	r   io.Reader
}

func (b bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.r.Read(p)
}

// frame is what the markers of a JPEG file tell.
type frame struct {
	orientation int
	progressive bool
	components  int
	samples     float64 // per pixel, all components together
}

// bytesPerPixel counts a byte a sample and, for a progressive picture, its
// 32-bit coefficients beside it.
func (f frame) bytesPerPixel() float64 {
	if f.progressive {
		return 5 * f.samples
	}
	return f.samples
}

// walkJPEG goes through the markers without decoding. It refuses files with so
// many scans that decoding them would be an attack.
func walkJPEG(r io.Reader) (frame, error) {
	f := frame{orientation: 1}
	in := bufio.NewReaderSize(r, 64<<10)
	scans := 0
	for {
		marker, err := nextMarker(in)
		if err != nil || marker == 0xd9 { // end of image; a cut file is the decoder's business
			return f, f.check(scans)
		}
		if marker == 0xd8 || marker == 0x01 { // no length follows
			continue
		}
		var length [2]byte
		if _, err := io.ReadFull(in, length[:]); err != nil {
			return f, f.check(scans)
		}
		n := int(binary.BigEndian.Uint16(length[:])) - 2
		if n < 0 {
			return f, errors.New("jpeg: bad segment length")
		}
		switch {
		case marker == 0xda:
			scans++
			_, err = in.Discard(n)
		case marker == 0xe1 && f.orientation == 1, marker >= 0xc0 && marker <= 0xc2:
			segment := make([]byte, n)
			if _, err = io.ReadFull(in, segment); err == nil && marker == 0xe1 {
				f.orientation = exifOrientation(segment)
			} else if err == nil {
				f.progressive = marker == 0xc2
				f.readSOF(segment)
			}
		default:
			_, err = in.Discard(n)
		}
		if err != nil {
			return f, f.check(scans)
		}
	}
}

func (f frame) check(scans int) error {
	switch {
	case f.components == 0:
		return errors.New("jpeg: no frame")
	case f.progressive && scans > maxScans, !f.progressive && scans > f.components:
		return errors.New("jpeg: too many scans")
	}
	return nil
}

// nextMarker skips to the next marker, past the coded data of a scan.
func nextMarker(in *bufio.Reader) (byte, error) {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != 0xff {
			continue
		}
		for b == 0xff {
			if b, err = in.ReadByte(); err != nil {
				return 0, err
			}
		}
		if b != 0 && (b < 0xd0 || b > 0xd7) { // neither a stuffed byte nor a restart
			return b, nil
		}
	}
}

// readSOF reads the frame header (ITU-T T.81, B.2.2).
func (f *frame) readSOF(s []byte) {
	if len(s) < 6 || len(s) < 6+3*int(s[5]) {
		return
	}
	f.components = int(s[5])
	var most, sum float64
	for i := range f.components {
		sampling := s[6+3*i+1]
		area := float64(sampling>>4) * float64(sampling&15)
		sum += area
		most = max(most, area)
	}
	if most > 0 {
		f.samples = sum / most
	}
}

// exifOrientation reads tag 0x0112 of the first directory (TIFF 6.0, Exif 2.3);
// 1, upright, when there is none or it makes no sense.
func exifOrientation(segment []byte) int {
	tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00"))
	if !ok || len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	directory := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(directory) < 12 {
			return 1
		}
		if order.Uint16(directory) == 0x0112 {
			if value := int(order.Uint16(directory[8:])); value >= 1 && value <= 8 {
				return value
			}
			return 1
		}
		directory = directory[12:]
	}
	return 1
}
