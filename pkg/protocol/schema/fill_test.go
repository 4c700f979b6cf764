package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// TestEveryTypeMeetsItsSchema fills the types of every method in many ways: what we write
// must be what our schema promises, and must come back the same.
func TestEveryTypeMeetsItsSchema(t *testing.T) {
	for _, m := range protocol.Methods() {
		for seed := range 24 {
			for _, typ := range []reflect.Type{m.Params, m.Result} {
				if typ == nil {
					continue
				}
				v := fill(typ, seed)
				msg := message(t, m, typ == m.Params, v.Interface())
				if err := Validate(m.Name, msg); err != nil {
					t.Errorf("seed %d: %v\n%s", seed, err, msg)
					continue
				}
				var l struct{ Params, Result json.RawMessage }
				if err := json.Unmarshal(msg, &l); err != nil {
					t.Fatal(err)
				}
				raw := append(l.Params, l.Result...)
				decoders := map[string]func(v any) error{"encoding/json": func(v any) error { return json.Unmarshal(raw, v) }}
				if m.Kind == protocol.ClientRequest && typ == m.Params {
					decoders["strictly"] = func(v any) error { return jsonrpc.Decoder{}.Decode(m.Name, raw, v) }
				}
				for name, decode := range decoders {
					back := reflect.New(typ)
					if err := decode(back.Interface()); err != nil {
						t.Errorf("%s, %s: %v\n%s", m.Name, name, err, msg)
						continue
					}
					if again := message(t, m, typ == m.Params, back.Elem().Interface()); !bytes.Equal(msg, again) {
						t.Errorf("%s, %s changed:\n%s\n%s", m.Name, name, msg, again)
					}
				}
			}
		}
	}
}

func message(t *testing.T, m protocol.Method, params bool, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	w := jsonrpc.NewWriter(&b)
	var err error
	if params {
		err = w.Request(1, m.Name, v)
	} else {
		err = w.Respond(json.RawMessage("1"), v)
	}
	if err != nil {
		t.Fatalf("%s: %v", m.Name, err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// fill makes a value; the seed decides what is there and which variants are chosen.
func fill(t reflect.Type, seed int) reflect.Value {
	v := reflect.New(t).Elem()
	switch x := v.Addr().Interface().(type) {
	case *json.RawMessage:
		*x = json.RawMessage(`{"any":[1,"<&>"]}`)
		return v
	case *protocol.ThreadItem:
		all := protocol.ItemVariants()
		p := reflect.ValueOf(all[seed%len(all)])
		p.Elem().Set(fill(p.Elem().Type(), seed))
		v.Set(p)
		return v
	case *protocol.OneOrMany:
		*x = protocol.OneOrMany{"a", "b"}[:1+seed%2]
		return v
	case *protocol.SandboxPolicy:
		return fillPolicy(v, x, seed)
	case *protocol.ResourceContent:
		x.URI = "u"
		if text := "t"; seed%2 == 0 {
			x.Text = &text
		} else {
			x.Blob = &text
		}
		return v
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString("s <&> é")
		if w, ok := v.Interface().(words); ok {
			v.SetString(w.Values()[seed%len(w.Values())])
		}
	case reflect.Bool:
		v.SetBool(seed%2 == 0)
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(seed))
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(seed + 1))
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Pointer:
		if seed%3 != 0 {
			p := reflect.New(t.Elem())
			p.Elem().Set(fill(t.Elem(), seed))
			v.Set(p)
		}
	case reflect.Slice:
		for i := range seed % 3 {
			v.Set(reflect.Append(v, fill(t.Elem(), seed+i)))
		}
	case reflect.Map:
		if seed%3 != 0 {
			v.Set(reflect.MakeMap(t))
			v.SetMapIndex(reflect.ValueOf("key <&>"), fill(t.Elem(), seed))
		}
	case reflect.Struct:
		fillStruct(v, seed)
	default:
		panic(fmt.Sprintf("no value for %s", t))
	}
	return v
}

func fillPolicy(v reflect.Value, p *protocol.SandboxPolicy, seed int) reflect.Value {
	p.Type = []string{
		protocol.SandboxPolicyDangerFullAccess, protocol.SandboxPolicyReadOnly,
		protocol.SandboxPolicyExternalSandbox, protocol.SandboxPolicyWorkspaceWrite,
	}[seed%4]
	p.NetworkAccess = p.Type != protocol.SandboxPolicyDangerFullAccess && seed%3 == 0
	if p.Type == protocol.SandboxPolicyWorkspaceWrite {
		p.WritableRoots, p.ExcludeSlashTmp = []string{"/w"}, true
	}
	return v
}

func fillStruct(v reflect.Value, seed int) {
	t := v.Type()
	if strings.HasPrefix(t.Name(), "Patch[") {
		v.FieldByName("Set").SetBool(seed%2 == 0)
		if seed%4 == 0 {
			v.FieldByName("Value").Set(fill(t.Field(1).Type, 1))
		}
		return
	}
	variant := ""
	for i := range t.NumField() {
		f := t.Field(i)
		for tag := range strings.SplitSeq(f.Tag.Get("schema"), ",") {
			if w, ok := strings.CutPrefix(tag, "words="); ok {
				fillExternal(v, strings.Split(w, "|"), seed)
				return
			}
			if w, ok := strings.CutPrefix(tag, "union="); ok {
				all := strings.Split(w, "|")
				variant = all[seed%len(all)]
				v.Field(i).SetString(variant)
			}
		}
	}
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("schema")
		optional, skip := inVariant(f, variant)
		_, in := f.Tag.Lookup("in")
		word, isConst := strings.CutPrefix(tag, "const=")
		switch {
		case skip || strings.HasPrefix(tag, "union="):
		case isConst:
			v.Field(i).SetString(word)
		case tag == "requestId":
			v.Field(i).SetBytes([]byte("7"))
		case in && !optional && f.Type.Kind() == reflect.Pointer:
			v.Field(i).Set(fill(f.Type, seed*3+1)) // required in this variant
		default:
			v.Field(i).Set(fill(f.Type, seed))
		}
	}
}

func fillExternal(v reflect.Value, words []string, seed int) {
	n := seed % (len(words) + v.NumField() - 1)
	if n < len(words) {
		v.Field(0).SetString(words[n])
		return
	}
	f := v.Field(1 + n - len(words))
	p := reflect.New(f.Type().Elem())
	p.Elem().Set(fill(f.Type().Elem(), seed))
	f.Set(p)
}
