package execpolicy

import (
	"slices"
	"strings"
	"testing"
)

func join(cmds [][]string) string {
	var out []string
	for _, c := range cmds {
		out = append(out, strings.Join(c, " "))
	}
	return strings.Join(out, "|")
}

func TestHeredoc(t *testing.T) {
	for script, want := range map[string]string{
		"cat <<EOF\nx\nEOF":                    "cat",
		"python3 - <<'EOF'\nprint($(id))\nEOF": "python3 -",
		"python3 -u <<-EOF 2>log\nx\n\tEOF":    "",
		"cat <<EOF <<<x\n$y\nEOF":              "cat",
		"cat <<EOF\n$(id)\nEOF":                "",
		"cat <<EOF\n`id`\nEOF":                 "",
		"cat <<< $(id)":                        "",
		"tee <<< x":                            "",
		"A=1 cat <<EOF\nEOF":                   "",
		"export A=1; cat <<EOF\nEOF":           "",
		"cat <<EOF && ls\nEOF":                 "",
		"! cat <<EOF\nEOF":                     "",
		"cat <<EOF &\nEOF":                     "",
		"(cat <<EOF\nEOF\n)":                   "",
		"'cat' <<EOF\nEOF":                     "",
		"cat $x <<EOF\nEOF":                    "",
		"cat <<EOF >f\nEOF":                    "",
		"cat <<EOF":                            "",
	} {
		p := Take([]string{"bash", "-lc", script})
		got := ""
		if p.Heredoc {
			got = join(p.Commands)
		}
		if got != want || p.Plain {
			t.Errorf("%q: %q, want %q", script, got, want)
		}
	}
}

// TestLook lists inner commands: (unsure), [in code], ... where words follow that are not
// known, ! where it can't be seen what runs.
func TestLook(t *testing.T) {
	for script, want := range map[string]string{
		"A=1 git push":                           "git push|(1)",
		"rm -rf $x >log":                         "rm -rf...",
		"if true; then rm x; else (mv a b) & fi": "true|rm x|mv a b|(a...)|(b...)",
		"echo $(rm 'x y') \"`rm a`\"":            "echo...|rm x y|rm a",
		"$cmd x":                                 "...",
		"f() { rm x; }; f $1":                    "rm x|f...",
		"bash -c 'sh -c \"rm x\"' $0":            "bash -c sh -c \"rm x\"...|sh -c rm x|rm x",
		"bash -c 'sh -c \"rm $x\"' >f":           "bash -c sh -c \"rm $x\"|sh -c...|!sh -c...",
		"rm x\nrm y )":                           "rm x|!...",
		"cat <<EOF\n$(rm x)\nEOF":                "cat|rm x",
		"zsh -lc 'ls | rm x'":                    "zsh -lc ls | rm x|ls|rm x",
		"ls && rm x":                             "ls|rm x",
		`e\xec rm x`:                             "exec rm x|rm x",
		"env -i A=1 rm x":                        "env -i A=1 rm x|rm x",
		"nice -n 5 rm x":                         "nice -n 5 rm x|(5 rm x)|(rm x)",
		"timeout 5 rm x":                         "timeout 5 rm x|rm x",
		"xargs -I{} rm {} x <f":                  "xargs -I{} rm {} x|(rm...)|(...)",
		"xargs env <f":                           "xargs env|env...|...",
		"find . -exec rm {} +":                   "find . -exec rm {} +|rm...",
		"env -S 'rm x'":                          "env -S rm x|(rm x)|(rm x)|(rm x)",
		"perl -e 'system \"rm x\"'":              "perl -e system \"rm x\"|[-e system rm x]",
		". f":                                    ". f|!. f",
		"sh f":                                   "sh f|!sh f",
		"sh -o pipefail -c 'rm x'":               "sh -o pipefail -c rm x|rm x",
		"eval rm x":                              "eval rm x|rm x",
		"eval \"$x\"":                            "eval...|!eval...",
		"alias t='rm -f'":                        "alias t=rm -f|rm -f...|rm -f",
		"trap 'rm x' EXIT":                       "trap rm x EXIT|rm x",
		"echo 'a$(rm x)'; echo ${y@P}":           "echo a$(rm x)|(rm x)|echo...|...",
		"git grep -Oxargs y":                     "git grep -Oxargs y|(xargs)|(y)",
		"git rebase -ixxargs main":               "git rebase -ixxargs main|(xargs)|(main)",
		"git difftool -yxxargs":                  "git difftool -yxxargs|(xargs)",
		"command -v rm":                          "command -v rm",
		"BASH_ENV=f true":                        "true|!BASH_ENV|(f)",
		"t?uch x; touch x*":                      "...|touch x*...",
	} {
		var got []string
		for _, in := range Look([]string{"/bin/bash", "-lc", script}) {
			s := strings.Join(in.Argv, " ")
			if in.Open {
				s += "..."
			}
			switch {
			case in.Hidden:
				s = "!" + s
			case in.Text:
				s = "[" + s + "]"
			case in.Guess:
				s = "(" + s + ")"
			}
			got = append(got, s)
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%q:\n%s, want\n%s", script, s, want)
		}
	}
}

