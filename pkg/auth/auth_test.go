package auth

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codex/pkg/config"
)

func token(payload string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(`{"alg":"none"}`)) + "." + e([]byte(payload)) + ".sig"
}

func TestLoad(t *testing.T) {
	id := token(`{"email":"a@b.c","exp":1,"https://api.openai.com/auth":{"chatgpt_account_id":"acc-id","chatgpt_plan_type":"pro","user_id":"u1"}}`)
	tok := fmt.Sprintf(`{"id_token":%q,"access_token":"at","refresh_token":"rt"`, id)
	for _, c := range []struct {
		name, file, env, token string
		want                   Auth
		err                    string
	}{
		{name: "none"},
		{name: "key", file: `{"OPENAI_API_KEY":"sk-1"}`, want: Auth{Mode: APIKey, APIKey: "sk-1"}},
		{name: "key and mode", file: `{"auth_mode":"apikey","OPENAI_API_KEY":"sk-1","other":1}`, want: Auth{Mode: APIKey, APIKey: "sk-1"}},
		{name: "environment beats the file", file: `{"OPENAI_API_KEY":"sk-1"}`, env: " sk-env ", want: Auth{Mode: APIKey, APIKey: "sk-env", FromEnv: true}},
		{name: "environment needs no good file", file: `{bad`, env: "sk-env", want: Auth{Mode: APIKey, APIKey: "sk-env", FromEnv: true}},
		{name: "blank environment", file: `{"OPENAI_API_KEY":"sk-1"}`, env: "  ", want: Auth{Mode: APIKey, APIKey: "sk-1"}},
		{name: "empty object is chatgpt", file: `{}`, want: Auth{Mode: ChatGPT}},
		{name: "chatgpt beside a key", file: `{"auth_mode":"chatgpt","OPENAI_API_KEY":"sk-1"}`, want: Auth{Mode: ChatGPT}},
		{name: "a key beats tokens without a mode", file: `{"OPENAI_API_KEY":"sk-1","tokens":` + tok + `}}`, want: Auth{Mode: APIKey, APIKey: "sk-1"}},
		{name: "tokens", file: `{"tokens":` + tok + `,"account_id":"acc2"},"last_refresh":"2026-11-22T10:00:00.5Z"}`, want: Auth{
			Mode: ChatGPT, IDToken: id, AccessToken: "at", RefreshToken: "rt", AccountID: "acc2",
			LastRefresh: time.Date(2026, 11, 22, 10, 0, 0, 5e8, time.UTC),
			Claims:      Claims{Email: "a@b.c", Plan: "pro", UserID: "u1", AccountID: "acc-id"},
		}},
		{name: "account from the id token", file: `{"tokens":` + tok + `}}`, want: Auth{
			Mode: ChatGPT, IDToken: id, AccessToken: "at", RefreshToken: "rt", AccountID: "acc-id",
			Claims: Claims{Email: "a@b.c", Plan: "pro", UserID: "u1", AccountID: "acc-id"},
		}},
		{name: "no object", file: `["sk-1"]`, err: "invalid type: array, expected object at line 1 column 1"},
		{name: "tokens that are none", file: `{"tokens":"x"}`, err: "invalid type: string, expected object at line 1 column 13"},
		{name: "no key", file: `{"auth_mode":"apikey"}`, err: "API key auth is missing a key."},
		{name: "empty key", file: `{"OPENAI_API_KEY":" "}`, err: "API key auth has an empty key; log in again, or remove it"},
		{name: "key with a newline", file: `{"OPENAI_API_KEY":"sk-1\n"}`, want: Auth{Mode: APIKey, APIKey: "sk-1"}},
		{name: "key over lines", file: `{"OPENAI_API_KEY":"sk-1\nx"}`, err: "auth.json: OPENAI_API_KEY in auth.json: character 5 is U+000A, which cannot be sent in a header; log in again, or remove it"},
		{name: "environment with a newline", env: "sk-env\r\n", want: Auth{Mode: APIKey, APIKey: "sk-env", FromEnv: true}},
		{name: "environment over lines", env: "sk\nenv", err: "CODEX_API_KEY: character 3 is U+000A, which cannot be sent in a header"},
		{name: "unknown mode", file: `{"auth_mode":"zz"}`, err: "unknown variant `zz`, expected one of `apikey`, `chatgpt`, `chatgptAuthTokens`, `agentIdentity`, `personalAccessToken`"},
		{name: "missing token", file: `{"tokens":{"access_token":"x"}}`, err: "missing field `id_token`"},
		{name: "not JSON", file: `{bad`, err: "at line 1 column 2"},
		{name: "personal token", file: `{"OPENAI_API_KEY":null,"personal_access_token":"at-1"}`, want: Auth{Mode: Personal, AccessToken: "at-1"}},
		{name: "agent", file: `{"auth_mode":"agentIdentity","OPENAI_API_KEY":null,"agent_identity":"a.b.c"}`, err: "read agent identity JWT"},
		{name: "agent without a token", file: `{"auth_mode":"agentIdentity","OPENAI_API_KEY":null,"agent_identity":{}}`, err: "agent identity auth is missing an agent identity token"},
		{name: "no personal token", file: `{"auth_mode":"personalAccessToken"}`, err: "personal access token auth is missing a personal access token."},
		{name: "token variable", file: `{"OPENAI_API_KEY":"sk-1"}`, token: "at-2\n", want: Auth{Mode: Personal, AccessToken: "at-2", FromEnv: true}},
		{name: "key beats token", env: "sk-env", token: "at-2", want: Auth{Mode: APIKey, APIKey: "sk-env", FromEnv: true}},
		{name: "another kind of token", token: "a.b.c", err: "CODEX_ACCESS_TOKEN: read agent identity JWT"},
		{name: "null", file: `null`, err: "invalid type: null"},
		{name: "wrong type", file: "{\n\"OPENAI_API_KEY\":5}", err: "line 2 column"},
		{name: "bad id token", file: `{"tokens":{"id_token":"a.b.c","access_token":"x","refresh_token":"y"}}`, err: "id_token: decode token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := t.TempDir()
			if c.file != "" {
				if err := os.WriteFile(Path(home), []byte(c.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			env := config.Env{Get: func(k string) string {
				if k == "CODEX_API_KEY" {
					return c.env
				}
				if k == "CODEX_ACCESS_TOKEN" {
					return c.token
				}
				return "sk-wrong"
			}}
			got, err := (&Source{Home: home, Env: env, AllowKey: true}).Load(t.Context())
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if *got != c.want {
				t.Fatalf("got %+v\nwant %+v", *got, c.want)
			}
			if c.env != "" && strings.TrimSpace(c.env) != "" {
				if a, err := (&Source{Home: home, Env: env}).Load(t.Context()); err == nil && a.FromEnv && a.Mode == APIKey {
					t.Fatal("environment used without leave")
				}
			}
		})
	}
}

func TestSave(t *testing.T) {
	home := filepath.Join(t.TempDir(), "new")
	if err := SaveAPIKey(t.Context(), home, "sk-<test>"); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(Path(home))
	if err != nil {
		t.Fatal(err)
	}
	if want := "{\n  \"auth_mode\": \"apikey\",\n  \"OPENAI_API_KEY\": \"sk-<test>\"\n}"; string(b) != want {
		t.Fatalf("got %s", b)
	}
	fi, err := os.Stat(Path(home))
	if err != nil || fi.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
		t.Fatalf("mode %v, %v", fi.Mode(), err)
	}
	id := token(`{}`)
	in := &Auth{Mode: ChatGPT, IDToken: id, AccessToken: "a", RefreshToken: "r", AccountID: "acc", LastRefresh: time.Unix(1e9, 5)}
	if err := (File{home}).Change(t.Context(), func(old string) (string, error) { return WithTokens(old, in) }); err != nil {
		t.Fatal(err)
	}
	b, _ = os.ReadFile(Path(home))
	want := "{\n  \"auth_mode\": \"chatgpt\",\n  \"OPENAI_API_KEY\": \"sk-<test>\",\n  \"tokens\": {\n    \"id_token\": \"" + id +
		"\",\n    \"access_token\": \"a\",\n    \"refresh_token\": \"r\",\n    \"account_id\": \"acc\"\n  },\n  \"last_refresh\": \"2001-09-09T01:46:40.000000005Z\"\n}"
	if string(b) != want {
		t.Fatalf("got %s\nwant %s", b, want)
	}
	if ok, err := (File{home}).Remove(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if ok, err := (File{home}).Remove(); ok || err != nil {
		t.Fatal(ok, err)
	}
}

func TestStale(t *testing.T) {
	now := time.Unix(1_000_000_000, 0)
	for _, c := range []struct {
		a    Auth
		want bool
	}{
		{Auth{}, false},
		{Auth{Mode: APIKey, APIKey: "k"}, false},
		{Auth{Mode: ChatGPT, RefreshToken: "r", AccessToken: token(`{"exp":999999999}`)}, true},
		{Auth{Mode: ChatGPT, RefreshToken: "r", AccessToken: token(`{"exp":1000000061}`)}, false},
		{Auth{Mode: ChatGPT, RefreshToken: "r", AccessToken: "opaque", LastRefresh: now.Add(-9 * 24 * time.Hour)}, true},
		{Auth{Mode: ChatGPT, RefreshToken: "r", AccessToken: "opaque", LastRefresh: now.Add(-7 * 24 * time.Hour)}, false},
		{Auth{Mode: ChatGPT, External: true, RefreshToken: "r", AccessToken: token(`{"exp":1}`)}, false},
	} {
		if got := c.a.Stale(now); got != c.want {
			t.Errorf("%+v: %v", c.a, got)
		}
	}
}

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"sk-test-1234567890abcdef": "sk-test-***bcdef", "1234567890123": "***", "12345678901234": "12345678***01234", "": "***",
	} {
		if got := Mask(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"auth_mode":"chatgpt","tokens":{"id_token":"a.e30.c","access_token":"x","refresh_token":"y"}}`))
	f.Add([]byte(`{"OPENAI_API_KEY":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Parse(b)
		if err != nil {
			return
		}
		if a.Mode != APIKey && a.Mode != ChatGPT && a.Mode != Personal && a.Mode != Agent {
			t.Fatalf("mode %q", a.Mode)
		}
		// What is sent goes into a header as it is.
		for _, s := range []string{a.APIKey, a.AccessToken} {
			if v, err := config.HeaderValue("", s); err != nil || v != s {
				t.Fatalf("%q: %v", s, err)
			}
		}
	})
}
