package main

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"
)

func TestSPDX(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"MIT License\n\nPERMISSION is hereby granted, free of charge,\n to any person obtaining a copy", "MIT"},
		{"   Apache License\n   Version 2.0, January 2004", "Apache-2.0"},
		{"Redistributions in binary form must reproduce\n...\nNeither the name of", "BSD-3-Clause"},
		{"* Redistributions in binary form must reproduce the above", "BSD-2-Clause"},
		{"/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */\n", "BSD-3-Clause OR GPL-2.0-only"},
		{"Permission to use, copy, modify, and/or distribute this\nsoftware for any purpose", "ISC"},
		{"do what you like", ""},
	} {
		if got := spdx(tc.text); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.text, got, tc.want)
		}
	}
}

// TestSign holds that the same list and the same release have the same signature, which
// the public key of the programs verifies.
func TestSign(t *testing.T) {
	public, secret, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := secret.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "minisign.key")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	r := release{order: order{key: file}, version: "1", when: time.Unix(1700000000, 0).UTC()}
	sums := []byte("abc  codex.tar.gz\n")
	one, err := r.sign(sums)
	if err != nil {
		t.Fatal(err)
	}
	two, err := r.sign(sums)
	if err != nil || !bytes.Equal(one, two) || !minisign.Verify(public, sums, one) || !bytes.Contains(one, []byte("timestamp:1700000000\t")) {
		t.Errorf("%v\n%s\n%s", err, one, two)
	}
	if err := r.checkKey([]byte("... " + public.String() + " ...")); err != nil {
		t.Error(err)
	}
	if err := r.checkKey([]byte("a program without it")); err == nil {
		t.Error("signs what refuses its own updates")
	}
	if err := os.WriteFile(file, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.sign(sums); err == nil {
		t.Error("signed without a key")
	}
}

// TestVersions holds what package managers compare.
func TestVersions(t *testing.T) {
	r := release{version: "0.133.0+unix.v1.2-dirty", when: time.Unix(1700000000, 0).UTC()}
	compat, revision := r.base()
	if compat != "0.133.0" || revision != "v1.2-dirty" || r.stamp() != "20231114221320" || r.npmVersion() != "0.133.0-unix.20231114221320" {
		t.Error(compat, revision, r.stamp(), r.npmVersion())
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		o    order
		want string
	}{
		{order{build: "go build", targets: []string{"plan9/386"}}, `no target "plan9/386"`},
		{order{build: "go build", targets: []string{"linux/amd64"}, skip: []string{"apk"}}, "-skip apk"},
		{order{targets: []string{"linux/amd64"}}, "BUILD is not set"},
		{order{build: "go build", url: "https://a/'b"}, "is no http(s) address"},
		{order{build: "go build", url: "ftp://a"}, "is no http(s) address"},
	} {
		if _, err := check(&tc.o); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want %s", tc.o, err, tc.want)
		}
	}
	o := order{build: "go build", url: "https://a/b/", targets: []string{"linux/arm64", "linux/arm64", "darwin/amd64"}}
	got, err := check(&o)
	if err != nil || len(got) != 2 || o.url != "https://a/b" {
		t.Error(got, o.url, err)
	}
}

// TestTreeSums lists links with the sum of what they lead to.
func TestTreeSums(t *testing.T) {
	all := []entry{
		{name: "d/a", link: "../x"}, {name: "d/b", link: "a"}, {name: "x", data: []byte("x")},
	}
	sums, err := treeSums(all)
	if err != nil {
		t.Fatal(err)
	}
	const x = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
	if want := x + "  d/a\n" + x + "  d/b\n" + x + "  x\n"; string(sums) != want {
		t.Errorf("%s", sums)
	}
	if _, err := treeSums(slices.Concat(all, []entry{{name: "y", link: "gone"}})); err == nil {
		t.Error("a link that leads nowhere")
	}
	if got := grep(bytes.ReplaceAll(sums, []byte("d/b"), []byte("b")), "b"); string(got) != x+"  b\n" {
		t.Errorf("%q", got)
	}
}
