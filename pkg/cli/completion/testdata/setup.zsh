# What capture.zsh has an interactive shell do: it prints what completion would offer.
PROMPT= RPROMPT=
autoload -Uz compinit
compinit -u -D
source $SCRIPT
bindkey "^M" undefined
bindkey "^J" undefined
bindkey "^I" complete-word
done-line() { print HIT:END; exit }
compprefuncs=() comppostfuncs=(done-line)
zstyle ":completion:*" insert-tab false
compadd() {
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return
	fi
	typeset -a __hits
	builtin compadd -A __hits "$@"
	(( $#__hits )) && print -l -- "HIT:"${^__hits}
}
print ok
