//go:build unix

package appserver

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"

	"codex/tests/earlier"
)

// transcript is a session with the original that is held again with ours.
type transcript struct {
	name   string
	model  string // name
	script string
	served bool // over HTTP
	// clients of a socket, by the letter before their lines; none: one client on stdio.
	clients string
	prepare func(d *desk)
	gate    func(d *desk) (open func()) // a model of its own, which waits for "# gate"
	skip    map[int]string              // lines that have no counterpart, and why
}

// replayer is one transcript on its way.
type replayer struct {
	*desk
	name   string
	t      *testing.T
	ends   map[string]*end
	ids    map[string]string // theirs to ours
	uuid   *regexp.Regexp
	diff   []difference
	met    map[string]bool // differences that there are
	stdio  *client
	sock   string
	cmd    *exec.Cmd
	open   func()
	served bool
}

// end is one client.
type end struct {
	*wire
	peer   *peer
	cursor string // of the latest list
	want   string // output of commands, and what came of it
	have   string
	last   int // place of the latest message that came as expected
}

func replay(t *testing.T, tr transcript, met map[string]bool) {
	f, err := os.Open("testdata/" + tr.name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := &replayer{t: t, name: tr.name, met: met, ends: map[string]*end{}, ids: map[string]string{}, diff: differences(),
		uuid: regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)}
	switch {
	case tr.gate != nil:
		r.desk = empty(t)
		r.open = tr.gate(r.desk)
	case tr.served:
		r.served = true
		r.desk = served(t, tr.model, tr.script)
	default:
		r.desk = scripted(t, tr.model, tr.script)
	}
	if tr.prepare != nil {
		tr.prepare(r.desk)
	}
	r.begin(tr.clients)
	in := bufio.NewScanner(f)
	in.Buffer(nil, 8<<20)
	for n := 1; in.Scan(); n++ {
		if tr.skip[n] != "" {
			continue
		}
		who, line := "", in.Text()
		if len(line) > 1 && strings.Contains(tr.clients, line[:1]) {
			who, line = line[:1], line[1:]
		}
		e := r.ends[who]
		switch {
		case strings.HasPrefix(line, "> "):
			e.send(r.ours(e, line[2:]))
		case strings.HasPrefix(line, "< "):
			m := gjson.Parse(r.ours(e, line[2:]))
			if m.Get("method").Str == "fs/changed" { // somebody had written to it
				write(t, m.Get("params.changedPaths.0").Str, "changed")
			}
			r.expect(e, m)
		case strings.HasPrefix(line, "# ---"):
			r.finish()
			r.begin(tr.clients)
		case strings.HasPrefix(line, "# gate"):
			r.open()
		case strings.HasPrefix(line, "# eof") && e.peer != nil:
			e.peer.c.CloseNow() // what was on its way is of no interest
			e.drain()
			delete(r.ends, who)
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	r.finish()
}

// begin starts a server with its clients.
func (r *replayer) begin(clients string) {
	if clients == "" {
		r.stdio = r.desk.stdio()
		r.ends[""] = &end{wire: r.stdio.wire, last: -1}
		return
	}
	r.cmd, r.sock = r.desk.unix()
	for _, c := range clients {
		p := dial(r.t, r.sock)
		r.ends[string(c)] = &end{wire: p.wire, peer: p, last: -1}
	}
}

// finish ends the server; nothing may have come that is not in the transcript.
func (r *replayer) finish() {
	r.t.Helper()
	if r.stdio != nil {
		if status := r.stdio.leave(); status != 0 {
			r.t.Errorf("exit status %d", status)
		}
	} else {
		if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			r.t.Fatal(err)
		}
		if err := r.cmd.Wait(); err != nil {
			r.t.Errorf("the drained server: %v", err)
		}
		if c, err := net.Dial("unix", r.sock); err == nil {
			c.Close()
			r.t.Error("the socket is left")
		}
	}
	for _, e := range r.ends {
		r.close(e)
	}
}

// close looks at what a client got until its end.
func (r *replayer) close(e *end) {
	r.t.Helper()
	e.drain()
	for i, m := range e.got {
		method := m.Get("method").Str
		if !e.used[i] && !r.allowed(method+":", true) && !strings.HasSuffix(method, "/outputDelta") && !listed(unasked(r.name), e.what(m)) {
			r.t.Errorf("not in the transcript: %.400s", m.Raw)
		}
		e.used[i] = true
	}
}

// what names a message: its method, with the kind of item, or what it answers.
func (e *end) what(m gjson.Result) string {
	if method := m.Get("method").Str; method != "" {
		return strings.TrimSpace(method + " " + m.Get("params.item.type").Str)
	}
	if m.Get("id").Type == gjson.Null {
		return "answer without an id"
	}
	return "answer " + e.sent[m.Get("id").Raw]
}

func listed(list []difference, what string) bool {
	for _, d := range list {
		if ok, _ := regexp.MatchString(`^(`+d.where+`)$`, what); ok {
			return true
		}
	}
	return false
}

// ours puts this run's folders and ids in place of the transcript's.
func (r *replayer) ours(e *end, line string) string {
	line = regexp.MustCompile(`"cursor": "2026[^"]*"`).ReplaceAllString(line, `"cursor": "`+e.cursor+`"`)
	line = regexp.MustCompile(`x{100,}\.\.\.\[\d+ bytes\]`).ReplaceAllString(line, strings.Repeat("x", 1<<20+1)+`"}]}}`)
	line = strings.NewReplacer("$WORK", r.work, "$CODEX_HOME", r.home).Replace(line)
	return r.uuid.ReplaceAllStringFunc(line, func(id string) string {
		if o, ok := r.ids[id]; ok {
			return o
		}
		return id
	})
}

// allowed says whether the table has this difference, which is one or may be one.
func (r *replayer) allowed(where string, is bool) bool {
	for _, d := range r.diff {
		if ok, _ := regexp.MatchString(`^(`+d.where+`)`, where); ok {
			r.met[d.where] = r.met[d.where] || is
			return true
		}
	}
	return false
}

// plain takes out of a text what is the run's.
func (r *replayer) plain(s string) string {
	s = regexp.MustCompile(`(\d{4}/\d\d/\d\d/)?rollout-[0-9T-]{19}`).ReplaceAllString(s, "DAY")
	s = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(s, "ADDRESS")
	return r.uuid.ReplaceAllString(s, "ID")
}

// expect waits for the counterpart of a message.
func (r *replayer) expect(e *end, want gjson.Result) {
	r.t.Helper()
	method, id := want.Get("method").Str, want.Get("id").Raw
	if method == "" {
		name := e.sent[id]
		place, got := e.find(func(m gjson.Result) bool { return m.Get("id").Raw == id && !m.Get("method").Exists() })
		if next := got.Get("result.nextCursor"); name == "thread/list" && next.Str != "" {
			e.cursor = next.Str
		}
		r.order(e, place)
		r.compare(name+":", "", want, asEarlier(name, got))
		return
	}
	if r.allowed(method+":", true) {
		return
	}
	if strings.HasSuffix(method, "/outputDelta") { // where output is cut is chance
		e.want += text(want)
		for !strings.HasPrefix(e.have, e.want) {
			e.have += text(e.note(method))
		}
		return
	}
	kind, item := want.Get("params.item.type").Str, modelID(want)
	place, got := e.find(func(m gjson.Result) bool {
		return m.Get("method").Str == method && m.Get("params.item.type").Str == kind && (!r.served || modelID(m) == item)
	})
	r.order(e, place)
	r.compare(method+":", "", want, asEarlier(method, got))
}

// order holds that messages come in the order of the transcript.
func (r *replayer) order(e *end, place int) {
	r.t.Helper()
	what := e.what(e.got[place])
	if listed(anyTime(), what) {
		return
	}
	if place < e.last {
		r.t.Errorf("%s came earlier than in the transcript, before %.200s", what, e.got[e.last].Raw)
	}
	e.last = max(e.last, place)
}

// modelID is the id that a model gave to an item. A served model counts as that of the
// transcripts did.
func modelID(m gjson.Result) string {
	id := m.Get("params.item.id").Str + m.Get("params.itemId").Str
	if !strings.HasPrefix(id, "msg_resp_") {
		return ""
	}
	return id
}

func text(delta gjson.Result) string {
	b, _ := base64.StdEncoding.DecodeString(delta.Get("params.deltaBase64").Str)
	return string(b) + delta.Get("params.delta").Str
}

// asEarlier is a message without the members of later releases.
func asEarlier(method string, m gjson.Result) gjson.Result {
	return gjson.ParseBytes(earlier.Line(method, []byte(m.Raw)))
}

// compare walks both messages; ids are learned on the way.
func (r *replayer) compare(method, path string, want, got gjson.Result) {
	r.t.Helper()
	where := method + path
	if path != "" && r.allowed(where, r.plain(want.Raw) != r.plain(got.Raw)) {
		return
	}
	join := func(k string) string { return strings.TrimPrefix(path+"."+k, ".") }
	switch {
	case want.IsObject() && got.IsObject():
		want.ForEach(func(k, v gjson.Result) bool {
			if g := got.Get(gjson.Escape(k.Str)); g.Exists() {
				r.compare(method, join(k.Str), v, g)
			} else if !r.allowed(method+join(k.Str), true) {
				r.t.Errorf("%s%s is missing: %.300s", method, join(k.Str), got.Raw)
			}
			return true
		})
		got.ForEach(func(k, _ gjson.Result) bool {
			if !want.Get(gjson.Escape(k.Str)).Exists() && !r.allowed(method+join(k.Str), true) {
				r.t.Errorf("%s%s is not in the transcript: %.300s", method, join(k.Str), got.Raw)
			}
			return true
		})
	case want.IsArray() && got.IsArray():
		w, g := want.Array(), got.Array()
		if len(w) != len(g) {
			r.t.Errorf("%s has %d elements, the transcript %d", where, len(g), len(w))
			return
		}
		for i := range w {
			r.compare(method, join(fmt.Sprint(i)), w[i], g[i])
		}
	case want.Type == gjson.String && got.Type == gjson.String:
		a, b := r.uuid.FindAllString(want.Str, -1), r.uuid.FindAllString(got.Str, -1)
		if len(a) == len(b) {
			for i := range a {
				r.ids[a[i]] = b[i]
			}
		}
		if r.plain(want.Str) != r.plain(got.Str) {
			r.t.Errorf("%s is %q, in the transcript %q", where, got.Str, want.Str)
		}
	case want.Raw != got.Raw:
		r.t.Errorf("%s is %.200s, in the transcript %.200s", where, got.Raw, want.Raw)
	}
}
