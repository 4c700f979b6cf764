package tests

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codex/pkg/protocol"
)

// speaker is a program that answers lines on its stdin.
type speaker struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Scanner
	id  int
}

func speak(t *testing.T, name string, args ...string) *speaker {
	t.Helper()
	cmd := exec.Command(filepath.Join(binaries, name), args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "CODEX_HOME="+t.TempDir(), "OPENAI_API_KEY=")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		// 1 says that there was no thread to resume.
		if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("%s: %v", name, err)
		}
	})
	s := &speaker{t: t, in: in, out: bufio.NewScanner(out)}
	s.ask(protocol.MethodInitialize, `{"clientInfo":{"name":"t","version":"1"},"capabilities":{"experimentalApi":true}}`)
	return s
}

// ask gives the error of a request, "" for a result.
func (s *speaker) ask(method, params string) string {
	s.t.Helper()
	s.id++
	if _, err := fmt.Fprintf(s.in, `{"method":"%s","id":%d,"params":%s}`+"\n", method, s.id, params); err != nil {
		s.t.Fatal(err)
	}
	for s.out.Scan() {
		var m struct {
			ID    int
			Error *struct {
				Code    int
				Message string
			}
		}
		if err := json.Unmarshal(s.out.Bytes(), &m); err != nil {
			s.t.Fatalf("%s: %v", s.out.Bytes(), err)
		}
		if m.ID != s.id {
			continue
		}
		if m.Error == nil {
			return ""
		}
		return fmt.Sprintf("%d %s", m.Error.Code, m.Error.Message)
	}
	s.t.Fatalf("no answer to %s %s", method, params)
	return ""
}

// TestParams holds that the engine and the router say the same about params that are not
// what a method takes: the same words from the same decoder. Only the threadId may be
// left out of what a codex-turn is asked, which has one thread.
func TestParams(t *testing.T) {
	turn, router := speak(t, "codex-turn"), speak(t, "codex-app-server")
	const thread = `"threadId":"01900000-0000-7000-8000-000000000000"`
	wrong := 0
	compare := func(method, params string) {
		t.Helper()
		a, b := turn.ask(method, params), router.ask(method, params)
		const refused = "-32600 Invalid request: "
		if strings.HasPrefix(a, refused) || strings.HasPrefix(b, refused) {
			wrong++
			if a != b {
				t.Errorf("%s %s\ncodex-turn: %s\napp-server: %s", method, params, a, b)
			}
		}
	}
	for method, params := range map[string]string{
		protocol.MethodTurnStart: `{` + thread + `,"input":[{"type":"text","text":"x","text_elements":[]}],"cwd":"/","approvalPolicy":"never",` +
			`"sandboxPolicy":{"type":"readOnly"},"model":"m","effort":"low","summary":"auto","personality":"pragmatic","outputSchema":{},` +
			`"serviceTier":"fast","collaborationMode":{"mode":"plan","settings":{"model":"m","reasoning_effort":null,"developer_instructions":null}}}`,
		protocol.MethodTurnSteer:                      `{` + thread + `,"input":[{"type":"image","url":"x"}],"expectedTurnId":"x"}`,
		protocol.MethodTurnInterrupt:                  `{` + thread + `,"turnId":"x"}`,
		protocol.MethodThreadRead:                     `{` + thread + `,"includeTurns":false}`,
		protocol.MethodThreadNameSet:                  `{` + thread + `,"name":"n"}`,
		protocol.MethodThreadCompactStart:             `{` + thread + `}`,
		protocol.MethodThreadBackgroundTerminalsClean: `{` + thread + `}`,
		protocol.MethodThreadInjectItems:              `{` + thread + `,"items":[]}`,
		protocol.MethodThreadShellCommand:             `{` + thread + `,"command":"x"}`,
		protocol.MethodThreadRollback:                 `{` + thread + `,"numTurns":1}`,
		protocol.MethodThreadSettingsUpdate:           `{` + thread + `,"cwd":"/","approvalPolicy":{"granular":{"sandbox_approval":true,"rules":true,"mcp_elicitations":true}},"permissions":"p"}`,
		protocol.MethodReviewStart:                    `{` + thread + `,"target":{"type":"commit","sha":"x","title":null},"delivery":"inline"}`,
		protocol.MethodThreadResume:                   `{` + thread + `,"path":null,"sandbox":"read-only","config":{},"excludeTurns":true}`,
	} {
		var valid map[string]json.RawMessage
		if err := json.Unmarshal([]byte(params), &valid); err != nil {
			t.Fatal(err)
		}
		compare(method, params)
		compare(method, `[]`)
		for _, name := range slices.Sorted(maps.Keys(valid)) {
			for _, value := range []string{"", `null`, `5`, `-1.5`, `true`, `"bogus"`, `[]`, `[5]`, `[{}]`, `[{"type":"bogus"}]`, `{}`, `{"type":"bogus"}`, `{"type":5}`, `{"granular":{"rules":1}}`} {
				if name == "threadId" && value == "" {
					continue
				}
				bad := maps.Clone(valid)
				if bad[name] = json.RawMessage(value); value == "" {
					delete(bad, name)
				}
				line, err := json.Marshal(bad)
				if err != nil {
					t.Fatal(err)
				}
				compare(method, string(line))
			}
		}
	}
	for _, params := range []string{`{"cwd":5}`, `{"sandbox":"bogus"}`, `{"sandbox":5}`, `{"approvalPolicy":"bogus"}`, `{"approvalPolicy":{"x":1}}`,
		`{"personality":"x"}`, `{"config":[]}`, `{"ephemeral":"x"}`, `{"serviceTier":5}`, `{"dynamicTools":{}}`, `[]`} {
		compare(protocol.MethodThreadStart, params)
	}
	if wrong < 200 {
		t.Errorf("%d params were refused", wrong)
	}
}
