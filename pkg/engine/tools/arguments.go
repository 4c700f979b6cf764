package tools

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Decode reads the arguments that a model wrote into the struct v. It is strict about
// types and about what is required, and lax about members it does not know; null counts
// as left out. Errors name the member: the model reads them.
func Decode(arguments string, v any) error {
	err := json.Unmarshal([]byte(arguments), v)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		name := strings.TrimPrefix(wrong.Field, "wish.") // encoding/json names what a struct embeds
		return fmt.Errorf("`%s` is a JSON %s, expected %s", cmp.Or(name, "arguments"), wrong.Value, expected(wrong.Type))
	case err != nil:
		return err
	}
	return check(reflect.TypeOf(v), gjson.Parse(arguments), "")
}

func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint64:
		return "a whole number that is not negative"
	case reflect.Slice:
		return "an array"
	}
	return "an object"
}

// check looks for what v lacks of the required members of t, and for words that are none
// of a member's (its tag words); at is where v stands.
func check(t reflect.Type, v gjson.Result, at string) error {
	switch t.Kind() {
	case reflect.Pointer:
		return check(t.Elem(), v, at)
	case reflect.Slice:
		for i, e := range v.Array() {
			if err := check(t.Elem(), e, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			if err := checkMember(f, v, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkMember(f reflect.StructField, v gjson.Result, at string) error {
	name, required := member(f)
	path := strings.TrimPrefix(at+"."+name, ".")
	words := strings.Split(f.Tag.Get("words"), ",")
	switch sub := v.Get(name); {
	case name == "" || f.Tag.Get("about") == "-" || sub.Type == gjson.Null && !required:
		return nil
	case sub.Type == gjson.Null:
		return fmt.Errorf("missing field `%s`", path)
	case words[0] != "" && !slices.Contains(words, sub.Str):
		return fmt.Errorf("unknown variant `%s` of `%s`, expected one of `%s`", sub.Str, path, strings.Join(words, "`, `"))
	default:
		return check(f.Type, sub, path)
	}
}

// BadArguments is the output of a call whose arguments Decode refused.
func BadArguments(err error) Output {
	return failed("failed to parse function arguments: %v", err)
}
