package memories

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFile holds the original's names of summaries.
func TestFile(t *testing.T) {
	const id = "0194f5a6-89ab-7cde-8123-456789abcdef"
	for slug, want := range map[string]string{
		"": "2025-02-11T15-35-19-jqmb.md", "___": "2025-02-11T15-35-19-jqmb.md", "../../etc/passwd": "2025-02-11T15-35-19-jqmb-______etc_passwd.md",
		"Unsafe Slug/With Spaces & Symbols + EXTRA_LONG_12345_67890_ABCDE_fghij_klmno": "2025-02-11T15-35-19-jqmb-unsafe_slug_with_spaces___symbols___extra_long_12345_67890_a.md",
	} {
		r := Record{ThreadID: id, Slug: slug}
		if got := r.File(); got != want {
			t.Errorf("%q: %s", slug, got)
		}
	}
	r := Record{ThreadID: "00000000-0000-4000-8000-000000000000", SourceUpdatedAt: 123}
	if got := r.File(); got != "1970-01-01T00-02-03-0000.md" {
		t.Errorf("an id without a time: %s", got)
	}
}

// TestImport holds that what the original has made of sessions is taken over, and written
// again as it was.
func TestImport(t *testing.T) {
	const dir = "testdata/home.0.133.0"
	all, err := Import(dir, map[string]bool{"019e0000-0000-7000-8000-000000000001": true})
	if err != nil || len(all) != 1 {
		t.Fatal(len(all), err)
	}
	r := all[0]
	if r.ThreadID != "019e0000-0000-7000-8000-000000000000" || r.Cwd != "/tmp/mem/proj" || r.SourceUpdatedAt != 1795911507 || !strings.HasPrefix(r.Summary, "# sum\nfixed bug") || r.Raw != "---\ndescription: x\n---\nraw memory body" {
		t.Errorf("%+v", r)
	}
	if all, err = Import(dir, map[string]bool{}); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	stale := filepath.Join(out, SummariesName, "2020-01-01T00-00-00-gone.md")
	temporary := filepath.Join(out, "skills", "a", ".codex-0123abcd.tmp")
	for _, path := range []string{stale, temporary} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	theirs, err := os.ReadFile(filepath.Join(dir, RawName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, RawName), theirs, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Publish(out, all); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{RawName, filepath.Join(SummariesName, r.File())} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	for _, path := range []string{stale, temporary} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s stays", path)
		}
	}
}

func TestSelect(t *testing.T) {
	old := time.Unix(1000, 0)
	rec := func(id string, updated int64, uses int, used int64) *Record {
		return &Record{ThreadID: id, Raw: "x", SourceUpdatedAt: updated, Uses: uses, LastUse: used}
	}
	all := []*Record{rec("a", 1100, 0, 0), rec("b", 900, 0, 0), rec("c", 900, 1, 1200), rec("d", 1300, 0, 0), {ThreadID: "e", SourceUpdatedAt: 2000}, rec("f", 1400, 5, 999)}
	got := ""
	for _, r := range Select(all, 2, old) {
		got += r.ThreadID
	}
	if got != "cd" {
		t.Error(got)
	}
}

