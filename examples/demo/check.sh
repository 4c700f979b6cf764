#!/bin/sh
# Fails unless the greeting is right.
cd "$(dirname "$0")" || exit 1
got=$(sh ./greet.sh)
if [ "$got" = "hello world" ]; then
	echo "ok"
else
	echo "want: hello world" >&2
	echo "got:  $got" >&2
	exit 1
fi