// What is too deep or too much is hidden, never passed over.
func TestLookIsBounded(t *testing.T) {
	deep := "rm x"
	for range 3 * maxDepth {
		deep = "sh -c '" + strings.ReplaceAll(deep, "'", `'\''`) + "'"
		if len(deep) > 1<<20 {
			break
		}
	}
	for _, script := range []string{deep, strings.Repeat("x;", 2*maxInner) + "$y", strings.Repeat("env ", 100) + "rm x", strings.Repeat("find . -exec ", 1000) + "rm x", strings.Repeat("nice -n ", 1000) + "rm x",
		strings.Repeat("xargs -I {} sh -c '", 3) + strings.Repeat("alias a='b=c' ", 2000)} {
		got := Look([]string{"bash", "-lc", script})
		if len(got) > maxInner+1 || !slices.ContainsFunc(got, func(in Inner) bool { return in.Hidden }) {
			t.Errorf("%.20q: %d commands, none hidden", script, len(got))
		}
	}
}

// forbidden are ways to run touch.
func spellings() []string {
	return strings.Split(strings.TrimSpace(`
touch x
t\ouch x
\touch x
"touch" x
'touch' x
to""uch x
"to"'uch' x
$'touch' x
$'to\x75ch' x
$"touch" x
/usr/bin/touch x
/usr/bin/../bin/touch x
../../usr/bin/touch x
/proc/self/root/usr/bin/touch x
~/../usr/bin/touch x
/usr/bin/t?uch x
/usr/bin/to[u]ch x
{touch,x}
touc{h,} x
TOUCH x
=touch x
exec touch x
exec -a ls touch x
command touch x
command -p -- touch x
builtin command touch x
env touch x
env -i A=1 PATH=/bin touch x
env -u A touch x
env - touch x
env -S 'touch x'
env --split-string='touch x'
nice touch x
nice -n 5 touch x
nice -5 touch x
ionice -c 3 touch x
nohup touch x &
setsid touch x
stdbuf -oL touch x
timeout 5 touch x
timeout -s KILL 5 touch x
timeout --signal=KILL 5 touch x
sudo touch x
sudo -u root A=1 touch x
sudo -- touch x
doas touch x
time touch x
time -p touch x
flock f touch x
chroot / touch x
xargs touch <f
xargs -n 1 touch <f
xargs -I{} touch {} <f
echo touch x | xargs env
echo touch | xargs -I{} {} x
echo touch x | parallel
find . -exec touch {} \;
find . -name x -exec touch {} +
find . -execdir sh -c 'touch x' \;
busybox touch x
busybox sh -c 'touch x'
strace -f touch x
sh -c 'touch x'
bash -lc 'touch x'
bash -ec 'touch x'
bash --norc -o pipefail -c 'touch x'
bash -c -- 'touch x'
bash -c - 'touch x'
/bin/sh -c 'touch x'
dash -c "touch x"
bash -c 'bash -c "touch x"'
bash -c "$X"
sh -c "tou${nothing}ch x"
eval touch x
eval 'touch x'
eval "$X"
eval "to""uch x"
f() { touch x; }; f
function f { "$@"; }; f touch x
alias t=touch; t x
alias t='env touch'
trap 'touch x' EXIT
coproc touch x
(touch x)
{ touch x; }
! touch x
touch x &
ls; touch x
ls && touch x
false || touch x
ls | touch x
if true; then touch x; fi
while touch x; do break; done
for i in 1; do touch $i; done
case x in x) touch x;; esac
[[ -n $(touch x) ]]
echo $(touch x)
echo "$(touch x)"
echo `+"`touch x`"+`
cat <(touch x)
echo ${y:-$(touch x)}
echo $(( $(touch x) ))
A=$(touch x)
A=1 touch x
>f touch x
touch x 2>/dev/null
touch <<< x
a=touch; $a x
a=touch; ${a} x
a=(touch x); "${a[@]}"
set -- touch x; "$@"
${nothing}touch x
to$()uch x
touch$IFS'x'
x='$(touch y)'; echo ${x@P}
x='$(touch y)'; eval "echo $x"
PS4='$(touch x)' bash -xc ls
BASH_ENV=f bash -c ls
. file
. ./file
source file
source /dev/stdin <<< 'touch x'
. <(echo touch x)
sh file
bash < file
bash -s x < file
echo touch x | sh
echo touch x | bash -s
printf 'to%s' 'uch x' | sh
while read l; do $l; done < file
perl -e 'system "touch x"'
python3 -c 'import os; os.system("touch x")'
awk 'BEGIN { system("touch x") }'
sed '1e touch x' f
ssh localhost touch x
su -c 'touch x'
cp /usr/bin/touch t && ./t x
ln -s /usr/bin/touch t && ./t x
hash -p /usr/bin/touch t; t x`+"\n"), "\n")
}

