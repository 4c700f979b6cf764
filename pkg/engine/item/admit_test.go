package item

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// Items of a response, and how 0.133.0 sent them back in the next request.
func admitCases() [][2]string {
	return [][2]string{
		{`{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"weather"}}`,
			`{"type":"web_search_call","status":"completed","action":{"type":"search","query":"weather"}}`},
		{`{"type":"web_search_call","id":"ws_2","status":"completed","action":{"type":"open_page","url":"http://x"}}`,
			`{"type":"web_search_call","status":"completed","action":{"type":"open_page","url":"http://x"}}`},
		{`{"type":"mystery","id":"m"}`, ""},
		{`{"type":"tool_search_call","call_id":"ts1","execution":"client","status":"completed","arguments":{"query":"foo"}}`,
			`{"type":"tool_search_call","call_id":"ts1","status":"completed","execution":"client","arguments":{"query":"foo"}}`},
		{`{"type":"reasoning","id":"rs_resp_1_0","summary":[{"type":"summary_text","text":"**Thinking** about it"}],"encrypted_content":"ENCresp_1_0"}`,
			`{"type":"reasoning","summary":[{"type":"summary_text","text":"**Thinking** about it"}],"content":null,"encrypted_content":"ENCresp_1_0"}`},
		{`{"type":"message","role":"assistant","id":"msg_resp_1_1","phase":"commentary","content":[{"type":"output_text","text":"Let me look.","annotations":[]}]}`,
			`{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Let me look."}],"phase":"commentary"}`},
		{`{"type":"function_call","id":"fc_resp_1_2","call_id":"call_resp_1_2","name":"exec_command","arguments":"{\"cmd\": \"echo hi; ls\"}"}`,
			`{"type":"function_call","name":"exec_command","arguments":"{\"cmd\": \"echo hi; ls\"}","call_id":"call_resp_1_2"}`},
		{`{"type":"custom_tool_call","id":"ct_1","call_id":"call_resp_1_0","name":"apply_patch","input":"*** Begin <&> Patch","status":"completed"}`,
			`{"type":"custom_tool_call","status":"completed","call_id":"call_resp_1_0","name":"apply_patch","input":"*** Begin <&> Patch"}`},
		{`{"type":"local_shell_call","id":"ls_1","call_id":"call_resp_1_3","status":"completed","action":{"type":"exec","command":["echo","hi"]}}`,
			`{"type":"local_shell_call","call_id":"call_resp_1_3","status":"completed","action":{"type":"exec","command":["echo","hi"],"timeout_ms":null,"working_directory":null,"env":null,"user":null}}`},
		{`{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"RAW","x":1},{"type":"text","text":"T"}],"encrypted_content":"E"}`,
			`{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"RAW"},{"type":"text","text":"T"}],"encrypted_content":"E"}`},
		{`{"type":"reasoning","summary":[],"content":[{"type":"text","text":"T"}]}`, `{"type":"reasoning","summary":[],"encrypted_content":null}`},
		{`{"type":"reasoning","summary":[],"content":[]}`, `{"type":"reasoning","summary":[],"encrypted_content":null}`},
		{`{"type":"message","role":"assistant","content":[{"type":"refusal","refusal":"no"}]}`,
			`{"type":"message","role":"assistant","content":[{"type":"refusal","refusal":"no"}]}`},
		{`{"type":"function_call","name":"a","arguments":"{}"}`, `{"type":"function_call","name":"a","arguments":"{}","call_id":"made up"}`},
		{`{"type":"function_call","name":"a","arguments":"","call_id":""}`, `{"type":"function_call","name":"a","arguments":"","call_id":"made up"}`},
		{`{"type":"function_call","name":"a","arguments":{"b": [1]},"call_id":5}`, `{"type":"function_call","name":"a","arguments":"{\"b\": [1]}","call_id":"5"}`},
		{`{"type":"function_call","name":null,"namespace":7,"arguments":null,"call_id":["x"]}`, `{"type":"function_call","name":"unnamed","namespace":"7","arguments":"","call_id":"made up"}`},
		{`{"type":"function_call","call_id":"1","function":{"name":"a","arguments":"{}"}}`, `{"type":"function_call","name":"a","arguments":"{}","call_id":"1"}`},
		{`{"type":"function_call","call_id":"1","name":"a","parameters":{"b":1}}`, `{"type":"function_call","name":"a","arguments":"{\"b\":1}","call_id":"1"}`},
		{`{"type":"custom_tool_call","call_id":"1","name":"a","arguments":"x"}`, `{"type":"custom_tool_call","call_id":"1","name":"a","input":"x"}`},
		{`{"type":"message","role":"assistant","content":null,"text":"x"}`, `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"x"}]}`},
		{`{"type":"message","role":"assistant","content":[{"type":"text","text":{"value":"x","annotations":[]}}]}`, `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"x"}]}`},
		{`{"type":"custom_tool_call","name":"a","call_id":"1"}`, `{"type":"custom_tool_call","call_id":"1","name":"a","input":""}`},
		{`{"type":"custom_tool_call","name":"a","call_id":"` + strings.Repeat("x", 300) + `","input":{"patch":1},"status":{}}`, `{"type":"custom_tool_call","call_id":"made up","name":"a","input":"{\"patch\":1}"}`},
		{`{"type":"custom_tool_call","name":"a","call_id":"1","input":{"patch":"*** <"}}`, `{"type":"custom_tool_call","call_id":"1","name":"a","input":"*** <"}`},
		{`{"type":"message","content":"text \u003c"}`, `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"text \u003c"}]}`},
		{`{"type":"message","role":5,"content":[{"type":"input_text","text":5}],"phase":[]}`, `{"type":"message","role":"user","content":[{"type":"input_text","text":"5"}]}`},
		{`{"type":"message","role":"model","content":{"type":"text","text":"a"}}`, `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]}`},
		{`{"type":"message","role":"assistant","content":["a",null,{"text":"b"},{"type":"output_audio"},{"type":"output_text","text":null}]}`,
			`{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"},{"type":"output_text","text":"b"},{"type":"output_text","text":""}]}`},
		{`{"type":"message","role":"assistant","content":[{"type":"output_audio"}]}`, ""},
		{`{"type":"message","role":"assistant","content":null}`, `{"type":"message","role":"assistant","content":[]}`},
		{`{"type":"message","role":"user","content":[{"type":"input_image","image_url":{"url":"data:x"},"detail":1},{"type":"input_image","image_url":5}]}`,
			`{"type":"message","role":"user","content":[{"type":"input_image","image_url":"data:x","detail":"1"}]}`},
		{`{"type":"reasoning","summary":null,"encrypted_content":5}`, `{"type":"reasoning","summary":[],"content":null,"encrypted_content":null}`},
		{`{"type":"reasoning","summary":"abc","content":"x"}`, `{"type":"reasoning","summary":[{"type":"summary_text","text":"abc"}],"content":null,"encrypted_content":null}`},
		{`{"type":"reasoning","summary":["a",{"text":"b"},{"type":"summary_text","text":7},8]}`,
			`{"type":"reasoning","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"content":null,"encrypted_content":null}`},
		{`{"type":"local_shell_call","call_id":null,"status":5,"action":{"command":"ls","timeout_ms":"1","working_directory":{},"env":{"A":"1","B":2},"user":"u"}}`,
			`{"type":"local_shell_call","call_id":null,"status":"5","action":{"type":"exec","command":["ls"],"timeout_ms":null,"working_directory":null,"env":{"A":"1"},"user":"u"}}`},
		{`{"type":"web_search_call","status":[],"action":{"type":"search","query":5,"queries":["a",1],"new":{}}}`, `{"type":"web_search_call","action":{"type":"search","new":{}}}`},
		{`{"type":"tool_search_call","execution":null}`, `{"type":"tool_search_call","call_id":null,"execution":"client","arguments":null}`},
		{`{"type":"image_generation_call","id":null,"result":null,"revised_prompt":4}`, `{"type":"image_generation_call","id":"","status":"completed","result":""}`},
		{`{"type":"function_call_output","call_id":5,"output":{"content":"x","success":true}}`, `{"type":"function_call_output","call_id":"5","output":"x"}`},
		{`{"type":"function_call_output","call_id":"1","output":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"data:x","detail":"high"}]}`,
			`{"type":"function_call_output","call_id":"1","output":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"data:x","detail":"high"}]}`},
		{`{"type":"custom_tool_call_output","call_id":"1","name":"p","output":null}`, `{"type":"custom_tool_call_output","call_id":"1","name":"p","output":""}`},
		{`{"type":"function_call_output","call_id":null,"output":"x"}`, ""},
		{`{"type":"tool_search_output","call_id":"1","tools":{}}`, `{"type":"tool_search_output","call_id":"1","status":"completed","execution":"client","tools":[]}`},
		{`{"type":"message","content":"a\ud83d\ude00b\ud83dc\\ud83d\uDE00"}`, `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a\ud83d\ude00b\ufffdc\\ud83d\ufffd"}]}`},
		{`{"type":5}`, ""}, {`{}`, ""}, {`[]`, ""}, {`"x"`, ""},
		{`{"type":"compaction_summary","encrypted_content":"E"}`, `{"type":"compaction","encrypted_content":"E"}`},
	}
}

