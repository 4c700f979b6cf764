#!/bin/sh
# Installs codex for one user, upgrades it, and removes it again: see usage below.
#
# Everything stands in functions and the last line calls them, so that a copy of this file
# that broke off on its way does nothing. Nothing is asked, and nothing reads standard
# input, which may be this script. What happens is told on standard error; standard output
# gets one line, the version that is installed.
#
# A release is unpacked in a folder of its own and tried there. It goes into place by
# renaming, and the links that people use are switched last, by renaming too: whatever
# ends this script, and whenever, leaves the old version or the new one, never a mixture.

# Where releases come from unless --from or CODEX_INSTALL_BASE_URL says otherwise. Who
# publishes releases has the address put here: make dist RELEASES=ADDRESS.
default_base=https://codex.invalid

# The publisher's key, in minisign's format, which lists of releases are signed with: make
# dist SIGNKEY=FILE puts it here. Without one, this is the installer of an unsigned build.
public_key=

usage() {
	cat <<'EOF'
Usage: install.sh [--release VERSION] [--from PLACE]
       install.sh --uninstall

Installs codex under ~/.codex/packages/standalone, links it into ~/.local/bin, its manual
pages and completions into ~/.local/share, and puts the first of these on PATH when it is
not there. A version that is complete is not fetched again.

Releases come over https, from this machine, or from a folder. The list of them is signed:
with minisign(1) on PATH the signature is verified, without it that is said. Either way
every file is held against the checksums in the list.

  --release VERSION  install this version, or "latest" (the default)
  --from PLACE       take releases from this folder or http(s) address
  --uninstall        stop the daemon, remove everything this script has put anywhere;
                     settings, sessions and credentials stay
  --help             print this

Environment:
  CODEX_HOME              instead of ~/.codex
  CODEX_INSTALL_DIR       instead of ~/.local/bin, or of where the link was put before
  CODEX_INSTALL_BASE_URL  what --from says, which comes first

Exit status: 0 done, 1 failed and the old version still works, 2 wrong usage.
EOF
}

nl='
'
block_begin='# >>> Codex installer >>>'
block_end='# <<< Codex installer <<<'

# say tells the user something; the password of an address is nobody's business.
say() {
	case $* in
	*://*@*) printf 'install.sh: %s\n' "$*" | sed 's,://\([^/@:]*\):[^/@]*@,://\1:xxxxx@,g' >&2 ;;
	*) printf 'install.sh: %s\n' "$*" >&2 ;;
	esac
}
warn() { say "warning: $*"; }
die() {
	say "$*"
	exit 1
}
misuse() {
	say "$*"
	say "install.sh --help tells what there is"
	exit 2
}

# --- what is asked for -------------------------------------------------------------------

parse() {
	mode=install release=latest from=
	while [ $# -gt 0 ]; do
		case $1 in
		--release | --from)
			if [ $# -lt 2 ] || [ -z "$2" ]; then misuse "$1 needs a value"; fi
			if [ "$1" = --from ]; then from=$2; else release=$2; fi
			shift
			;;
		--release=?*) release=${1#*=} ;;
		--from=?*) from=${1#*=} ;;
		--uninstall) mode=uninstall ;;
		-h | --help) mode=help ;;
		*) misuse "unknown argument '$1'" ;;
		esac
		shift
	done
	is_version "$release" || misuse "--release '$release' is no version: letters, digits and . + - _ ~ only"
}

# A version goes into paths and patterns: nothing in it may have a meaning there.
is_version() {
	case $1 in
	'' | [!0-9A-Za-z]* | *[!0-9A-Za-z.+_~-]*) return 1 ;;
	esac
}

# locate says where everything is.
locate() {
	home=${CODEX_HOME:-} bin=${CODEX_INSTALL_DIR:-}
	if [ -z "${HOME:-}" ] && { [ -z "$home" ] || [ -z "$bin" ]; }; then
		die "HOME is not set: say where to install with CODEX_HOME=/some/folder CODEX_INSTALL_DIR=/some/folder/bin"
	fi
	absolute "${home:-$HOME/.codex}" && home=$path
	root=$home/packages/standalone
	record=$root/install.record # what later runs must know
	# An updater does not know what was chosen the first time.
	[ -n "$bin" ] || bin=$(recorded bin | sed -n '$p')
	absolute "${bin:-$HOME/.local/bin}" && bin=$path
	case $home$bin in
	*"$nl"*) die "CODEX_HOME and CODEX_INSTALL_DIR must not contain a line break" ;;
	esac
	case $bin in
	*:*) die "CODEX_INSTALL_DIR $bin contains a colon, so that it cannot stand on PATH: name another folder" ;;
	esac
	releases=$root/releases
	current=$root/current
	lock=$root/install.lock
	link=$bin/codex
}

