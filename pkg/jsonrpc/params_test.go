package jsonrpc

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

type colour string

func (colour) Values() []string { return []string{"red", "green"} }

type oddPatch struct{ Set bool }

func (p *oddPatch) UnmarshalJSON(raw []byte) error {
	var s string
	p.Set = true
	return json.Unmarshal(raw, &s)
}

type common struct {
	Shared string `json:"shared,omitempty"`
}

type shape struct {
	Type   string `json:"type" schema:"union=circle|square"`
	Radius int    `json:"radius" in:"circle"`
	Side   int    `json:"side" in:"square?"`
}

type either struct {
	Word  string `schema:"words=red|green"`
	Mixed *shape `json:"mixed"`
}

type full struct {
	common
	Name   string            `json:"name"`
	Note   *string           `json:"note" schema:"opt"`
	Count  uint16            `json:"count,omitempty"`
	Delta  int64             `json:"delta,omitempty"`
	Ratio  float64           `json:"ratio,omitempty"`
	On     bool              `json:"on" schema:"opt,default=true"`
	Data   []byte            `json:"data,omitempty"`
	List   []string          `json:"list,omitempty"`
	Dict   map[string]string `json:"dict,omitempty"`
	Raw    json.RawMessage   `json:"raw,omitempty"`
	Colour colour            `json:"colour,omitempty"`
	Shape  *shape            `json:"shape,omitempty"`
	Either *either           `json:"either,omitempty"`
	Shapes []shape           `json:"shapes,omitempty"`
	Patch  oddPatch          `json:"patch,omitzero"`
	Odd    bool              `json:"odd,omitempty" schema:"exp"`
	Any    any               `json:"any,omitempty"`
	Hidden string            `json:"-"`
}

