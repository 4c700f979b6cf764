package appserver

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"codex/pkg/cli/pipeline"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/protocol/schema"
	"codex/pkg/thread"
	"codex/tests/earlier"
)

func server(t testing.TB) (*Server, *conn, *sink) {
	t.Helper()
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte("model_provider = \"m\"\n[model_providers.m]\nname = \"m\"\nbase_url = \"http://127.0.0.1:1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{Config: config.Options{Env: config.Env{Home: home, Cwd: home, Get: func(k string) string {
		if k == "CODEX_HOME" {
			return home
		}
		return ""
	}}}, Engine: pipeline.Command{Name: "none", Path: "/proc/absent"}, Executor: []string{filepath.Join(home, "none")}, Log: log.New(io.Discard, "", 0)})
	if err != nil {
		t.Fatal(err)
	}
	k := &sink{lines: make(chan string, 4096)}
	c := s.newConn(k, true)
	t.Cleanup(func() {
		c.out.Close()
		s.queue.Wait() // jobs in the background write to home
	})
	return s, c, k
}

// sink is a link that keeps what is written.
type sink struct{ lines chan string }

func (k *sink) read() ([]byte, error) { return nil, io.EOF }
func (k *sink) close()                {}
func (k *sink) write(line []byte) error {
	select {
	case k.lines <- string(line):
	default: // nobody looks any more
	}
	return nil
}

// ask sends a request and gives the answer.
func (k *sink) ask(s *Server, c *conn, line string) string {
	_ = c.rpc.Line([]byte(line))
	for l := range k.lines {
		if !strings.HasPrefix(l, `{"method"`) {
			return l
		}
	}
	return ""
}

func TestEveryMethodAnswers(t *testing.T) {
	s, c, k := server(t)
	k.ask(s, c, `{"method":"initialize","id":0,"params":{"clientInfo":{"name":"t","version":"1"},"capabilities":{"experimentalApi":true}}}`)
	for _, m := range protocol.Methods() {
		if m.Kind != protocol.ClientRequest || m.Name == protocol.MethodInitialize {
			continue
		}
		e, ok := s.methods[m.Name]
		if !ok {
			t.Errorf("%s is not in the table", m.Name)
			continue
		}
		if e.Experimental != (m.Experimental && m.Name != protocol.MethodThreadTurnsList) { // 0.171.0 has made that one stable
			t.Errorf("%s: experimental is %v", m.Name, e.Experimental)
		}
		if m.Name == protocol.MethodFeedbackUpload {
			continue
		}
		got := k.ask(s, c, fmt.Sprintf(`{"method":%q,"id":"x","params":{"threadId":"01a202dd-a919-73f2-a683-85da106f5c34"}}`, m.Name))
		if !strings.Contains(got, `"id":"x"`) {
			t.Errorf("%s: %s", m.Name, got)
		}
	}
}

func TestParams(t *testing.T) {
	s, c, k := server(t)
	if got := k.ask(s, c, `{"method":"thread/list","id":77,"params":{}}`); got != `{"error":{"code":-32600,"message":"Not initialized"},"id":77}` {
		t.Error(got)
	}
	k.ask(s, c, `{"method":"initialize","id":0,"params":{"clientInfo":{"name":"t","version":"1"}}}`)
	for _, tc := range []struct{ line, want string }{
		{`{"method":"initialize","id":2,"params":{"clientInfo":{"name":"x","version":"1"}}}`, "Already initialized"},
		{`{"method":"nope/method","id":3,"params":{}}`, "unknown variant `nope/method`"},
		{`{"method":"thread/start","id":4,"params":{"cwd":5}}`, "Invalid request: invalid type: integer `5`, expected a string"},
		{`{"method":"thread/start","id":4}`, "Invalid request: missing field `params`"},
		{`{"method":"thread/start","id":4,"params":{"sandbox":"bogus"}}`, "unknown variant `bogus`, expected one of `read-only`"},
		{`{"method":"turn/start","id":5,"params":{"threadId":"zzz","input":[]}}`, "invalid thread id: invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `z` at 1"},
		{`{"method":"turn/start","id":5,"params":{"input":[]}}`, "missing field `threadId`"},
		{`{"method":"turn/start","id":5,"params":{"threadId":"01a202dd-a919-73f2-a683-85da106f5c34","input":[]}}`, "thread not found: 01a202dd-a919-73f2-a683-85da106f5c34"},
		{`{"method":"thread/read","id":5,"params":{"threadId":"01a202dd-a919-73f2-a683-85da106f5c34"}}`, "thread not loaded: 01a202dd"},
		{`{"method":"thread/resume","id":5,"params":{"threadId":"01a202dd-a919-73f2-a683-85da106f5c34"}}`, "no rollout found for thread id 01a202dd"},
		{`{"method":"thread/items/read","id":2,"params":{"threadId":"x","turnId":"y","itemIds":[]}}`, "thread/items/read requires experimentalApi capability"},
		{`{"method":"thread/start","id":5,"params":{"dynamicTools":[]}}`, "thread/start.dynamicTools requires experimentalApi capability"},
		{`{"method":"thread/list","id":5,"params":{"cursor":"bad"}}`, "invalid cursor: bad"},
		{`{"method":"thread/approveGuardianDeniedAction","id":5,"params":{}}`, "thread/approveGuardianDeniedAction is not supported yet"},
	} {
		got := k.ask(s, c, tc.line)
		var m struct{ Error struct{ Message string } }
		if json.Unmarshal([]byte(got), &m) != nil || !strings.Contains(m.Error.Message, tc.want) {
			t.Errorf("%s\n%s\nwant %s", tc.line, got, tc.want)
		}
	}
}

