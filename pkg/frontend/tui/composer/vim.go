package composer

import "codex/pkg/frontend/tui/keys"

// Vim is the mode of vi's keys.
type Vim struct {
	On      bool
	Normal  bool
	pending rune // d, y or c that waits for its motion
	lines   bool // what was deleted or copied last are whole lines
}

// Switch turns it on or off. It begins in normal mode, as the original's does.
func (v *Vim) Switch(on bool) { *v = Vim{On: on, Normal: on, lines: v.lines} }

// Pending says whether an operator waits for its motion.
func (v *Vim) Pending() bool { return v.pending != 0 }

// VimKey does what a key does in vi's normal mode, and says whether it did something. In
// insert mode only Esc is its own.
func (c *Composer) VimKey(e keys.Event) bool {
	v := &c.Vim
	switch {
	case !v.On:
		return false
	case !v.Normal:
		if !e.Is(keys.Escape, 0) && !e.Is('[', keys.Ctrl) {
			return false
		}
		v.Normal, v.pending = true, 0
		if c.cur > c.lineStart(c.cur) {
			c.left()
		}
		return true
	case e.Is(keys.Escape, 0):
		done := v.pending != 0
		v.pending = 0
		return done
	}
	r, ok := e.Char()
	switch {
	case e.Is(keys.Insert, 0):
		r, ok = 'i', true
	case e.Is(keys.Backspace, 0) && !c.Empty():
		r, ok = 'h', true
	case (r == '/' || r == '!') && c.Empty() && v.pending == 0:
		v.Normal = false // which begins a command here
		return false
	}
	if !ok {
		return false
	}
	c.normal(r)
	c.settle()
	return true // what is no command types nothing
}

// normal does what a character does in normal mode.
func (c *Composer) normal(r rune) {
	if op := c.Vim.pending; op != 0 {
		c.Vim.pending = 0
		c.operate(op, r)
	} else if to, ok := c.motion(r); ok {
		c.move(to)
	} else {
		c.command(r)
	}
}

// settle puts the cursor on a character: in normal mode it is not behind the last of a line.
func (c *Composer) settle() {
	if v := &c.Vim; v.On && v.Normal && c.cur == c.lineEnd(c.cur) && c.cur > c.lineStart(c.cur) {
		c.cur = c.before(c.cur)
	}
}

// motion is where a key leads.
func (c *Composer) motion(r rune) (int, bool) {
	switch r {
	case 'h':
		return max(c.lineStart(c.cur), c.before(c.cur)), true
	case 'l', ' ':
		return min(c.lineEnd(c.cur), c.after(c.cur)), true
	case 'w':
		return c.nextWord(), true
	case 'b':
		return c.wordStart(c.cur), true
	case 'e':
		return c.before(c.wordEnd(c.after(c.cur))), true
	case '0':
		return c.lineStart(c.cur), true
	case '^':
		return c.indent(), true
	case '$':
		return c.lineEnd(c.cur), true
	case 'G':
		return len(c.text), true
	}
	return 0, false
}

// nextWord is where the word behind that of the cursor begins.
func (c *Composer) nextWord() int {
	at := c.cur
	if at < len(c.text) {
		for k := class(c.text[at]); at < len(c.text) && class(c.text[at]) == k; {
			at++
		}
	}
	for at < len(c.text) && class(c.text[at]) == 0 {
		at++
	}
	return at
}

// indent is the first character of the line that is no blank.
func (c *Composer) indent() int {
	at := c.lineStart(c.cur)
	for end := c.lineEnd(at); at < end && class(c.text[at]) == 0; {
		at++
	}
	return at
}

// command is a key that is no motion.
func (c *Composer) command(r rune) {
	switch r {
	case 'i':
	case 'a':
		c.move(min(c.lineEnd(c.cur), c.after(c.cur)))
	case 'I':
		c.move(c.indent())
	case 'A':
		c.move(c.lineEnd(c.cur))
	case 'o':
		c.move(c.lineEnd(c.cur))
		c.newline()
	case 'O':
		c.move(c.lineStart(c.cur))
		c.newline()
		c.left()
	case 'C':
		c.kill(c.cur, c.lineEnd(c.cur))
	default:
		c.stay(r)
		return
	}
	c.Vim.Normal = false
}

// stay is a command that stays in normal mode.
func (c *Composer) stay(r rune) {
	switch r {
	case 'j':
		if !c.Recall(-1) {
			c.down()
		}
	case 'k':
		if !c.Recall(1) {
			c.up()
		}
	case 'x':
		if c.cur < c.lineEnd(c.cur) {
			c.kill(c.cur, c.after(c.cur))
		}
	case 'D':
		c.kill(c.cur, c.lineEnd(c.cur))
	case 'Y':
		c.operate('y', 'y')
	case 'p', 'P':
		c.put(r == 'p')
	case 'd', 'y', 'c':
		c.Vim.pending = r
	}
}

// operate deletes (d), replaces (c) or copies (y) up to where a motion leads; the operator
// twice means whole lines.
func (c *Composer) operate(op, r rune) {
	if r == op || r == 'j' || r == 'k' {
		c.operateLines(op, r)
		return
	}
	if op == 'c' && r == 'w' && c.cur < len(c.text) && class(c.text[c.cur]) != 0 {
		r = 'e' // the blanks behind the word stay, as in vi
	}
	at, ok := c.motion(r)
	if !ok {
		return
	}
	from, to := min(at, c.cur), max(at, c.cur)
	switch r {
	case 'e':
		to = c.after(at)
	case 'w':
		to = min(to, c.lineEnd(c.cur))
	}
	c.take(op, from, to)
}

// take deletes, replaces or copies a range.
func (c *Composer) take(op rune, from, to int) {
	if op == 'y' {
		c.killed, c.Vim.lines = append([]rune(nil), c.text[from:to]...), false
		return
	}
	c.kill(from, to)
	if op == 'c' {
		c.Vim.Normal = false
	}
}

// operateLines is operate for the line of the cursor, and with j or k the one below or above.
func (c *Composer) operateLines(op, r rune) {
	from, to := c.lineStart(c.cur), c.lineEnd(c.cur)
	if r == 'k' && from > 0 {
		from = c.lineStart(from - 1)
	}
	if r == 'j' && to < len(c.text) {
		to = c.lineEnd(to + 1)
	}
	lines := append([]rune(nil), c.text[from:to]...)
	if op == 'd' && to < len(c.text) {
		to++
	} else if op == 'd' && from > 0 {
		from--
	}
	c.take(op, from, to)
	c.killed, c.Vim.lines = lines, true
	if op == 'd' {
		c.move(c.lineStart(c.cur))
	}
}

// put inserts what was deleted behind or before the cursor, whole lines below or above.
func (c *Composer) put(behind bool) {
	switch {
	case !c.Vim.lines:
		if behind {
			c.move(min(c.lineEnd(c.cur), c.after(c.cur)))
		}
		if at := c.cur; len(c.killed) > 0 {
			c.yank()
			c.move(max(at, c.before(c.cur)))
		}
	case behind:
		c.move(c.lineEnd(c.cur))
		c.newline()
		at := c.cur
		c.yank()
		c.move(at)
	default:
		c.move(c.lineStart(c.cur))
		at := c.cur
		c.yank()
		c.newline()
		c.move(at)
	}
}
