#!/bin/sh
# Becomes the codex of the package for this platform, which npm has put somewhere near.
self=$0
while [ -L "$self" ]; do
	to=$(readlink "$self")
	case $to in
	/*) self=$to ;;
	*) self=${self%/*}/$to ;;
	esac
done
case $(uname -sm) in
"Linux x86_64") name=codex-unix-linux-x64 target=x86_64-unknown-linux-musl ;;
"Linux aarch64" | "Linux arm64") name=codex-unix-linux-arm64 target=aarch64-unknown-linux-musl ;;
"Darwin x86_64") name=codex-unix-darwin-x64 target=x86_64-apple-darwin ;;
"Darwin arm64") name=codex-unix-darwin-arm64 target=aarch64-apple-darwin ;;
*)
	echo "codex: no programs for $(uname -sm)" >&2
	exit 1
	;;
esac
# As Node looks for a package: in node_modules of this folder and of each one above.
dir=${self%/*}/..
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	for modules in "$dir/node_modules" "$dir"; do
		codex=$modules/$name/vendor/$target/codex
		[ ! -x "$codex" ] || exec "$codex" "$@"
	done
	dir=$dir/..
done
echo "codex: the package $name is not installed: npm install -g codex-unix, without --omit=optional" >&2
exit 1
