# capture.zsh SCRIPT LINE prints what zsh offers at Tab behind LINE, with the completion SCRIPT.
zmodload zsh/zpty || exit 77
export SCRIPT=$1 SETUP=${0:h}/setup.zsh
zpty z zsh -f -i
zpty -w z "PROMPT="
zpty -w z 'source "$SETUP"'
while zpty -r z line; do
	[[ $line == ok* ]] && break
done
zpty -w z "$2"$'\t'
while zpty -r z line; do
	[[ $line == *HIT:END* ]] && break
	[[ $line == *HIT:* ]] && print -r -- "${${line##*HIT:}%%$'\r'*}"
done
