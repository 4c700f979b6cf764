package text

// Depth is how many colours a terminal shows.
type Depth uint8

// The depths.
const (
	NoColor Depth = iota // NO_COLOR, or a terminal that has none: bold, dim and italic stay
	Colors16
	Colors256
	TrueColor
)

// Theme is the styles by their names. The zero Theme has no colours and no attributes:
// that of plain text.
type Theme struct {
	Depth Depth
	Light bool // the background is light
	// More says how to see what is left out; "" when nothing is to be said.
	More string
	// Dir is the folder whose files links name without it.
	Dir string

	Bold, Dim, Italic         Style
	Accent                    Style // hints, the selected row, verbs of exploring
	OK, Error, Warning, Mode  Style // green, red, yellow, magenta
	Code, Link, Quote, Marker Style // of markdown
	Heading                   [6]Style
	User                      Style // rows of what the user said: a background, when the terminal told its own
	Inserted, Deleted         Style // rows of a diff
	InsertedSign, DeletedSign Style
	Approval                  Style // the frame of approvals; nothing else has it
	syntax                    [classes]Style
}

// Settings are what a theme is made from.
type Settings struct {
	Depth Depth
	// FG and BG are the terminal's own colours, Default when it did not tell them.
	FG, BG Color
	// Syntax names the palette of highlighted code; empty is the one for the background.
	Syntax string
	// More becomes the theme's.
	More string
}

// NewTheme makes a theme. ok is false when there is no palette of that name: the theme is
// then made with the palette of the background.
func NewTheme(s Settings) (t *Theme, ok bool) {
	t = &Theme{Depth: s.Depth, Light: light(s.BG), More: s.More}
	fg := func(n uint8) Style { return Style{FG: t.Color(Index(n))} }
	t.Bold, t.Dim, t.Italic = Style{Attr: Bold}, Style{Attr: Dim}, Style{Attr: Italic}
	t.Accent, t.OK, t.Error, t.Warning, t.Mode = fg(6), fg(2), fg(1), fg(3), fg(5)
	t.Code, t.Quote, t.Marker = fg(6), fg(2), fg(12)
	t.Link = Style{FG: t.Color(Index(6)), Attr: Underline}
	t.Heading = [6]Style{{Attr: Bold | Underline}, {Attr: Bold}, {Attr: Bold | Italic}, {Attr: Italic}, {Attr: Italic}, {Attr: Italic}}
	t.Approval = Style{FG: t.Color(Index(5)), Attr: Bold}
	if _, _, _, known := s.BG.RGB(); known && s.Depth >= Colors256 {
		over, part := RGB(255, 255, 255), 12
		if t.Light {
			over, part = RGB(0, 0, 0), 4
		}
		t.User = Style{BG: t.Color(blend(s.BG, over, part))}
	}
	t.diffs()
	ok = t.palette(s.Syntax)
	return t, ok
}

// diffs sets the styles of diffs: backgrounds where there are colours enough, else the
// colour of the text.
func (t *Theme) diffs() {
	t.InsertedSign, t.DeletedSign = t.OK, t.Error
	switch {
	case t.Depth <= Colors16:
		t.Inserted, t.Deleted = t.OK, t.Error
	case t.Depth == Colors256 && t.Light:
		t.Inserted, t.Deleted = Style{BG: Index(194)}, Style{BG: Index(224)}
	case t.Depth == Colors256:
		t.Inserted, t.Deleted = Style{BG: Index(22)}, Style{BG: Index(52)}
	case t.Light:
		t.Inserted, t.Deleted = Style{BG: RGB(0xDA, 0xFB, 0xE1)}, Style{BG: RGB(0xFF, 0xEB, 0xE9)}
	default:
		t.Inserted, t.Deleted = Style{BG: RGB(0x21, 0x3A, 0x2B)}, Style{BG: RGB(0x4A, 0x22, 0x1D)}
	}
}

// light says whether black text stands out better on c than white text does.
func light(c Color) bool {
	r, g, b, ok := c.RGB()
	return ok && 299*int(r)+587*int(g)+114*int(b) > 128*1000
}

// blend is base with part percent of over.
func blend(base, over Color, part int) Color {
	r, g, b, _ := base.RGB()
	x, y, z, _ := over.RGB()
	mix := func(a, b uint8) uint8 { return uint8((int(a)*(100-part) + int(b)*part) / 100) }
	return RGB(mix(r, x), mix(g, y), mix(b, z))
}

// Color is c as the theme's terminal can show it.
func (t *Theme) Color(c Color) Color {
	switch t.Depth {
	case NoColor:
		return Default
	case Colors256:
		if r, g, b, ok := c.RGB(); ok {
			return Index(nearest(r, g, b))
		}
	case Colors16:
		if r, g, b, ok := c.RGB(); ok {
			return Index(basic(r, g, b))
		}
		if n, ok := c.Index(); ok && n > 15 {
			return Index(basic(paletteRGB(n)))
		}
	}
	return c
}

// Style is s as the theme's terminal can show it.
func (t *Theme) Style(s Style) Style {
	s.FG, s.BG = t.Color(s.FG), t.Color(s.BG)
	return s
}

// paletteRGB is the usual colour of a number of the palette from 16 on.
func paletteRGB(n uint8) (r, g, b uint8) {
	if n >= 232 {
		v := 8 + 10*(n-232)
		return v, v, v
	}
	n -= 16
	level := func(i uint8) uint8 {
		if i == 0 {
			return 0
		}
		return 55 + 40*i
	}
	return level(n / 36), level(n / 6 % 6), level(n % 6)
}

// nearest is the number of the palette, from 16 on, whose colour is nearest.
func nearest(r, g, b uint8) uint8 {
	best, found := 1<<30, uint8(16)
	for n := 16; n < 256; n++ {
		x, y, z := paletteRGB(uint8(n))
		if d := distance(r, g, b, x, y, z); d < best {
			best, found = d, uint8(n)
		}
	}
	return found
}

// basic is the colour of the first 16 that is nearest.
func basic(r, g, b uint8) uint8 {
	best, found := 1<<30, uint8(7)
	for n := range uint8(16) {
		on := uint8(170)
		if n > 7 {
			on = 255
		}
		part := func(bit uint8) uint8 {
			switch {
			case n&bit != 0:
				return on
			case n == 8:
				return 85
			}
			return 0
		}
		if d := distance(r, g, b, part(1), part(2), part(4)); d < best {
			best, found = d, n
		}
	}
	return found
}

// distance weighs the parts as eyes do.
func distance(r, g, b, x, y, z uint8) int {
	sq := func(a, b uint8) int { d := int(a) - int(b); return d * d }
	return 2*sq(r, x) + 4*sq(g, y) + 3*sq(b, z)
}