# absolute puts PATH as seen from the root into $path.
absolute() {
	path=$1
	while :; do
		case $path in
		?*/) path=${path%/} ;;
		/*) return ;;
		*) path=$(pwd)/$path ;;
		esac
	done
}

# platform puts the name of this machine's kind into $target.
platform() {
	machine=$(uname -m) system=$(uname -s)
	case $machine in
	x86_64 | amd64) machine=x86_64 ;;
	aarch64 | arm64) machine=aarch64 ;;
	*) die "no release for a $machine processor: build from source with make" ;;
	esac
	case $system in
	Linux) target=$machine-unknown-linux-musl ;;
	Darwin)
		# A shell under Rosetta takes an arm64 machine for an old one.
		[ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ] && machine=aarch64
		target=$machine-apple-darwin
		;;
	*) die "no release for $system: build from source with make" ;;
	esac
}

# tools NAME... refuses to begin what a missing tool would break off.
tools() {
	for tool in awk cat grep mkdir mv readlink rm rmdir sed sleep uname "$@"; do
		has "$tool" || die "this machine has no $tool: install the package of that name and run this again"
	done
}

# choose_summer finds what computes checksums.
choose_summer() {
	if has sha256sum; then
		summer=sha256sum
	elif has shasum; then
		summer=shasum
	elif has openssl; then
		summer=openssl
	else
		die "nothing here computes SHA-256: install sha256sum (coreutils), shasum or openssl and run this again"
	fi
}

has() { command -v "$1" >/dev/null 2>&1; }

# source_of_releases puts the place of releases into $base.
source_of_releases() {
	base=${from:-${CODEX_INSTALL_BASE_URL:-}}
	if [ -z "$base" ]; then
		base=$default_base
		# A copy that lies among releases is about those.
		case $0 in
		*/install.sh) [ -f "${0%/*}/latest" ] && [ -f "${0%/*}/SHA256SUMS" ] && base=${0%/*} ;;
		esac
	fi
	case $base in
	https://codex.invalid*) die "this copy of install.sh has no address of its own: name a folder of releases or an http(s) address with --from or CODEX_INSTALL_BASE_URL" ;;
	http://* | https://*)
		case $base in
		https://*) ;;
		*) on_this_machine || die "$base is plain http: whoever is on the way could change what is installed; name an https address, or a folder, with --from or CODEX_INSTALL_BASE_URL" ;;
		esac
		if has curl; then
			downloader=curl
		elif has wget; then
			downloader=wget
		else
			die "nothing here can fetch $base: install curl or wget, or copy the releases to this machine and use --from FOLDER"
		fi
		base=${base%/}
		;;
	*)
		absolute "${base#file://}" && base=$path
		[ -d "$base" ] || die "$base, where releases should be, is no folder and no http(s) address: correct --from or CODEX_INSTALL_BASE_URL"
		downloader='cp'
		;;
	esac
}

# on_this_machine says whether the http address in $base is on the loopback.
on_this_machine() {
	host=${base#http://}
	host=${host%%/*}
	case ${host%@*} in
	"$host") ;;
	*[!A-Za-z0-9._~:%-]*) return 1 ;; # a "#" before the @ would end the host there
	esac
	host=${host##*@}
	case $host in
	localhost | localhost:* | "[::1]" | "[::1]":*) ;;
	127.*)
		host=${host%:*}
		case $host in *[!0-9.]*) return 1 ;; esac # 127.0.0.1.example is another machine
		;;
	*) return 1 ;;
	esac
}

# --- children, signals, the end ----------------------------------------------------------

# run COMMAND...: a child that ends with us: a signal is acted on while it runs, and it
# does not keep the lock when we are killed. It reads what is open as 8.
run() {
	"$@" <&8 8<&- 9>&- &
	child=$!
	wait "$child"
	ran=$?
	child=
	return "$ran"
}

prepare_end() {
	exec 8</dev/null
	child='' stage='' spare='' lock_dir='' made='' first_time=''
	trap cleanup EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

cleanup() {
	status=$?
	trap - EXIT
	trap '' HUP INT TERM
	if [ -n "$child" ]; then
		kill "$child" 2>/dev/null
		wait "$child" 2>/dev/null
	fi
	if [ -n "$stage" ]; then
		# A damaged release that was set aside is better than none.
		[ ! -d "$stage/old" ] || [ -e "$dest" ] || mv "$stage/old" "$dest"
		rm -rf "$stage"
	fi
	[ -z "$spare" ] || rm -f "$spare"
	[ -z "$first_time" ] || tidy # nothing was there before
	[ -z "$lock_dir" ] || rm -rf "$lock_dir"
	exit "$status"
}

# full adds the likely reason to the message of something that could not be written.
full() {
	df -Pk "$1" 2>/dev/null | awk 'NR == 2 && $4 < 1024 { print " (only " $4 " KiB are free there: make room)" }'
}

# --- what is remembered ------------------------------------------------------------------

# make_dir DIR: the folders on the way that were not there go to $made, outermost first.
make_dir() {
	up=$1 new=
	while [ ! -d "$up" ] && [ -n "$up" ]; do
		new=$up$nl$new
		up=${up%/*}
	done
	made=$made$new
	mkdir -p "$1"
}

# remember KIND NAME: one line.
remember() {
	grep -Fxq -e "$1 $2" "$record" 2>/dev/null || printf '%s %s\n' "$1" "$2" >>"$record" ||
		die "cannot write $record$(full "$root")"
}

remember_made() {
	lines "$made" remember dir
	made=
}

# recorded KIND prints its names, one a line.
recorded() {
	[ ! -f "$record" ] || sed -n "s/^$1 //p" "$record"
}

# lines TEXT COMMAND...: the command for each line, which it gets as its last argument.
lines() {
	text=$1
	shift
	while [ -n "$text" ]; do
		text_line=${text%%"$nl"*}
		case $text in
		*"$nl"*) text=${text#*"$nl"} ;;
		*) text= ;;
		esac
		[ -z "$text_line" ] || "$@" "$text_line"
	done
}

# tidy removes the folders of releases, if no release is left, and what belongs to them.
tidy() {
	rmdir "$releases" 2>/dev/null
	[ ! -d "$releases" ] || return 0
	dirs=$(recorded dir | sed '1!G;h;$!d') # the innermost first
	rm -f "$record" "$lock"
	rm -rf "$lock.d"
	lock_dir=
	rmdir "$root" "$home/packages" 2>/dev/null
	lines "$dirs" remove_dir
}

remove_dir() { rmdir "$1" 2>/dev/null; }

# --- one installer at a time -------------------------------------------------------------

# take_lock waits up to ten minutes. The lock is the kernel's, on file descriptor 9, so
# that it ends with the process however that ends; without a tool for it, a folder.
take_lock() {
	open_lock
	if has flock; then
		locker=flock
	elif has lockf; then
		locker=lockf
	else
		locker='mkdir'
	fi
	waited=0
	while :; do
		try_lock
		case $? in
		0)
			! lost_lock || continue
			return
			;;
		1) ;;
		*)
			locker='mkdir' # a file system without locks, or an old lockf
			continue
			;;
		esac
		[ "$waited" -gt 0 ] || say "another installation is under way; waiting for it ($lock)"
		[ "$waited" -lt 600 ] || die "another installation holds $lock for ten minutes: end it and run this again"
		sleep 1
		waited=$((waited + 1))
	done
}

open_lock() {
	if ! make_dir "$releases" || ! (: >>"$lock"); then
		die "cannot write in $root$(full "$home"): make it writable, or choose another place with CODEX_HOME"
	fi
	exec 9>>"$lock"
}

# lost_lock says whether an uninstall has taken the file away while we waited for it. Then
# there is a new file to wait for.
lost_lock() {
	[ "$locker" != mkdir ] || return 1
	# shellcheck disable=SC3013 # -ef: every shell here has it, POSIX since 2024
	if [ -e "$lock" ] && { [ ! -e /proc/self/fd/9 ] || [ "$lock" -ef /proc/self/fd/9 ]; }; then
		return 1
	fi
	exec 9>&-
	open_lock
}

# try_lock gives 0 when it has the lock, 1 when somebody else has, more when it can't tell.
try_lock() {
	case $locker in
	flock)
		flock -n 9 2>/dev/null
		;;
	lockf)
		lockf -s -t 0 9 2>/dev/null
		case $? in
		0) return 0 ;;
		75) return 1 ;;
		*) return 2 ;;
		esac
		;;
	mkdir)
		if mkdir "$lock.d" 2>/dev/null; then
			lock_dir=$lock.d
			printf '%s\n' "$$" >"$lock_dir/pid"
			date +%s >"$lock_dir/started_at"
			return 0
		fi
		[ -d "$root" ] || open_lock
		break_stale_lock
		return 1
		;;
	esac
}

# break_stale_lock removes the folder of an installer that is gone: its process is dead,
# and it began ten minutes ago or did not say when.
break_stale_lock() {
	owner=$(cat "$lock.d/pid" 2>/dev/null)
	began=$(cat "$lock.d/started_at" 2>/dev/null)
	case $owner in
	'' | *[!0-9]*) ;;
	*) ! kill -0 "$owner" 2>/dev/null || return 0 ;;
	esac
	case $began in
	'' | *[!0-9]*) [ "$waited" -gt 1 ] || return 0 ;; # it may be about to say
	*) [ $(($(date +%s) - began)) -ge 600 ] || return 0 ;;
	esac
	# Renaming picks one of several that come to this point, and shows whom it was about.
	mv "$lock.d" "$lock.d.$$" 2>/dev/null || return 0
	if [ "$(cat "$lock.d.$$/pid" 2>/dev/null)" = "$owner" ]; then
		rm -rf "$lock.d.$$"
	else
		mv "$lock.d.$$" "$lock.d"
	fi
}

# sweep removes what installers left that were killed. The lock is held: none is at work
# here. Link and profile belong to other installations as well.
sweep() {
	for old in "$releases"/.staging.*/old; do
		damaged=${old%/old} damaged=${damaged##*/.staging.}
		[ ! -d "$old" ] || [ -e "$releases/${damaged%.*}" ] || mv "$old" "$releases/${damaged%.*}"
	done
	rm -rf "$releases"/.staging.* "$root"/.current.* "$lock".d.*
	lines "$bin$nl$(recorded bin)" sweep_beside .codex
	lines "$(recorded profile)" sweep_profile
}

# sweep_beside PREFIX DIR removes PREFIX.PID of dead processes.
sweep_beside() {
	for old in "$2/$1".*; do
		owner=${old##*.}
		case $owner in
		'' | *[!0-9]*) ;;
		*) kill -0 "$owner" 2>/dev/null || rm -f "$old" ;;
		esac
	done
}

