package jsonrpc

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Decoder reads params strictly, in the words that clients know: a member of a wrong
// type, one that is missing, one that is given twice, a word that is none of its type's.
// Members that nobody knows are ignored.
//
// What must be there is said by the tags of the types (package protocol): a member may
// be missing if it has omitempty, omitzero or schema:"opt"; null may stand for those that
// may be missing, and for pointers and maps. A member of a union (schema:"union=")
// belongs to the variants that in:"a,b?" lists. schema:"exp" needs the experimentalApi
// capability. schema:"default=true" is what a missing boolean is. A string type with
// Values() []string has these words, one with MayBeOther() others too, as a string with schema:"words=a|b" has. []byte is
// strict base64, of which the error is ErrBase64, too. A struct whose first field has
// schema:"words=" and no name is a word, or an object with one of the other fields.
//
// Params must have passed Check. Nothing that is decoded points into them, unless an
// UnmarshalJSON keeps what it gets.
type Decoder struct {
	Code     int    // of the errors; 0: CodeInvalidParams
	Prefix   string // before what is wrong
	Optional bool   // no params are as good as {}
	Stable   bool   // the client may not use experimental members
	// MayMiss names members of the params themselves that may be missing.
	MayMiss []string
}

// Decode reads the params of a method into v, a pointer.
func (d Decoder) Decode(method string, params json.RawMessage, v any) error {
	if len(params) == 0 {
		if !d.Optional {
			return d.error("missing field `params`")
		}
		params = json.RawMessage("{}")
	}
	w := walker{Decoder: d, path: method, types: map[reflect.Type][]member{}}
	return w.value(value(bytes.TrimSpace(params)), reflect.ValueOf(v).Elem(), true)
}

func (d Decoder) error(format string, args ...any) *Error {
	code := cmp.Or(d.Code, CodeInvalidParams)
	return Errorf(code, "%s%s", d.Prefix, fmt.Sprintf(format, args...))
}

// walker goes through one document.
type walker struct {
	Decoder
	path  string // method and members, for experimental ones
	types map[reflect.Type][]member
}

// value reads found into v. A null leaves it as it is where need is false.
func (w *walker) value(found value, v reflect.Value, need bool) error {
	t := v.Type()
	words := external(t)
	switch {
	case words != nil && !found.null():
		return w.external(found, v, words)
	case reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		return w.custom(found, v)
	case found.null() && (!need || nullable(t)):
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		return w.value(found, v.Elem(), true)
	case reflect.Struct:
		return w.object(found, v)
	case reflect.Map:
		return w.dict(found, v)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return w.base64(found, v)
		}
		return w.list(found, v)
	case reflect.String:
		return w.word(found, v)
	case reflect.Bool:
		if !found.bool() {
			return w.mismatch(found, t)
		}
		v.SetBool(found[0] == 't')
		return nil
	}
	return w.number(found, v)
}

func nullable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Interface:
		return true
	}
	return false
}

// custom leaves it to the type, whose errors of encoding/json get our words.
func (w *walker) custom(found value, v reflect.Value) error {
	err := v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(found)
	if te := (*json.UnmarshalTypeError)(nil); errors.As(err, &te) {
		if te.Field != "" {
			found = found.at(te.Field)
		}
		return w.mismatch(found, te.Type)
	}
	if err != nil {
		return w.error("%v", err)
	}
	return nil
}

// external gives the words of a union that is one of them, or an object whose one member
// names the variant.
func external(t reflect.Type) []string {
	if t.Kind() != reflect.Struct || t.NumField() == 0 {
		return nil
	}
	tag := t.Field(0).Tag
	list, ok := strings.CutPrefix(tag.Get("schema"), "words=")
	if !ok || tag.Get("json") != "" {
		return nil
	}
	return strings.Split(list, "|")
}

func (w *walker) external(found value, v reflect.Value, words []string) error {
	var name string
	var of value
	switch {
	case found.string():
		if name = string(found.text()); slices.Contains(words, name) {
			v.Field(0).SetString(name)
			return nil
		}
	case found.object():
		found.members(func(k []byte, e value) bool {
			name, of = string(k), e
			return false
		})
	default:
		return w.error("invalid type: %s, expected string or map", kindOf(found))
	}
	for i := 1; i < v.NumField(); i++ {
		member := v.Type().Field(i).Tag.Get("json")
		words = append(words, member)
		if of != nil && name == member {
			return w.value(of, v.Field(i), true)
		}
	}
	return w.variant(name, words)
}

