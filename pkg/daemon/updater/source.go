//go:build unix

package updater

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"codex/pkg/daemon/child"
	"codex/pkg/foreign"
)

const (
	script   = "install.sh"
	sumsName = "SHA256SUMS"
	// maxScript bounds the installer, maxSums the list of checksums, which has a line for
	// each file of each release.
	maxScript = 4 << 20
	maxSums   = 4 << 20
	// maxTalk bounds what the installer says.
	maxTalk = 1 << 20
)

// Source is where updates come from.
type Source struct {
	Settings
	// Key is the publisher's, see [PublicKey]; "" holds updates to their checksums only.
	Key string
	// State is the folder for what is remembered from one update to the next.
	State string
	// Env is what the installer gets, CODEX_HOME and CODEX_INSTALL_BASE_URL included.
	Env []string
	// Look finds a program on PATH.
	Look func(program string) (string, error)
}

// Install gets the list of checksums, which the publisher has signed, holds the installer
// against it, and runs it. The installer gets the list, so that what it fetches is held
// against the same one.
func (s Source) Install(ctx context.Context) error {
	if s.URL == Nowhere {
		return errors.New("this build has no address for updates; CODEX_UPDATE_URL or updater.json can name one")
	}
	base, err := base(s.URL)
	if err != nil {
		return err
	}
	sums, err := s.sums(ctx, base)
	if err != nil {
		return err
	}
	text, err := s.get(ctx, base.JoinPath(script), maxScript)
	if err != nil {
		return err
	}
	if err := check(text, sums); err != nil {
		return fmt.Errorf("%s: %w", base.JoinPath(script).Redacted(), err)
	}
	file, err := s.keep(sums)
	if err != nil {
		return err
	}
	defer os.Remove(file)
	_, err = child.Output(ctx, child.Command{Path: "/bin/sh", Args: []string{"-s"}, Env: append(slices.Clone(s.Env), "CODEX_INSTALL_SUMS="+file),
		Stdin: text, Limit: maxTalk, Time: time.Duration(s.Script)})
	if err != nil {
		return fmt.Errorf("installer of %s: %w", base.Redacted(), err)
	}
	return nil
}

// sums gets the list of checksums and holds it against the signature.
func (s Source) sums(ctx context.Context, base *url.URL) ([]byte, error) {
	sums, err := s.get(ctx, base.JoinPath(sumsName), maxSums)
	if err != nil || s.Key == "" {
		return sums, err
	}
	signature, err := s.get(ctx, base.JoinPath(sumsName+".minisig"), maxSignature)
	if err != nil {
		return nil, fmt.Errorf("releases of %s are not signed: %w", base.Redacted(), err)
	}
	if err := s.verify(sums, signature); err != nil {
		return nil, fmt.Errorf("%s: %w", base.JoinPath(sumsName).Redacted(), err)
	}
	return sums, nil
}

// keep writes the list to a file of its own.
func (s Source) keep(sums []byte) (string, error) {
	f, err := os.CreateTemp(s.State, "sums-*")
	if err != nil {
		return "", fmt.Errorf("keep the list of checksums: %w", err)
	}
	_, err = f.Write(sums)
	if err := errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", fmt.Errorf("keep the list of checksums: %w", err)
	}
	return f.Name(), nil
}

// base takes a folder's address apart. What it serves is run, so it must not be
// somebody else's on the way: https, this machine over http, or a folder.
func base(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("update address: %w", err)
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	local := host == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case u.Scheme == "https" && host != "", u.Scheme == "http" && local, u.Scheme == "file" && host == "" && strings.HasPrefix(u.Path, "/"):
		return u, nil
	}
	return nil, fmt.Errorf("update address %q: only https://, file:/// and http:// to this machine are safe to run things from", raw)
}

// get downloads a file of at most limit bytes.
func (s Source) get(ctx context.Context, u *url.URL, limit int) ([]byte, error) {
	if u.Scheme == "file" {
		return foreign.ReadFile(u.Path, int64(limit))
	}
	c := child.Command{Env: s.Env, Limit: limit, Time: time.Duration(s.Download)}
	address := u.String() // on standard input: everybody can read arguments, and it may hold a password
	seconds := strconv.Itoa(int((time.Duration(s.Download) + time.Second - 1) / time.Second))
	var err error
	if c.Path, err = s.Look("curl"); err == nil {
		only := "=" + u.Scheme
		c.Args = []string{"-q", "--fail", "--silent", "--show-error", "--location", "--max-redirs", "5",
			"--proto", only, "--proto-redir", only, "--max-time", seconds, "--max-filesize", strconv.Itoa(limit), "--config", "-"}
		c.Stdin = []byte(`url = "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(address) + "\"\n")
	} else if c.Path, err = s.Look("wget"); err == nil {
		gnu := s.noRedirects(ctx, c.Path)
		c.Args = append(gnu, "-q", "-T", seconds, "-O", "-")
		switch {
		case gnu != nil:
			c.Args, c.Stdin = append(c.Args, "-i", "-"), []byte(address+"\n")
		case u.User != nil:
			return nil, fmt.Errorf("download %s: this wget would show the password to everybody on this machine; install curl", u.Redacted())
		default:
			c.Args = append(c.Args, "--", address)
		}
	} else {
		return nil, errors.New("to download, either curl or wget must be on PATH")
	}
	b, err := child.Output(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("download %s: %w", u.Redacted(), err)
	}
	return b, nil
}

// noRedirects is the option that keeps wget from following a redirect, which might lead to
// plain http: unlike curl it cannot be told where not to go. A busybox has no such option.
func (s Source) noRedirects(ctx context.Context, wget string) []string {
	const option = "--max-redirect"
	help, err := child.Output(ctx, child.Command{Path: wget, Args: []string{"--help"}, Env: s.Env, Limit: maxTalk, Time: 10 * time.Second})
	if err != nil || !bytes.Contains(help, []byte(option)) {
		return nil
	}
	return []string{option + "=0"}
}

// check holds the installer against the lines of sha256sum: a digest and a name.
func check(text, sums []byte) error {
	sum := sha256.Sum256(text)
	have := hex.EncodeToString(sum[:])
	for line := range strings.Lines(string(sums)) {
		f := strings.Fields(line)
		if len(f) != 2 || strings.TrimPrefix(f[1], "*") != script {
			continue
		}
		if want := strings.ToLower(f[0]); want != have {
			return fmt.Errorf("checksum mismatch: expected %.64s, got %s", want, have)
		}
		return nil
	}
	return errors.New("its checksum is not in " + sumsName)
}
