package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/blob"
	"nearby/internal/errs"
)

var sizes = []blob.Size{blob.List, blob.Page, blob.Full}

func open(t testing.TB) (*blob.Store, string) {
	t.Helper()
	folder := t.TempDir()
	store, err := blob.Open("file:" + folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store, folder
}

func read(t testing.TB, store *blob.Store, hash string, size blob.Size) []byte {
	t.Helper()
	file, err := store.Open(hash, size)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// gradient is a picture whose corners tell each other apart.
func gradient(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{uint8(255 * x / width), uint8(255 * y / height), uint8((x ^ y) & 63), 255})
		}
	}
	return img
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func asGIF(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := gif.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// lossless is the smallest lossless WebP: one pixel.
var lossless = []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")

func TestAddStoresThreeSizes(t *testing.T) {
	tests := []struct {
		name          string
		width, height int
		list, page    image.Point
		full          image.Point
	}{
		{"camera", 2400, 1600, image.Pt(376, 251), image.Pt(816, 544), image.Pt(1600, 1067)},
		{"portrait", 1200, 3200, image.Pt(282, 752), image.Pt(600, 1600), image.Pt(600, 1600)},
		{"small is not enlarged", 200, 100, image.Pt(200, 100), image.Pt(200, 100), image.Pt(200, 100)},
		{"a line", 3000, 1, image.Pt(376, 1), image.Pt(816, 1), image.Pt(1600, 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store, _ := open(t)
			photo, err := store.Add(t.Context(), bytes.NewReader(asJPEG(t, gradient(tt.width, tt.height))))
			if err != nil {
				t.Fatal(err)
			}
			if photo.Width != tt.full.X || photo.Height != tt.full.Y || len(photo.Color) != 7 {
				t.Errorf("photo = %+v", photo)
			}
			for i, want := range []image.Point{tt.list, tt.page, tt.full} {
				config, err := jpeg.DecodeConfig(bytes.NewReader(read(t, store, photo.Hash, sizes[i])))
				if err != nil {
					t.Fatal(err)
				}
				if got := image.Pt(config.Width, config.Height); got != want {
					t.Errorf("%s: %v, want %v", sizes[i], got, want)
				}
			}
		})
	}
}

func TestAddReadsEveryFormat(t *testing.T) {
	red := image.NewNRGBA(image.Rect(0, 0, 20, 10))
	for i := range red.Pix {
		red.Pix[i] = []byte{200, 0, 0, 255}[i%4]
	}
	glass := image.NewNRGBA(image.Rect(0, 0, 20, 10)) // fully transparent
	tests := []struct {
		name    string
		content []byte
		colour  string
	}{
		{"jpeg", asJPEG(t, red), "#c80000"},
		{"png", asPNG(t, red), "#c80000"},
		{"transparent png lies on white", asPNG(t, glass), "#ffffff"},
		{"gif", asGIF(t, red), "#c80000"},
		{"webp", lossless, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store, _ := open(t)
			photo, err := store.Add(t.Context(), bytes.NewReader(tt.content))
			if err != nil {
				t.Fatal(err)
			}
			if tt.colour != "" && !near(t, photo.Color, tt.colour) {
				t.Errorf("colour %s, want about %s", photo.Color, tt.colour)
			}
		})
	}
}

func near(t *testing.T, got, want string) bool {
	t.Helper()
	var g, w [3]int
	if _, err := fmt.Sscanf(got+want, "#%02x%02x%02x#%02x%02x%02x", &g[0], &g[1], &g[2], &w[0], &w[1], &w[2]); err != nil {
		t.Fatal(err)
	}
	for i := range g {
		if g[i]-w[i] > 3 || w[i]-g[i] > 3 {
			return false
		}
	}
	return true
}