func TestSignedTokens(t *testing.T) {
	dir := t.TempDir()
	secret := strings.Repeat("s", 32)
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_000_000, 0)
	check, err := SocketAuth{Mode: "signed-bearer-token", SecretFile: "secret", Issuer: "me", Audience: "you", Skew: -1}.Check(dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	sign := func(head, body, key string) string {
		e := base64.RawURLEncoding
		text := e.EncodeToString([]byte(head)) + "." + e.EncodeToString([]byte(body))
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(text))
		return text + "." + e.EncodeToString(mac.Sum(nil))
	}
	const hs = `{"alg":"HS256"}`
	for _, tc := range []struct {
		token string
		ok    bool
	}{
		{sign(hs, `{"exp":1000100,"iss":"me","aud":"you"}`, secret), true},
		{sign(hs, `{"exp":999980,"iss":"me","aud":["us","you"]}`, secret), true}, // within the skew
		{sign(hs, `{"exp":999900,"iss":"me","aud":"you"}`, secret), false},
		{sign(hs, `{"iss":"me","aud":"you"}`, secret), false},
		{sign(hs, `{"exp":1000100,"nbf":1000090,"iss":"me","aud":"you"}`, secret), false},
		{sign(hs, `{"exp":1000100,"iss":"other","aud":"you"}`, secret), false},
		{sign(hs, `{"exp":1000100,"iss":"me","aud":"us"}`, secret), false},
		{sign(hs, `{"exp":1000100,"iss":"me","aud":"you"}`, "wrong"), false},
		{sign(`{"alg":"none"}`, `{"exp":1000100,"iss":"me","aud":"you"}`, secret), false},
		{"a.b", false}, {"", false},
	} {
		if err := check([]string{"Bearer " + tc.token}); (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.token, err)
		}
	}
	sum := sha256.Sum256([]byte("tok"))
	check, err = SocketAuth{Mode: "capability-token", TokenSHA256: hex.EncodeToString(sum[:]), Skew: -1}.Check(dir, time.Now)
	if err != nil || check([]string{"bearer tok"}) != nil || check([]string{"Bearer tokk"}) == nil {
		t.Error("capability token", err)
	}
}

// sessionsIn makes n session files.
func sessionsIn(t testing.TB, home string, n int) []string {
	t.Helper()
	var ids []string
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range n {
		u := uuid.Must(uuid.NewV7())
		ms := at.Add(time.Duration(i) * time.Minute).UnixMilli()
		for j := range 6 {
			u[j] = byte(ms >> (40 - 8*j))
		}
		id := u.String()
		start, _ := thread.IDTime(id)
		path := thread.Path(home, id, start)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf(`{"timestamp":"x","type":"session_meta","payload":{"id":%q,"timestamp":%q,"cwd":"/w","cli_version":"0.133.0","source":"cli","model_provider":"m"}}`+"\n"+
			`{"timestamp":"x","type":"event_msg","payload":{"type":"user_message","message":"prompt %d"}}`+"\n", id, start.UTC().Format(cursorTime), i)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

func TestListPages(t *testing.T) {
	s, c, k := server(t)
	ids := sessionsIn(t, s.home, 7)
	k.ask(s, c, `{"method":"initialize","id":0,"params":{"clientInfo":{"name":"t","version":"1"}}}`)
	cursor := "null"
	var got []string
	for range 10 {
		var m struct{ Result protocol.ThreadListResponse }
		line := k.ask(s, c, `{"method":"thread/list","id":1,"params":{"limit":3,"cursor":`+cursor+`}}`)
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err, line)
		}
		for _, th := range m.Result.Data {
			got = append(got, th.ID)
		}
		if m.Result.NextCursor == nil {
			break
		}
		cursor = string(raw(*m.Result.NextCursor))
	}
	slices.Reverse(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("got %v\nwant %v", got, ids)
	}
	for _, tc := range []struct {
		params string
		n      int
	}{
		{`{"searchTerm":"PROMPT 3"}`, 1}, {`{"sourceKinds":["exec"]}`, 0}, {`{"modelProviders":["x"]}`, 0}, {`{"modelProviders":[]}`, 7},
		{`{"cwd":"/w/"}`, 7}, {`{"cwd":["/nope"]}`, 0}, {`{"cwd":[]}`, 0}, {`{"archived":true}`, 0}, {`{"limit":0}`, 1}, {`{"sortKey":"updated_at","sortDirection":"asc"}`, 7},
	} {
		var m struct{ Result protocol.ThreadListResponse }
		if err := json.Unmarshal([]byte(k.ask(s, c, `{"method":"thread/list","id":1,"params":`+tc.params+`}`)), &m); err != nil || len(m.Result.Data) != tc.n {
			t.Errorf("%s: %d threads, want %d (%v)", tc.params, len(m.Result.Data), tc.n, err)
		}
	}
}

