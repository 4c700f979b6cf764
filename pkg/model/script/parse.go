package script

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"

	"github.com/tidwall/gjson"
)

// maxScript bounds a script file; recordings of long floods are the largest.
const maxScript = 1 << 30

// Load reads the script in a file.
func Load(path string) (*Script, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := Parse(f)
	if err != nil {
		return nil, fmt.Errorf("script %s: %w", path, err)
	}
	return s, nil
}

// Parse reads a script. Errors name the line: of the mistake in JSON, else where the
// value begins.
func Parse(r io.Reader) (*Script, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxScript+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxScript {
		return nil, fmt.Errorf("longer than %d bytes", maxScript)
	}
	p := &parser{}
	blankComments(b)
	dec := json.NewDecoder(bytes.NewReader(b))
	line, counted := 1, int64(0)
	for {
		var v json.RawMessage
		err := dec.Decode(&v)
		if err == io.EOF {
			break
		}
		at := dec.InputOffset() - int64(len(v))
		var syntax *json.SyntaxError
		switch {
		case errors.As(err, &syntax):
			at = min(max(syntax.Offset-1, counted), int64(len(b)))
		case err != nil:
			at = int64(len(b)) // ends in a value
		}
		line += bytes.Count(b[counted:at], []byte{'\n'})
		counted = at
		p.line = line
		if err == nil {
			err = p.value(v)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	if len(p.s.Turns) == 0 && len(p.s.Compact) == 0 {
		return nil, errors.New("no answer in it")
	}
	return &p.s, nil
}

// blankComments overwrites lines that begin with # or //. No line inside a JSON value
// can begin so.
func blankComments(b []byte) {
	for len(b) > 0 {
		n := bytes.IndexByte(b, '\n')
		if n < 0 {
			n = len(b)
		}
		line := bytes.TrimLeft(b[:n], " \t\ufeff")
		if bytes.HasPrefix(line, []byte("#")) || bytes.HasPrefix(line, []byte("//")) {
			for i := range b[:n] {
				b[i] = ' '
			}
		}
		b = b[min(n+1, len(b)):]
	}
}

type parser struct {
	s    Script
	line int
	open bool // the last turn takes more raw events
}

// value takes one value of the file.
func (p *parser) value(v json.RawMessage) error {
	root := gjson.ParseBytes(v)
	switch {
	case root.IsArray():
		p.open = false
		return p.array(v, root)
	case !root.IsObject():
		return fmt.Errorf("%.20s: want an object or an array", v)
	case isEvent(root):
		p.event(v, root.Get("type").Str)
		return nil
	}
	p.open = false
	switch {
	case root.Get("turns").Exists():
		return p.scenario(v)
	case root.Get("request").Exists():
		return nil // a recorder's note of what was asked
	case root.Get("compact").Exists():
		return p.compact(json.RawMessage(root.Get("compact").Raw))
	}
	return p.turn(v)
}

// isEvent tells an event from an output item: both have a type.
func isEvent(v gjson.Result) bool {
	t := v.Get("type")
	return t.Type == gjson.String && (t.Str == "error" || strings.Contains(t.Str, "."))
}

// event appends to the open turn of raw events, or begins one. A turn ends after its
// terminal event, and before the response.created of the next.
func (p *parser) event(v json.RawMessage, typ string) {
	last := len(p.s.Turns) - 1
	if !p.open || typ == "response.created" && hasType(p.s.Turns[last].Raw, "response.") {
		p.s.Turns = append(p.s.Turns, &Turn{line: p.line})
		last++
	}
	t := p.s.Turns[last]
	t.Raw = append(t.Raw, bytes.Clone(v))
	p.open = typ != "response.completed" && typ != "error"
}

func hasType(events []json.RawMessage, prefix string) bool {
	for _, e := range events {
		if strings.HasPrefix(gjson.GetBytes(e, "type").Str, prefix) {
			return true
		}
	}
	return false
}

// array is one answer if all of its elements are items, else a list of answers.
func (p *parser) array(v json.RawMessage, root gjson.Result) error {
	items := true
	root.ForEach(func(_, el gjson.Result) bool {
		items = el.IsObject() && !el.Get("items").Exists() && !el.Get("status").Exists() && !el.Get("raw").Exists() ||
			el.IsObject() && el.Get("type").Exists()
		return items
	})
	if items {
		return p.turn(json.RawMessage(`{"items":` + string(v) + `}`))
	}
	var all []json.RawMessage
	if err := json.Unmarshal(v, &all); err != nil {
		return err
	}
	for i, el := range all {
		var err error
		if el[0] == '[' {
			el = json.RawMessage(`{"items":` + string(el) + `}`)
		}
		if err = p.turn(el); err != nil {
			return fmt.Errorf("turn %d: %w", i+1, err)
		}
	}
	return nil
}

// scenario is an object {"turns":[…],"compact":[…]}.
func (p *parser) scenario(v json.RawMessage) error {
	var sc struct{ Turns, Compact json.RawMessage }
	if err := strict(v, &sc); err != nil {
		return err
	}
	if root := gjson.ParseBytes(sc.Turns); !root.IsArray() {
		return errors.New("turns: want an array")
	} else if err := p.array(sc.Turns, root); err != nil {
		return err
	}
	if sc.Compact == nil {
		return nil
	}
	return p.compact(sc.Compact)
}

// compact takes one answer of /responses/compact, or an array of them: the body, or an
// object with a status.
func (p *parser) compact(v json.RawMessage) error {
	all := []json.RawMessage{v}
	if v[0] == '[' {
		if err := json.Unmarshal(v, &all); err != nil {
			return err
		}
	}
	for _, el := range all {
		t := &Turn{Body: el}
		if gjson.GetBytes(el, "status").Type == gjson.Number {
			t = &Turn{}
			if err := strict(el, t); err != nil {
				return err
			}
		}
		t.line = p.line
		p.s.Compact = append(p.s.Compact, t)
	}
	return nil
}

func (p *parser) turn(v json.RawMessage) error {
	root := gjson.ParseBytes(v)
	if !root.IsObject() {
		return fmt.Errorf("%.20s: want an object or an array", v)
	}
	var t Turn
	var err error
	switch {
	case root.Get("items").Exists():
		t, err = withItems(v)
	case root.Get("type").Exists():
		t.Items = []Item{{Item: bytes.Clone(v)}}
	default:
		t, err = inline(v)
	}
	if err != nil {
		return err
	}
	if t.Raw != nil && t.Items != nil {
		return errors.New("raw events and items in one answer")
	}
	if t.Status != 0 && (t.Status < 200 || t.Status > 999) {
		return fmt.Errorf("status %d", t.Status)
	}
	for i, e := range t.Raw {
		if !gjson.ParseBytes(e).IsObject() {
			return fmt.Errorf("raw event %d: want an object", i+1)
		}
	}
	t.line = p.line
	p.s.Turns = append(p.s.Turns, &t)
	return nil
}

func withItems(v json.RawMessage) (Turn, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(v, &members); err != nil {
		return Turn{}, err
	}
	var items []json.RawMessage
	if err := json.Unmarshal(members["items"], &items); err != nil {
		return Turn{}, fmt.Errorf("items: want an array")
	}
	t, err := decodeTurn(members)
	if err != nil {
		return t, err
	}
	t.Items = make([]Item, len(items))
	for i, raw := range items {
		if t.Items[i], err = parseItem(raw); err != nil {
			return t, fmt.Errorf("item %d: %w", i+1, err)
		}
	}
	return t, nil
}

func parseItem(raw json.RawMessage) (it Item, err error) {
	root := gjson.ParseBytes(raw)
	switch {
	case !root.IsObject():
		return it, fmt.Errorf("%.20s: want an object", raw)
	case isEvent(root):
		return Item{Event: raw}, nil
	case root.Get("type").Exists():
		return Item{Item: raw}, nil
	}
	if err = strict(raw, &it); err != nil {
		return it, err
	}
	if n := it.kinds(); n != 1 {
		return it, fmt.Errorf("%d kinds of item in one: want one of msg, reason, call, custom, shell, search, item, event, pause_ms", n)
	}
	return it, it.check()
}

// inline reads an object that is an answer of one item, or of none: the item's members
// stand at the answer's own level.
func inline(v json.RawMessage) (Turn, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(v, &members); err != nil {
		return Turn{}, err
	}
	own := map[string]json.RawMessage{}
	for _, k := range []string{"msg", "phase", "reason", "thinking", "encrypted", "call", "ns", "args", "custom", "input",
		"shell", "search", "item", "added", "event", "pause_ms", "id", "call_id", "times"} {
		if m, ok := members[k]; ok {
			own[k] = m
			delete(members, k)
		}
	}
	t, err := decodeTurn(members)
	if err != nil || len(own) == 0 {
		return t, err
	}
	if t.Raw != nil || t.Status != 0 {
		return t, errors.New("several kinds of answer in one object")
	}
	it, err := parseItem(object(own))
	t.Items = []Item{it}
	return t, err
}

// decodeTurn reads a turn without its items. Older scenarios call the headers of a
// stream rheaders.
func decodeTurn(members map[string]json.RawMessage) (t Turn, err error) {
	delete(members, "items")
	var o struct {
		Turn
		RHeaders Headers `json:"rheaders"`
	}
	if err := strict(object(members), &o); err != nil {
		return t, err
	}
	t = o.Turn
	t.Headers = merged(t.Headers, o.RHeaders)
	return t, nil
}

// object puts members together again, their values byte for byte.
func object(members map[string]json.RawMessage) json.RawMessage {
	b := []byte{'{'}
	for k, v := range members {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, quote(k)...), ':'), v...)
	}
	return append(b, '}')
}