sweep_profile() {
	real_file "$1"
	sweep_beside "${path##*/}.codex" "${path%/*}"
}

# --- releases ----------------------------------------------------------------------------

# fetch NAME FILE: a file of the place of releases; FILE "-" is standard output.
fetch() {
	case $downloader in
	cp)
		[ -f "$base/$1" ] || {
			say "$base/$1 is missing"
			return 1
		}
		if [ "$2" = - ]; then cat "$base/$1"; else run cp "$base/$1" "$2"; fi
		return
		;;
	esac
	# Some stores read a plus sign in an address as a space.
	url=$base/$(printf '%s\n' "$1" | sed 's/+/%2B/g')
	case $downloader in
	curl)
		if [ "$2" = - ]; then most=4194304; else most=1073741824; fi
		set -- -fsS --retry 2 --connect-timeout 30 --speed-limit 1000 --speed-time 60 --max-filesize "$most" -o "$2" -K -
		case $url in
		https:*) set -- -L --max-redirs 5 --proto =https --proto-redir =https "$@" ;;
		*) set -- -L --max-redirs 0 --proto =http "$@" ;; # this machine: it redirects nowhere
		esac
		# Everybody can read arguments, and the address may hold a password.
		run curl -q "$@" 8<<-END
			url = "$(printf '%s\n' "$url" | sed 's/[\\"]/\\&/g')"
		END
		;;
	wget)
		# A redirect could lead to plain http, which no option of wget forbids: follow none.
		help=$(wget --help 2>&1)
		case $help in
		*--max-redirect*)
			run wget -t 3 -T 60 --max-redirect=0 -q -O "$2" -i - 8<<-END
				$url
			END
			return
			;;
		esac
		host=${url#*://}
		case ${host%%/*} in
		*@*)
			say "this wget would show the password of the address to everybody on this machine: install curl"
			return 1
			;;
		esac
		set -- -q -O "$2" "$url"
		case $help in
		*"-T SEC"*) straight "$@" -T 60 ;;
		*) straight "$@" ;; # without time-outs it crashes on -T
		esac
		;;
	esac
}

# straight -q -O FILE URL [OPTIONS]: with a busybox, which follows redirects, but tells: what
# came by one is not used.
straight() {
	if [ "$3" = - ]; then
		{
			told=$(run wget -S "$@" 2>&1 >&3 3>&-)
			got=$?
		} 3>&1
	else
		run wget -S "$@" 2>"$3.told"
		got=$?
		told=$(cat "$3.told")
		rm -f "$3.told"
	fi
	printf '%s\n' "$told" | grep '^wget:' >&2
	case $told in
	*[Ll]ocation:*)
		say "$4 redirects, which is not followed"
		return 1
		;;
	esac
	return "$got"
}

# sum FILE prints its SHA-256.
sum() {
	case $summer in
	sha256sum) sha256sum <"$1" ;;
	shasum) shasum -a 256 <"$1" ;;
	openssl) openssl dgst -sha256 -r <"$1" ;;
	esac | sed 's/[^0-9a-f].*//'
}

# whole DIR says whether a release is all there, byte for byte.
whole() {
	[ -x "$1/codex" ] && [ -s "$1/SHA256SUMS" ] || return 1
	for program in "$1"/codex-* "$1/apply_patch"; do
		[ -x "$program" ] || return 1
	done
	case $summer in
	sha256sum) (cd "$1" && sha256sum -c SHA256SUMS) >/dev/null 2>&1 ;;
	shasum) (cd "$1" && shasum -a 256 -c SHA256SUMS) >/dev/null 2>&1 ;;
	openssl)
		while read -r want file; do
			[ -f "$1/$file" ] && [ "$(sum "$1/$file")" = "$want" ] || return 1
		done <"$1/SHA256SUMS"
		;;
	esac
}

