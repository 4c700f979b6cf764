//go:build unix

package captures

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"unicode/utf8"
)

// answer makes what a process did alike for every run of it.
func (s *scene) answer(exit any, stdout, stderr string, asked []request) *RunAnswer {
	for _, line := range strings.Split(stdout, "\n") {
		var e struct{ Type, ThreadID string }
		if json.Unmarshal([]byte(strings.Replace(line, "thread_id", "threadid", 1)), &e) == nil && e.Type == "thread.started" {
			s.noteThread(e.ThreadID)
		}
	}
	for _, r := range asked {
		var b struct {
			Key string `json:"prompt_cache_key"`
		}
		if json.Unmarshal(r.body, &b) == nil && b.Key != "" {
			s.noteThread(b.Key)
		}
	}
	n := s.normaliser()
	a := &RunAnswer{Exit: exit, Stdout: n.output(stdout), Stderr: n.words(stderr, strings.HasPrefix(stdout, "{")), Requests: []any{}}
	before := usual()
	for _, r := range asked {
		q := n.request(r)
		a.Requests = append(a.Requests, q.since(before))
		before = q
	}
	if s.c.Unordered {
		a.Stdout = unordered(a.Stdout)
	}
	return a
}

func (s *scene) noteThread(id string) {
	for _, t := range s.threads {
		if t == id {
			return
		}
	}
	s.threads = append(s.threads, id)
}

// normaliser makes texts alike.
type normaliser struct {
	places *strings.Replacer
	rules  []rule
}

type rule struct {
	re *regexp.Regexp
	to string
}

func (s *scene) normaliser() *normaliser {
	pairs := []string{s.work, "$WORK", s.home, "$CODEX_HOME", filepath.Join(s.root, "tmp"), "$TMPDIR", s.root, "$ROOT", "127.0.0.1:" + s.port, "127.0.0.1:PORT"}
	names := []string{"THREAD", "THREAD2", "THREAD3", "THREAD4", "THREAD5"}
	for i, id := range s.threads {
		pairs = append(pairs, id, names[min(i, len(names)-1)])
	}
	return &normaliser{strings.NewReplacer(pairs...), textRules()}
}

// textRules are what differs from run to run in texts.
func textRules() []rule {
	var out []rule
	for _, r := range [][2]string{
		{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "UUID"},
		{`Wall time: [0-9.]+ seconds`, "Wall time: T seconds"},
		{`(?s)^(failed to parse function arguments): .*`, "$1"}, // in words of the parser
		{`Chunk ID: [0-9a-f]{6}`, "Chunk ID: C"},
		{`session ID \d+`, "session ID N"},
		{`"session_id": ?\d{4,5}\b`, `"session_id":N`},
		{`process id \d{4,5}\b`, "process id N"},
		{`aborted by user after [0-9.]+s`, "aborted by user after T"},
		{`timed out after \d+ milliseconds`, "timed out after T milliseconds"},
		{`<current_date>[0-9-]+</current_date>`, "<current_date>D</current_date>"},
		// Results in a transcript name their command, the original's do not.
		{`(?m)^((?:\x1b\[\d+m)? (?:succeeded|exited -?\d+|failed|declined) in )\d+(\.\d+)?(ms|s):.*`, "${1}T:"},
		{`codex_exec/\S+ \([^)]*\) (\S+) \(codex_exec; [^)]*\)`, "codex_exec/V (OS) $1 (codex_exec; V)"},
		{`OpenAI Codex v\S+`, "OpenAI Codex vV"},
		{`/dev/pts/\d+`, "/dev/pts/N"},
		{`(?m)^[d-][rwx-]{9} +\d+ \w+ +\w+ +\d+ [A-Z][a-z]{2} +\d+ [0-9:]+ `, "MODE N OWNER SIZE DATE "},
		{`rollout-[0-9T-]+-`, "rollout-D-"},
		{`\b\d{1,2}:\d{2} [AP]M\b`, "H:MM"},
	} {
		out = append(out, rule{regexp.MustCompile(r[0]), r[1]})
	}
	return out
}

func (n *normaliser) text(s string) string {
	s = n.places.Replace(s)
	for _, r := range n.rules {
		s = r.re.ReplaceAllString(s, r.to)
	}
	return s
}

// maxText is how much of a long text is kept; the rest is its length.
const maxText = 1500

