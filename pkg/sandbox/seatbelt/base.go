package seatbelt

// base allows what any program needs to start and to find out where it runs,
// and nothing that reaches files, the network or other programs. The names
// are those of the kernel and of Apple's services.
func (b *builder) base() {
	// The default says nothing about these two.
	b.rule("deny", "process-info*")
	b.rule("deny", "nvram*")

	b.allow("process-fork")
	b.allow("process-info* signal", "(target same-sandbox)")

	b.allow("sysctl-read", append(append(
		quoted("sysctl-name-prefix", "hw.", "machdep.cpu.", "net.routetable.", "kern.proc.pid.", "kern.proc.pgrp."),
		quoted("sysctl-name", kernelValues()...)...),
		quoted("sysctl-name", "machdep.ptrauth_enabled", "security.mac.lockdown_mode_state", "sysctl.proc_cputype", "vm.loadavg")...)...)
	// A question that is asked by writing: can this machine run such code?
	b.allow("sysctl-write", `(sysctl-name "kern.grade_cputype")`)

	b.allow("iokit-open", `(iokit-registry-entry-class "RootDomainUserClient")`)
	b.allow("mach-lookup", append(
		quoted("global-name", "com.apple.system.opendirectoryd.libinfo", "com.apple.PowerManagement.control",
			"com.apple.cfprefsd.daemon", "com.apple.cfprefsd.agent"),
		quoted("local-name", "com.apple.cfprefsd.agent")...)...)
	b.allow("user-preference-read")
	b.allow("ipc-posix-shm-read*", `(ipc-posix-name-prefix "apple.cfprefs.")`)
	b.allow("ipc-posix-sem")
	// OpenMP tells its copies in one process from each other by these.
	b.allow("ipc-posix-shm-read-data ipc-posix-shm-write-create ipc-posix-shm-write-unlink",
		`(ipc-posix-name-regex #"^/__KMP_REGISTERED_LIB_[0-9]+$")`)
	b.allow("system-socket", "(socket-domain AF_UNIX)") // pairs; to connect is another matter

	b.allow("file-read* file-write-data file-ioctl", device("/dev/null"), device("/dev/zero"), device("/dev/dtracehelper"))
	b.allow("file-read*", device("/dev/random"), device("/dev/urandom"))
	b.allow("file-read* file-write-data", `(subpath "/dev/fd")`)
	b.allow("file-read* file-write-data file-ioctl", device("/dev/tty"))
	b.allow("pseudo-tty")
	b.allow("file-read* file-write* file-ioctl", `(literal "/dev/ptmx")`, "(require-all "+terminal()+` (extension "com.apple.sandbox.pty"))`)
	b.allow("file-read-metadata", terminal())
}

func kernelValues() []string {
	return []string{"kern.argmax", "kern.bootargs", "kern.boottime", "kern.hostname", "kern.maxfiles", "kern.maxfilesperproc",
		"kern.maxproc", "kern.ngroups", "kern.osproductversion", "kern.osrelease", "kern.ostype", "kern.osvariant_status",
		"kern.osversion", "kern.secure_kernel", "kern.tcsm_available", "kern.usrstack64", "kern.version", "kern.willshutdown"}
}

// device is a name in /dev that nobody has put a file instead of.
func device(name string) string {
	return `(require-all (literal "` + name + `") (vnode-type CHARACTER-DEVICE))`
}

// terminal matches the terminals of everybody. Those of other windows can be
// neither read nor written; one made inside carries an extension.
func terminal() string { return regex("^/dev/ttys[0-9]+$") }

// terminals opens the ones that the command was started with.
func (b *builder) terminals(names []string) {
	for i, n := range names {
		b.allow("file-read* file-write-data file-ioctl", literal(b.param(numbered("TERMINAL", i), n)))
	}
}

// platform is what programs read, map and look up before their first line:
// the loader, frameworks, time zones. It goes with leave to read the loader.
func (b *builder) platform() {
	b.allow("file-read* file-map-executable", quoted("subpath",
		"/System/Library", "/System/iOSSupport/System/Library", "/System/Cryptexes/App", "/System/Cryptexes/OS",
		"/System/Volumes/Preboot/Cryptexes/App", "/System/Volumes/Preboot/Cryptexes/OS",
		"/Library/Apple", "/private/var/db/dyld", "/private/var/db/oah", "/usr/lib")...)
	b.allow("file-read*", quoted("subpath", "/Library/Preferences/Logging", "/private/var/db/timezone",
		"/private/var/db/DarwinDirectory/local/recordStore.data", "/usr/share/icu", "/usr/share/zoneinfo", "/usr/share/zoneinfo.default")...)
	b.allow("file-read*", quoted("literal", "/private/etc/passwd", "/private/etc/localtime", "/dev/autofs_nowait",
		"/private/var/db/eligibilityd/eligibility.plist")...)
}
