package text

import (
	"cmp"
	"embed"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/alecthomas/chroma/v2"
)

// Bounds of highlighting, which costs about 8 µs a byte: larger texts, and texts with
// longer lines, stay plain. Of a longer name of a file only the end is held against the
// patterns: each costs time for each byte.
const (
	largestCode     = 64 << 10
	longestCodeLine = 2 << 10
	longestName     = 48
)

// lexerFiles are definitions of chroma's. Its package of lexers reads all of its 280 when
// a program starts; these are read when the first code is shown.
//
//go:embed lexers/*.xml
var lexerFiles embed.FS

var lexers = sync.OnceValue(func() *chroma.LexerRegistry {
	registry := chroma.NewLexerRegistry()
	registry.Register(chroma.MustNewLexer(&chroma.Config{
		Name: "Go", Aliases: []string{"go", "golang"}, Filenames: []string{"*.go"},
	}, goRules))
	files, err := lexerFiles.ReadDir("lexers")
	if err != nil {
		panic(err) // embedded
	}
	for _, f := range files {
		registry.Register(chroma.MustNewXMLLexer(lexerFiles, "lexers/"+f.Name()))
	}
	return registry
})

// aliases are words for languages that fences have and no lexer says.
var aliases = map[string]string{"jsonc": "json", "json5": "json", "console": "bash", "shell-session": "bash", "jsx": "javascript", "golang": "go", "svg": "xml", "sh": "bash", "zsh": "bash"}

