package hosts

import (
	"net/netip"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct{ in, want string }{
		{"example.com", "example.com"},
		{"EXAMPLE.Com.", "example.com"},
		{"a_b.example.com", "a_b.example.com"},
		{"bücher.example", "xn--bcher-kva.example"},
		{"BÜCHER.example", "xn--bcher-kva.example"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"ｅｘａｍｐｌｅ.com", "example.com"},
		{"example。com", "example.com"},
		{"１２７.０.０.１", "127.0.0.1"},
		{"127.0.0.1", "127.0.0.1"},
		{"127.0.0.1.", "127.0.0.1"},
		{"127.1", "127.0.0.1"},
		{"127.0.1", "127.0.0.1"},
		{"0x7f.1", "127.0.0.1"},
		{"0X7F000001", "127.0.0.1"},
		{"2130706433", "127.0.0.1"},
		{"017700000001", "127.0.0.1"},
		{"0177.0.0.1", "127.0.0.1"},
		{"10.0x10.010.8", "10.16.8.8"},
		{"0", "0.0.0.0"},
		{"0x", "0.0.0.0"},
		{"::1", "::1"},
		{"[::1]", "::1"},
		{"[::FFFF:127.0.0.1]", "127.0.0.1"},
		{"::ffff:7f00:1", "127.0.0.1"},
		{"[fe80::1%lo]", "fe80::1%lo"},
		{"2001:DB8:0:0::1", "2001:db8::1"},
		{"", ""}, {".", ""}, {"..", ""}, {"a..b", ""}, {".a", ""}, {"a b", ""}, {"a\x00b", ""}, {"a/b", ""}, {"a%2eb", ""},
		{"user@host", ""}, {"[127.0.0.1]", ""}, {"[::1", ""}, {"::1]", ""}, {"[a]", ""}, {"[::1]x", ""},
		{"256.1.1.1", ""}, {"1.2.3.4.5", ""}, {"1.2.3.256", ""}, {"4294967296", ""}, {"09.1", ""}, {"a.1", ""}, {"1.0x1g", "1.0x1g"},
		{"*.example.com", ""}, {"a:80", ""}, {"a\u00ad.com", "a.com"}, {"☃.\u202ecom", ""},
		{strings.Repeat("a", 64) + ".com", ""}, {strings.Repeat("a.", 130) + "com", ""}, {strings.Repeat("a", 2000), ""},
	}
	for _, tt := range tests {
		h, err := Parse(tt.in)
		if tt.want == "" {
			if err == nil {
				t.Errorf("%q is %q, want an error", tt.in, h)
			}
			continue
		}
		if err != nil || h.String() != tt.want {
			t.Errorf("%q is %q, %v, want %q", tt.in, h, err, tt.want)
		}
	}
}

func TestSplit(t *testing.T) {
	tests := []struct {
		in   string
		port uint16
		want string
	}{
		{"a.com:443", 0, "a.com:443"},
		{"A.com.:080", 0, "a.com:80"},
		{"a.com", 80, "a.com:80"},
		{"[::1]:8080", 0, "[::1]:8080"},
		{"[::1]", 80, "[::1]:80"},
		{"::1", 80, "[::1]:80"},
		{"127.1:22", 0, "127.0.0.1:22"},
		{"a.com", 0, ""}, {"a.com:", 80, ""}, {"a.com:0", 80, ""}, {"a.com:65536", 80, ""}, {"a.com:-1", 80, ""}, {"a.com:http", 80, ""},
		{":80", 0, ""}, {"[]:80", 0, ""}, {"[::1]80", 80, ""}, {"", 80, ""}, {"[", 80, ""}, {":", 80, ""}, {"[:", 80, ""}, {"a:1:2", 80, ""},
	}
	for _, tt := range tests {
		h, port, err := Split(tt.in, tt.port)
		if tt.want == "" {
			if err == nil {
				t.Errorf("%q is %s, want an error", tt.in, h.Join(port))
			}
		} else if err != nil || h.Join(port) != tt.want {
			t.Errorf("%q is %s, %v, want %s", tt.in, h.Join(port), err, tt.want)
		}
	}
}

func TestLocal(t *testing.T) {
	local := []string{"0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1", "169.254.169.254",
		"172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
		"203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
		"100::1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:7f00:1::1", "2002:a00:1::", "2001::1", "2001:2::1", "2001:10::1", "2001:db8::1",
		"3fff::1", "5f00::1", "4000::1", "::8.8.8.8"}
	public := []string{"1.1.1.1", "8.8.8.8", "100.63.0.1", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "192.169.0.1", "198.17.0.1",
		"198.20.0.1", "223.255.255.255", "::ffff:8.8.8.8", "2606:4700::1111", "2a00:1450::1", "2002:808:808::1", "64:ff9b::8.8.8.8", "2001:4860::8888",
		"2001:200::1", "2400::1"}
	for _, s := range local {
		if !Local(netip.MustParseAddr(s)) {
			t.Errorf("%s counts as public", s)
		}
	}
	for _, s := range public {
		if Local(netip.MustParseAddr(s)) {
			t.Errorf("%s counts as local", s)
		}
	}
	if !Local(netip.Addr{}) {
		t.Error("no address counts as public")
	}
}
