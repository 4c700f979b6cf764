package login

import (
	"cmp"
	"os"
	"path/filepath"

	"codex/pkg/foreign"
	"codex/pkg/rustlog"
)

// logName is the file in the folder of logs that tells of logins, as the original's.
const logName = "codex-login.log"

// openLog begins the log of logins: which way, and how it ended; nothing that is secret. That
// it can't be written is said, and the login goes on.
func (s *session) openLog() (end func()) {
	file, err := s.logFile()
	if err != nil {
		s.tell("codex-login: warning: no log of this login: %v", err)
		return func() {}
	}
	get := func(name string) string {
		if name == rustlog.Variable {
			return cmp.Or(s.Env.Get(name), "info")
		}
		return s.Env.Get(name)
	}
	if s.log, err = rustlog.New(get, "codex_cli::login", file, s.Now); err != nil {
		s.tell("codex-login: warning: %v", err)
	}
	return func() { file.Close() }
}

// logFile opens the log; a pipe that nobody reads is an error, and not waited for.
func (s *session) logFile() (*os.File, error) {
	if err := os.MkdirAll(s.cfg.LogDir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(s.cfg.LogDir, logName), os.O_APPEND|os.O_CREATE|os.O_WRONLY|foreign.NonBlocking, 0o600)
}

// ended notes how a login ended.
func (s *session) ended(err error) {
	if err != nil {
		s.log.Error("login failed", "error", err)
	} else {
		s.log.Info("credential stored", "store", s.cfg.AuthStore)
	}
}