// fed are ways to run touch that come by a here-document, or through a shell that is given one.
func fed() []string {
	return []string{
		"bash <<EOF\ntouch x\nEOF",
		"bash <<'EOF'\ntouch x\nEOF",
		"sh -s <<EOF\necho hi\ntouch x\nEOF",
		"sh -s a b <<-EOF\n\ttouch x\n\tEOF",
		"bash <<< 'touch x'",
		"bash <<<\"touch x\"",
		"sh -c \"$(cat <<EOF\ntouch x\nEOF\n)\"",
		"eval \"$(cat <<EOF\ntouch x\nEOF\n)\"",
		"cat <<EOF | sh\ntouch x\nEOF",
		"python3 <<EOF\nimport os\nos.system('touch x')\nEOF",
		"python3 - <<'EOF'\nimport os; os.system('touch x')\nEOF",
		"perl <<EOF\nsystem 'touch x'\nEOF",
		"env FOO=1 bash <<EOF\ntouch x\nEOF",
		"sudo sh <<EOF\ntouch x\nEOF",
		"exec bash <<EOF\ntouch x\nEOF",
		"bash <(cat <<EOF\ntouch x\nEOF\n)",
		". <(cat <<EOF\ntouch x\nEOF\n)",
		"source /dev/stdin <<EOF\ntouch x\nEOF",
		"{ bash; } <<EOF\ntouch x\nEOF",
		"while read l; do $l; done <<EOF\ntouch x\nEOF",
		"make -f - <<EOF\nall:\n\ttouch x\nEOF",
		"ed f <<EOF\n!touch x\nEOF",
		"bash <<EOF\nbash <<EOG\ntouch x\nEOG\nEOF",
		"bash <<EOF\n$(echo touch x)\nEOF",
		"X=touch; bash <<EOF\n$X x\nEOF",
		"ssh h <<EOF\ntouch x\nEOF",
		"awk -f - <<EOF\nBEGIN{system(\"touch x\")}\nEOF",
		"python3 -c \"$(cat <<EOF\nimport os;os.system('touch x')\nEOF\n)\"",
		"mapfile -t a <<< 'touch x'; ${a[0]}",
		"IFS=; read c <<< 'touch x'; $c",
		"bash 0<<EOF\ntouch x\nEOF",
		"bash 3<<EOF <&3\ntouch x\nEOF",
		"coproc bash <<EOF\ntouch x\nEOF",
		"busybox sh <<EOF\ntouch x\nEOF",
		"xargs -I{} sh -c '{}' <<< 'touch x'",
		"node <<EOF\nrequire('child_process').execSync('touch x')\nEOF",
		"zsh <<EOF\n=touch x\nEOF",
		"bash <<EOF\nt\\ouch x\nEOF",
		"bash <<EOF\n$'touch' x\nEOF",
		"at now <<EOF\ntouch x\nEOF",
		"command bash <<EOF\ntouch x\nEOF",
		"bash /dev/stdin <<EOF\ntouch x\nEOF",
		"bash -c 'bash' <<EOF\ntouch x\nEOF",
		"timeout 5 bash <<EOF\ntouch x\nEOF",
		"(bash) <<EOF\ntouch x\nEOF",
		"if true; then bash; fi <<EOF\ntouch x\nEOF",
		"f() { bash; }; f <<EOF\ntouch x\nEOF",
		"env python3 <<EOF\nimport os; os.system('touch x')\nEOF",
		"coproc bash <<E\ntouch x\nE", "echo 'import os' | python3", "bash -s < f", "node -e \"$x\"",
	}
}