// value makes every text in v alike.
func (n *normaliser) value(v any) any {
	switch v := v.(type) {
	case string:
		return shorten(n.text(v))
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = n.value(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, m := range v {
			out[n.text(k)] = n.value(m)
		}
		return out
	}
	return v
}

// shorten keeps both ends of a long text, a hash of all of it, and its length.
func shorten(s string) string {
	if len(s) <= maxText {
		return s
	}
	head, tail := s[:600], s[len(s)-600:]
	for !utf8.ValidString(head) {
		head = head[:len(head)-1]
	}
	for !utf8.ValidString(tail) {
		tail = tail[1:]
	}
	return head + "<<" + digest(s) + ">>" + tail
}

// output reads stdout: events where a line is JSON, else the line.
func (n *normaliser) output(s string) []any {
	out := []any{}
	for _, line := range lines(s) {
		if v, ok := decodeEvent(line); ok {
			out = append(out, n.value(v))
			continue
		}
		out = append(out, shorten(n.text(line)))
	}
	return out
}

// decodeEvent reads an event. An item of a web search has two members "id"; both are
// kept.
func decodeEvent(line string) (any, bool) {
	if !strings.HasPrefix(line, "{") {
		return nil, false
	}
	line = strings.Replace(line, `,"cache_write_input_tokens":0`, "", 1) // of later releases
	line = strings.Replace(line, `,"type":"web_search","id":`, `,"type":"web_search","id2":`, 1)
	var v any
	if json.Unmarshal([]byte(line), &v) != nil {
		return nil, false
	}
	return v, true
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// words reads stderr, without the logs: the original's tracing lines, ours with the
// name of a program. Beside events a log line may go on over further lines, and nothing
// else follows.
func (n *normaliser) words(s string, events bool) []any {
	logs := regexp.MustCompile(`^(\d{4}-\d\d-\d\dT[0-9:.]+Z +(ERROR|WARN) |codex-turn: |codex-exec: |codex-sandbox: |hint: |(\x1b\[[0-9;]*m)*warning:(\x1b\[[0-9;]*m)* Codex could not find bubblewrap|WARNING: proceeding, even though we could not )`)
	out := []any{}
	for _, line := range lines(s) {
		line = strings.Replace(line, "`indexed`, ", "", 1) // a word of later releases for web_search
		switch {
		case !logs.MatchString(line):
			out = append(out, shorten(n.text(line)))
		case events && line[0] >= '0' && line[0] <= '9':
			return out
		}
	}
	return out
}

// ask is one request.
type ask struct {
	path    string
	headers map[string]any
	keys    []any
	rest    map[string]any
	tools   []string
	input   []any
}

func (n *normaliser) request(r request) *ask {
	q := &ask{path: n.text(r.path), headers: n.headers(r.header), input: []any{}}
	d := json.NewDecoder(bytes.NewReader(r.body))
	if _, err := d.Token(); err != nil {
		q.rest = map[string]any{"no JSON": string(r.body)}
		return q
	}
	q.rest = map[string]any{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			break
		}
		var v any
		if d.Decode(&v) != nil {
			break
		}
		key, _ := k.(string)
		q.keys = append(q.keys, key)
		switch key {
		case "instructions":
			q.rest[key] = "<prose>"
		case "tools":
			q.tools = toolNames(v)
		case "input":
			q.input = briefs(n.elided(n.value(v)))
		default:
			q.rest[key] = n.value(v)
		}
	}
	return q
}

func toolNames(v any) []string {
	var names []string
	list, _ := v.([]any)
	for _, t := range list {
		name, _ := t.(string) // an older capture
		if m, ok := t.(map[string]any); ok {
			if name, ok = m["name"].(string); !ok {
				name, _ = m["type"].(string)
			}
		}
		names = append(names, name)
	}
	return names
}

// toolChanges says which tools came and went, and whether those that stayed are in
// another order.
func toolChanges(before, now []string) map[string]any {
	d := map[string]any{}
	var was, is []string
	for _, name := range before {
		if slices.Contains(now, name) {
			was = append(was, name)
		} else {
			d[name] = "<gone>"
		}
	}
	for _, name := range now {
		if slices.Contains(before, name) {
			is = append(is, name)
		} else {
			d[name] = "<new>"
		}
	}
	if !slices.Equal(was, is) {
		d["order"] = strings.Join(is, " ")
	}
	return d
}

// headers keeps what a client chose. The values of the metadata are not compared, but
// their names are.
func (n *normaliser) headers(h http.Header) map[string]any {
	out := map[string]any{}
	for k, v := range h {
		k = strings.ToLower(k)
		switch k {
		case "content-length", "accept-encoding", "connection", "host", "transfer-encoding":
			continue
		case "x-codex-turn-metadata":
			var m map[string]any
			if json.Unmarshal([]byte(v[0]), &m) == nil {
				delete(m, "turn_started_at_unix_ms")
				delete(m, "workspaces") // filled in meanwhile, or not
				out[k] = n.value(m)
				continue
			}
		}
		out[k] = n.text(strings.Join(v, ", "))
	}
	return out
}

// usual is the request of a plain prompt, as the original makes it. What is stored of a
// run's first request is how it differs from this one.
func usual() *ask {
	word := func(s string) []any {
		var out []any
		for _, w := range strings.Fields(s) {
			out = append(out, w)
		}
		return out
	}
	return &ask{
		path: "/v1/responses",
		headers: map[string]any{
			"accept": "text/event-stream", "authorization": "Bearer sk-mock", "content-type": "application/json", "originator": "codex_exec",
			"session-id": "THREAD", "thread-id": "THREAD", "x-client-request-id": "THREAD", "x-codex-window-id": "THREAD:0",
			"user-agent":            "codex_exec/V (OS) xterm-256color (codex_exec; V)",
			"x-codex-beta-features": "terminal_resize_reflow",
			"x-codex-turn-metadata": map[string]any{"sandbox": "seccomp", "session_id": "THREAD", "thread_id": "THREAD", "thread_source": "user", "turn_id": "UUID"},
		},
		keys: word("model instructions input tools tool_choice parallel_tool_calls reasoning store stream include prompt_cache_key text client_metadata"),
		rest: map[string]any{
			"client_metadata": map[string]any{"x-codex-installation-id": "UUID"}, "include": word("reasoning.encrypted_content"), "instructions": "<prose>",
			"model": "gpt-5.5", "parallel_tool_calls": true, "prompt_cache_key": "THREAD", "reasoning": map[string]any{"effort": "medium"},
			"store": false, "stream": true, "text": map[string]any{"verbosity": "low"}, "tool_choice": "auto",
		},
		tools: strings.Fields("exec_command write_stdin update_plan get_goal create_goal update_goal request_user_input apply_patch view_image tool_search web_search"),
	}
}

// since gives a request as what it adds to the one before.
func (q *ask) since(before *ask) any {
	out := map[string]any{}
	same := 0
	for same < len(q.input) && same < len(before.input) && bytes.Equal(encode(q.input[same]), encode(before.input[same])) {
		same++
	}
	if q.path != before.path {
		out["path"] = q.path
	}
	if d := changed(before.headers, q.headers); len(d) > 0 {
		out["headers"] = d
	}
	if !bytes.Equal(encode(q.keys), encode(before.keys)) {
		out["keys"] = q.keys
	}
	if d := changed(before.rest, q.rest); len(d) > 0 {
		out["rest"] = d
	}
	if d := toolChanges(before.tools, q.tools); len(d) > 0 {
		out["tools"] = d
	}
	if len(before.input) > 0 {
		out["same"], out["of"] = float64(same), float64(len(before.input))
	}
	out["input"] = append([]any{}, q.input[same:]...)
	return plain(out)
}

func changed(before, now map[string]any) map[string]any {
	d := map[string]any{}
	for k, v := range now {
		if old, ok := before[k]; !ok || !bytes.Equal(encode(old), encode(v)) {
			d[k] = v
		}
	}
	for k := range before {
		if _, ok := now[k]; !ok {
			d[k] = "<gone>"
		}
	}
	return d
}

// plain turns v into what decoding its JSON gives.
func plain(v any) any {
	var out any
	if err := json.Unmarshal(encode(v), &out); err != nil {
		panic(err) // v was encoded just now
	}
	return out
}

// elided leaves prose out of messages that no user wrote: what the original tells a
// model in other words than we do.
func (n *normaliser) elided(input any) any {
	items, _ := input.([]any)
	for _, it := range items {
		m, _ := it.(map[string]any)
		if m["type"] != "message" || m["role"] == "assistant" {
			continue
		}
		parts, _ := m["content"].([]any)
		for _, p := range parts {
			part, _ := p.(map[string]any)
			if text, ok := part["text"].(string); ok {
				part["text"] = elide(text)
			}
		}
	}
	return input
}

func elide(text string) string {
	for _, tag := range []string{"permissions instructions", "skills_instructions", "model_switch", "turn_aborted", "collaboration_mode", "personality_spec"} {
		if strings.HasPrefix(text, "<"+tag+">") {
			return "<" + tag + ">"
		}
	}
	const tail = "</cwd>\n  <shell>bash</shell>\n  <current_date>D</current_date>\n  <timezone>Etc/UTC</timezone>\n</environment_context>"
	if cwd, ok := strings.CutPrefix(text, "<environment_context>\n  <cwd>"); ok && strings.HasSuffix(cwd, tail) {
		return "<environment of " + strings.TrimSuffix(cwd, tail) + ">"
	}
	if strings.HasPrefix(text, "<prose ") {
		return "<prose>"
	}
	if len(text) > 120 && !strings.HasPrefix(text, "# AGENTS.md") && !strings.Contains(text, "<stdin>") && !strings.HasPrefix(text, "Codex c") {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		if last := lines[len(lines)-1]; len(lines) > 1 && len(last) < 40 {
			return "<prose>\n" + last
		}
		return "<prose>"
	}
	return text
}

// briefs puts the usual items of an input shortly: {"user":["text"]}, {"call":"name",
// "args":…,"id":…}, {"output":…,"id":…}. Any other item stays as it is.
func briefs(input any) []any {
	items, _ := input.([]any)
	out := make([]any, len(items))
	for i, it := range items {
		out[i] = brief(it)
	}
	return out
}

func brief(it any) any {
	m, _ := it.(map[string]any)
	typ, _ := m["type"].(string)
	role, _ := m["role"].(string)
	switch {
	case typ == "message" && role != "" && len(m) == 3:
		parts, _ := m["content"].([]any)
		texts := make([]any, len(parts))
		for i, p := range parts {
			texts[i] = p
			part, _ := p.(map[string]any)
			kind := map[bool]string{true: "output_text", false: "input_text"}[role == "assistant"]
			if part["type"] == kind && len(part) == 2 {
				texts[i] = part["text"]
			}
		}
		return map[string]any{role: texts}
	case typ == "function_call" && len(m) == 4 && m["call_id"] != nil:
		return map[string]any{"call": m["name"], "args": m["arguments"], "id": m["call_id"]}
	case typ == "function_call_output" && len(m) == 3:
		return map[string]any{"output": m["output"], "id": m["call_id"]}
	}
	return it
}

// unordered sorts events whose order is chance, and takes their numbers away.
func unordered(events []any) []any {
	var items, rest []any
	for _, e := range events {
		m, _ := e.(map[string]any)
		it, ok := m["item"].(map[string]any)
		if !ok {
			rest = append(rest, e)
			continue
		}
		delete(it, "id")
		items = append(items, e)
	}
	sort.Slice(items, func(i, j int) bool { return bytes.Compare(encode(items[i]), encode(items[j])) < 0 })
	return append(items, rest...)
}

// files is the work tree afterwards, and what was written beside it.
func (s *scene) files(t *testing.T) any {
	n := s.normaliser()
	out := map[string]any{}
	for _, dir := range []string{s.work, filepath.Join(s.root, "outside")} {
		err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			switch {
			case os.IsNotExist(err):
				return nil
			case err != nil:
				return err
			case d.IsDir() && d.Name() == ".git":
				return fs.SkipDir
			case d.IsDir():
				return nil
			}
			rel, err := filepath.Rel(s.root, p)
			if err != nil {
				return err
			}
			rel = strings.TrimPrefix(rel, "work/")
			if d.Type()&fs.ModeSymlink != 0 {
				to, err := os.Readlink(p)
				out[rel] = "-> " + n.text(to)
				return err
			}
			b, err := os.ReadFile(p)
			text := n.text(string(b))
			if !utf8.ValidString(text) {
				text = "<<" + digest(text) + ">>"
			}
			out[rel] = shorten(text)
			return err
		})
		check(t, err)
	}
	return out
}
