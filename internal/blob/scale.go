package blob

import (
	"image"
	"image/color"
	"image/draw"
	"math"
)

// box is the room that a copy may fill, in pixels.
type box struct{ width, height int }

var boxes = map[Size]box{List: {376, 752}, Page: {816, 1632}, Full: {1600, 1600}}

// fit is the largest size of the same shape that fits into the box and is not
// larger than the picture itself.
func (b box) fit(width, height int) (int, int) {
	ratio := min(1, float64(b.width)/float64(width), float64(b.height)/float64(height))
	side := func(n int) int { return max(1, int(math.Round(float64(n)*ratio))) }
	return side(width), side(height)
}

// scale makes a copy of the given size, at most the picture's own, on white
// where it is transparent. It reads the picture row by row and holds a few rows
// of sums only: golang.org/x/image/draw, whose Catmull-Rom kernel this is,
// would need 32 bytes for each pixel of a copy that is narrow already but not
// yet low, 280 MB for a 40-megapixel photo.
func scale(src image.Image, width, height int) *image.RGBA {
	from := src.Bounds()
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	across, down := kernel(from.Dx(), width), kernel(from.Dy(), height)

	line := image.NewRGBA(image.Rect(0, 0, from.Dx(), 1))
	values := make([]float32, 3*from.Dx())
	narrow := make([]float32, 3*width)
	var sums [8][]float32 // of the rows in work: a source row touches at most five
	for i := range sums {
		sums[i] = make([]float32, 3*width)
	}
	first := 0 // the lowest row of dst that is not complete
	for y := range from.Dy() {
		draw.Draw(line, line.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(line, line.Rect, src, image.Pt(from.Min.X, from.Min.Y+y), draw.Over)
		for x, i := 0, 0; x < len(line.Pix); x, i = x+4, i+3 {
			values[i] = float32(line.Pix[x])
			values[i+1] = float32(line.Pix[x+1])
			values[i+2] = float32(line.Pix[x+2])
		}
		squeeze(narrow, values, across)
		for row := first; row < height && down[row].from <= y; row++ {
			if tap := y - down[row].from; tap < len(down[row].weight) {
				weight := down[row].weight[tap]
				sum := sums[row%len(sums)]
				for i, v := range narrow {
					sum[i] += weight * v
				}
			}
		}
		for first < height && down[first].from+len(down[first].weight) <= y+1 {
			finish(dst.Pix[first*dst.Stride:], sums[first%len(sums)])
			first++
		}
	}
	return dst
}

// squeeze scales one row of red, green and blue.
func squeeze(narrow, values []float32, across []taps) {
	for x, t := range across {
		var r, g, b float32
		pixels := values[3*t.from:]
		for i, weight := range t.weight {
			pixel := pixels[3*i : 3*i+3 : 3*i+3]
			r += weight * pixel[0]
			g += weight * pixel[1]
			b += weight * pixel[2]
		}
		narrow[3*x], narrow[3*x+1], narrow[3*x+2] = r, g, b
	}
}

// finish writes one complete row and empties its sums for a later one.
func finish(pix []byte, sum []float32) {
	for i, o := 0, 0; i < len(sum); i, o = i+3, o+4 {
		for c := range 3 {
			pix[o+c] = uint8(min(max(sum[i+c]+0.5, 0), 255))
		}
		pix[o+3] = 255
	}
	clear(sum)
}

// taps are the neighbours that make one pixel of a copy, and their shares.
type taps struct {
	from   int
	weight []float32
}

// kernel is the Catmull-Rom filter (Mitchell and Netravali 1988, B = 0,
// C = 1/2), widened by the ratio of the two sizes.
func kernel(from, to int) []taps {
	ratio := float64(from) / float64(to)
	all := make([]taps, to)
	for i := range all {
		centre := (float64(i)+0.5)*ratio - 0.5
		low := max(0, int(math.Ceil(centre-2*ratio)))
		high := min(from-1, int(math.Floor(centre+2*ratio)))
		weight := make([]float32, high-low+1)
		var sum float64
		for j := range weight {
			w := catmullRom(math.Abs(float64(low+j)-centre) / ratio)
			weight[j] = float32(w)
			sum += w
		}
		for j := range weight {
			weight[j] /= float32(sum)
		}
		all[i] = taps{low, weight}
	}
	return all
}

func catmullRom(t float64) float64 {
	switch {
	case t < 1:
		return (1.5*t-2.5)*t*t + 1
	case t < 2:
		return ((-0.5*t+2.5)*t-4)*t + 2
	default:
		return 0
	}
}

// upright turns a picture as its EXIF orientation asks.
func upright(src *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 {
		return src
	}
	width, height := src.Rect.Dx(), src.Rect.Dy()
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	if orientation >= 5 {
		dst = image.NewRGBA(image.Rect(0, 0, height, width))
	}
	for y := range dst.Rect.Dy() {
		for x := range dst.Rect.Dx() {
			sx, sy := x, y
			switch orientation {
			case 2:
				sx = width - 1 - x
			case 3:
				sx, sy = width-1-x, height-1-y
			case 4:
				sy = height - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, height-1-x
			case 7:
				sx, sy = width-1-y, height-1-x
			case 8:
				sx, sy = width-1-y, x
			}
			copy(dst.Pix[dst.PixOffset(x, y):][:4], src.Pix[src.PixOffset(sx, sy):][:4])
		}
	}
	return dst
}

// mean is the mean colour of a picture.
func mean(img *image.RGBA) color.RGBA {
	var r, g, b, n uint64
	for i := 0; i < len(img.Pix); i += 4 {
		r, g, b, n = r+uint64(img.Pix[i]), g+uint64(img.Pix[i+1]), b+uint64(img.Pix[i+2]), n+1
	}
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}