// TestSpellings: however a forbidden command is written, it is refused or asked about. A
// rule that asks does so, too.
func TestSpellings(t *testing.T) {
	all := append(append(spellings(), fed()...), "ls\ntouch x", "to\\\nuch x", "cat <<E\n$(touch x)\nE", "sh <<E\ntouch x\nE", "bash <<'E'\ntouch x\nE")
	for _, rule := range []Verdict{Forbid, Ask} {
		rules := NewPolicy([]Rule{{Prefix: &PrefixRule{Pattern: [][]string{{"touch"}}, Decision: rule}}})
		for _, script := range all {
			for _, policy := range []string{OnRequest, Never} {
				d := Decide(Call{Argv: []string{"/bin/bash", "-lc", script}, Asking: Asking{Policy: policy}, Rules: rules})
				if d.Verdict == Allow {
					t.Errorf("%s, rule %s: %q runs", policy, rule, script)
				}
				if len(d.Amendment) > 0 {
					t.Errorf("%q: proposes %q", script, d.Amendment)
				}
			}
		}
	}
	if len(all) < 54 {
		t.Errorf("%d spellings", len(all))
	}
}

// TestOrdinary: with that rule, what has nothing to do with it is as it was.
func TestOrdinary(t *testing.T) {
	rules := NewPolicy([]Rule{{Prefix: &PrefixRule{Pattern: [][]string{{"touch"}}, Decision: Forbid}},
		{Prefix: &PrefixRule{Pattern: [][]string{{"git"}, {"push"}}, Decision: Ask}},
		{Prefix: &PrefixRule{Pattern: [][]string{{"."}, {"venv/bin/activate"}}, Decision: Allow}}})
	for script, want := range map[string]Verdict{
		"ls -la": Allow, "grep -r touch .": Allow, "git commit -m 'touch up'": Allow, "git log --grep push": Allow, "git -C push status": Ask,
		"git -C x push": Ask, "git $x": Ask, "git --no-pager push": Ask, "git push": Ask, "git pu\\sh": Ask, "g() { git \"$@\"; }; g push": Ask,
		"make && go test ./...": Allow, "command -v touch": Allow, "which touch": Allow, "cat a | xargs grep x": Allow, "find . -name touch": Allow,
		"for f in *.go; do gofmt -l \"$f\"; done": Allow, "python3 -c 'print(1)'": Allow, "python3 x.py touch": Ask, "awk '{print $(NF-1)}' f": Allow,
		"npm test 2>&1 | tail -5": Allow, "cd x && make": Allow, ". venv/bin/activate && pytest": Allow, ". other": Ask, "bash build.sh": Ask,
		`"$VENV/bin/python" -m pytest`: Allow, `"$(go env GOPATH)"/bin/x`: Allow, `"$BIN/touch" x`: Ask, `"$BIN"/git push`: Ask, `$BIN/x`: Ask, `"$@/x"`: Ask,
		`"${a[@]}/x"`: Ask, `"${a:-touch x}"/y`: Ask, `"$BIN"/to?ch x`: Ask, "echo ${x@Q}": Allow,
		"./build.sh": Allow, "echo $HOME": Allow, "A=$(git rev-parse HEAD) make": Allow, "cat <<EOF >f\ntouch x\nEOF": Allow, "env": Allow, "xargs": Allow,
		"bash <<EOF\necho hello\nEOF": Allow, "python3 <<EOF\nprint(1)\nEOF": Allow, "python3 - a <<'EOF'\nprint(1)\nEOF": Allow,
		"git commit -F - <<EOF\ntouch up\nEOF": Allow, "python3 x.py \"$f\"": Allow, "sed -n \"${n}p\" f": Allow, "sort - <<< b": Allow,
		"bash --version": Allow, "nice make": Allow, "timeout 60 go test": Allow, "cp a b": Allow, "mv touch b": Ask, "sudo apt-get update": Allow,
	} {
		d := Decide(Call{Argv: []string{"/bin/bash", "-lc", script}, Asking: Asking{Policy: OnRequest}, Sandboxed: true, Rules: rules})
		if d.Verdict != want {
			t.Errorf("%q: %s, want %s (%+v)", script, d.Verdict, want, d.Segments)
		}
	}
}

