//go:build unix

// Picture draws what codex shows at a terminal, as an SVG: it runs the demo on a
// pseudo-terminal, and draws the cells of the screen.
//
//	go run ./tests/tui/picture BIN DEMO >examples/tui.svg
//
// BIN is the folder of the programs, DEMO that of the demo's work tree. The model follows
// a script; no account and no network is needed.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/creack/pty"

	"codex/tests/tui/vt"
)

// The size of the terminal, and what is typed.
const (
	cols, rows = 90, 40
	prompt     = "the check fails, please repair it"
	limit      = time.Minute
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: picture BIN DEMO")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(bin, demo string, out io.Writer) error {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "codex-picture-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	work, home := filepath.Join(dir, "greeting"), filepath.Join(dir, "home")
	if err := prepare(demo, work, home); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(bin, "codex"), "-s", "workspace-write")
	cmd.Dir = work
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "CODEX_HOME=" + home, "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8"}
	cells, err := screen(cmd)
	if err != nil {
		return err
	}
	return draw(out, cells)
}

// prepare makes the work tree and the settings of the demo.
func prepare(demo, work, home string) error {
	if err := os.CopyFS(work, os.DirFS(demo)); err != nil {
		return err
	}
	for _, args := range [][]string{{"init", "-q", "."}, {"add", "."}, {"-c", "user.name=demo", "-c", "user.email=demo@example.org", "commit", "-qm", "a greeting"}} {
		git := exec.Command("git", args...)
		git.Dir = work
		if said, err := git.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w: %s", args[0], err, said)
		}
	}
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	config := fmt.Sprintf("model_provider = \"demo\"\n[model_providers.demo]\nname = \"demo\"\ncommand = [\"codex\", \"model\", \"replay\"]\n[projects.%q]\ntrust_level = \"trusted\"\n", work)
	return os.WriteFile(filepath.Join(home, "config.toml"), []byte(config), 0o600)
}

// screen runs the program, types the prompt, and gives the cells once the turn has ended.
func screen(cmd *exec.Cmd) ([][]vt.Cell, error) {
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: cols, Rows: rows})
	if err != nil {
		return nil, err
	}
	defer func() {
		_ = cmd.Process.Kill() // the picture is taken
		_ = cmd.Wait()
		file.Close()
	}()
	var answers []string
	term := vt.New(cols, rows)
	term.Reply = func(s string) { answers = append(answers, s) }
	output := make(chan []byte)
	go func() {
		defer close(output)
		for {
			buf := make([]byte, 64<<10)
			n, err := file.Read(buf)
			if n > 0 {
				output <- buf[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	late := time.After(limit)
	stages := []struct{ seen, gone, type_ string }{
		{"› ", "", ""}, {"directory:", "", prompt}, {prompt, "", "\r"}, {"esc to interrupt", "", ""}, {"› ", "esc to interrupt", ""},
	}
	for len(stages) > 0 {
		select {
		case b, open := <-output:
			if !open {
				return nil, errors.New("the program has ended:\n" + strings.Join(term.Screen(), "\n"))
			}
			if _, err := term.Write(b); err != nil {
				return nil, err
			}
		case <-late:
			return nil, errors.New("this is not what was waited for:\n" + strings.Join(term.Screen(), "\n"))
		}
		for _, a := range answers {
			if _, err := io.WriteString(file, a); err != nil {
				return nil, err
			}
		}
		answers = nil
		shown := strings.Join(term.Screen(), "\n")
		for len(stages) > 0 && strings.Contains(shown, stages[0].seen) && (stages[0].gone == "" || !strings.Contains(shown, stages[0].gone)) {
			if _, err := io.WriteString(file, stages[0].type_); err != nil {
				return nil, err
			}
			stages = stages[1:]
			if len(stages) > 0 && stages[0].seen == prompt {
				break // what was typed has to come back
			}
		}
	}
	return term.Cells(), nil
}
