//go:build unix

package captures

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Case is one scripted conversation, of one process or several in a row. Texts know
// $WORK, $ROOT, $CODEX_HOME and, in arguments, $THREAD (the thread of the run before).
type Case struct {
	Name string `json:"name"`
	Note string `json:"note,omitempty"`
	// Files are the work tree, Home what is in CODEX_HOME, Outside what is beside both.
	// A value is a text, or {"base64":…}, or {"link":…}.
	Files   map[string]File `json:"files,omitempty"`
	Home    map[string]File `json:"home,omitempty"`
	Outside map[string]File `json:"outside,omitempty"`
	// Git is what the work tree is: a repository with one commit, "empty" for one
	// without, "none" for none.
	Git string `json:"git,omitempty"`
	// Top goes before the tables of config.toml, Provider into the provider's, Config
	// after them.
	Top      string            `json:"config_top,omitempty"`
	Provider string            `json:"provider,omitempty"`
	Config   string            `json:"config,omitempty"`
	Env      map[string]string `json:"env,omitempty"`
	Run
	Runs []Run `json:"runs,omitempty"`
	// Unordered is for cases in which several things happen at once: events are compared
	// without their order.
	Unordered bool `json:"unordered,omitempty"`
	// Leaves is a file that stays behind elsewhere: it is removed, since whoever runs the
	// tests next may be somebody else.
	Leaves string `json:"leaves,omitempty"`
	// Check says what is compared, instead of everything.
	Check []string `json:"check,omitempty"`
}

// Run is one process of a case.
type Run struct {
	Argv  []string        `json:"argv,omitempty"`
	Stdin *File           `json:"stdin,omitempty"` // none: /dev/null
	Turns json.RawMessage `json:"turns,omitempty"` // the model's script from here on
	// Wire is instead of Turns: responses as bytes; the last repeats. {"base64":…} in a
	// body is allowed.
	Wire []Wire `json:"wire,omitempty"`
	// Signal is sent when the model got so many requests, and stdout so many lines.
	Signal   string `json:"signal,omitempty"`
	Requests int    `json:"requests,omitempty"`
	Lines    int    `json:"lines,omitempty"`
	// Unseen runs only prepare for the next; they are not compared.
	Unseen bool `json:"unseen,omitempty"`
}

// Wire is an HTTP response.
type Wire struct {
	Status  int               `json:"status,omitempty"` // 200
	Headers map[string]string `json:"headers,omitempty"`
	Body    File              `json:"body"`
	Abort   bool              `json:"abort,omitempty"` // break the connection after it
}

func (c *Case) runs() []Run {
	if len(c.Runs) > 0 {
		return c.Runs
	}
	return []Run{c.Run}
}

// File is the content of a file.
type File struct {
	Data []byte
	Link string
	Mode os.FileMode
}

// UnmarshalJSON takes a text, or an object.
func (f *File) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		var s string
		err := json.Unmarshal(b, &s)
		f.Data = []byte(s)
		return err
	}
	var o struct {
		Base64, Link, Repeat string
		Times                int
		Mode                 os.FileMode
	}
	if err := json.Unmarshal(b, &o); err != nil {
		return err
	}
	var err error
	f.Link, f.Mode = o.Link, o.Mode
	if f.Data, err = base64.StdEncoding.DecodeString(o.Base64); o.Repeat != "" {
		f.Data = bytes.Repeat([]byte(o.Repeat), o.Times)
	}
	return err
}

func (f File) write(path string, expand *strings.Replacer) error {
	if strings.HasSuffix(path, "/") {
		return os.MkdirAll(path, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if f.Link != "" {
		return os.Symlink(f.Link, path)
	}
	mode := f.Mode
	if mode == 0 {
		mode = 0o644
	}
	return os.WriteFile(path, []byte(expand.Replace(string(f.Data))), mode)
}

// Answer is what a program did in a case, with everything that differs from run to run
// made alike.
type Answer struct {
	Runs    []*RunAnswer `json:"runs"`
	Files   any          `json:"files,omitempty"`
	Rollout any          `json:"rollout,omitempty"`
}

// RunAnswer is what one process did.
type RunAnswer struct {
	Exit     any   `json:"exit"`
	Stdout   []any `json:"stdout"` // events, or lines of text
	Stderr   []any `json:"stderr"`
	Requests []any `json:"requests"`
}

// suites lists the files of cases.
func suites() ([]string, error) {
	all, err := filepath.Glob("testdata/*.json")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range all {
		if strings.HasSuffix(p, ".want.json") || strings.HasSuffix(p, "differences.json") {
			continue
		}
		names = append(names, strings.TrimSuffix(filepath.Base(p), ".json"))
	}
	sort.Strings(names)
	return names, nil
}

func loadCases(suite string) ([]*Case, error) {
	b, err := os.ReadFile(filepath.Join("testdata", suite+".json"))
	if err != nil {
		return nil, err
	}
	var cases []*Case
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&cases); err != nil {
		return nil, fmt.Errorf("%s.json: %w", suite, err)
	}
	return cases, nil
}

// loadWants reads answers of the original; as plain JSON, because that is what they are
// compared as.
func loadWants(suite string) (map[string]any, error) {
	b, err := os.ReadFile(filepath.Join("testdata", suite+".want.json"))
	if os.IsNotExist(err) {
		return map[string]any{}, nil
	}
	if err != nil {
		return nil, err
	}
	var wants map[string]any
	if err := json.Unmarshal(b, &wants); err != nil {
		return nil, fmt.Errorf("%s.want.json: %w", suite, err)
	}
	return wants, nil
}

// storeWants writes answers, one case a block, one event a line.
func storeWants(suite string, wants map[string]any) error {
	names := make([]string, 0, len(wants))
	for n := range wants {
		names = append(names, n)
	}
	sort.Strings(names)
	var b bytes.Buffer
	b.WriteString("{\n")
	for i, n := range names {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.Write(encode(n))
		b.WriteString(": ")
		spread(&b, wants[n], 0)
	}
	b.WriteString("\n}\n")
	return os.WriteFile(filepath.Join("testdata", suite+".want.json"), b.Bytes(), 0o644)
}

// spread writes v over lines, down to what fits one.
func spread(b *bytes.Buffer, v any, depth int) {
	flat := encode(v)
	pad := "\n" + strings.Repeat(" ", depth+1)
	if len(flat) < 110 || depth > 3 {
		b.Write(flat)
		return
	}
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for i, k := range keys {
			b.WriteString(map[bool]string{true: "{", false: ","}[i == 0] + pad)
			b.Write(encode(k))
			b.WriteString(": ")
			spread(b, v[k], depth+1)
		}
		b.WriteString("}")
	case []any:
		for i, e := range v {
			b.WriteString(map[bool]string{true: "[", false: ","}[i == 0] + pad)
			spread(b, e, depth+1)
		}
		b.WriteString("]")
	default:
		b.Write(flat)
	}
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // only values that came out of JSON get here
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}
