package responses

import (
	"bytes"
	"html"
	"strings"
	"unicode/utf8"
)

// maxShown bounds what is shown of a text that a server sent.
const maxShown = 1000

// shown is a server's text for a line of an error.
func shown(s string) string { return cut(strings.TrimSpace(valid(s)), maxShown) }

// valid is s in UTF-8.
func valid(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// cut keeps at most n bytes, whole characters of valid text.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

// readable is the text of a body that has no reason in it. A web page is named as one:
// its source would tell nobody anything.
func readable(body []byte) string {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if isHTML(body) {
		return strings.TrimSuffix("an HTML page: "+cut(pageText(body), 200), ": ")
	}
	return string(body)
}

// isHTML says whether a body is a web page, or a document like one.
func isHTML(body []byte) bool {
	b := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 1<<10)]))
	if len(b) == 0 || b[0] != '<' {
		return false
	}
	for _, mark := range []string{"<!doctype html", "<html", "<head", "<body", "<title", "<center", "<h1"} {
		if bytes.Contains(b, []byte(mark)) {
			return true
		}
	}
	return false
}

// pageText is what one would read of a web page, on one line.
func pageText(page []byte) string {
	var b strings.Builder
	rest := valid(string(page[:min(len(page), 64<<10)]))
	for rest != "" {
		text, tag, _ := strings.Cut(rest, "<")
		b.WriteString(text + " ")
		switch name := strings.ToLower(tag[:min(len(tag), len("script"))]); {
		case strings.HasPrefix(name, "!--"):
			_, tag, _ = strings.Cut(tag, "--")
			_, tag, _ = strings.Cut(tag, "--")
		case name == "script", strings.HasPrefix(name, "style"):
			_, tag, _ = strings.Cut(tag, "</")
		}
		_, rest, _ = strings.Cut(tag, ">")
	}
	return strings.Join(strings.Fields(html.UnescapeString(b.String())), " ")
}
