package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"aead.dev/minisign"
)

// readKey reads a secret key of minisign(1).
func readKey(file, password string) (minisign.PrivateKey, error) {
	var key minisign.PrivateKey
	text, err := os.ReadFile(file)
	if err != nil {
		return key, fmt.Errorf("secret key: %w", err)
	}
	text = bytes.TrimSpace(text)
	if minisign.IsEncrypted(text) {
		key, err = minisign.DecryptKey(password, text)
	} else {
		err = key.UnmarshalText(text)
	}
	if err != nil {
		return key, fmt.Errorf("secret key %s: %w (MINISIGN_PASSWORD has its password)", file, err)
	}
	return key, nil
}

// publicText is the public key in one word, as minisign -P takes it.
func publicText(key minisign.PrivateKey) string {
	public, ok := key.Public().(minisign.PublicKey)
	if !ok {
		return ""
	}
	return public.String()
}

// sign signs the list of checksums. The time is that of the release, so that the same
// release has the same signature.
func (r *release) sign(sums []byte) ([]byte, error) {
	key, err := readKey(r.key, r.password)
	if err != nil {
		return nil, err
	}
	m := minisign.NewReader(bytes.NewReader(sums))
	if _, err := new(bytes.Buffer).ReadFrom(m); err != nil {
		return nil, err
	}
	trusted := fmt.Sprintf("timestamp:%d\tfile:SHA256SUMS\thashed", r.when.Unix())
	return m.SignWithComments(key, trusted, "signature of codex "+r.version), nil
}

// checkKey refuses programs that hold another key than the one that signs, or none.
func (r *release) checkKey(program []byte) error {
	if r.key == "" {
		fmt.Fprintln(os.Stderr, "pack: no -key: this is an unsigned release, which its programs and install.sh say")
		return nil
	}
	key, err := readKey(r.key, r.password)
	if err != nil {
		return err
	}
	if !strings.Contains(string(program), publicText(key)) {
		return errors.New("the programs were built without this public key: make dist SIGNKEY=FILE does it")
	}
	return nil
}