// Rules that restrict reach into scripts that can't be judged in parts; rules that allow
// do not.
func TestRestrictsInside(t *testing.T) {
	rules := NewPolicy([]Rule{
		{Prefix: &PrefixRule{Pattern: [][]string{{"rm"}}, Decision: Forbid}},
		{Prefix: &PrefixRule{Pattern: [][]string{{"git"}, {"push"}}, Decision: Ask, Justification: "talk first"}},
		{Prefix: &PrefixRule{Pattern: [][]string{{"make"}}, Decision: Allow}},
	})
	for script, want := range map[string]Decision{
		"rm x":                  {Verdict: Forbid, Reason: "`bash -lc 'rm x'` rejected: policy forbids commands starting with `rm`"},
		"rm x >log":             {Verdict: Forbid, Reason: "`bash -lc 'rm x >log'` rejected: policy forbids commands starting with `rm`"},
		"ls; sh -c 'rm x'":      {Verdict: Forbid, Reason: "`bash -lc \"ls; sh -c 'rm x'\"` rejected: policy forbids commands starting with `rm`"},
		"/bin/rm x":             {Verdict: Forbid, Reason: "`bash -lc '/bin/rm x'` rejected: policy forbids commands starting with `rm`"},
		"A=1 git push":          {Verdict: Ask, Reason: "`bash -lc 'A=1 git push'` requires approval: talk first"},
		"A=1 make":              {},
		"make >log":             {},
		"make":                  {Unsandboxed: true},
		"make && make x":        {Unsandboxed: true},
		"make && ls":            {},
		"make && sh -c 'ls'":    {},
		"/usr/bin/make":         {Unsandboxed: true},
		"/work/make":            {}, // a command in the sandbox may have put it there
		"make <<EOF\nx\nEOF":    {Unsandboxed: true},
		"make <<EOF\n$(x)\nEOF": {},
	} {
		d := Decide(Call{Argv: []string{"bash", "-lc", script}, Asking: Asking{Policy: OnRequest}, Sandboxed: true, Rules: rules,
			Writable: func(path string) bool { return strings.HasPrefix(path, "/work/") }})
		if d.Verdict != want.Verdict || d.Reason != want.Reason || d.Unsandboxed != want.Unsandboxed {
			t.Errorf("%q: %s %q unsandboxed %t", script, d.Verdict, d.Reason, d.Unsandboxed)
		}
	}
}