func (w *walker) mismatch(found value, t reflect.Type) error {
	return w.error("invalid type: %s, expected %s", kindOf(found), expected(t))
}

func (w *walker) list(found value, v reflect.Value) (err error) {
	if !found.array() {
		return w.mismatch(found, v.Type())
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	found.items(func(e value) bool {
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		err = w.value(e, v.Index(v.Len()-1), true)
		return err == nil
	})
	return err
}

func (w *walker) dict(found value, v reflect.Value) (err error) {
	if !found.object() {
		return w.mismatch(found, v.Type())
	}
	v.Set(reflect.MakeMap(v.Type()))
	found.members(func(k []byte, e value) bool {
		name, val := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		name.SetString(string(k))
		if err = w.value(e, val, true); err == nil {
			v.SetMapIndex(name, val)
		}
		return err == nil
	})
	return err
}

func (w *walker) word(found value, v reflect.Value) error {
	if !found.string() {
		return w.mismatch(found, v.Type())
	}
	v.SetString(string(found.text()))
	_, open := v.Interface().(interface{ MayBeOther() })
	if words, ok := v.Interface().(interface{ Values() []string }); ok && !open {
		return w.variant(v.String(), words.Values())
	}
	return nil
}

func (w *walker) variant(word string, all []string) error {
	if slices.Contains(all, word) {
		return nil
	}
	return w.error("unknown variant `%s`, expected one of `%s`", Shorten(word), strings.Join(all, "`, `"))
}

// base64 decodes without a second copy of the text.
func (w *walker) base64(found value, v reflect.Value) error {
	if !found.string() {
		return w.mismatch(found, reflect.TypeFor[string]())
	}
	s := found.text()
	at := bytes.IndexAny(s, "\r\n") // which the decoder skips
	if at < 0 {
		b, err := base64.StdEncoding.Strict().AppendDecode([]byte{}, s)
		var corrupt base64.CorruptInputError
		if !errors.As(err, &corrupt) {
			v.SetBytes(b)
			return nil
		}
		at = int(corrupt)
	}
	if at < len(s) && s[at] != '=' && !inBase64(s[at]) {
		return base64Error{w.error("Invalid symbol %d, offset %d.", s[at], at)}
	}
	return base64Error{w.error("Invalid padding")}
}

// ErrBase64 is what errors.Is knows a text by that is no base64.
var ErrBase64 = errors.New("invalid base64")

type base64Error struct{ wire *Error }

func (e base64Error) Error() string   { return e.wire.Message }
func (e base64Error) Unwrap() []error { return []error{e.wire, ErrBase64} }

func inBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

func (w *walker) number(found value, v reflect.Value) error {
	t := v.Type()
	if !v.CanInt() && !v.CanUint() && !v.CanFloat() {
		if err := json.Unmarshal(found, v.Addr().Interface()); err != nil {
			return w.error("%v", err)
		}
		return nil
	}
	if !found.number() || !found.whole() && !v.CanFloat() {
		return w.mismatch(found, t)
	}
	var err error
	switch {
	case v.CanInt():
		var n int64
		n, err = strconv.ParseInt(string(found), 10, t.Bits())
		v.SetInt(n)
	case v.CanUint():
		var n uint64
		n, err = strconv.ParseUint(string(found), 10, t.Bits())
		v.SetUint(n)
	default:
		var n float64
		n, err = strconv.ParseFloat(string(found), t.Bits())
		v.SetFloat(n)
	}
	if err != nil {
		return w.error("invalid value: %s, expected %s", kindOf(found), expected(t))
	}
	return nil
}

// member is a field that has a name on the wire.
type member struct {
	name     string
	index    []int
	optional bool
	exp      bool
	yes      bool     // true when missing
	union    []string // variants of which it holds the word
	in       string   // variants that it belongs to
	words    []string // that it may be
}

// object reads a struct. Members of other variants of a union are ignored.
func (w *walker) object(found value, v reflect.Value) error {
	if !found.object() {
		return w.mismatch(found, v.Type())
	}
	members := w.members(v.Type())
	at := make([]value, len(members))
	var err error
	found.members(func(k []byte, e value) bool {
		i := slices.IndexFunc(members, func(m member) bool { return m.name == string(k) })
		switch {
		case i < 0:
		case at[i] != nil:
			err = w.error("duplicate field `%s`", k)
		default:
			at[i] = e
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	variant, err := w.variantOf(members, at)
	if err != nil {
		return err
	}
	for i, m := range members {
		if err := w.member(m, at[i], v.FieldByIndex(m.index), variant); err != nil {
			return err
		}
	}
	return nil
}

// variantOf gives the variant of a union, "" for what is none.
func (w *walker) variantOf(members []member, at []value) (string, error) {
	i := slices.IndexFunc(members, func(m member) bool { return m.union != nil })
	if i < 0 || !at[i].string() {
		return "", nil // what is wrong is found with the member
	}
	word := string(at[i].text())
	return word, w.variant(word, members[i].union)
}

func (w *walker) member(m member, found value, v reflect.Value, variant string) error {
	optional := m.optional
	if m.in != "" {
		belongs, may := in(m.in, variant)
		if !belongs {
			return nil
		}
		optional = optional || may
	}
	if m.yes {
		v.SetBool(true)
	}
	switch {
	case found == nil && !optional && !w.mayMiss(m.name):
		return w.error("missing field `%s`", m.name)
	case found == nil:
		return nil
	case m.exp && w.Stable && !found.null() && string(found) != "false":
		e := w.error("")
		e.Message = fmt.Sprintf("%s.%s requires experimentalApi capability", w.path, m.name)
		return e
	}
	before := w.path
	w.path += "." + m.name
	err := w.value(found, v, !optional)
	w.path = before
	if err == nil && m.words != nil && !found.null() {
		err = w.variant(v.String(), m.words)
	}
	return err
}

// mayMiss says whether a member of the params themselves may be missing in any case.
func (w *walker) mayMiss(name string) bool {
	return !strings.Contains(w.path, ".") && slices.Contains(w.MayMiss, name)
}

// in finds a variant in an in tag; one with ? may leave the member out.
func in(list, variant string) (belongs, optional bool) {
	for name := range strings.SplitSeq(list, ",") {
		word, may := strings.CutSuffix(name, "?")
		if word == variant {
			return true, may
		}
	}
	return false, false
}

// members reads the tags of a struct, once for each document.
func (w *walker) members(t reflect.Type) []member {
	if known, ok := w.types[t]; ok {
		return known
	}
	var all []member
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			for _, m := range w.members(f.Type) {
				m.index = append([]int{i}, m.index...)
				all = append(all, m)
			}
		}
		if !f.IsExported() || name == "" || name == "-" {
			continue
		}
		m := member{name: name, index: []int{i}, optional: opts == "omitempty" || opts == "omitzero", in: f.Tag.Get("in")}
		for word := range strings.SplitSeq(f.Tag.Get("schema"), ",") {
			switch key, val, _ := strings.Cut(word, "="); key {
			case "opt":
				m.optional = true
			case "exp":
				m.exp = true
			case "default":
				m.yes = val == "true" && f.Type.Kind() == reflect.Bool
			case "union":
				m.union = strings.Split(val, "|")
			case "words":
				m.words = strings.Split(val, "|")
			}
		}
		all = append(all, m)
	}
	w.types[t] = all
	return all
}

func kindOf(v value) string {
	switch {
	case v.whole():
		return "integer `" + string(v) + "`"
	case v.number():
		return "floating point `" + string(v) + "`"
	case v.string():
		return fmt.Sprintf("string %q", Shorten(string(v.text())))
	case v.bool():
		return "boolean `" + string(v) + "`"
	case v.array():
		return "sequence"
	case v.object():
		return "map"
	}
	return "null"
}

func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Slice:
		return "a sequence"
	case reflect.Map:
		return "a map"
	case reflect.Struct:
		return "struct " + t.Name()
	case reflect.Int, reflect.Uint:
		return string(t.Kind().String()[0]) + strconv.Itoa(min(t.Bits(), 64))
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return string(t.Kind().String()[0]) + strconv.Itoa(t.Bits())
	case reflect.Float32, reflect.Float64:
		return "f" + strconv.Itoa(t.Bits())
	}
	return "a " + t.Kind().String()
}

// Shorten keeps what a client made up from filling an answer.
func Shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
