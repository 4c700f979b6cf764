package thread

import (
	"encoding/hex"
	"strings"
	"time"
)

// ParseID reads a UUID in any of its usual spellings (hyphens, plain hex, braces,
// urn:uuid:) and gives the one in file names.
func ParseID(s string) (string, bool) {
	if rest, ok := strings.CutPrefix(s, "urn:uuid:"); ok {
		s = rest
	} else if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	if len(s) == 36 {
		if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
			return "", false
		}
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(s) != 32 {
		return "", false
	}
	s = strings.ToLower(s)
	if _, err := hex.DecodeString(s); err != nil {
		return "", false
	}
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], true
}

// IDTime gives the time in a version 7 UUID, spelt as ParseID gives it.
func IDTime(id string) (time.Time, bool) {
	if id[14] != '7' {
		return time.Time{}, false
	}
	b, err := hex.DecodeString(id[:8] + id[9:13])
	if err != nil {
		return time.Time{}, false
	}
	ms := int64(0)
	for _, c := range b {
		ms = ms<<8 | int64(c)
	}
	return time.UnixMilli(ms), true
}

// fileID gives the thread id in the name of a rollout file,
// rollout-2006-01-02T15-04-05-<id>.jsonl.
func fileID(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, "rollout-")
	if !ok {
		return "", false
	}
	rest, ok = strings.CutSuffix(rest, ".jsonl")
	if !ok || len(rest) < 37 || rest[len(rest)-37] != '-' {
		return "", false
	}
	return ParseID(rest[len(rest)-36:])
}
