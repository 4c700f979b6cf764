package notify

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
)

// title is what a notification is headed with.
const title = "Codex"

// Desktop gives the command that shows a text on the desktop. look finds a program on PATH;
// toast says that the desktop is that of Windows.
func Desktop(goos string, toast bool, look func(name string) (string, error), text string) ([]string, error) {
	text = plain(text)
	for _, d := range desktops(goos, toast) {
		path, err := look(d.program)
		if err == nil {
			return append([]string{path}, d.args(text)...), nil
		}
	}
	return nil, errors.New("no program on PATH shows notifications: " + programs(desktops(goos, toast)))
}

// desktop is a program that shows notifications.
type desktop struct {
	program string
	args    func(text string) []string
}

func desktops(goos string, toast bool) []desktop {
	switch {
	case goos == "windows" || toast:
		return []desktop{{"powershell.exe", powershell}}
	case goos == "darwin":
		return []desktop{
			{"terminal-notifier", func(text string) []string { return []string{"-title", title, "-message", guarded(text)} }},
			{"osascript", func(text string) []string {
				return []string{"-e", "on run argv", "-e", "display notification (item 1 of argv) with title \"" + title + "\"", "-e", "end run", "--", text}
			}},
		}
	}
	return []desktop{{"notify-send", func(text string) []string {
		// What is shown may hold markup.
		text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
		return []string{"--app-name=" + title, "--", title, text}
	}}}
}

func programs(list []desktop) string {
	names := make([]string, len(list))
	for i, d := range list {
		names[i] = d.program
	}
	return strings.Join(names, ", ")
}

// guarded keeps a text from being taken for something else: terminal-notifier reads one that
// begins with a bracket or a hyphen as data or as an option.
func guarded(text string) string {
	if text != "" && strings.ContainsRune("-[{(<\"", rune(text[0])) {
		return "\u200b" + text // takes no room
	}
	return text
}

// powershell gives the arguments that show a toast. The text is in the script as Base64
// only, so that no part of it can be code.
func powershell(text string) []string {
	script := `$ErrorActionPreference='Stop';` +
		`$t=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('` + base64.StdEncoding.EncodeToString([]byte(text)) + `'));` +
		`$m=[Windows.UI.Notifications.ToastNotificationManager,Windows.UI.Notifications,ContentType=WindowsRuntime];` +
		`$x=$m::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02);` +
		`$n=$x.GetElementsByTagName('text');` +
		`[void]$n.Item(0).AppendChild($x.CreateTextNode('` + title + `'));` +
		`[void]$n.Item(1).AppendChild($x.CreateTextNode($t));` +
		// Who shows it must be an application that Windows knows: PowerShell is one.
		`$m::CreateToastNotifier('{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\WindowsPowerShell\v1.0\powershell.exe').` +
		`Show([Windows.UI.Notifications.ToastNotification,Windows.UI.Notifications,ContentType=WindowsRuntime]::new($x))`
	return []string{"-NoProfile", "-NoLogo", "-NonInteractive", "-EncodedCommand", encoded(script)}
}

// encoded is how powershell.exe takes a script: Base64 of UTF-16, low byte first.
func encoded(script string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(script)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// plain is a text without control characters.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, text)
}
