package composer

import (
	"unicode"

	"github.com/clipperhouse/displaywidth"

	"codex/pkg/frontend/tui/keys"
)

// Key does what a key does in an editor, and says whether it was one of an editor's.
func (c *Composer) Key(e keys.Event) bool {
	if r, ok := e.Char(); ok {
		c.Insert(string(r))
		return true
	}
	k := editorKey(e)
	if k == nil {
		return false
	}
	k(c)
	c.settle()
	return true
}

// binding is what a key does.
type binding struct {
	code keys.Code
	mod  keys.Mod
	do   func(*Composer)
}

// bindings are the keys of the editor.
var bindings = [...]binding{
	{'j', keys.Ctrl, (*Composer).newline}, {keys.Enter, keys.Shift, (*Composer).newline}, {keys.Enter, keys.Alt, (*Composer).newline}, {'m', keys.Ctrl, (*Composer).newline},
	{keys.Left, 0, (*Composer).left}, {'b', keys.Ctrl, (*Composer).left}, {keys.Right, 0, (*Composer).right}, {'f', keys.Ctrl, (*Composer).right},
	{keys.Up, 0, (*Composer).up}, {'p', keys.Ctrl, (*Composer).up}, {keys.Down, 0, (*Composer).down}, {'n', keys.Ctrl, (*Composer).down},
	{'b', keys.Alt, (*Composer).wordLeft}, {keys.Left, keys.Alt, (*Composer).wordLeft}, {keys.Left, keys.Ctrl, (*Composer).wordLeft},
	{'f', keys.Alt, (*Composer).wordRight}, {keys.Right, keys.Alt, (*Composer).wordRight}, {keys.Right, keys.Ctrl, (*Composer).wordRight},
	{keys.Home, 0, (*Composer).home}, {'a', keys.Ctrl, (*Composer).home}, {keys.End, 0, (*Composer).end}, {'e', keys.Ctrl, (*Composer).end},
	{keys.Backspace, 0, (*Composer).backspace}, {keys.Backspace, keys.Shift, (*Composer).backspace}, {'h', keys.Ctrl, (*Composer).backspace},
	{keys.Delete, 0, (*Composer).delete}, {keys.Delete, keys.Shift, (*Composer).delete}, {'d', keys.Ctrl, (*Composer).delete},
	{keys.Backspace, keys.Alt, (*Composer).killWordLeft}, {keys.Backspace, keys.Ctrl, (*Composer).killWordLeft}, {'w', keys.Ctrl, (*Composer).killWordLeft}, {'h', keys.Ctrl | keys.Alt, (*Composer).killWordLeft}, {keys.Backspace, keys.Ctrl | keys.Shift, (*Composer).killWordLeft},
	{keys.Delete, keys.Alt, (*Composer).killWordRight}, {keys.Delete, keys.Ctrl, (*Composer).killWordRight}, {'d', keys.Alt, (*Composer).killWordRight}, {keys.Delete, keys.Ctrl | keys.Shift, (*Composer).killWordRight},
	{keys.NewLine, 0, (*Composer).newline}, {keys.KillLine, 0, (*Composer).killLine},
	{'u', keys.Ctrl, (*Composer).killHome}, {'k', keys.Ctrl, (*Composer).killEnd}, {'y', keys.Ctrl, (*Composer).yank},
}

func editorKey(e keys.Event) func(*Composer) {
	if e.Kind != keys.Press {
		return nil
	}
	for _, b := range bindings {
		if e.Code == b.code && e.Mod == b.mod {
			return b.do
		}
	}
	return nil
}

func (c *Composer) newline() { c.Insert("\n") }

// before and after give where the character before and after a place begins or ends: one
// that people see, of any number of code points.
func (c *Composer) before(at int) int {
	if at == 0 {
		return 0
	}
	from := at
	for from > 0 && at-from < 64 && c.text[from-1] != '\n' {
		from--
	}
	last := at - 1
	g := displaywidth.StringGraphemes(string(c.text[from:at]))
	for pos := from; g.Next(); {
		last = pos
		pos += len([]rune(g.Value()))
	}
	return last
}