# ours DIR says whether this script has put a release there: the folder is shared with
# the installer of the original.
ours() { [ -f "$1/SHA256SUMS" ] || [ -e "$1/codex-turn" ]; }

# list puts the list of releases and their checksums into $sums, and sees to it that it is
# the publisher's.
list() {
	if [ -n "${CODEX_INSTALL_SUMS:-}" ]; then # from an updater, which has verified it
		sums=$(cat "$CODEX_INSTALL_SUMS") || die "cannot read $CODEX_INSTALL_SUMS"
		return
	fi
	sums=$(fetch SHA256SUMS -) || die "cannot read $base/SHA256SUMS, which says what releases there are"
	if [ -z "$public_key" ]; then
		say "this is the installer of an unsigned build: files are held to the checksums of $base only"
		return
	fi
	signature=$(fetch SHA256SUMS.minisig -) || die "$base/SHA256SUMS is not signed; nothing was changed"
	if ! has minisign; then
		warn "minisign is not on PATH: the signature of $base/SHA256SUMS was not verified, files are held to its checksums only"
		return
	fi
	signed=$releases/.staging.sums.$$
	stage=$signed
	if ! { mkdir "$signed" && printf '%s\n' "$sums" >"$signed/SHA256SUMS" && printf '%s\n' "$signature" >"$signed/SHA256SUMS.minisig"; }; then
		die "cannot write in $signed$(full "$releases")"
	fi
	run minisign -V -q -P "$public_key" -m "$signed/SHA256SUMS" >&2 ||
		die "the signature of $base/SHA256SUMS is not the publisher's; nothing was changed"
	rm -rf "$signed"
	stage=
}