func merged(a, b Headers) Headers {
	if a == nil {
		return b
	}
	maps.Copy(a, b)
	return a
}

// kinds counts what the item claims to be.
func (it *Item) kinds() int {
	n := 0
	for _, is := range []bool{it.Msg != nil, it.Reason != nil || it.Thinking != nil, it.Call != "", it.Custom != "",
		it.Shell != nil, it.Search != nil, it.Item != nil, it.Event != nil, it.PauseMS != 0} {
		if is {
			n++
		}
	}
	return n
}

func (it *Item) check() error {
	if it.Call != "" && it.Args == nil {
		it.Args = json.RawMessage("{}")
	}
	if it.Custom != "" && it.Input == nil {
		it.Input = new(Text)
	}
	for what, raw := range map[string]json.RawMessage{"item": it.Item, "event": it.Event} {
		if raw != nil && !gjson.ParseBytes(raw).IsObject() {
			return fmt.Errorf("%s: want an object", what)
		}
	}
	if it.Times < 0 || it.Times > 1<<24 || it.Chunk < 0 {
		return errors.New("times or chunk out of range")
	}
	return nil
}

// strict decodes one value and refuses unknown members: a typing error in a script
// should not change its meaning silently.
func strict(v json.RawMessage, into any) error {
	d := json.NewDecoder(bytes.NewReader(v))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err != nil {
		err = errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return err
}
