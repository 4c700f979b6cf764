package composer

import "codex/pkg/frontend/tui/keys"

// Vim is the mode of vi's keys.
type Vim struct {
	On      bool
	Normal  bool
	pending rune // d, y or c that waits for its motion
	lines   bool // what was deleted are whole lines
}

// Pending says whether an operator waits for its motion.
func (v *Vim) Pending() bool { return v.pending != 0 }

// VimKey does what a key does in vi's normal mode, and says whether it did something. In
// insert mode only Esc is its own.
func (c *Composer) VimKey(e keys.Event) bool {
	v := &c.Vim
	if !v.On {
		return false
	}
	if !v.Normal {
		if e.Is(keys.Escape, 0) || e.Is('[', keys.Ctrl) {
			v.Normal, v.pending = true, 0
			if c.cur > c.lineStart(c.cur) {
				c.left()
			}
			return true
		}
		return false
	}
	if e.Is(keys.Escape, 0) {
		done := v.pending != 0
		v.pending = 0
		return done
	}
	r, ok := e.Char()
	if e.Is(keys.Insert, 0) {
		r, ok = 'i', true
	}
	if !ok {
		return false
	}
	if op := v.pending; op != 0 {
		v.pending = 0
		c.operate(op, r)
		return true
	}
	if to, ok := c.motion(r); ok {
		c.move(to)
		return true
	}
	c.command(r)
	return true // what is no command types nothing
}

// motion is where a key leads.
func (c *Composer) motion(r rune) (int, bool) {
	switch r {
	case 'h':
		return max(c.lineStart(c.cur), c.before(c.cur)), true
	case 'l', ' ':
		return min(c.lineEnd(c.cur), c.after(c.cur)), true
	case 'w':
		at := c.cur
		if at < len(c.text) {
			for k := class(c.text[at]); at < len(c.text) && class(c.text[at]) == k; {
				at++
			}
		}
		for at < len(c.text) && class(c.text[at]) == 0 {
			at++
		}
		return at, true
	case 'b':
		return c.wordStart(c.cur), true
	case 'e':
		return max(0, c.wordEnd(min(c.cur+1, len(c.text)))-1), true
	case '0', '^':
		return c.lineStart(c.cur), true
	case '$':
		return c.lineEnd(c.cur), true
	case 'G':
		return len(c.text), true
	}
	return 0, false
}

// command is a key that is no motion.
func (c *Composer) command(r rune) {
	insert := func() { c.Vim.Normal = false }
	switch r {
	case 'i':
		insert()
	case 'a':
		c.move(min(c.lineEnd(c.cur), c.after(c.cur)))
		insert()
	case 'I':
		c.move(c.lineStart(c.cur))
		insert()
	case 'A':
		c.move(c.lineEnd(c.cur))
		insert()
	case 'o':
		c.move(c.lineEnd(c.cur))
		c.newline()
		insert()
	case 'O':
		c.move(c.lineStart(c.cur))
		c.newline()
		c.left()
		insert()
	case 'j':
		c.down()
	case 'k':
		c.up()
	case 'x':
		if c.cur < c.lineEnd(c.cur) {
			c.kill(c.cur, c.after(c.cur))
			c.Vim.lines = false
		}
	case 'D', 'C':
		c.kill(c.cur, c.lineEnd(c.cur))
		c.Vim.lines = false
		if r == 'C' {
			insert()
		}
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
	var from, to int
	lines := r == op || r == 'j' || r == 'k'
	switch at, ok := c.motion(r); {
	case lines:
		from, to = c.lineStart(c.cur), c.lineEnd(c.cur)
		if r == 'k' && from > 0 {
			from = c.lineStart(from - 1)
		}
		if r == 'j' && to < len(c.text) {
			to = c.lineEnd(to + 1)
		}
		if op == 'd' && to < len(c.text) {
			to++
		}
	case !ok:
		return
	case r == 'e':
		to = min(at+1, len(c.text))
	default:
		from, to = min(at, c.cur), max(at, c.cur)
	}
	c.Vim.lines = lines
	if op == 'y' {
		c.killed = append([]rune(nil), c.text[from:to]...)
		return
	}
	c.kill(from, to)
	if op == 'c' {
		c.Vim.Normal = false
	}
}

// put inserts what was deleted behind or before the cursor, whole lines below or above.
func (c *Composer) put(behind bool) {
	switch {
	case c.Vim.lines && behind:
		c.move(c.lineEnd(c.cur))
		c.newline()
	case c.Vim.lines:
		c.move(c.lineStart(c.cur))
	case behind:
		c.move(min(c.lineEnd(c.cur), c.after(c.cur)))
	}
	at := c.cur
	c.yank()
	if !c.Vim.lines {
		return
	}
	if !behind && c.cur > 0 && c.text[c.cur-1] != '\n' {
		c.newline()
	}
	c.move(at)
}
