//go:build linux

package mcphostile

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/tidwall/gjson"
)

// trickVariable names what this test binary does as a server: a trick and the method at which
// it does it.
const trickVariable = "CODEX_TEST_TRICK"

// host is a server on stdio that behaves until the method at which its trick is due.
type host struct {
	out *bufio.Writer
	at  string
}

func (h *host) say(format string, args ...any) {
	fmt.Fprintf(h.out, format+"\n", args...)
	h.out.Flush()
}

func (h *host) answer(id, result string) { h.say(`{"jsonrpc":"2.0","id":%s,"result":%s}`, id, result) }

// good is what an honest server answers.
func good(method string) string {
	switch method {
	case "initialize":
		return `{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"h","version":"1"}}`
	case "tools/list":
		return `{"tools":[{"name":"t","inputSchema":{"type":"object"}}]}`
	case "tools/call":
		return `{"content":[{"type":"text","text":"fine"}]}`
	}
	return "{}"
}

func serve(name string) {
	trick, at, _ := strings.Cut(name, " ")
	h := &host{out: bufio.NewWriterSize(os.Stdout, 1<<20), at: at}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	if trick == "ignores-term" {
		signal.Ignore(syscall.SIGTERM)
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			if trick == "ignores-term" {
				select {} // nor does it see the end of its input
			}
			return
		}
		m := gjson.Parse(line)
		id, method := m.Get("id").Raw, m.Get("method").Str
		switch {
		case id == "" || method == "":
		case method == at:
			tricks[trick].do(h, id)
		default:
			h.answer(id, good(method))
		}
	}
}

// endless writes a text until nobody reads.
func endless(w io.Writer, text string) {
	block := []byte(strings.Repeat(text, 1+(1<<16)/len(text)))
	for {
		if _, err := w.Write(block); err != nil {
			os.Exit(0)
		}
	}
}

// forever is a child that would stay: it holds the pipe, in a group of its own.
func forever() {
	cmd := exec.Command("/bin/sleep", "600")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = os.Environ()
	if cmd.Start() != nil {
		os.Exit(3)
	}
}
