package execpolicy

import (
	"strings"
	"testing"
)

// TestUnknownPrograms: a forbidden command is met behind programs that no list has, and
// what only looks like one is not.
func TestUnknownPrograms(t *testing.T) {
	rules := NewPolicy([]Rule{{Prefix: &PrefixRule{Pattern: [][]string{{"touch"}}, Decision: Forbid}},
		{Prefix: &PrefixRule{Pattern: [][]string{{"rm"}}, Decision: Forbid}}, {Prefix: &PrefixRule{Pattern: [][]string{{"git"}, {"push"}}, Decision: Ask}}})
	for script := range strings.Lines(`newwrapper touch x
newwrapper -v --level 3 -- touch x
newwrapper -v touch x
newwrapper sh -c 'touch x'
newwrapper env touch x
newwrapper 'touch x'
newwrapper --run='touch x'
newwrapper --hook=exec='touch x'
dbus-run-session -- touch x
ssh-agent touch x
choom -n 0 -- touch x
perf stat -e x touch x
ld.so /usr/bin/touch x
/lib64/ld-linux-x86-64.so.2 /usr/bin/touch x
bwrap --dev-bind / / touch x
docker exec c touch x
npm exec -- touch x
npx -c 'touch x'
poetry run touch x
direnv exec . touch x
tar cf /dev/null --checkpoint=1 --checkpoint-action=exec='touch x' f
man -P 'touch x;cat' ls
split --filter='touch x' f
go test -exec 'touch x' ./...
start-stop-daemon -S -x /usr/bin/touch -- x
runuser -c 'touch x' root
flock f -c 'touch x'
sg root -c 'touch x'
hyperfine 'touch x'
git -c alias.t='!touch x' t
git config core.fsmonitor 'touch x'
git bisect run touch x
git rebase -x 'touch x' HEAD~1
git submodule foreach 'touch x'
git difftool --extcmd='touch x'
git fetch --upload-pack='touch x' .
git filter-branch --tree-filter 'touch x'
PAGER='touch x' man ls
GIT_PAGER=touch git -p log
export EDITOR='touch x'; git commit
env PAGER='touch x' man ls
env BASH_ENV=./f bash -c :
python3.11 -c 'import os; os.system("touch x")'
bash-5.2 -c 'touch x'
csh -c 'touch x'
psql -c '\! touch x'
trap -- 'touch x' EXIT
newwrapper git push
docker exec c git push
`) {
		script = strings.TrimSuffix(script, "\n")
		for _, asking := range []string{OnRequest, Never} {
			if d := Decide(Call{Argv: []string{"/bin/bash", "-lc", script}, Asking: Asking{Policy: asking}, Rules: rules}); d.Verdict == Allow {
				t.Errorf("%s: %q runs", asking, script)
			}
		}
	}
	// However many there are.
	for _, script := range []string{"newwrapper " + strings.Repeat("'env nice -n ' ", 2000) + "'touch x'",
		"newwrapper -- " + strings.Repeat("env -- ", 500) + "touch x", "newwrapper exec " + strings.Repeat("nice -n ", 500) + "touch x"} {
		if d := Decide(Call{Argv: []string{"/bin/bash", "-lc", script}, Asking: Asking{Policy: OnRequest}, Rules: rules}); d.Verdict == Allow {
			t.Errorf("%.40q... runs", script)
		}
	}
	for script := range strings.Lines(`git rm x
git commit -m 'rm old files'
git commit -am "touch up; rm x"
git log --grep='rm x' --author=touch
git tag -a v1 -m 'git push later'
git stash push
git checkout rm
docker rm c
docker run --rm image make
npm rm x
npm run test
yarn test --watch=false
apt-get install touch
echo touch x
printf 'touch %s' x
which rm
man rm
man touch
gh pr create --title 'rm old files' --body "touch x"
curl -d 'rm x' http://h
go test -run 'TestX|TestY' ./...
go build -ldflags '-X main.v=1 -s' ./cmd/rm
go run . a b c d e f g h i j k l m n
cargo run --release -- a b c d e f g h i
make -j8 CFLAGS='-O2 -g' all
cmake -DX='a b' -S . -B build
jq '.a | .b' f
mkdir rm touch
diff -u a touch
python3 -m pytest -k 'a and b' tests
tar czf rm.tgz src
unzip -o 'a b.zip' -d out
cc -o touch touch.c
FOO='a b' make
MSG="$(date) x"; echo "$MSG"
grep -rn 'rm -rf' .
some-tool --message 'it is done; see $HOME'
some-tool "don't (care"
`) {
		script = strings.TrimSuffix(script, "\n")
		if d := Decide(Call{Argv: []string{"/bin/bash", "-lc", script}, Asking: Asking{Policy: OnRequest}, Sandboxed: true, Rules: rules}); d.Verdict != Allow {
			t.Errorf("%q: %s (%+v)", script, d.Verdict, d.Segments)
		}
	}
}