func TestUsage(t *testing.T) {
	s := Store{t.TempDir()}
	const id = "0194f5a6-89ab-7cde-8123-456789abcdef"
	if err := s.Count(); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(&Record{ThreadID: id, Raw: "x"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Used([]string{id, "../../x", "0194f5a6-89ab-7cde-8123-456789abcdee"}, time.Unix(50, 0)); err != nil {
		t.Fatal(err)
	}
	if err := s.Used([]string{strings.ToUpper(id)}, time.Unix(40, 0)); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(s.usage())
	st, err2 := os.Stat(s.usage())
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	b = append([]byte(strings.Repeat("x", maxUse+1)+"\n"), b...) // what is no use keeps nobody from counting those after it
	for range 3 {                                                // nothing is counted twice, not what one who was killed has left either
		if err := s.Count(); err != nil {
			t.Fatal(err)
		}
		left := s.usage() + ".counting"
		if err := errors.Join(os.WriteFile(left, b, 0o600), os.Chtimes(left, st.ModTime(), st.ModTime())); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := s.Get(id); err != nil || r.Uses != 2 || r.LastUse != 50 {
		t.Errorf("%+v, %v", r, err)
	}
	if all, err := s.All(); err != nil || len(all) != 1 {
		t.Error(all, err)
	}
}

func TestRedact(t *testing.T) {
	r := NewRedactor()
	for in, want := range map[string]string{
		"key sk-abcdefghijklmnopqrstuvwx.":                                  "key " + Hidden + ".",
		"ghp_abcdefghijklmnopqrstuvwxyz0123456789":                          Hidden,
		"AKIAABCDEFGHIJKLMNOP":                                              Hidden,
		"Authorization: Bearer abcdefghijklmnop1234":                        "Authorization: Bearer " + Hidden,
		"https://me:hunter2@host/x":                                         "https://me:" + Hidden + "@host/x",
		`{\"password\": \"hunter2hunter2\"}`:                                `{\"password\": \"` + Hidden + `\"}`,
		"API_KEY=abcdefgh12345 make":                                        "API_KEY=" + Hidden + " make",
		"-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----": Hidden,
		"-----BEGIN PRIVATE KEY-----\nx":                                    Hidden,
		"the token is short: abc":                                           "the token is short: abc",
		"task: skim the list; ask me first":                                 "task: skim the list; ask me first",
	} {
		got := r.Redact(in)
		if got != want {
			t.Errorf("%q: %q", in, got)
		}
		if again := r.Redact(got); again != got {
			t.Errorf("%q: again %q", in, again)
		}
	}
}

// TestRedactVendors holds that a key is gone wherever it stands.
func TestRedactVendors(t *testing.T) {
	r := NewRedactor()
	long, hex := strings.Repeat("aB3", 14), strings.Repeat("0a1b2c3d", 5)
	for _, key := range []string{
		"sk-" + long, "sk-proj-" + long, "sk-ant-api03-" + long, "sk_live_" + long, "ghp_" + long, "gho_" + long, "github_pat_" + long, "glpat-" + long,
		"npm_" + long, "pypi-" + long, "hf_" + long, "gsk_" + long, "AKIA" + strings.Repeat("A", 16), "AIza" + long[:35], "ya29." + long, "GOCSPX-" + long,
		"xoxb-" + long, "xoxe.xoxp-" + long, "xapp-1-" + long, "dop_v1_" + hex, "shpat_" + hex[:32], "SG." + long[:22] + "." + long, "hvs." + long,
		"dckr_pat_" + long, "glsa_" + long, "tskey-auth-" + long, "12345678:AA" + long[:33], "eyJ" + long + "." + long + "." + long, "AGE-SECRET-KEY-1" + strings.Repeat("Q", 58),
		"-----BEGIN PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK-----",
	} {
		for _, around := range []string{"%s", "is it %s?", `{"cmd":"echo \n%s\n"}`, `"%s"`, "`%s`", "X=%s", "(%s)", "\t%s\n"} {
			before, after, _ := strings.Cut(around, "%s")
			if got := r.Redact(before + key + after); strings.Contains(got, key[len(key)/2:]) || !strings.HasSuffix(got, after) {
				t.Errorf("%q in %q: %q", key, around, got)
			}
		}
	}
	for _, said := range []string{"DefaultEndpointsProtocol=https;AccountKey=%s;x", "Authorization: Basic %s", "machine h login me password %s", "tool --password %s", "tool --api-key '%s'",
		`"client_secret": "%s"`, "//registry.x/:_authToken=%s", "//registry.x/:_auth=%s", "aws_secret_access_key = %s", "PGPASSWORD=%s psql", "x-api-key: %s", "ENC_PRIVATE_KEY=%s"} {
		if got := r.Redact(strings.Replace(said, "%s", long, 1)); strings.Contains(got, long[8:]) {
			t.Errorf("%q: %q", said, got)
		}
	}
	for _, plain := range []string{"use --password-store=pass", "the task-force-that-meets-each-day-at-nine", "a basic understanding", "user me password prompt", "10:30:AA", "globs-in-the-config-are-read-late"} {
		if got := r.Redact(plain); got != plain {
			t.Errorf("%q: %q", plain, got)
		}
	}
}

// FuzzRaw: whatever a file of raw memories says, no name leads out of the folder, and what is
// written of it is read as the same.
func FuzzRaw(f *testing.F) {
	b, err := os.ReadFile("testdata/home.0.133.0/" + RawName)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b))
	f.Add("## Thread `019e0000-0000-7000-8000-000000000001`\nrollout_summary_file: ../x.md\n\n## Thread `no`\n")
	f.Add("## Thread `019e0000-0000-7000-8000-000000000001`\nrollout_summary_file: \\.md\n")
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "?")
		all := parseRaw(text)
		for _, r := range all {
			if r.Slug != "" && (strings.ContainsAny(r.Slug, `/\`) || !filepath.IsLocal(r.Slug)) {
				t.Errorf("name %q", r.Slug)
			}
			r.Slug = slugOf(r.Slug)
			if name := r.File(); filepath.Base(name) != name || !filepath.IsLocal(name) {
				t.Errorf("name %q", name)
			}
		}
		again := parseRaw(RawText(all, text))
		if len(again) != len(all) {
			t.Fatalf("%d sections, then %d", len(all), len(again))
		}
		for i, r := range again {
			if r.ThreadID != all[i].ThreadID || len(r.Raw) < len(strings.TrimSpace(all[i].Raw)) {
				t.Errorf("%+v, then %+v", all[i], r)
			}
		}
	})
}
