package protocol_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"codex/pkg/jsonrpc"

	. "codex/pkg/protocol"
	"codex/tests/earlier"
)

func str(s string) *string { return &s }

// TestShapes pins how each kind of field and union is written.
func TestShapes(t *testing.T) {
	code := uint16(429)
	for _, c := range []struct {
		name string
		in   any
		want string
	}{
		{"list is never null", Turn{ID: "t", Status: TurnStatusInProgress, ItemsView: TurnItemsViewNotLoaded},
			`{"id":"t","items":[],"itemsView":"notLoaded","status":"inProgress","error":null,"startedAt":null,"completedAt":null,"durationMs":null}`},
		{"map is never null", &CollabAgentToolCallItem{Type: ItemCollabAgentToolCall}, `"receiverThreadIds":[],"prompt":null,"model":null,"reasoningEffort":null,"agentsStates":{}`},
		{"nullable array", &DynamicToolCallItem{Type: ItemDynamicToolCall}, `"contentItems":null,"success":null`},
		{"left out", ConfigWarningNotification{Summary: "s"}, `{"summary":"s","details":null}`},
		{"empty params", TurnSteerParams{}, `{"threadId":"","input":[],"expectedTurnId":""}`},
		{"active", ThreadStatus{Type: ThreadStatusActive}, `{"type":"active","activeFlags":[]}`},
		{"idle", ThreadStatus{Type: ThreadStatusIdle}, `{"type":"idle"}`},
		{"unknown variant", ThreadStatus{Type: "asleep"}, `{"type":"asleep"}`},
		{"text", UserInput{Type: UserInputText, Text: "a", Path: "ignored"}, `{"type":"text","text":"a","text_elements":[]}`},
		{"image", UserInput{Type: UserInputImage, URL: "u"}, `{"type":"image","detail":null,"url":"u"}`},
		{"skill", UserInput{Type: UserInputSkill, Name: "n", Path: "p"}, `{"type":"skill","name":"n","path":"p"}`},
		{"read", CommandAction{Type: CommandActionRead, Command: "cat a", Name: "a", Path: str("/a")}, `{"type":"read","command":"cat a","name":"a","path":"/a"}`},
		{"search", CommandAction{Type: CommandActionSearch, Command: "grep"}, `{"type":"search","command":"grep","query":null,"path":null}`},
		{"update", PatchChangeKind{Type: PatchChangeKindUpdate}, `{"type":"update","move_path":null}`},
		{"policy word", AskForApproval{Mode: ApprovalNever}, `"never"`},
		{"policy object", AskForApproval{Granular: &GranularApproval{Rules: true}},
			`{"granular":{"sandbox_approval":false,"rules":true,"skill_approval":false,"request_permissions":false,"mcp_elicitations":false}}`},
		{"error word", CodexErrorInfo{Kind: ErrorInfoOther}, `"other"`},
		{"error object", CodexErrorInfo{ResponseTooManyFailedAttempts: &HTTPStatusInfo{&code}}, `{"responseTooManyFailedAttempts":{"httpStatusCode":429}}`},
		{"error without status", CodexErrorInfo{HTTPConnectionFailed: &HTTPStatusInfo{}}, `{"httpConnectionFailed":{"httpStatusCode":null}}`},
		{"source", SessionSource{Custom: str("atlas")}, `{"custom":"atlas"}`},
		{"spawned", SessionSource{SubAgent: &SubAgentSource{Name: "review"}}, `{"subAgent":"review"}`},
		{"amendment", CommandExecutionApprovalDecision{AcceptWithExecpolicyAmendment: &AcceptWithExecpolicyAmendment{List[string]{"ls", "-l"}}},
			`{"acceptWithExecpolicyAmendment":{"execpolicy_amendment":["ls","-l"]}}`},
		{"full access", SandboxPolicy{Type: SandboxPolicyDangerFullAccess, NetworkAccess: true}, `{"type":"dangerFullAccess"}`},
		{"read only", SandboxPolicy{Type: SandboxPolicyReadOnly}, `{"type":"readOnly","networkAccess":false}`},
		{"external", SandboxPolicy{Type: SandboxPolicyExternalSandbox, NetworkAccess: true}, `{"type":"externalSandbox","networkAccess":"enabled"}`},
		{"workspace", SandboxPolicy{Type: SandboxPolicyWorkspaceWrite, WritableRoots: []string{"/w"}},
			`{"type":"workspaceWrite","writableRoots":["/w"],"networkAccess":false,"excludeTmpdirEnvVar":false,"excludeSlashTmp":false}`},
		{"one folder", ThreadListParams{Cwd: &ThreadListCwdFilter{"/w"}}, `{"cwd":"/w"}`},
		{"folders", ThreadListParams{Cwd: &ThreadListCwdFilter{"/v", "/w"}}, `{"cwd":["/v","/w"]}`},
		{"keep", ThreadMetadataGitInfoUpdateParams{}, `{}`},
		{"clear and set", ThreadMetadataGitInfoUpdateParams{Sha: Patch[string]{Set: true}, Branch: Patch[string]{true, str("b")}}, `{"sha":null,"branch":"b"}`},
		{"extra keys", Config{Extra: map[string]json.RawMessage{"z": []byte("1"), "notify": []byte(`["x"]`)}}, `"desktop":null,"notify":["x"],"z":1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := jsonrpc.Marshal(c.in)
			if err != nil {
				t.Fatal(err)
			}
			got = earlier.Value(reflect.TypeOf(c.in), got)
			if !strings.Contains(string(got), c.want) || c.want[0] == '{' && string(got) != c.want {
				t.Fatalf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestNoEscaping: < > & go through every kind of marshaller as they are.
func TestNoEscaping(t *testing.T) {
	const s = "<a> & <b>"
	var b bytes.Buffer
	err := jsonrpc.NewWriter(&b).Notify(NoteItemStarted, ItemStartedNotification{Item: &CommandExecutionItem{
		Type:           ItemCommandExecution,
		Command:        s,
		CommandActions: []CommandAction{{Type: CommandActionListFiles, Command: s, Path: str(s)}},
	}})
	if err == nil {
		err = jsonrpc.NewWriter(&b).Notify("x", SessionSource{Custom: str(s)})
	}
	if err == nil {
		err = jsonrpc.NewWriter(&b).Notify("x", OneOrMany{s})
	}
	if err == nil {
		err = jsonrpc.NewWriter(&b).Notify("x", Config{Extra: map[string]json.RawMessage{s: []byte(`"` + s + `"`)}})
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(b.String(), s); got != 7 || strings.Contains(b.String(), `\u00`) {
		t.Fatalf("%d of 7 in %s", got, b.String())
	}
}

// TestUnions decodes what the tagged and external unions accept and refuse.
func TestUnions(t *testing.T) {
	for _, c := range []struct {
		name, in string
		into     any
		ok       bool
	}{
		{"mode", `"on-request"`, new(AskForApproval), true},
		{"later mode", `"sometimes"`, new(AskForApproval), true},
		{"granular", `{"granular":{"rules":true,"sandbox_approval":true,"mcp_elicitations":true}}`, new(AskForApproval), true},
		{"unknown object", `{"other":{}}`, new(AskForApproval), false},
		{"number", `5`, new(AskForApproval), false},
		{"policy", `{"type":"workspaceWrite"}`, new(SandboxPolicy), true},
		{"policy external", `{"type":"externalSandbox","networkAccess":"restricted"}`, new(SandboxPolicy), true},
		{"policy external wrong word", `{"type":"externalSandbox","networkAccess":"some"}`, new(SandboxPolicy), false},
		{"policy word for bool", `{"type":"readOnly","networkAccess":"enabled"}`, new(SandboxPolicy), false},
		{"policy unknown", `{"type":"padded"}`, new(SandboxPolicy), false},
		{"policy without type", `{}`, new(SandboxPolicy), false},
		{"one", `"a"`, new(OneOrMany), true},
		{"many", `["a","b"]`, new(OneOrMany), true},
		{"none", `[]`, new(OneOrMany), true},
		{"neither", `{}`, new(OneOrMany), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := json.Unmarshal([]byte(c.in), c.into)
			if (err == nil) != c.ok {
				t.Fatalf("got %v", err)
			}
			if err != nil {
				return
			}
			out, err := jsonrpc.Marshal(c.into)
			if err != nil {
				t.Fatal(err)
			}
			if d := lost([]byte(c.in), out); d != "" {
				t.Fatalf("%s lost in %s", d, out)
			}
		})
	}
	if _, err := jsonrpc.Marshal(SandboxPolicy{Type: "padded"}); err == nil {
		t.Error("a policy of unknown type was written")
	}
}
