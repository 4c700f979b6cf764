package execpolicy

import "slices"

// isShell names programs that run scripts.
func isShell(name string) bool {
	return slices.Contains([]string{"sh", "bash", "rbash", "zsh", "dash", "ksh", "lksh", "mksh", "osh", "posh", "yash", "ash", "fish"}, name)
}

// wrapper names programs that run the command in their words, after so many operands of
// their own.
func wrapper(name string) (operands int, ok bool) {
	switch name {
	case "-", "builtin", "busybox", "caffeinate", "chronic", "command", "doas", "env", "exec", "fakeroot", "sem", "firejail", "ionice",
		"linux32", "linux64", "ltrace", "nice", "nocorrect", "noglob", "nohup", "nsenter", "numactl", "parallel", "pkexec", "prlimit",
		"rlwrap", "setpriv", "setsid", "stdbuf", "strace", "sudo", "systemd-inhibit", "systemd-run", "time", "torsocks", "toybox",
		"unbuffer", "unshare", "valgrind", "watch", "xargs", "xvfb-run":
		return 0, true
	case "chroot", "chrt", "envdir", "envuidgid", "faketime", "flock", "gosu", "logsave", "runuser", "s6-setuidgid", "setarch", "setuidgid", "su-exec",
		"taskset", "timeout":
		return 1, true
	}
	return 0, false
}

// isInterpreter names programs that run code in their words, in a language of their own or
// on another machine.
func isInterpreter(name string) bool {
	return slices.Contains([]string{"awk", "gawk", "mawk", "nawk", "original-awk", "sed", "perl", "python", "python2", "python3", "pypy", "ruby", "node", "nodejs", "deno",
		"bun", "php", "lua", "luajit", "guile", "tclsh", "expect", "osascript", "pwsh", "powershell", "cmd", "csh", "tcsh", "elvish", "nu", "ed", "ex",
		"vi", "view", "vim", "nvim", "emacs", "emacsclient", "gdb", "lldb", "sqlite3", "mysql", "psql", "dc", "m4", "rscript", "julia", "xonsh",
		"socat", "nc", "ncat", "jshell", "r", "octave", "gnuplot", "ghc", "ghci", "irb", "ssh", "su", "script", "tmux", "screen", "mapfile", "readarray", "complete", "compgen", "bind"}, name)
}

// codeFollows names options of interpreters before code.
func codeFollows(option string) bool {
	return slices.Contains([]string{"-c", "-e", "-E", "-p", "-r", "--eval", "--print", "-Command", "-command", "/c"}, option)
}

// readsCode names programs that run code which comes by their standard input.
func readsCode(name string) bool {
	return slices.Contains([]string{"at", "batch", "bc", "crontab", "ftp", "make", "gmake", "newgrp", "sftp"}, name)
}

// takesJobs names programs that keep commands, from a file or their standard input, to run
// them later.
func takesJobs(name string) bool { return name == "at" || name == "batch" || name == "crontab" }

// looksAtFiles names programs that only say something about the files in their words.
func looksAtFiles(name string) bool {
	return slices.Contains([]string{"[", "[[", "command", "du", "file", "head", "ldd", "ls", "md5sum", "readelf", "readlink", "realpath", "sha256sum", "stat", "test", "type", "which"}, name)
}

// renames names programs that give another one a new name.
func renames(name string) bool {
	return slices.Contains([]string{"cp", "ln", "mv", "install", "hash"}, name)
}