func TestHostListBeatsWritable(t *testing.T) {
	rules := NewPolicy([]Rule{{Prefix: &PrefixRule{Pattern: [][]string{{"tool"}}, Decision: Allow}},
		{Host: &HostExecutable{Name: "tool", Paths: []string{"/work/bin/tool"}}}})
	for path, want := range map[string]bool{"/work/bin/tool": true, "/work/tool": false, "/usr/bin/tool": false} {
		d := Decide(Call{Argv: []string{path}, Asking: Asking{Policy: OnRequest}, Sandboxed: true, Rules: rules, Writable: func(string) bool { return true }})
		if d.Unsandboxed != want {
			t.Errorf("%s: unsandboxed %t", path, d.Unsandboxed)
		}
	}
}

func TestBanned(t *testing.T) {
	for _, line := range []string{"", "python3", "python -", "python3 -c", "py -3", "git", "bash", "bash -lc", "sh -c", "/bin/zsh -lc", "pwsh -c", "powershell.exe -Command", "env", "sudo", "node -e", "php -r", "osascript"} {
		if !Banned(strings.Fields(line)) {
			t.Errorf("%q is not banned", line)
		}
	}
	for _, line := range []string{"git push", "python3 -m", "python3 x.py", "bash -c", "env A=1", "rm", "node x", "sh -c ls"} {
		if Banned(strings.Fields(line)) {
			t.Errorf("%q is banned", line)
		}
	}
}

// The model's own rule is proposed when it would allow everything, and nothing else says
// anything about the call.
func TestPrefixRule(t *testing.T) {
	rules := NewPolicy([]Rule{{Prefix: &PrefixRule{Pattern: [][]string{{"tee"}}, Decision: Allow}}})
	for _, c := range []struct {
		script, prefix, want string
	}{
		{"touch a", "touch", "touch"},
		{"touch a && touch b", "touch", "touch"},
		{"touch a && ln b", "touch", "touch a"},
		{"touch a && tee b", "touch", "touch a"}, // a rule matches already
		{"touch a", "ln", "touch a"},
		{"touch a", "", "touch a"},
		{"git push", "git", "git push"}, // banned
		{"git push x", "git push", "git push"},
		{"touch $x", "touch", "bash -lc touch $x"},
		{"touch a <<E\nE", "touch", ""},
	} {
		d := Decide(Call{Argv: []string{"bash", "-lc", c.script}, Asking: Asking{Policy: OnRequest}, Sandboxed: true, Escalate: true, Rules: rules, PrefixRule: strings.Fields(c.prefix)})
		if d.Verdict != Ask || strings.Join(d.Amendment, " ") != c.want {
			t.Errorf("%q with %q: %s, proposes %q", c.script, c.prefix, d.Verdict, d.Amendment)
		}
	}
}

func FuzzTake(f *testing.F) {
	for _, s := range append(spellings(), "ls && rm -rf x", "cat <<E\n$(a)\nE", "bash -c 'sh -c \"x $y\"' >f", "time -p ls | wc", "if a; then b; fi", "x\n)", "0&0\xff") {
		f.Add(s)
	}
	rules := NewPolicy([]Rule{{Prefix: &PrefixRule{Pattern: [][]string{{"touch"}}, Decision: Forbid}}})
	f.Fuzz(func(t *testing.T, script string) {
		call := []string{"bash", "-lc", script}
		p := Take(call)
		if len(p.Commands) == 0 || slices.ContainsFunc(p.Commands, func(c []string) bool { return len(c) == 0 }) || !p.Plain && len(p.Commands) != 1 {
			t.Errorf("%q: %+v", script, p)
		}
		for _, in := range Look(call) {
			if len(in.Argv) == 0 && !in.Open && !in.Text {
				t.Errorf("%q: an inner command of nothing", script)
			}
		}
		// What can't be taken apart is never safe.
		if !p.Plain && Safe(call, true) {
			t.Errorf("%q is safe", script)
		}
		// A command behind another one, or in a group, is seen like one alone.
		if p.Plain && !strings.ContainsAny(script, "\n#") {
			for _, more := range []string{script + "; touch x", "(" + script + " && touch x)", "if " + script + "; then touch x; fi"} {
				if d := Decide(Call{Argv: []string{"bash", "-lc", more}, Asking: Asking{Policy: OnRequest}, Rules: rules}); d.Verdict == Allow { // what makes no script is asked about
					t.Errorf("%q runs", more)
				}
			}
		}
	})
}
