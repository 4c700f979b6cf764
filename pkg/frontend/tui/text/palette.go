package text

import "strings"

// class is what highlighted code is told apart by.
type class uint8

const (
	classPlain class = iota
	classKeyword
	classType
	classFunction
	classString
	classNumber
	classComment
	classOperator
	classConstant
	classTag
	classAttribute
	classes
)

// palette is the colours of highlighted code: one for each class, as hex digits.
type palette struct {
	name   string
	light  bool
	colors [classes]string
}

// palettes are those to choose from; the first dark and the first light one are chosen by
// the background.
var palettes = []palette{
	{"catppuccin-mocha", false, [...]string{"cdd6f4", "cba6f7", "f9e2af", "89b4fa", "a6e3a1", "fab387", "9399b2", "94e2d5", "fab387", "89b4fa", "f9e2af"}},
	{"catppuccin-latte", true, [...]string{"4c4f69", "8839ef", "df8e1d", "1e66f5", "40a02b", "fe640b", "7c7f93", "179299", "fe640b", "1e66f5", "df8e1d"}},
	{"dracula", false, [...]string{"f8f8f2", "ff79c6", "8be9fd", "50fa7b", "f1fa8c", "bd93f9", "6272a4", "ff79c6", "bd93f9", "ff79c6", "50fa7b"}},
	{"github", true, [...]string{"24292f", "cf222e", "953800", "8250df", "0a3069", "0550ae", "6e7781", "0550ae", "0550ae", "116329", "0550ae"}},
	{"gruvbox-dark", false, [...]string{"ebdbb2", "fb4934", "fabd2f", "b8bb26", "b8bb26", "d3869b", "928374", "8ec07c", "d3869b", "8ec07c", "fabd2f"}},
	{"gruvbox-light", true, [...]string{"3c3836", "9d0006", "b57614", "79740e", "79740e", "8f3f71", "928374", "427b58", "8f3f71", "427b58", "b57614"}},
	{"monokai-extended", false, [...]string{"f8f8f2", "f92672", "66d9ef", "a6e22e", "e6db74", "be84ff", "75715e", "f92672", "be84ff", "f92672", "a6e22e"}},
	{"nord", false, [...]string{"d8dee9", "81a1c1", "8fbcbb", "88c0d0", "a3be8c", "b48ead", "616e88", "81a1c1", "81a1c1", "81a1c1", "8fbcbb"}},
	{"one-half-dark", false, [...]string{"dcdfe4", "c678dd", "e5c07b", "61afef", "98c379", "e5c07b", "5c6370", "56b6c2", "56b6c2", "e06c75", "e5c07b"}},
	{"one-half-light", true, [...]string{"383a42", "a626a4", "c18401", "0184bc", "50a14f", "c18401", "a0a1a7", "0997b3", "0997b3", "e45649", "c18401"}},
	{"solarized-dark", false, [...]string{"839496", "859900", "b58900", "268bd2", "2aa198", "d33682", "586e75", "859900", "cb4b16", "268bd2", "b58900"}},
	{"solarized-light", true, [...]string{"657b83", "859900", "b58900", "268bd2", "2aa198", "d33682", "93a1a1", "859900", "cb4b16", "268bd2", "b58900"}},
}

// Palettes are the names that Settings.Syntax may have.
func Palettes() []string {
	names := make([]string, len(palettes))
	for i, p := range palettes {
		names[i] = p.name
	}
	return names
}

// palette sets the styles of highlighted code; false when there is none of that name.
func (t *Theme) palette(name string) bool {
	if t.Depth <= Colors16 {
		t.syntax = t.basicSyntax()
		return name == "" || palettes[find(name)].name == name
	}
	n := find(name)
	if name == "" && t.Light {
		n = 1
	}
	for c, hex := range palettes[n].colors {
		if class(c) == classPlain {
			continue // the terminal's own: readable on any background
		}
		t.syntax[c] = Style{FG: t.Color(hexColor(hex))}
	}
	t.syntax[classComment].Attr = Italic
	return name == "" || palettes[n].name == name
}

// basicSyntax tells code apart with the first 16 colours.
func (t *Theme) basicSyntax() (styles [classes]Style) {
	for c, n := range map[class]uint8{
		classKeyword: 5, classType: 3, classFunction: 6, classString: 2, classNumber: 3, classConstant: 3, classTag: 6, classAttribute: 3,
	} {
		styles[c] = Style{FG: t.Color(Index(n))}
	}
	styles[classComment] = Style{Attr: Dim}
	return styles
}

// find is the place of the palette of that name, 0 when there is none.
func find(name string) int {
	for i, p := range palettes {
		if strings.EqualFold(p.name, name) {
			return i
		}
	}
	return 0
}

func hexColor(s string) Color {
	var n Color
	for _, c := range []byte(s) {
		digit := c - '0'
		if c >= 'a' {
			digit = c - 'a' + 10
		}
		n = n<<4 | Color(digit)
	}
	return direct | n
}
