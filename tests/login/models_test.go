package login

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// told is a list of models as an account's provider tells it.
const told = `{"models":[` +
	`{"slug":"next","display_name":"Next","visibility":"list","priority":1,"supported_in_api":true,"base_instructions":"plain","made_up":[1],` +
	`"model_messages":{"instructions_template":"Be next. {{ personality }} End.","instructions_variables":{"personality_default":"D","personality_friendly":"F","personality_pragmatic":"P"}},` +
	`"supports_reasoning_summaries":true,"default_reasoning_level":"high","supported_reasoning_levels":[{"effort":"high","description":"much"}],"context_window":1000},` +
	`{"slug":"later","visibility":"list","priority":2}]}`

// listing is a desk whose provider has a list of models.
func listing(t *testing.T) *desk {
	d := newDesk(t)
	d.write("auth.json", d.service.AuthJSON())
	d.write("config.toml", strings.Replace(d.read("config.toml"), "model = \"gpt-5.4\"\n", "", 1))
	d.model.set(func(m *model) { m.list, m.listTag = told, `W/"one"` })
	return d
}

func (d *desk) cache() string { return filepath.Join(d.home, "models_cache.json") }

// answerWhen has answers wait for the cache to be as it should.
func (d *desk) answerWhen(is func(cache string) bool) {
	d.model.set(func(m *model) {
		m.hold = func() {
			for d.t.Context().Err() == nil {
				if b, err := os.ReadFile(d.cache()); err == nil && is(string(b)) {
					return
				}
				time.Sleep(time.Millisecond)
			}
		}
	})
}

// say runs a turn, and gives the body of its request.
func (d *desk) say(args ...string) gjson.Result {
	d.t.Helper()
	if out, errs, status := d.run("", "codex-exec", append([]string{"--skip-git-repo-check", "hi"}, args...)...); status != 0 || out != "hello\n" {
		d.t.Fatalf("%d %s", status, errs)
	}
	var body string
	d.model.set(func(m *model) { body = m.bodies[len(m.bodies)-1] })
	return gjson.Parse(body)
}

// age makes the cache a day old.
func (d *desk) age() {
	d.t.Helper()
	old, err := sjson.Set(d.read("models_cache.json"), "fetched_at", time.Now().Add(-24*time.Hour).UTC().Format(time.RFC3339Nano))
	if err != nil {
		d.t.Fatal(err)
	}
	d.write("models_cache.json", old)
}

// TestModelsTurn holds that a turn has the list refreshed beside its answer and waits for
// nothing, and that the next one uses what is there, however old.
func TestModelsTurn(t *testing.T) {
	d := listing(t)
	d.answerWhen(func(c string) bool { return gjson.Get(c, "models.#").Int() == 2 })
	if b := d.say(); b.Get("model").Str != "gpt-5.5" {
		t.Errorf("first: %s", b.Get("model"))
	}
	d.model.set(func(m *model) {
		if len(m.listed) != 1 {
			t.Fatalf("asked %d times", len(m.listed))
		}
		h := m.listed[0]
		if h.Get("After") != "1" || h.Get("Query") != "client_version=0.133.0" || h.Get("Chatgpt-Account-Id") != "acc1" ||
			h.Get("Originator") != "codex_exec" || !strings.HasPrefix(h.Get("User-Agent"), "codex_exec/0.133.0 ") || !strings.HasPrefix(h.Get("Authorization"), "Bearer ") {
			t.Errorf("asked with %v", h)
		}
	})
	c := gjson.Parse(d.read("models_cache.json"))
	if c.Get("etag").Str != `W/"one"` || c.Get("client_version").Str != "0.133.0" || c.Get("models.0.made_up.0").Int() != 1 ||
		!strings.HasPrefix(c.Raw, "{\n  \"fetched_at\": \"") || time.Since(c.Get("fetched_at").Time()) > time.Hour {
		t.Errorf("kept %s", c.Raw)
	}
	if fi, err := os.Stat(d.cache()); err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", fi, err)
	}

	// Fresh: used, and nobody is asked.
	d.model.set(func(m *model) { m.hold = nil })
	b := d.say()
	if b.Get("model").Str != "next" || b.Get("instructions").Str != "Be next. P End." || b.Get("reasoning.effort").Str != "high" {
		t.Errorf("second: %s", b.Raw)
	}
	if b := d.say("-c", "personality=friendly", "-m", "later-7"); b.Get("model").Str != "later-7" {
		t.Errorf("third: %s", b.Raw)
	}
	if b := d.say("-c", "personality=friendly"); b.Get("instructions").Str != "Be next. F End." {
		t.Errorf("friendly: %s", b.Get("instructions"))
	}

	// Old, but the same: its time is renewed without asking.
	d.age()
	d.answerWhen(func(c string) bool { return time.Since(gjson.Get(c, "fetched_at").Time()) < time.Hour })
	if b := d.say(); b.Get("model").Str != "next" {
		t.Errorf("old: %s", b.Get("model"))
	}
	d.model.set(func(m *model) {
		if len(m.listed) != 1 {
			t.Errorf("asked %d times", len(m.listed))
		}
		m.listTag, m.list = `W/"two"`, strings.Replace(told, `"later"`, `"last"`, 1)
	})

	// Another list: the turn that hears of it uses the one at hand.
	d.answerWhen(func(c string) bool { return gjson.Get(c, "models.1.slug").Str == "last" })
	d.say()
	d.noSecrets()
}