func TestAddTurnsUpright(t *testing.T) {
	// Red is the top left corner of the picture as it should be seen.
	marks := map[int]image.Point{1: {0, 0}, 2: {3, 0}, 3: {3, 1}, 4: {0, 1}, 5: {0, 0}, 6: {0, 1}, 7: {3, 1}, 8: {3, 0}}
	for orientation, at := range marks {
		t.Run(fmt.Sprint(orientation), func(t *testing.T) {
			stored := image.NewRGBA(image.Rect(0, 0, 64, 32)) // 4 × 2 tiles of 16 px
			for i := range stored.Pix {
				stored.Pix[i] = 255
			}
			for y := range 16 {
				for x := range 16 {
					stored.SetRGBA(at.X*16+x, at.Y*16+y, color.RGBA{255, 0, 0, 255})
				}
			}
			store, _ := open(t)
			photo, err := store.Add(t.Context(), bytes.NewReader(withEXIF(asJPEG(t, stored), orientation)))
			if err != nil {
				t.Fatal(err)
			}
			want := image.Pt(64, 32)
			if orientation >= 5 {
				want = image.Pt(32, 64)
			}
			if photo.Width != want.X || photo.Height != want.Y {
				t.Fatalf("%d × %d, want %v", photo.Width, photo.Height, want)
			}
			img, err := jpeg.Decode(bytes.NewReader(read(t, store, photo.Hash, blob.Full)))
			if err != nil {
				t.Fatal(err)
			}
			if r, g, _, _ := img.At(7, 7).RGBA(); r < 0xc000 || g > 0x4000 {
				t.Errorf("the top left corner is not the red one: %v", img.At(7, 7))
			}
		})
	}
}

// canary stands for what must not survive: a place, a camera's number, a script.
const canary = "CANARY-52.5200N-13.4050E"

// withEXIF puts an APP1 segment with an orientation, GPS coordinates and the
// canary as camera name into a JPEG, as a phone does.
func withEXIF(content []byte, orientation int) []byte {
	entry := func(tag, kind uint16, count, value uint32) []byte {
		return []byte{
			byte(tag), byte(tag >> 8), byte(kind), byte(kind >> 8),
			byte(count), byte(count >> 8), byte(count >> 16), byte(count >> 24),
			byte(value), byte(value >> 8), byte(value >> 16), byte(value >> 24),
		}
	}
	tiff := []byte("II*\x00\x08\x00\x00\x00\x03\x00")
	tiff = append(tiff, entry(0x0110, 2, uint32(len(canary)+1), 200)...) // Model
	tiff = append(tiff, entry(0x0112, 3, 1, uint32(orientation))...)     // Orientation
	tiff = append(tiff, entry(0x8825, 4, 1, 60)...)                      // GPS directory
	tiff = append(tiff, make([]byte, 60-len(tiff))...)                   //
	tiff = append(tiff, 2, 0)                                            //
	tiff = append(tiff, entry(0x0001, 2, 2, 'N')...)                     // latitude ref
	tiff = append(tiff, entry(0x0002, 5, 3, 120)...)                     // latitude
	tiff = append(tiff, make([]byte, 200-len(tiff))...)                  //
	tiff = append(append(tiff, canary...), 0)                            //
	segment := append([]byte("Exif\x00\x00"), tiff...)                   //
	head := []byte{0xff, 0xe1, byte((len(segment) + 2) >> 8), byte(len(segment) + 2)}
	return slices.Concat(content[:2], head, segment, content[2:])
}

func TestNoMetadataSurvives(t *testing.T) {
	comment := slices.Concat([]byte{0xff, 0xfe, 0, byte(len(canary) + 2)}, []byte(canary))
	xmp := slices.Concat([]byte{0xff, 0xe1, 0, byte(len(canary) + 31)}, []byte("http://ns.adobe.com/xap/1.0/\x00"), []byte(canary))
	plain := asJPEG(t, gradient(300, 200))
	text := asPNG(t, gradient(300, 200))
	uploads := map[string][]byte{
		"gps":       withEXIF(plain, 1),
		"xmp":       slices.Concat(plain[:2], xmp, plain[2:]),
		"comment":   slices.Concat(plain[:2], comment, plain[2:]),
		"after end": slices.Concat(plain, []byte("PK\x03\x04"+canary)),
		"png text":  slices.Concat(text[:33], chunk("tEXt", []byte("Comment\x00"+canary)), text[33:]),
		"png exif":  slices.Concat(text[:33], chunk("eXIf", []byte("II*\x00"+canary)), text[33:]),
	}
	for name, upload := range uploads {
		t.Run(name, func(t *testing.T) {
			if !bytes.Contains(upload, []byte(canary)) {
				t.Fatal("the upload carries no canary")
			}
			store, folder := open(t)
			photo, err := store.Add(t.Context(), bytes.NewReader(upload))
			if err != nil {
				t.Fatal(err)
			}
			onlyPixels(t, store, photo.Hash)
			nowhere(t, folder, canary)
		})
	}
}

