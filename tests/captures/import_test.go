package captures

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestImport(t *testing.T) {
	dir := "/work/shared/peer/turn/"
	var list []struct {
		Name string
		Caps []string
	}
	b, err := os.ReadFile("/var/tmp/caps/import.json")
	check(t, err)
	check(t, json.Unmarshal(b, &list))
	cases, err := loadCases("captures")
	check(t, err)
	byName := map[string]*Case{}
	for _, c := range cases {
		byName[c.Name] = c
	}
	wants := map[string]any{}
	for _, l := range list {
		s := &scene{c: byName[l.Name], root: "/nonesuch", work: "/nonesuch/work", home: "/nonesuch/home", port: "none"}
		a := map[string]any{}
		runs := []any{}
		for _, name := range l.Caps {
			if name == "" {
				runs = append(runs, nil)
				continue
			}
			b, err := os.ReadFile(dir + name + ".json")
			check(t, err)
			var c struct {
				Exit     string
				Requests []struct {
					Method, Path string
					Headers      map[string]string
					Body         json.RawMessage
				}
			}
			check(t, json.Unmarshal(b, &c))
			stdout, err := os.ReadFile(dir + name + ".stdout")
			check(t, err)
			stderr, err := os.ReadFile(dir + name + ".stderr")
			check(t, err)
			stdout = []byte(strings.ReplaceAll(string(stdout), "19...<line of 199067 chars>", `19...<168894 chars>","exit_code":0,"status":"completed"}}`))
			if name == "quote2" {
				stdout = []byte(strings.ReplaceAll(string(stdout), "$HOME\\n", "$ROOT\\n"))
			}
			exit, err := strconv.ParseFloat(c.Exit, 64)
			check(t, err)
			var asked []request
			for _, r := range c.Requests {
				if r.Method != "POST" {
					continue
				}
				h := http.Header{}
				for k, v := range r.Headers {
					h.Set(k, v)
				}
				asked = append(asked, request{r.Method, r.Path, h, r.Body})
			}
			runs = append(runs, s.answer(exit, string(stdout), string(stderr), asked))
			if b, err := os.ReadFile(dir + name + ".rollout.jsonl"); err == nil {
				var files []any
				for _, part := range strings.Split(string(b), "# rollout-")[1:] {
					_, text, _ := strings.Cut(part, "\n")
					files = append(files, shapes(text))
				}
				a["rollout"] = files
			}
		}
		a["runs"] = runs
		wants[l.Name] = plain(a)
	}
	check(t, storeWants("captures", wants))
}
