package responses

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// decoded is an answer's body as text. Nothing is asked for but that; some servers and
// proxies compress all the same. What the body begins with counts, more than its header.
func decoded(resp *http.Response) (io.Reader, error) {
	var buf [64]byte
	n, _ := io.ReadAtLeast(resp.Body, buf[:], 2) // an error comes again
	head := buf[:n]
	body := io.MultiReader(bytes.NewReader(head), resp.Body)
	coding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding")))
	var err error
	switch {
	case n < 2:
	case head[0] == 0x1f && head[1] == 0x8b:
		body, err = gzip.NewReader(body)
	case coding == "deflate" && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0:
		body, err = zlib.NewReader(body)
	case coding == "deflate" && !textual(head):
		body = flate.NewReader(body)
	case coding != "" && coding != "identity" && !textual(head):
		err = &Error{Message: fmt.Sprintf("the answer is encoded with %s, which was not asked for", shown(coding)), Kind: KindOther}
	}
	return body, err
}

// textual says whether events or JSON may begin so.
func textual(head []byte) bool {
	return bytes.IndexFunc(head, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' }) < 0
}