func madeUp() string { return "made up" }

func TestAdmit(t *testing.T) {
	for _, c := range admitCases() {
		e, err := Admit(gjson.Parse(c[0]), madeUp)
		if (err == nil) != (c[1] != "") || string(e.Raw) != c[1] {
			t.Errorf("%s: %v\n got %s\nwant %s", c[0], err, e.Raw, c[1])
		}
	}
}

func TestStored(t *testing.T) {
	items, left := Stored([]json.RawMessage{json.RawMessage(`{"type":"additional_tools"}`), json.RawMessage("{\"type\":\"message\",\"role\":\"user\",\"content\":\"caf\xe9\"}"),
		json.RawMessage(strings.Repeat("[", 10000)), json.RawMessage(`{"type":"function_call_output","output":""}`)})
	if len(items) != 1 || string(items[0].Raw) != `{"type":"message","role":"user","content":[{"type":"input_text","text":"caf�"}]}` ||
		len(left) != 2 || !errors.Is(left[0], jsonrpc.ErrDepth) {
		t.Errorf("%s, %v", items, left)
	}
}

func TestWithoutRefused(t *testing.T) {
	const (
		old   = `{"type":"message","role":"user","content":[{"type":"input_image","image_url":"data:old","detail":"high"}]}`
		reply = `{"type":"message","role":"assistant","content":[]}`
		fresh = `{"type":"function_call_output","call_id":"1","output":[{"type":"input_text","text":"<b>"},{"type":"input_image","image_url":"data:new","detail":"high"}]}`
		none  = `{"type":"message","role":"user","content":[{"type":"input_text","text":"no \"input_image\" here"}]}`
	)
	mended := strings.Replace(fresh, `"input_image","image_url":"data:new","detail":"high"`, `"input_text","text":"Invalid image"`, 1)
	mendedOld := strings.Replace(old, `"input_image","image_url":"data:old","detail":"high"`, `"input_text","text":"Invalid image"`, 1)
	for _, c := range []struct{ in, want string }{
		{old + reply + fresh, old + reply + mended}, {old + reply + mended, mendedOld + reply + mended}, {mendedOld + reply + mended, ""}, {none, ""}, {old + fresh, mendedOld + mended},
	} {
		var history []Item
		for _, v := range gjson.Parse("[" + strings.ReplaceAll(c.in, "}{", "},{") + "]").Array() {
			history = append(history, Item{Raw: json.RawMessage(v.Raw)})
		}
		left, ok := WithoutRefused(history)
		got := ""
		for _, e := range left {
			got += string(e.Raw)
		}
		if ok != (c.want != "") || ok && got != c.want || !ok && got != c.in {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestWithCallID(t *testing.T) {
	e := WithCallID(Item{Raw: json.RawMessage(`{"type":"function_call","name":"a","arguments":"","call_id":"c1"}`), ID: "fc"}, `c"2`)
	if string(e.Raw) != `{"type":"function_call","name":"a","arguments":"","call_id":"c\"2"}` || e.ID != "fc" || !CallIDs([]Item{e})[`c"2`] {
		t.Errorf("%s", e.Raw)
	}
}

func TestUserText(t *testing.T) {
	const image = `{"type":"input_text","text":"<image name=[Image #1]>"},{"type":"input_image","image_url":"data:"},{"type":"input_text","text":"</image>"}`
	for in, want := range map[string]string{
		`{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}`: "a\nb",
		image + `,{"type":"input_text","text":"look"}`:                      "look",
		image: "",
		`{"type":"input_text","text":"<image> is a tag"},{"type":"input_text","text":"</image>"}`: "<image> is a tag\n</image>",
	} {
		if got := userText(gjson.Parse(`{"content":[` + in + `]}`)); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// A call without an output gets one right after it, an output without a call goes; the
// rest keeps its order.
func TestNormalise(t *testing.T) {
	const (
		user   = `{"type":"message","role":"user","content":[]}`
		call   = `{"type":"function_call","name":"a","arguments":"{}","call_id":"1"}`
		shell  = `{"type":"local_shell_call","call_id":"2","status":"completed","action":{}}`
		custom = `{"type":"custom_tool_call","call_id":"3","name":"p","input":""}`
		search = `{"type":"tool_search_call","call_id":"4","arguments":{}}`
		out    = `{"type":"function_call_output","call_id":"1","output":"x"}`
		stray  = `{"type":"custom_tool_call_output","call_id":"9","output":"x"}`
	)
	for _, c := range []struct{ name, in, want string }{
		{"whole", user + "," + call + "," + out, user + "," + call + "," + out},
		{"output later", call + "," + user + "," + out, call + "," + user + "," + out},
		{"no output", call + "," + user, call + `,{"type":"function_call_output","call_id":"1","output":"aborted"},` + user},
		{"no output of a shell", shell, shell + `,{"type":"function_call_output","call_id":"2","output":"aborted"}`},
		{"no output of a custom tool", custom, custom + `,{"type":"custom_tool_call_output","call_id":"3","output":"aborted"}`},
		{"no output of a search", search, search + `,{"type":"tool_search_output","call_id":"4","status":"completed","execution":"client","tools":[]}`},
		{"no call", stray + "," + user + "," + stray, user},
		{"nothing", "", ""},
	} {
		var items []Item
		for _, v := range gjson.Parse("[" + c.in + "]").Array() {
			items = append(items, Item{Raw: json.RawMessage(v.Raw)})
		}
		got := ""
		for i, e := range Normalise(items, true) {
			if i > 0 {
				got += ","
			}
			got += string(e.Raw)
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// A model that takes no images gets a text in their place.
func TestNormaliseImages(t *testing.T) {
	raw := json.RawMessage(`{"type":"message","role":"user","content":[{"type":"input_image","image_url":"data:x","detail":"high"},{"type":"input_text","text":"<b>"}]}`)
	var got, want any
	if err := json.Unmarshal(Normalise([]Item{{Raw: raw}}, false)[0].Raw, &got); err != nil {
		t.Fatal(err)
	}
	err := json.Unmarshal([]byte(`{"type":"message","role":"user","content":[{"type":"input_text","text":"`+Omitted+`"},{"type":"input_text","text":"<b>"}]}`), &want)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if kept := Normalise([]Item{{Raw: raw}}, true)[0].Raw; string(kept) != string(raw) {
		t.Errorf("%s", kept)
	}
}

// item as the original types it, whose reader loses a line for one member of another type.
type typed struct {
	Type     string  `json:"type"`
	Role     *string `json:"role"`
	Phase    *string `json:"phase"`
	Name     *string `json:"name"`
	CallID   *string `json:"call_id"`
	Status   *string `json:"status"`
	Input    *string `json:"input"`
	Result   *string `json:"result"`
	Revised  *string `json:"revised_prompt"`
	ID       *string `json:"id"`
	Executes *string `json:"execution"`
	Space    *string `json:"namespace"`
	Crypt    *string `json:"encrypted_content"`
	Summary  []struct{ Type, Text string }
	Tools    []json.RawMessage
	Action   *struct {
		Type, User, Query, URL, Pattern string
		Command, Queries                []string
		TimeoutMs                       *uint64 `json:"timeout_ms"`
		Dir                             *string `json:"working_directory"`
		Env                             map[string]string
	}
	Content []struct {
		Type, Text, Refusal, Detail string
		URL                         string `json:"image_url"`
	}
}

// What a history takes is JSON, typed, without half surrogates, and of the type it came
// with; letting it in again changes nothing.
func FuzzAdmit(f *testing.F) {
	for _, c := range admitCases() {
		f.Add(c[0])
	}
	f.Add(`{"type":"message","content":[null,{"type":"output_text"},{"type":"input_image"}],"role":7}`)
	f.Add(`{"type":"reasoning","summary":[[{"text":"\udfff"}]],"content":[5]}`)
	f.Fuzz(func(t *testing.T, item string) {
		item = strings.ToLower(item) // encoding/json takes Query for query
		if jsonrpc.Check([]byte(item)) != nil {
			return
		}
		e, err := Admit(gjson.Parse(item), madeUp)
		if err != nil {
			return
		}
		var as typed
		if err := json.Unmarshal(e.Raw, &as); err != nil || jsonrpc.Check(e.Raw) != nil || as.Type == "" || len(e.ID) > longWord {
			t.Fatalf("%s: %s, %v", item, e.Raw, err)
		}
		if strings.Contains(as.Type, "call") && as.CallID != nil && (*as.CallID == "" || len(*as.CallID) > longWord) {
			t.Fatalf("%s: %s", item, e.Raw)
		}
		if !strings.Contains(item, "�") && !strings.Contains(item, `fffd`) && strings.Contains(fmt.Sprint(as), "�") && !strings.Contains(string(e.Raw), `fffd`) {
			t.Fatalf("half a character: %s", e.Raw)
		}
		again, err := Admit(gjson.ParseBytes(e.Raw), madeUp)
		if err != nil || string(again.Raw) != string(e.Raw) && as.Type != "reasoning" {
			t.Errorf("%s\n got %s\nthen %s, %v", item, e.Raw, again.Raw, err)
		}
	})
}
