package item

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/tidwall/gjson"
)

// Items of a response, and how 0.133.0 sent them back in the next request.
func replayCases() [][2]string {
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
		{`{"type":"function_call","name":"a","arguments":"{}"}`, ""},
		{`{"type":"function_call","name":"a","arguments":{},"call_id":"1"}`, ""},
		{`{"type":"custom_tool_call","name":"a","call_id":"1"}`, ""},
		{`{"type":"compaction_summary","encrypted_content":"E"}`, `{"type":"compaction","encrypted_content":"E"}`},
	}
}

func TestReplay(t *testing.T) {
	for _, c := range replayCases() {
		e, ok := Replay(gjson.Parse(c[0]))
		if ok != (c[1] != "") || string(e.Raw) != c[1] {
			t.Errorf("%s\n got %s\nwant %s", c[0], e.Raw, c[1])
		}
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
	err := json.Unmarshal([]byte(`{"type":"message","role":"user","content":[{"type":"input_text","text":"image content omitted because you do not support image input"},{"type":"input_text","text":"<b>"}]}`), &want)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if kept := Normalise([]Item{{Raw: raw}}, true)[0].Raw; string(kept) != string(raw) {
		t.Errorf("%s", kept)
	}
}

// What is sent back is JSON of the same type, and sending it back again changes nothing.
func FuzzReplay(f *testing.F) {
	for _, c := range replayCases() {
		f.Add(c[0])
	}
	f.Add(`{"type":"message","content":[null,{"type":"output_text"},{"type":"input_image"}],"role":7}`)
	f.Add(`{"type":"reasoning","summary":null}`)
	f.Fuzz(func(t *testing.T, item string) {
		if !json.Valid([]byte(item)) {
			return
		}
		e, ok := Replay(gjson.Parse(item))
		if !ok {
			return
		}
		if !json.Valid(e.Raw) {
			t.Fatalf("%s: %s", item, e.Raw)
		}
		again, ok := Replay(gjson.ParseBytes(e.Raw))
		if !ok || string(again.Raw) != string(e.Raw) && gjson.GetBytes(e.Raw, "type").Str != "reasoning" {
			t.Errorf("%s\n got %s\nthen %s", item, e.Raw, again.Raw)
		}
	})
}