func chunk(kind string, body []byte) []byte {
	out := []byte{byte(len(body) >> 24), byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}
	out = append(append(out, kind...), body...)
	sum := crc32.ChecksumIEEE(out[4:])
	return append(out, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
}

// onlyPixels fails when a stored copy has any segment but those that carry the
// picture: no APPn, no comment, nothing behind the end.
func onlyPixels(t *testing.T, store *blob.Store, hash string) {
	t.Helper()
	for _, size := range sizes {
		content := read(t, store, hash, size)
		if !bytes.HasSuffix(content, []byte{0xff, 0xd9}) {
			t.Errorf("%s does not stop at its end", size)
		}
		for i := 2; i < len(content)-2; {
			marker := content[i+1]
			if content[i] != 0xff || !bytes.Contains([]byte{0xdb, 0xc0, 0xc4, 0xda}, []byte{marker}) {
				t.Fatalf("%s: segment %x%x at %d", size, content[i], marker, i)
			}
			if marker == 0xda {
				break
			}
			i += 2 + int(content[i+2])<<8 + int(content[i+3])
		}
		if _, err := jpeg.Decode(bytes.NewReader(content)); err != nil {
			t.Errorf("%s: %v", size, err)
		}
	}
}

// nowhere fails when any file below the folder contains the text.
func nowhere(t *testing.T, folder, text string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			t.Errorf("%s contains %q", path, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAddRefuses(t *testing.T) {
	plain := asJPEG(t, gradient(300, 200))
	bomb := func(width, height uint32) []byte {
		head := []byte{
			byte(width >> 24), byte(width >> 16), byte(width >> 8), byte(width),
			byte(height >> 24), byte(height >> 16), byte(height >> 8), byte(height), 8, 2, 0, 0, 0,
		}
		return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", head), chunk("IDAT", []byte("\x78\x9c")), chunk("IEND", nil))
	}
	tests := []struct {
		name   string
		upload io.Reader
		kind   errs.Kind
		code   string
	}{
		{"nothing", strings.NewReader(""), errs.Invalid, "not_an_image"},
		{"one byte", strings.NewReader("\xff"), errs.Invalid, "not_an_image"},
		{"text", strings.NewReader("hello, this is no picture"), errs.Invalid, "not_an_image"},
		{"svg", strings.NewReader(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), errs.Invalid, "not_an_image"},
		{"html that calls itself a gif", strings.NewReader("GIF89a/*<script>*/=1;alert(1)//"), errs.Invalid, "too_many_pixels"},
		{"heic", strings.NewReader("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), errs.Invalid, "not_an_image"},
		{"bmp", strings.NewReader("BM\x36\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28"), errs.Invalid, "not_an_image"},
		{"cut jpeg", bytes.NewReader(plain[:len(plain)/2]), errs.Invalid, "broken_image"},
		{"jpeg of three bytes", strings.NewReader("\xff\xd8\xff"), errs.Invalid, "broken_image"},
		{"too wide", bytes.NewReader(bomb(10_001, 10)), errs.Invalid, "too_many_pixels"},
		{"too many pixels", bytes.NewReader(bomb(9_000, 9_000)), errs.Invalid, "too_many_pixels"},
		{"four billion wide", bytes.NewReader(bomb(1<<31-1, 1<<31-1)), errs.Invalid, ""},
		{"too costly to decode", bytes.NewReader(bomb(7_000, 5_700)), errs.Invalid, "too_many_pixels"},
		{"too many bytes", io.LimitReader(zeros{}, blob.MaxUpload+1), errs.TooLarge, "photo_too_large"},
		{"endless", zeros{}, errs.TooLarge, "photo_too_large"},
		{"sender gone", io.MultiReader(bytes.NewReader(plain[:100]), iotest.ErrReader(errors.New("gone"))), errs.Malformed, "upload_broken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store, folder := open(t)
			_, err := store.Add(t.Context(), tt.upload)
			if !errs.Is(err, tt.kind) || tt.code != "" && !errs.Has(err, tt.code) {
				t.Errorf("error = %v, want %s %s", err, tt.kind, tt.code)
			}
			if left := files(t, folder); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func files(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestManyScansAreRefused(t *testing.T) {
	plain := asJPEG(t, gradient(64, 64))
	scan := bytes.Index(plain, []byte{0xff, 0xda})
	upload := slices.Clone(plain[:len(plain)-2])
	for range 2000 {
		upload = append(upload, plain[scan:len(plain)-2]...)
	}
	upload = append(upload, 0xff, 0xd9)
	store, _ := open(t)
	if _, err := store.Add(t.Context(), bytes.NewReader(upload)); !errs.Has(err, "broken_image") {
		t.Errorf("error = %v", err)
	}
}

// TestHostileUploads sends 500 damaged, lying and doubled files. Each is
// refused as Invalid, or what is stored is a clean picture.
func TestHostileUploads(t *testing.T) {
	const seed = 20
	rng := rand.New(rand.NewPCG(seed, seed))
	store, folder := open(t)
	bases := [][]byte{
		withEXIF(asJPEG(t, gradient(200, 150)), 6),
		asPNG(t, gradient(120, 90)),
		asGIF(t, gradient(60, 40)),
		lossless,
	}
	stored := 0
	for i := range 500 {
		base := slices.Clone(bases[rng.IntN(len(bases))])
		switch rng.IntN(6) {
		case 0: // cut
			base = base[:rng.IntN(len(base))]
		case 1: // damaged anywhere
			for range 1 + rng.IntN(8) {
				base[rng.IntN(len(base))] = byte(rng.Uint32())
			}
		case 2: // damaged in the head, where the sizes are
			for range 1 + rng.IntN(4) {
				base[rng.IntN(min(40, len(base)))] = byte(rng.Uint32())
			}
		case 3: // two files in one
			base = slices.Concat(base, bases[rng.IntN(len(bases))], []byte("<script>"+canary+"</script>"))
		case 4: // magic and noise
			for i := 12; i < len(base); i++ {
				base[i] = byte(rng.Uint32())
			}
		case 5: // a piece in the wrong place
			at, n := rng.IntN(len(base)), rng.IntN(64)
			base = slices.Concat(base[:at], base[:min(n, len(base))], []byte(canary), base[at:])
		}
		start := time.Now()
		photo, err := store.Add(t.Context(), bytes.NewReader(base))
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("seed %d, file %d took %v", seed, i, took)
		}
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatalf("seed %d, file %d: %v", seed, i, err)
			}
			continue
		}
		stored++
		onlyPixels(t, store, photo.Hash)
	}
	if stored == 0 || stored == 500 {
		t.Errorf("%d of 500 stored: the test tests nothing", stored)
	}
	nowhere(t, folder, canary)
	t.Logf("%d of 500 stored", stored)
}

// TestMemory sends the most costly picture of the ordinary kind: what it
// allocates in all, garbage included, stays near its own pixels.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes 40 megapixels")
	}
	img := image.NewYCbCr(image.Rect(0, 0, 8000, 5000), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = byte(i / 9)
	}
	upload := asJPEG(t, img)
	store, _ := open(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	if _, err := store.Add(t.Context(), bytes.NewReader(upload)); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	used := (after.TotalAlloc - before.TotalAlloc) >> 20
	t.Logf("40 megapixels: %d MiB in %v", used, time.Since(start))
	if used > 64+24 {
		t.Errorf("%d MiB allocated", used)
	}
}

func TestSameContentTwice(t *testing.T) {
	store, folder := open(t)
	upload := asJPEG(t, gradient(400, 300))
	var first blob.Photo
	var once sync.Once
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			photo, err := store.Add(t.Context(), bytes.NewReader(upload))
			if err != nil {
				t.Error(err)
			}
			once.Do(func() { first = photo })
			if diff := cmp.Diff(first, photo); diff != "" {
				t.Error(diff)
			}
		})
	}
	all.Wait()
	if got := len(files(t, folder)); got != 4 {
		t.Errorf("%d files, want three copies and their description", got)
	}
	found, err := store.Find(first.Hash)
	if err != nil || found != first {
		t.Errorf("Find = %+v, %v", found, err)
	}
	other, err := store.Add(t.Context(), bytes.NewReader(asJPEG(t, gradient(400, 301))))
	if err != nil || other.Hash == first.Hash {
		t.Errorf("another picture: %+v, %v", other, err)
	}
}

func TestAddWaitsForAFreeDecoder(t *testing.T) {
	store, _ := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := store.Add(ctx, bytes.NewReader(asJPEG(t, gradient(40, 30))))
	if !errs.Is(err, errs.Unavailable) {
		t.Errorf("error = %v", err)
	}
}

func TestOpenRefusesStrangePaths(t *testing.T) {
	store, folder := open(t)
	photo, err := store.Add(t.Context(), bytes.NewReader(asJPEG(t, gradient(40, 30))))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "secret.jpg"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{"", "..", "../secret", strings.ToUpper(photo.Hash), photo.Hash[:63] + "/", strings.Repeat("0", 64), photo.Hash + "0"} {
		if _, err := store.Open(hash, blob.List); !errs.Is(err, errs.NotFound) {
			t.Errorf("Open(%q): %v", hash, err)
		}
		if _, err := store.Find(hash); !errs.Is(err, errs.NotFound) {
			t.Errorf("Find(%q): %v", hash, err)
		}
	}
	for _, size := range []blob.Size{"", "photo.json", "../list"} {
		if _, err := store.Open(photo.Hash, size); !errs.Is(err, errs.NotFound) {
			t.Errorf("Open(size %q): %v", size, err)
		}
	}
}

func TestSweep(t *testing.T) {
	_, folder := open(t)
	old, fresh := filepath.Join(folder, ".incoming", "old"), filepath.Join(folder, ".incoming", "fresh")
	for _, dir := range []string{old, fresh} {
		if err := os.MkdirAll(filepath.Join(dir, "inside"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	yesterday := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(old, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	again, err := blob.Open("file://" + folder)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Error("the old draft is still there")
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error("another process's draft is gone")
	}
}

func TestOpenAddress(t *testing.T) {
	for _, address := range []string{"", "file:", "s3://bucket", "/tmp/x", "http://host/"} {
		if _, err := blob.Open(address); err == nil {
			t.Errorf("Open(%q) succeeded", address)
		}
	}
}

func FuzzAdd(f *testing.F) {
	f.Add(withEXIF(asJPEG(f, gradient(20, 10)), 6))
	f.Add(asPNG(f, gradient(20, 10)))
	f.Add(asGIF(f, gradient(20, 10)))
	f.Add(lossless)
	store, err := blob.Open("file:" + f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, upload []byte) {
		photo, err := store.Add(t.Context(), bytes.NewReader(upload))
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatal(err)
			}
			return
		}
		onlyPixels(t, store, photo.Hash)
	})
}

// BenchmarkAdd stores a 12-megapixel photo, as phones take them.
func BenchmarkAdd(b *testing.B) {
	upload := asJPEG(b, gradient(4000, 3000))
	for b.Loop() {
		store, err := blob.Open("file:" + b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := store.Add(b.Context(), bytes.NewReader(upload)); err != nil {
			b.Fatal(err)
		}
		store.Close()
	}
}
