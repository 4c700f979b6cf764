package login

import (
	"fmt"
	"html"
	"net/http"
)

// page writes what the browser shows at the end.
func page(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.Header().Set("Connection", "close")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!doctype html><html lang=en><meta charset=utf-8><title>%s</title>"+
		"<body style=\"font:18px sans-serif;margin:20vh auto;max-width:36em;text-align:center\"><h1>%[1]s</h1><p>%s</p></body></html>\n",
		html.EscapeString(title), html.EscapeString(text))
}