func TestDecode(t *testing.T) {
	note := "n"
	for _, test := range []struct {
		in   string
		want full
	}{
		{`{"name":"a"}`, full{Name: "a", On: true}},
		{`{"name":"a","either":"red"}`, full{Name: "a", On: true, Either: &either{Word: "red"}}},
		{`{"name":"a","either":{"mixed":{"type":"square"}}}`, full{Name: "a", On: true, Either: &either{Mixed: &shape{Type: "square"}}}},
		{`{"name":"\u00e9","on":false,"unknown":{}}`, full{Name: "é"}},
		{`{"name":"a","note":null,"count":null,"list":null,"shape":null,"on":null}`, full{Name: "a", On: true}},
		{`{"name":"a","note":"n","count":65535,"delta":-5,"ratio":1.5e3,"data":"aGk=","list":["x","y"],"dict":{"k":"v"},"raw":{"z":[1]},"colour":"red","shared":"s","odd":true,"any":[1]}`,
			full{Name: "a", Note: &note, Count: 65535, Delta: -5, Ratio: 1500, On: true, Data: []byte("hi"), List: []string{"x", "y"},
				Dict: map[string]string{"k": "v"}, Raw: json.RawMessage(`{"z":[1]}`), Colour: "red", common: common{"s"}, Odd: true, Any: []any{1.0}}},
		{`{"name":"a","shape":{"type":"circle","radius":2,"side":"ignored"},"shapes":[{"type":"square"},{"type":"square","side":3}],"patch":"x"}`,
			full{Name: "a", On: true, Shape: &shape{Type: "circle", Radius: 2}, Shapes: []shape{{Type: "square"}, {Type: "square", Side: 3}}, Patch: oddPatch{true}}},
	} {
		params := []byte(test.in)
		var got full
		if err := (Decoder{}).Decode("m", params, &got); err != nil {
			t.Errorf("%s: %v", test.in, err)
			continue
		}
		clear(params) // nothing may point into it
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\n%+v, want\n%+v", test.in, got, test.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for in, want := range map[string]string{
		``:                                                 "missing field `params`",
		`[]`:                                               "invalid type: sequence, expected struct full",
		`{}`:                                               "missing field `name`",
		`{"name":"a","either":"blue"}`:                     "unknown variant `blue`, expected one of `red`, `green`, `mixed`",
		`{"name":"a","either":{"x":1}}`:                    "unknown variant `x`, expected one of `red`, `green`, `mixed`",
		`{"name":"a","either":{}}`:                         "unknown variant ``, expected one of `red`, `green`, `mixed`",
		`{"name":"a","either":{"mixed":1}}`:                "invalid type: integer `1`, expected struct shape",
		`{"name":"a","either":5}`:                          "invalid type: integer `5`, expected string or map",
		`{"name":null}`:                                    "invalid type: null, expected a string",
		`{"name":5}`:                                       "invalid type: integer `5`, expected a string",
		`{"name":5.5}`:                                     "invalid type: floating point `5.5`, expected a string",
		`{"name":{}}`:                                      "invalid type: map, expected a string",
		`{"name":"a","name":"b"}`:                          "duplicate field `name`",
		`{"NAME":"a"}`:                                     "missing field `name`",
		`{"name":"a","on":"yes"}`:                          "invalid type: string \"yes\", expected a boolean",
		`{"name":"a","count":-1}`:                          "invalid value: integer `-1`, expected u16",
		`{"name":"a","count":65536}`:                       "invalid value: integer `65536`, expected u16",
		`{"name":"a","count":1.0}`:                         "invalid type: floating point `1.0`, expected u16",
		`{"name":"a","delta":true}`:                        "invalid type: boolean `true`, expected i64",
		`{"name":"a","data":"aGk"}`:                        "Invalid padding",
		`{"name":"a","data":"a\nGk="}`:                     "Invalid symbol 10, offset 1.",
		`{"name":"a","data":"a!k="}`:                       "Invalid symbol 33, offset 1.",
		`{"name":"a","data":[1]}`:                          "invalid type: sequence, expected a string",
		`{"name":"a","list":["x",1]}`:                      "invalid type: integer `1`, expected a string",
		`{"name":"a","dict":{"k":null}}`:                   "invalid type: null, expected a string",
		`{"name":"a","colour":"blue"}`:                     "unknown variant `blue`, expected one of `red`, `green`",
		`{"name":"a","shape":{}}`:                          "missing field `type`",
		`{"name":"a","shape":{"type":"oval"}}`:             "unknown variant `oval`, expected one of `circle`, `square`",
		`{"name":"a","shapes":[{"type":"circle"}]}`:        "missing field `radius`",
		`{"name":"a","patch":5}`:                           "invalid type: integer `5`, expected a string",
		`{"name":"a","odd":true}`:                          "m/x.odd requires experimentalApi capability",
		`{"name":"` + strings.Repeat("x", 9) + `","on":1}`: "invalid type: integer `1`, expected a boolean",
	} {
		var got full
		err := Decoder{Stable: true}.Decode("m/x", []byte(in), &got)
		if err == nil || err.Error() != want || AsError(err).Code != CodeInvalidParams {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
	var got full
	err := Decoder{Code: CodeInvalidRequest, Prefix: "Invalid request: ", Optional: true}.Decode("m", nil, &got)
	if e := AsError(err); e.Code != CodeInvalidRequest || e.Message != "Invalid request: missing field `name`" {
		t.Errorf("no params: %+v", e)
	}
}

// FuzzDecode holds that what is taken is taken in the same way when it is written again.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"a","note":"n","count":65535,"data":"aGk=","dict":{"k":"v"},"raw":[1],"shape":{"type":"circle","radius":1}}`))
	f.Add([]byte(`{"name":"a","shapes":[{"type":"square"}],"any":{"x":null}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		if !Valid(in) {
			return
		}
		var got, again full
		if (Decoder{}).Decode("m", in, &got) != nil {
			return
		}
		out, err := Marshal(got)
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		var one, two any
		if err := (Decoder{}).Decode("m", out, &again); err != nil && !got.Patch.Set && !shapesOmit(got) {
			t.Fatalf("%q, written as %s: %v", in, out, err)
		} else if err == nil && (json.Unmarshal(out, &one) != nil || !sameJSON(again, out, &two)) {
			t.Fatalf("%q, written as %s, is %+v", in, out, again)
		}
	})
}

// shapesOmit: a union that encoding/json writes has members of other variants.
func shapesOmit(f full) bool { return f.Shape != nil || len(f.Shapes) > 0 }

func sameJSON(v full, want []byte, to *any) bool {
	out, err := Marshal(v)
	return err == nil && json.Unmarshal(out, to) == nil && string(out) == string(want)
}