// lexerFor is the lexer for a word behind a fence or for the name of a file, nil when
// there is none.
func lexerFor(language string) chroma.Lexer {
	language, _, _ = strings.Cut(strings.ToLower(language), ",")
	if language == "" || language == "text" || language == "plain" || len(language) > 200 {
		return nil
	}
	if other, ok := aliases[language]; ok {
		language = other
	}
	language = path.Base(strings.ReplaceAll(language, `\`, "/"))
	language = language[max(0, len(language)-longestName):]
	if strings.Contains(language, ".") { // no word has one
		return named(language)
	}
	for _, l := range lexers().Lexers {
		c := l.Config()
		if strings.EqualFold(c.Name, language) || slices.ContainsFunc(c.Aliases, func(a string) bool { return strings.EqualFold(a, language) }) {
			return l
		}
	}
	return cmp.Or(named("x."+language), named(language))
}

// backups are endings of names that say nothing of the language.
var backups = [...]string{"~", ".bak", ".old", ".orig", ".in"}

// named is the lexer for the name of a file. The registry's own search, that for a word too,
// would hold the name against each pattern 14 times, for each ending of a backup once more.
func named(file string) chroma.Lexer {
	for _, ending := range backups {
		file = strings.TrimSuffix(file, ending)
	}
	var found chroma.PrioritisedLexers
	for _, l := range lexers().Lexers {
		if slices.ContainsFunc(l.Config().Filenames, func(pattern string) bool {
			ok, err := path.Match(pattern, file)
			return ok && err == nil
		}) {
			found = append(found, l)
		}
	}
	if len(found) == 0 {
		return nil
	}
	sort.Sort(found)
	return found[0]
}

// Highlight makes lines of code, in the colours of its language: a word as those behind
// fences, or the name of a file. The code is a stranger's, and is made harmless.
func (t *Theme) Highlight(language, code string) []Line {
	return t.highlight(lexerFor(language), Clean(code))
}

// highlight colours clean lines.
func (t *Theme) highlight(lexer chroma.Lexer, clean []string) []Line {
	if lexer == nil || t.Depth == NoColor || !fitForCode(clean) {
		return plainLines(clean)
	}
	tokens, err := lexer.Tokenise(&chroma.TokeniseOptions{State: "root", EnsureLF: true}, strings.Join(clean, "\n")+"\n")
	if err != nil {
		return plainLines(clean)
	}
	lines := make([]Line, 0, len(clean))
	var line Line
	for token := tokens(); token != chroma.EOF; token = tokens() {
		style := t.syntax[classOf(token.Type)]
		for rest := token.Value; rest != ""; {
			head, tail, newline := strings.Cut(rest, "\n")
			line = appendSpan(line, head, style)
			if newline {
				lines, line = append(lines, line), nil
			}
			rest = tail
		}
	}
	if !slices.EqualFunc(lines, clean, func(l Line, s string) bool { return l.String() == s }) {
		return plainLines(clean) // rather no colours than other text
	}
	return lines
}

// appendSpan joins text of the same style.
func appendSpan(line Line, s string, style Style) Line {
	if s == "" {
		return line
	}
	if n := len(line); n > 0 && line[n-1].Style == style && line[n-1].Link == "" {
		line[n-1].Text += s
		return line
	}
	return append(line, Span{Text: s, Style: style})
}

func plainLines(clean []string) []Line {
	lines := make([]Line, len(clean))
	for i, l := range clean {
		lines[i] = Of(l, Style{})
	}
	return lines
}

func fitForCode(lines []string) bool {
	total := 0
	for _, l := range lines {
		if total += len(l) + 1; len(l) > longestCodeLine {
			return false
		}
	}
	return total <= largestCode
}

// classOf is the class of a token.
func classOf(t chroma.TokenType) class {
	switch t {
	case chroma.KeywordType, chroma.NameClass, chroma.NameBuiltinPseudo, chroma.NameNamespace:
		return classType
	case chroma.KeywordConstant, chroma.NameConstant:
		return classConstant
	case chroma.NameFunction, chroma.NameFunctionMagic, chroma.NameBuiltin, chroma.NameDecorator:
		return classFunction
	case chroma.NameTag:
		return classTag
	case chroma.NameAttribute, chroma.NameProperty, chroma.NameVariable:
		return classAttribute
	}
	switch {
	case t.InSubCategory(chroma.LiteralString):
		return classString
	case t.InSubCategory(chroma.LiteralNumber):
		return classNumber
	case t.InCategory(chroma.Keyword):
		return classKeyword
	case t.InCategory(chroma.Comment):
		return classComment
	case t.InCategory(chroma.Operator):
		return classOperator
	}
	return classPlain
}

// goRules are the rules of Go, which chroma has as code.
func goRules() chroma.Rules {
	return chroma.Rules{"root": {
		{Pattern: `\s+`, Type: chroma.TextWhitespace},
		{Pattern: `//[^\n]*`, Type: chroma.CommentSingle},
		{Pattern: `/\*(.|\n)*?\*/`, Type: chroma.CommentMultiline},
		{Pattern: chroma.Words(``, `\b`, "import", "package"), Type: chroma.KeywordNamespace},
		{Pattern: chroma.Words(``, `\b`, "break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func", "go", "goto", "if", "interface", "map", "range", "return", "select", "struct", "switch", "type", "var"), Type: chroma.Keyword},
		{Pattern: chroma.Words(``, `\b`, "true", "false", "iota", "nil"), Type: chroma.KeywordConstant},
		{Pattern: chroma.Words(``, `\b`, "any", "bool", "byte", "comparable", "complex128", "complex64", "error", "float32", "float64", "int", "int16", "int32", "int64", "int8", "rune", "string", "uint", "uint16", "uint32", "uint64", "uint8", "uintptr"), Type: chroma.KeywordType},
		{Pattern: `0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][+-]?\d+)?i?`, Type: chroma.LiteralNumber},
		{Pattern: `'(\\.[^'\n]*|[^\\'\n])'`, Type: chroma.LiteralStringChar},
		{Pattern: "`[^`]*`", Type: chroma.LiteralString},
		{Pattern: `"(\\.|[^"\\\n])*"`, Type: chroma.LiteralString},
		{Pattern: `[a-zA-Z_]\w*(?=\()`, Type: chroma.NameFunction},
		{Pattern: `[^\W\d]\w*`, Type: chroma.NameOther},
		{Pattern: `[-+*/%&|^<>=!:~]+|\.\.\.`, Type: chroma.Operator},
		{Pattern: `[()\[\]{}.,;]`, Type: chroma.Punctuation},
	}}
}
