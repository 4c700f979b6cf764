// Package hosts decides which hosts a command may reach: names and addresses
// in one spelling, patterns of allow and deny lists, and which addresses
// belong to this machine or its surroundings and not to the internet.
//
// It looks nothing up and dials nothing. Ground layer: it imports the standard
// library and golang.org/x/net/idna only.
package hosts

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Host is a name or an address in its one spelling, so that what is judged,
// looked up and dialled is the same thing. The zero Host is none.
type Host struct {
	name string     // lower-case ASCII without a final dot; "" for an address
	addr netip.Addr // IPv4 never in IPv6's clothes
}

var (
	errEmpty   = errors.New("host is empty")
	errAddress = errors.New("host looks like an address and is none")
)

// Parse reads a host without a port: a name of any case and script, with or
// without a final dot, or an address, with or without brackets. What C
// libraries take for an IPv4 address (0x7f.1, 017700000001, 2130706433) is one
// here too, and never a name to be looked up.
func Parse(s string) (Host, error) {
	if len(s) > 1024 {
		return Host{}, errors.New("host is too long")
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		if !closed || !strings.Contains(inner, ":") {
			return Host{}, fmt.Errorf("host %q has brackets around no address", s)
		}
		return address(inner)
	}
	if strings.Contains(s, ":") {
		return address(s)
	}
	name := strings.ToLower(s)
	if !ascii(name) {
		var err error
		if name, err = idna.Lookup.ToASCII(name); err != nil {
			return Host{}, fmt.Errorf("host %q: %w", s, err)
		}
	}
	name = strings.TrimSuffix(name, ".")
	if name == "" {
		return Host{}, errEmpty
	}
	if numeric(name) {
		addr, err := looseIPv4(name)
		return Host{addr: addr}, err
	}
	return Host{name: name}, checkName(name)
}

// OfAddr is the host of an address.
func OfAddr(a netip.Addr) Host { return Host{addr: a.Unmap()} }

// Addr is the address when the host is one, else the zero Addr.
func (h Host) Addr() netip.Addr { return h.addr }

// String is the host without brackets or a port.
func (h Host) String() string {
	if h.addr.IsValid() {
		return h.addr.String()
	}
	return h.name
}

// Join is the host with a port, as it is dialled.
func (h Host) Join(port uint16) string {
	if h.addr.Is6() {
		return "[" + h.addr.String() + "]:" + strconv.Itoa(int(port))
	}
	return h.String() + ":" + strconv.Itoa(int(port))
}

// Split takes a host with an optional port apart. Without one the port is
// otherwise; 0 makes that an error.
func Split(s string, otherwise uint16) (Host, uint16, error) {
	rest, port, err := cutPort(s)
	switch {
	case err != nil:
		return Host{}, 0, err
	case port == 0 && otherwise == 0:
		return Host{}, 0, fmt.Errorf("%q has no port", s)
	case port == 0:
		port = otherwise
	}
	h, err := Parse(rest)
	return h, port, err
}

// cutPort gives port 0 when there is none: an IPv6 address without brackets
// has colons, but no port.
func cutPort(s string) (rest string, port uint16, err error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 || strings.HasPrefix(s, "[") && s[i-1] != ']' || s[0] != '[' && strings.Count(s, ":") > 1 {
		return s, 0, nil
	}
	n, err := strconv.ParseUint(s[i+1:], 10, 16)
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("%q has no valid port", s)
	}
	return s[:i], uint16(n), nil
}

// address reads an IPv6 address, or an IPv4 one inside it.
func address(s string) (Host, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" && checkName(strings.ToLower(a.Zone())) != nil {
		return Host{}, fmt.Errorf("host %q is not an address", s)
	}
	return OfAddr(a), nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// numeric says whether a name ends in a number, which makes it an address or
// nothing (URL standard, "ends in a number").
func numeric(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// looseIPv4 reads one to four numbers, decimal, octal or hexadecimal; the last
// fills what the others leave.
func looseIPv4(name string) (netip.Addr, error) {
	parts := strings.Split(name, ".")
	if len(parts) > 4 {
		return netip.Addr{}, errAddress
	}
	var v uint64
	for i, p := range parts {
		base := 10
		switch {
		case strings.HasPrefix(p, "0x"):
			p, base = p[2:], 16
			p = cmp.Or(p, "0")
		case len(p) > 1 && p[0] == '0':
			base = 8
		}
		n, err := strconv.ParseUint(p, base, 32)
		if err != nil {
			return netip.Addr{}, errAddress
		}
		if i < len(parts)-1 {
			if n > 255 {
				return netip.Addr{}, errAddress
			}
			v |= n << (24 - 8*i)
			continue
		}
		if n >= 1<<(8*(5-len(parts))) {
			return netip.Addr{}, errAddress
		}
		v |= n
	}
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}), nil
}

// checkName holds a name to letters, digits, hyphens and underscores, in
// labels of at most 63 (RFC 1035).
func checkName(name string) error {
	if len(name) > 253 {
		return errors.New("host is too long")
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return fmt.Errorf("host %q has an empty or overlong part", name)
		}
		for i := range len(label) {
			switch c := label[i]; {
			case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			default:
				return fmt.Errorf("host %q has a character that no name has", name)
			}
		}
	}
	return nil
}