# listed NAME prints the checksum of a file in the list.
listed() {
	printf '%s\n' "$sums" | awk -v name="$1" '{ sub(/^[*]/, "", $2) } $2 == name { print $1; exit }'
}

# choose puts version, name and folder of the release that was asked for into $version,
# $name and $dest, and what its archive must sum to into $sum_wanted: empty when the
# release is here already.
choose() {
	asked=$release
	if [ "$release" = latest ]; then
		release=$(fetch latest -) || die "cannot find out the latest version: $base/latest cannot be read; is this a place of releases?"
		is_version "$release" || die "$base/latest does not hold a version: is this a place of releases?"
		asked=latest
	fi
	sum_wanted=
	for version in "$release" "${release#rust-v}" "${release#v}"; do
		name=$version-$target dest=$releases/$version-$target
		[ ! -d "$dest" ] || ! whole "$dest" || return 0
	done
	list
	if [ "$asked" = latest ]; then
		# It is in the list, so that nobody can offer an old release as the latest.
		latest_wanted=$(listed latest)
		latest_sum=$(printf '%s\n' "$release" | sum /dev/stdin)
		if [ -n "$latest_wanted$public_key" ] && [ "$latest_wanted" != "$latest_sum" ]; then
			die "$base/latest is not what $base/SHA256SUMS says: a release is being published, or somebody has changed it; try again later. Nothing was changed"
		fi
	fi
	damaged=1
	found=$(printf '%s\n' "$sums" | awk -v release="$release" -v target="$target" '
		BEGIN { plain = release; sub(/^rust-v/, "", plain); sub(/^v/, "", plain) }
		{
			name = $2
			sub(/^[*]/, "", name)
			tail = "-" target ".tar.gz"
			at = length(name) - length(tail)
			if (index(name, "codex-") != 1 || at < 7 || substr(name, at + 1) != tail) next
			version = substr(name, 7, at - 6)
			rest = version
			sub(/^[^+]*[+]unix[.]/, "", rest) # v1.2 may stand for 0.133.0+unix.v1.2
			if (version == release || version == plain || rest == release) { found = 1; print version, $1; exit }
			have = have " " version
		}
		END { if (!found && have != "") print "-" have }')
	case $found in
	'') die "no release for $target in $base/SHA256SUMS" ;;
	-*) die "no release $release for $target at $base; there is:${found#-}" ;;
	esac
	version=${found% *} sum_wanted=${found#* }
	case ${#sum_wanted}:$sum_wanted in
	64:*[!0-9a-f]*) ;;
	64:*) is_version "$version" && damaged= ;;
	esac
	[ -z "$damaged" ] || die "a line of $base/SHA256SUMS is damaged: $found"
	name=$version-$target dest=$releases/$name
	if [ -d "$dest" ]; then
		if whole "$dest"; then
			sum_wanted=
		else
			warn "$dest is not complete; installing it again"
		fi
	fi
}

