package blob

import (
	"image"
	"image/color"
	"testing"

	"golang.org/x/image/draw"
)

// TestScaleEqualsLibrary compares with golang.org/x/image/draw, the same kernel
// written another way.
func TestScaleEqualsLibrary(t *testing.T) {
	for _, size := range []struct{ from, to image.Point }{
		{image.Pt(200, 150), image.Pt(200, 150)},
		{image.Pt(200, 150), image.Pt(199, 149)},
		{image.Pt(333, 77), image.Pt(100, 23)},
		{image.Pt(64, 640), image.Pt(3, 31)},
		{image.Pt(500, 1), image.Pt(7, 1)},
		{image.Pt(1, 1), image.Pt(1, 1)},
	} {
		src := image.NewRGBA(image.Rect(5, 7, 5+size.from.X, 7+size.from.Y)) // bounds need not begin at 0
		for y := src.Rect.Min.Y; y < src.Rect.Max.Y; y++ {
			for x := src.Rect.Min.X; x < src.Rect.Max.X; x++ {
				src.SetRGBA(x, y, color.RGBA{uint8(x * 7), uint8(y * 5), uint8((x * y) ^ 91), 255})
			}
		}
		got := scale(src, size.to.X, size.to.Y)
		want := image.NewRGBA(got.Rect)
		draw.CatmullRom.Scale(want, want.Rect, src, src.Rect, draw.Src, nil)
		worst := 0
		for i := range got.Pix {
			worst = max(worst, int(got.Pix[i])-int(want.Pix[i]), int(want.Pix[i])-int(got.Pix[i]))
		}
		if worst > 2 {
			t.Errorf("%v to %v: off by %d of 255", size.from, size.to, worst)
		}
	}
}

func BenchmarkScale(b *testing.B) {
	src := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	for b.Loop() {
		scale(src, 1600, 1200)
	}
}