func (c *Composer) after(at int) int {
	if at == len(c.text) {
		return at
	}
	g := displaywidth.StringGraphemes(string(c.text[at:min(at+64, len(c.text))]))
	if g.Next() {
		return at + len([]rune(g.Value()))
	}
	return at + 1
}

func (c *Composer) move(to int) { c.cur, c.column = to, -1 }
func (c *Composer) left()       { c.move(c.before(c.cur)) }
func (c *Composer) right()      { c.move(c.after(c.cur)) }

func (c *Composer) backspace() { c.remove(c.before(c.cur), c.cur) }
func (c *Composer) delete()    { c.remove(c.cur, c.after(c.cur)) }

// remove takes out a range.
func (c *Composer) remove(from, to int) {
	c.text = append(c.text[:from], c.text[to:]...)
	c.cur, c.column = from, -1
	c.renumber()
}

// kill is remove, and remembers for yank.
func (c *Composer) kill(from, to int) {
	if from == to {
		return
	}
	c.killed, c.Vim.lines = append([]rune(nil), c.text[from:to]...), false
	c.remove(from, to)
}

func (c *Composer) yank() {
	for _, r := range c.killed {
		if _, ok := c.element(r); ok || r < firstElement {
			c.insert([]rune{r})
		}
	}
	c.renumber()
}

// class tells words, signs and blanks apart.
func class(r rune) int {
	switch {
	case unicode.IsSpace(r):
		return 0
	case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
		return 1
	case r >= firstElement && r <= lastElement:
		return int(r)
	}
	return 2
}

func (c *Composer) wordStart(at int) int {
	for at > 0 && class(c.text[at-1]) == 0 {
		at--
	}
	if at == 0 {
		return 0
	}
	for k := class(c.text[at-1]); at > 0 && class(c.text[at-1]) == k; {
		at--
	}
	return at
}

func (c *Composer) wordEnd(at int) int {
	for at < len(c.text) && class(c.text[at]) == 0 {
		at++
	}
	if at == len(c.text) {
		return at
	}
	for k := class(c.text[at]); at < len(c.text) && class(c.text[at]) == k; {
		at++
	}
	return at
}

func (c *Composer) wordLeft()      { c.move(c.wordStart(c.cur)) }
func (c *Composer) wordRight()     { c.move(c.wordEnd(c.cur)) }
func (c *Composer) killWordLeft()  { c.kill(c.wordStart(c.cur), c.cur) }
func (c *Composer) killWordRight() { c.kill(c.cur, c.wordEnd(c.cur)) }

// lineStart and lineEnd are of the line as it was written, not as it is shown.
func (c *Composer) lineStart(at int) int {
	for at > 0 && c.text[at-1] != '\n' {
		at--
	}
	return at
}

func (c *Composer) lineEnd(at int) int {
	for at < len(c.text) && c.text[at] != '\n' {
		at++
	}
	return at
}

// home goes to the line's begin; from there to that of the line before.
func (c *Composer) home() {
	at := c.lineStart(c.cur)
	if at == c.cur && at > 0 {
		at = c.lineStart(at - 1)
	}
	c.move(at)
}

func (c *Composer) end() {
	at := c.lineEnd(c.cur)
	if at == c.cur && at < len(c.text) {
		at = c.lineEnd(at + 1)
	}
	c.move(at)
}

// killHome deletes up to the line's begin; there, the newline before it.
func (c *Composer) killHome() {
	from := c.lineStart(c.cur)
	if from == c.cur && from > 0 {
		from--
	}
	c.kill(from, c.cur)
}

// killLine deletes the line, and the newline behind it.
func (c *Composer) killLine() {
	c.kill(c.lineStart(c.cur), min(len(c.text), c.lineEnd(c.cur)+1))
}

func (c *Composer) killEnd() {
	to := c.lineEnd(c.cur)
	if to == c.cur && to < len(c.text) {
		to++
	}
	c.kill(c.cur, to)
}