# unpack fetches the release into a folder of its own, tries it, and puts it into place.
unpack() {
	stage=$releases/.staging.$name.$$
	mkdir "$stage" || die "cannot create $stage$(full "$releases")"
	archive=codex-$name.tar.gz
	say "installing codex $version for $target from $base"
	fetch "$archive" "$stage/$archive" || die "cannot fetch $base/$archive$(full "$stage"); nothing was changed"
	sum_actual=$(sum "$stage/$archive")
	if [ "$sum_actual" != "$sum_wanted" ]; then
		say "the checksum of $base/$archive is wrong:"
		say "  expected $sum_wanted"
		say "  actual   $sum_actual"
		die "it was damaged on its way or is not what was published; nothing was changed"
	fi
	check_archive "$stage/$archive"
	# One complaint of tar's is enough: it has one for each file.
	errors=$(tar -xpzf "$stage/$archive" -C "$stage" 2>&1 </dev/null 9>&-) ||
		die "cannot unpack $archive in $stage$(full "$stage"): ${errors%%"$nl"*}; nothing was changed"
	tree=$stage/codex-$name
	[ -x "$tree/codex" ] || [ ! -s "$tree/codex" ] || die "programs in $releases may not run: choose a place that is not mounted noexec with CODEX_HOME"
	whole "$tree" || die "$base/$archive is not a whole release of codex$(full "$stage"); nothing was changed"
	try "$tree/codex"
	if [ -e "$dest" ]; then
		mv "$dest" "$stage/old" || die "cannot set $dest aside; nothing was changed"
	fi
	mv "$tree" "$dest" || die "cannot put $dest into place$(full "$releases")"
	rm -rf "$stage"
	stage=
}

# check_archive FILE refuses what could write anywhere but below its own folder: names with
# dots or odd characters, and links, but for the two that a release has.
check_archive() {
	names=$(tar -tzf "$1" 2>&1 </dev/null 9>&-) || die "cannot unpack $archive: ${names%%"$nl"*}; nothing was changed"
	odd=$(printf '%s\n' "$names" | awk -v top="codex-$name/" '
		index($0, top) != 1 || /[^0-9A-Za-z.+_~\/-]/ || /(^|\/)\.\.?(\/|$)/ || NR > 10000 { print; exit }')
	[ -z "$odd" ] || die "$base/$archive holds '$odd', which no release has; nothing was changed"
	odd=$(tar -tvzf "$1" 2>/dev/null </dev/null 9>&- | awk -v top="codex-$name/" '
		function ends(tail) { return substr($0, length($0) - length(tail) + 1) == tail }
		/^l/ && (ends(" " top "codex-path/apply_patch -> ../apply_patch") || ends(" " top "codex-path/applypatch -> apply_patch")) { next }
		!/^[d-]/ || / -> / || / link to / { print; exit }')
	[ -z "$odd" ] || die "$base/$archive holds what no release has: $odd; nothing was changed"
}

# try PROGRAM runs it once, and leaves what it says in $answer.
try() {
	answer=$("$1" --version </dev/null 9>&-) || die "$1 does not run on this machine"
	said=${answer#* }
	[ "${said%% *}" = "$version" ] || die "$1 --version says '$answer', and not $version"
}

# point LINK TARGET SPARE: the link is there before and after; it never lacks in between
# where mv(1) can replace a link to a folder.
point() {
	[ "$(readlink "$1")" != "$2" ] || return 0
	spare=$3
	ln -s "$2" "$spare" || die "cannot create $spare$(full "${spare%/*}")"
	mv -Tf "$spare" "$1" 2>/dev/null || mv -hf "$spare" "$1" 2>/dev/null || { rm -f "$1" && mv "$spare" "$1"; } ||
		die "cannot put the link $1 into place: is its folder writable?"
	spare=
}

# prune keeps the release in use and the one before it. A release that a process still
# runs from stays too, until a later installation.
prune() {
	running=$(ls -l /proc/[0-9]*/exe 2>/dev/null)
	real=$(cd "$releases" && pwd -P)
	# shellcheck disable=SC2012 # the newest first; names of ours have no odd characters
	ls -1t "$releases" | while IFS= read -r old; do
		if [ "$old" = "$name" ] || ! ours "$releases/$old"; then
			continue
		fi
		[ "${previous:=$old}" != "$old" ] || continue
		case $running in
		*" -> $real/$old/"*) continue ;;
		esac
		mv "$releases/$old" "$releases/.staging.$old.$$" && rm -rf "$releases/.staging.$old.$$"
	done
}

# --- pages and completions ---------------------------------------------------------------

# furnish links pages and completions to where man(1) and the shells look. What is there
# and is not ours stays; links of an earlier release that lead nowhere go.
furnish() {
	case $bin in
	*/bin) share=${bin%/bin}/share ;; # man(1) looks beside the folders of PATH
	*) [ -n "${HOME:-}" ] || return 0; share=${XDG_DATA_HOME:-$HOME/.local/share} ;;
	esac
	for page in "$current"/man/man[1-8]/*; do
		[ ! -f "$page" ] || furnish_link "$page" "$share/man${page#"$current/man"}"
	done
	furnish_link "$current/completions/codex.bash" "$share/bash-completion/completions/codex"
	furnish_link "$current/completions/_codex" "$share/zsh/site-functions/_codex"
	furnish_link "$current/completions/codex.fish" "$share/fish/vendor_completions.d/codex.fish"
	lines "$(recorded link)" unfurnish_dead
}

# furnish_link FILE LINK
furnish_link() {
	[ -f "$1" ] && [ "$(readlink "$2")" != "$1" ] || return 0
	if [ -e "$2" ] || [ -L "$2" ]; then
		case $(readlink "$2") in
		*/packages/standalone/current/*) ;; # of another CODEX_HOME: the last one wins
		*) return 0 ;;
		esac
	fi
	if make_dir "${2%/*}" 2>/dev/null; then
		remember_made
		remember link "$2"
		if { rm -f "$2" && ln -s "$1" "$2"; } 2>/dev/null; then return; fi
	fi
	warn "cannot put ${2##*/} into ${2%/*}$(full "$root")"
}

unfurnish_dead() { [ -e "$1" ] || unfurnish "$1"; }

# unfurnish LINK removes a link of ours.
unfurnish() {
	case $(readlink "$1") in
	"$current"/*) rm -f "$1" ;;
	esac
}

# --- PATH --------------------------------------------------------------------------------

# choose_profile puts the file that the user's shell reads at its start into $profile, the line
# for it into $line, and what does the same for a shell that runs into $now.
choose_profile() {
	quoted=$(printf '%s\n' "$bin" | sed "s/'/'\\\\''/g")
	now="export PATH='$quoted':\"\$PATH\""
	line="case \":\$PATH:\" in *:'$quoted':*) ;; *) $now ;; esac"
	case ${SHELL:-} in
	*/zsh) profile=${ZDOTDIR:-$HOME}/.zshrc ;;
	*/bash)
		profile=$HOME/.bashrc
		case $(uname -s) in Darwin) profile=$HOME/.bash_profile ;; esac
		;;
	*/fish)
		profile=${XDG_CONFIG_HOME:-$HOME/.config}/fish/config.fish
		quoted=$(printf '%s\n' "$bin" | sed "s/\\\\/&&/g; s/'/\\\\'/g")
		now="set -gx PATH '$quoted' \$PATH"
		line="contains -- '$quoted' \$PATH; or $now"
		;;
	*) profile=$HOME/.profile ;;
	esac
}

