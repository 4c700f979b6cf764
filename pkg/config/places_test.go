package config

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlaces: a fault is found at the line and the column where 0.133.0 finds it.
func TestPlaces(t *testing.T) {
	for text, place := range map[string]string{
		"model = 5\n":                                              "1:9",
		"a = 1\r\nmodel = 5\r\n":                                   "2:9",
		"[tui]\nanimations = 3\n":                                  "2:14",
		"tui = {animations = 5}\n":                                 "1:21",
		"notify = [\"a\", 5]\n":                                    "1:16",
		"[[skills.config]]\npath = 5\n":                            "2:8",
		"[mcp_servers.x]\ncommand = 3\n":                           "2:11",
		"[mcp_servers.x]\nargs = [\"a\"]\n":                        "1:1",
		"[mcp_servers.x]\ncommand = \"a\"\nurl = \"b\"\n":          "1:1",
		"[tui]\nnotifications = 5\n":                               "1:1",
		"[hooks]\nStop = 5\n":                                      "1:1",
		"[features]\nmemories = \"x\"\n":                           "2:12",
		"[profiles.x.features]\nmemories = 5\n":                    "1:1",
		"[model_providers.openai]\nname = \"x\"\n":                 "1:2",
		"[model_providers.x]\nname = \"x\"\nwire_api = \"chat\"\n": "3:12",
		"[projects.\"/x\"]\ntrust_level = \"maybe\"\n":             "2:15",
		"projects = 5\n":                                           "1:12",
		"model = \n":                                               "1:9",
		"model = \"a\n":                                            "1:11",
		"a = 1\na = 2\n":                                           "2:1",
		"[a]\n[a]\n":                                               "2:2",
		"a.b = 1\na = 2\n":                                         "2:1",
		"x = [1, 2\ny = 3\n":                                       "2:1",
		"[model\n":                                                 "1:7",
		"= 3\n":                                                    "1:1",
	} {
		env := testEnv(t, nil)
		path := filepath.Join(env.home(), "config.toml")
		write(t, path, text)
		_, err := Load(context.Background(), Options{Env: env})
		e := AsError(err)
		if e == nil || !strings.HasPrefix(e.Summary, path+":"+place+": ") {
			t.Errorf("%q: %v, want %s", text, e, place)
		}
	}
}