func BenchmarkList10000(b *testing.B) {
	s, c, k := server(b)
	sessionsIn(b, s.home, 10000)
	k.ask(s, c, `{"method":"initialize","id":0,"params":{"clientInfo":{"name":"t","version":"1"}}}`)
	for _, params := range []string{`{}`, `{"sortKey":"updated_at"}`, `{"searchTerm":"prompt 77"}`} {
		b.Run(params, func(b *testing.B) {
			for b.Loop() {
				k.ask(s, c, `{"method":"thread/list","id":1,"params":`+params+`}`)
			}
		})
	}
}

// FuzzHandle holds that a request has one answer, and one whose id cannot be an answer's too;
// anything else has none.
func FuzzHandle(f *testing.F) {
	for _, seed := range []string{`{"method":"thread/list","id":1,"params":{}}`, `{"id":0,"result":{}}`, `{"method":"turn/start","id":"a","params":{"threadId":"x","input":[{"type":"text"}]}}`,
		`{"method":"config/value/write","id":1,"params":{"keyPath":"a.\"b\"","value":{"c":[1]},"mergeStrategy":"upsert"}}`, `not json`, `{"method":"thread/start","id":1,"params":{"config":{"a":{"b":1}}}}`, `{"method":"x","id":{}}`} {
		f.Add([]byte(seed))
	}
	s, c, k := server(f)
	k.ask(s, c, `{"method":"initialize","id":0,"params":{"clientInfo":{"name":"t","version":"1"},"capabilities":{"experimentalApi":true}}}`)
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, m := range []string{"fs/", "feedback", "login"} { // they write where they are told to
			if strings.Contains(string(line), m) {
				t.Skip()
			}
		}
		m, err := jsonrpc.Parse(bytes.Clone(line))
		_ = c.rpc.Line(line)
		s.queue.Wait()
		c.out.Flush(t.Context())
		answers := 0
		for len(k.lines) > 0 {
			if a, err := jsonrpc.Parse([]byte(<-k.lines)); err != nil || a.Kind == jsonrpc.KindResponse || a.Kind == jsonrpc.KindFailure {
				answers++
			}
		}
		if want := err == nil && m.Kind == jsonrpc.KindRequest || errors.Is(err, jsonrpc.ErrID); want != (answers == 1) {
			t.Errorf("%d answers to %q", answers, line)
		}
	})
}

// TestRequirements: clients are told what an administrator allows, null where that is
// everything.
func TestRequirements(t *testing.T) {
	s, c, k := server(t)
	s.local.Config.Env.SystemDir = t.TempDir()
	k.ask(s, c, `{"method":"initialize","id":0,"params":{"clientInfo":{"name":"t","version":"1"}}}`)
	if got := k.ask(s, c, `{"method":"configRequirements/read","id":1}`); string(earlier.Line(protocol.MethodConfigRequirementsRead, []byte(got))) != `{"id":1,"result":{"requirements":null}}` {
		t.Error(got)
	}
	text := "allowed_approval_policies = [\"on-request\", \"never\"]\nallowed_sandbox_modes = [\"read-only\", \"workspace-write\"]\n"
	if err := os.WriteFile(filepath.Join(s.local.Config.Env.SystemDir, "requirements.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := k.ask(s, c, `{"method":"configRequirements/read","id":1}`)
	for _, want := range []string{`"allowedApprovalPolicies":["on-request","never"]`, `"allowedSandboxModes":["read-only","workspace-write"]`, `"allowedWebSearchModes":null`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	if err := schema.Validate(protocol.MethodConfigRequirementsRead, []byte(got)); err != nil {
		t.Error(err)
	}
}

// TestItemsTwice: a model gives the id of a call again in one turn; pages go on all the same.
func TestItemsTwice(t *testing.T) {
	var turns []protocol.Turn
	for _, turn := range []string{"a", "b"} {
		var items protocol.ThreadItems
		for _, id := range []string{"call", "call", "say", "call"} {
			items = append(items, &protocol.PlanItem{Type: protocol.ItemPlan, ID: id})
		}
		turns = append(turns, protocol.Turn{ID: turn, Items: items})
	}
	limit := uint32(1)
	for _, dir := range []protocol.SortDirection{protocol.SortDirectionAsc, protocol.SortDirectionDesc} {
		var cursor json.RawMessage
		var got []string
		for range 9 {
			page, err := itemsPage(turns, &protocol.ThreadItemsListParams{Limit: &limit, SortDirection: &dir, Cursor: cursor})
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page.Data[0].TurnID+" "+page.Data[0].Item.ItemID())
			if page.NextCursor == nil {
				break
			}
			cursor = raw(*page.NextCursor)
		}
		want := []string{"a call", "a call", "a say", "a call", "b call", "b call", "b say", "b call"}
		if dir == protocol.SortDirectionDesc {
			slices.Reverse(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", dir, got)
		}
	}
}