# without_block prints a file without our block. A block that has no end is left alone.
without_block() {
	awk -v begin="$block_begin" -v end="$block_end" '
		$0 == begin { if (inside) print held; inside = 1; held = $0; next }
		inside { held = held "\n" $0; if ($0 == end) inside = 0; next }
		{ print }
		END { if (inside) print held }' "$1"
}

# real_file follows links of the user's, so that the file behind is replaced, not the link.
real_file() {
	path=$1
	while [ -L "$path" ]; do
		behind=$(readlink "$path")
		case $behind in
		/*) path=$behind ;;
		*) path=${path%/*}/$behind ;;
		esac
	done
}

# edit_profile FILE [LINE]: FILE with LINE as our block, or without a block. The new text
# is whole before it takes the old one's place, with the old one's mode.
edit_profile() {
	real_file "$1"
	spare=$path.codex.$$
	if [ -e "$path" ]; then
		cp -p "$path" "$spare" && without_block "$path" >"$spare"
	else
		printf '' >"$spare"
	fi && if [ $# -gt 1 ]; then
		printf '%s\n%s\n%s\n' "$block_begin" "$2" "$block_end" >>"$spare"
	fi && mv -f "$spare" "$path"
	edited=$?
	rm -f "$spare"
	spare=
	return "$edited"
}

# put_on_path sees to it that a new shell finds codex.
put_on_path() {
	case ":$PATH:" in
	*":$bin:"*) return ;;
	esac
	if [ -z "${HOME:-}" ]; then
		say "put $bin on PATH"
		return
	fi
	choose_profile
	if ! grep -Fxq -e "$line" "$profile" 2>/dev/null; then
		[ -e "$profile" ] || remember file "$profile"
		remember profile "$profile"
		if { make_dir "${profile%/*}" && edit_profile "$profile" "$line"; } 2>/dev/null; then
			remember_made
			say "added $bin to PATH in $profile"
		else
			warn "cannot write $profile$(full "${profile%/*}"); add this line to it yourself: $line"
			return
		fi
	fi
	say "open a new shell, or in this one: $now"
}

# --- install -----------------------------------------------------------------------------

install() {
	tools cp ln ls tar touch
	choose_summer
	platform
	source_of_releases
	if [ -e "$link" ] && [ ! -L "$link" ]; then
		die "$link is there and is no link: move it away, or choose another folder with CODEX_INSTALL_DIR"
	fi
	take_lock
	if [ ! -L "$current" ]; then
		first_time=1
		# Programs that run make this one, on any occasion.
		[ -e "$home/installation_id" ] || remember state "$home/installation_id"
	fi
	remember_made
	if [ "$(readlink "$link")" != "$current/codex" ]; then
		if ! make_dir "$bin" || [ ! -w "$bin" ]; then
			die "cannot write in $bin: make it writable, or choose another folder with CODEX_INSTALL_DIR"
		fi
		remember_made
		remember bin "$bin"
	fi
	sweep
	before=$(readlink "$current")
	before=${before##*/}
	choose
	if [ -n "$sum_wanted" ]; then unpack; else try "$dest/codex"; fi

	point "$current" "$dest" "$root/.current.$$"
	first_time=
	there=$(readlink "$link")
	case $there in
	'' | "$current/codex") ;;
	*) say "$link pointed to $there" ;;
	esac
	point "$link" "$current/codex" "$bin/.codex.$$"
	try "$link"
	furnish
	touch "$dest" # the time of its last use, for prune
	previous=
	[ "$before" = "$name" ] || previous=$before
	prune
	put_on_path
	first=$(command -v codex 2>/dev/null)
	[ -z "$first" ] || [ "$(readlink "$first")" = "$current/codex" ] ||
		warn "$first comes before $link on PATH: remove it, or call $link"
	if [ "$before" != "$name" ] && [ -s "$home/app-server-daemon/app-server.pid" ]; then
		say "an app-server that runs goes on with its old version; codex app-server daemon restart changes that"
	fi
	say "codex $version is $link"
	printf '%s\n' "$answer"
}

