// Pack makes the files of a release: archives for install.sh, packages for dpkg, rpm, npm
// and Homebrew, and lists of what is in them.
//
// Synopsis (make dist runs it, from the top of the work tree):
//
//	BUILD='go build ...' go run ./dist/pack [-out DIR] [-targets OS/ARCH,...] [-url ADDRESS] [-bin DIR] [-skip KIND,...] [-key FILE]
//	go run ./dist/pack -public FILE
//
// BUILD is the command that builds programs, without -o and packages. -bin takes programs
// that are built already instead, for the machine at hand only. -url is where the release
// will be: it goes into install.sh and the formula. -skip leaves out deb, rpm, npm or brew.
// -key is a secret key of minisign(1) to sign the release with, MINISIGN_PASSWORD its
// password if it has one; the public key goes into install.sh. BUILD must put the same into
// the programs, which -public prints.
//
// DIR gets, for a version V (the word that codex --version prints) and each target T:
//
//	codex-V-T.tar.gz            programs, manual pages, completions, licences
//	codex-V-T.cdx.json          what modules they are made of (CycloneDX); in the archive too
//	codex-unix_V_ARCH.deb, .rpm on Linux
//	codex-unix-T-V.tgz          programs for npm; codex-unix-V.tgz picks them
//	codex-unix.rb               formula for Homebrew
//	install.sh, install.sh.sha256
//	SHA256SUMS                  of everything in DIR, so older releases may stay in it
//	SHA256SUMS.minisig          its signature, with -key
//	latest                      V
//
// The same sources, the same Go and the same SOURCE_DATE_EPOCH (by default the time of the
// last commit) give the same bytes.
//
// Exit status: 0 done, 1 failed, 2 wrong usage. Words go to standard error.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	var o order
	var targets, skip, public string
	flag.StringVar(&o.out, "out", "dist/out", "`folder` of the release")
	flag.StringVar(&targets, "targets", "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64", "what to make it for")
	flag.StringVar(&o.url, "url", "", "`address` where the release will be")
	flag.StringVar(&o.bin, "bin", "", "`folder` of programs for this machine, instead of building")
	flag.StringVar(&skip, "skip", "", "`kinds` to leave out: deb, rpm, npm, brew")
	flag.StringVar(&o.key, "key", "", "secret key `file` to sign with")
	flag.StringVar(&public, "public", "", "print the public key that belongs to a secret key `file`")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	o.build, o.epoch, o.password = os.Getenv("BUILD"), os.Getenv("SOURCE_DATE_EPOCH"), os.Getenv("MINISIGN_PASSWORD")
	if public != "" {
		key, err := readKey(public, o.password)
		if err != nil {
			fmt.Fprintln(os.Stderr, "pack:", err)
			os.Exit(1)
		}
		fmt.Println(publicText(key))
		return
	}
	o.targets = strings.Split(targets, ",")
	if skip != "" {
		o.skip = strings.Split(skip, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := pack(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		stop()
		os.Exit(1)
	}
}
