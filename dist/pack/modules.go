package main

import (
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// module is something that programs are made of, besides our own sources.
type module struct {
	path, version string
	sum           string   // of go.sum; "" for the standard library
	texts         []string // licence and notice files, as they are
	licence       string   // SPDX expression; "" when the text is not a known one
}

func (m module) id() string {
	return "pkg:golang/" + m.path + "@" + strings.TrimPrefix(m.version, "go")
}

// used gives the modules that a program was linked from, by its own account.
func used(file string) ([]module, error) {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("what %s is made of: %w", filepath.Base(file), err)
	}
	out := []module{{path: "stdlib", version: info.GoVersion}}
	for _, d := range info.Deps {
		for d.Replace != nil {
			d = d.Replace
		}
		out = append(out, module{path: d.Path, version: d.Version, sum: d.Sum})
	}
	return out, nil
}

// modules gives all modules of the programs for t, sorted, with their licences.
func (r *release) modules(ctx context.Context, t target) ([]module, error) {
	bin, err := r.built(ctx, t)
	if err != nil {
		return nil, err
	}
	var all []module
	for _, name := range r.programs {
		some, err := used(filepath.Join(bin, name))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b module) int { return cmp.Compare(a.id(), b.id()) })
	all = slices.CompactFunc(all, func(a, b module) bool { return a.id() == b.id() })
	dirs, err := moduleDirs(ctx, t)
	if err != nil {
		return nil, err
	}
	for i := range all {
		m := &all[i]
		if m.texts, err = licences(dirs[m.path]); err != nil {
			return nil, err
		}
		if len(m.texts) == 0 {
			return nil, fmt.Errorf("no licence found for %s in %q", m.path, dirs[m.path])
		}
		m.licence = spdx(m.texts[0])
	}
	return all, nil
}

// moduleDirs says where the sources of modules are.
func moduleDirs(ctx context.Context, t target) (map[string]string, error) {
	goroot, err := output(ctx, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	dirs := map[string]string{"stdlib": string(bytes.TrimSpace(goroot))}
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-f", "{{with .Module}}{{.Path}}\t{{.Dir}}{{end}}", "./cmd/...")
	cmd.Env = append(os.Environ(), "GOOS="+t.os, "GOARCH="+t.arch, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			dirs[path] = dir
		}
	}
	return dirs, nil
}

// licences reads the licence files of a module, that of the licence itself first.
func licences(dir string) ([]string, error) {
	if dir == "" {
		return nil, nil
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	name := regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice)([.-].*)?$`)
	var texts []string
	for _, e := range list {
		if !e.Type().IsRegular() || !name.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n"))+"\n")
	}
	return texts, nil
}

// spdx names the licences that modules of Go usually have, or what a text says of itself.
func spdx(text string) string {
	if _, own, ok := strings.Cut(text, "SPDX-License-Identifier:"); ok {
		own, _, _ = strings.Cut(own, "\n")
		return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(own), "*/"))
	}
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, l := range []struct{ id, words string }{
		{"Apache-2.0", "Apache License Version 2.0"},
		{"MPL-2.0", "Mozilla Public License, version 2.0"},
		{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"},
		{"ISC", "Permission to use, copy, modify, and distribute this software for any purpose"},
		{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose"},
		{"BSD-3-Clause", "Neither the name"},
		{"BSD-3-Clause", "may be used to endorse or promote products"},
		{"BSD-2-Clause", "Redistributions in binary form must reproduce"},
	} {
		if strings.Contains(text, strings.ToLower(l.words)) {
			return l.id
		}
	}
	return ""
}

// notices is what the licences ask to be given along with the programs.
func notices(modules []module) []byte {
	var b bytes.Buffer
	b.WriteString("The programs of this release contain the following modules. Each text is as its\nauthors give it.\n")
	for _, m := range modules {
		fmt.Fprintf(&b, "\n%s\n%s %s\n%s\n", strings.Repeat("=", 78), m.path, m.version, strings.Repeat("=", 78))
		for _, text := range m.texts {
			b.WriteString("\n" + text)
		}
	}
	return b.Bytes()
}
