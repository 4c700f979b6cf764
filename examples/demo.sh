#!/bin/sh
# The main job, with a model that follows a script: an agent looks around in a copy of
# examples/demo, sees a check fail, repairs the cause, and runs the check again. Needs no
# account and no network. usage: examples/demo.sh [FOLDER OF THE PROGRAMS]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
bin=$(CDPATH='' cd -- "${1:-$here/../bin}" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/codex-demo.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

cp -R "$here/demo" "$scratch/work"
cd "$scratch/work"
git init -q .
git add .
git -c user.name=demo -c user.email=demo@example.org commit -qm 'a greeting, with a mistake'
mkdir "$scratch/home"
cat >"$scratch/home/config.toml" <<EOT
model_provider = "demo"

[model_providers.demo]
name = "demo"
command = ["codex", "model", "replay"]
EOT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }

say "The check before:"
sh check.sh || true

say "\$ echo 'the check fails, please repair it' | codex exec -s workspace-write"
echo 'the check fails, please repair it' |
	HOME=$scratch/home CODEX_HOME=$scratch/home PATH=$bin:$PATH codex exec -s workspace-write >"$scratch/answer"

say "The answer, on standard output:"
cat "$scratch/answer"
say "What changed:"
git --no-pager diff
say "The check after:"
sh check.sh