# --- uninstall ---------------------------------------------------------------------------

# process RECORD WORD: the id in a record of the daemon, when that process is alive and
# has WORD in its command line.
process() {
	pid=$(sed -n 's/.*"pid":[ ]*\([0-9][0-9]*\).*/\1/p' "$home/app-server-daemon/$1" 2>/dev/null)
	[ -n "$pid" ] || return 1
	if [ -r "/proc/$pid/cmdline" ]; then
		tr '\0' ' ' <"/proc/$pid/cmdline" | grep -Fq -e "$2"
	else
		ps -p "$pid" -o command= 2>/dev/null | grep -Fq -e "$2"
	fi
}

# end_process RECORD WORD sends SIGTERM. The server finishes the turns that run first; more than
# a minute it is not given by anybody.
end_process() {
	process "$1" "$2" || return 0
	kill "$pid" 2>/dev/null
	patience=75
	while process "$1" "$2"; do
		[ "$patience" -gt 0 ] || die "process $pid ($2) does not end: end it and run this again; nothing was removed"
		sleep 1
		patience=$((patience - 1))
	done
}

# stop_daemon ends the app-server and its updater, by the daemon's own command and, should
# that be broken, by the records it keeps.
stop_daemon() {
	[ -d "$home/app-server-daemon" ] || return 0
	if [ -x "$current/codex" ]; then
		for stop in "stop --forget" stop; do
			# shellcheck disable=SC2086 # two words
			said=$(CODEX_HOME=$home "$current/codex" app-server daemon $stop </dev/null 2>&1 9>&-) && break
			case $said in
			*"not managed"*) die "an app-server that was started by hand runs in $home: end it and run this again; nothing was removed" ;;
			esac
		done
	fi
	end_process app-server-updater.pid pid-update-loop
	end_process app-server.pid app-server
}

uninstall() {
	tools
	left=
	if [ ! -d "$root" ]; then
		say "nothing is installed in $root"
		return
	fi
	take_lock
	sweep
	active=$(readlink "$current")
	if [ -z "$active" ] || [ ! -e "$active" ] || ours "$active"; then
		stop_daemon
		lines "$bin$nl$(recorded bin)" remove_link
		lines "$(recorded link)" unfurnish
		rm -f "$current"
		rm -rf "$home/app-server-daemon" "$home/app-server-control"
		lines "$(recorded state)" rm -f
	else
		say "$active is of another installer: it stays, and so do the links to it"
	fi
	for old in "$releases"/*; do
		if ours "$old"; then
			rm -rf "$old" || left=" $old"
		fi
	done
	[ -e "$link" ] || remove_blocks # now there is room for the new text
	[ -z "$left" ] || die "could not remove$left: see to it and run this again"
	tidy
	rm -f "$record"
	if [ -d "$home" ]; then
		say "codex is removed; what is left in $home is yours"
	else
		say "codex is removed"
	fi
}

remove_link() {
	[ "$(readlink "$1/codex")" != "$current/codex" ] || rm -f "$1/codex"
}

# remove_blocks takes our block out of the files that got it, and out of the one that
# would get it now: there another installation may have put it.
remove_blocks() {
	lines "$(recorded profile)" remove_block
	if [ -n "${HOME:-}" ]; then
		choose_profile
		! grep -Fxq -e "$line" "$profile" 2>/dev/null || recorded profile | grep -Fxq -e "$profile" || remove_block "$profile"
	fi
	lines "$(recorded file)" remove_empty
}

remove_block() {
	grep -Fxq -e "$block_begin" "$1" 2>/dev/null || return 0
	edit_profile "$1" 2>/dev/null || left=" the lines of codex in $1"
}

remove_empty() {
	[ -s "$1" ] || rm -f "$1"
}

main() {
	set -u
	LC_ALL=C
	export LC_ALL
	parse "$@"
	case $mode in
	help) usage ;;
	*)
		locate
		prepare_end
		"$mode"
		;;
	esac
}

main "$@"