// TestModelsNobodyAsked holds who has no list: API keys, a list of one's own, an answer that is
// none.
func TestModelsNobodyAsked(t *testing.T) {
	d := listing(t)
	d.write("models.json", `{"models":[{"slug":"own","visibility":"list"}]}`)
	if b := d.say("-c", fmt.Sprintf("model_catalog_json=%q", filepath.Join(d.home, "models.json"))); b.Get("model").Str != "own" {
		t.Errorf("own: %s", b.Get("model"))
	}
	d.write("auth.json", `{"auth_mode":"apikey","OPENAI_API_KEY":"sk-PLANTED"}`)
	d.say()
	d.write("models_cache.json", strings.Replace(told, "{", `{"fetched_at":"2026-01-01T00:00:00Z","client_version":"0.133.0",`, 1))
	if b := d.say(); b.Get("model").Str != "gpt-5.5" {
		t.Errorf("a key takes an account's list: %s", b.Get("model"))
	}
	d.model.set(func(m *model) {
		if len(m.listed) != 0 {
			t.Errorf("asked %d times", len(m.listed))
		}
	})
	// Nor is one used that the original wrote for another provider.
	d.write("auth.json", d.service.AuthJSON())
	d.model.set(func(m *model) { m.list = "" })
	if b := d.say(); b.Get("model").Str != "gpt-5.5" {
		t.Errorf("a list without a name is anybody's: %s", b.Get("model"))
	}
	// What is no list is not kept, and no matter of the turn's.
	for _, bad := range []string{"", `{"data":[]}`, `{"models":[{}]}`, "<html>"} {
		d.write("models_cache.json", "{")
		d.model.set(func(m *model) { m.list = bad })
		d.say()
		if got := d.read("models_cache.json"); got != "{" {
			t.Errorf("%q: kept %s", bad, got)
		}
	}
}

// TestModelsBroken holds that a list that cannot be used is asked for anew, however fresh it
// says it is and whatever its ETag.
func TestModelsBroken(t *testing.T) {
	d := listing(t)
	if _, errs, status := d.run("", "codex-debug", "models"); status != 0 {
		t.Fatal(errs)
	}
	good := d.read("models_cache.json")
	for _, models := range []string{`null`, `{}`, `[{"slug":""}]`} {
		bad, err := sjson.SetRaw(good, "models", models)
		if err != nil {
			t.Fatal(err)
		}
		d.write("models_cache.json", bad)
		if out, errs, status := d.run("", "codex-debug", "models"); status != 0 || gjson.Get(out, "models.0.slug").Str != "next" {
			t.Errorf("%s: %d %s", models, status, errs)
		}
		d.write("models_cache.json", bad)
		d.age()
		d.answerWhen(func(c string) bool { return gjson.Get(c, "models.#").Int() == 2 })
		if b := d.say(); b.Get("model").Str != "gpt-5.5" {
			t.Errorf("%s: %s", models, b.Get("model"))
		}
	}
}

// TestModelsDebug holds that codex debug models asks, and what it says when it cannot.
func TestModelsDebug(t *testing.T) {
	d := listing(t)
	slugs := func(args ...string) (string, string) {
		t.Helper()
		out, errs, status := d.run("", "codex-debug", append([]string{"models"}, args...)...)
		if status != 0 {
			t.Fatalf("%d %s", status, errs)
		}
		return gjson.Get(out, "models.#.slug").String(), errs
	}
	if got, errs := slugs(); got != `["next","later"]` || errs != "" {
		t.Errorf("asked: %s %s", got, errs)
	}
	if got, _ := slugs("--bundled"); !strings.Contains(got, "gpt-5.5") || strings.Contains(got, "next") {
		t.Errorf("bundled: %s", got)
	}
	d.model.set(func(m *model) { m.list = "" })
	if got, errs := slugs(); got != `["next","later"]` || errs != "" {
		t.Errorf("fresh: %s %s", got, errs)
	}
	d.age()
	if got, errs := slugs(); got != `["next","later"]` || !strings.HasPrefix(errs, "warning: ask m for its models: ") || !strings.Contains(errs, "404") {
		t.Errorf("old: %s %s", got, errs)
	}
	if out, errs, status := d.run("", "codex-model", "list"); status != 1 || out != "" || !strings.HasPrefix(errs, "codex-model: ask m for its models: ") {
		t.Errorf("list: %d %s %s", status, out, errs)
	}
	d.model.set(func(m *model) { m.list = told })
	if out, errs, status := d.run("", "codex-model", "list"); status != 0 || gjson.Get(out, "models.0.slug").Str != "next" {
		t.Errorf("list: %d %s %s", status, out, errs)
	}
}
