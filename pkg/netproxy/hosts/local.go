package hosts

import (
	"net/netip"
	"strings"
)

// Local says whether an address is this machine's, its network's, or nobody's
// on the internet: loopback, private, link-local (the metadata services of
// clouds), carrier-grade NAT, multicast, documentation, reserved, and IPv6
// addresses that stand for such an IPv4 one.
func Local(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || !a.IsGlobalUnicast() || a.IsPrivate() {
		return true
	}
	if a.Is4() {
		return local4(a.As4())
	}
	b := a.As16()
	switch {
	case b[0] == 0x20 && b[1] == 0x02: // 6to4
		return local4([4]byte(b[2:6]))
	case b[0] == 0 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b: // NAT64
		return b[4] != 0 || b[5] != 0 || local4([4]byte(b[12:]))
	case b[0]&0xe0 != 0x20: // outside 2000::/3 nothing is assigned
		return true
	case b[0] == 0x20 && b[1] == 0x01:
		// Teredo, benchmarking, ORCHID and the other special ones; documentation.
		return b[2] < 2 || b[2] == 0x0d && b[3] == 0xb8
	case b[0] == 0x3f && b[1] == 0xff:
		return b[2] < 0x10 // documentation
	}
	return false
}

// local4 is the part of Local that netip does not know.
func local4(b [4]byte) bool {
	a := netip.AddrFrom4(b)
	switch {
	case !a.IsGlobalUnicast() || a.IsPrivate(),
		b[0] == 0,
		b[0] == 100 && b[1]&0xc0 == 64, // carrier-grade NAT
		b[0] == 192 && b[1] == 0 && b[2]&0xfd == 0, // protocol assignments, documentation
		b[0] == 192 && b[1] == 88 && b[2] == 99,    // 6to4 relays
		b[0] == 198 && b[1]&0xfe == 18,             // benchmarking
		b[0] == 198 && b[1] == 51 && b[2] == 100,   // documentation
		b[0] == 203 && b[1] == 0 && b[2] == 113,    // documentation
		b[0] >= 240:
		return true
	}
	return false
}

// local says the same of a host: the name localhost counts too.
func (h Host) local() bool {
	if h.addr.IsValid() {
		return Local(h.addr)
	}
	return h.Loopback()
}

// Loopback says whether the host is a name of the loopback interface.
func (h Host) Loopback() bool {
	return h.name == "localhost" || strings.HasSuffix(h.name, ".localhost")
}
