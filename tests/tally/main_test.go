package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestTally(t *testing.T) {
	in := `go: downloading x
{"Action":"run","Package":"a","Test":"T1"}
{"Action":"output","Package":"a","Test":"T1","Output":"quiet\n"}
{"Action":"pass","Package":"a","Test":"T1"}
{"Action":"output","Package":"a","Output":"PASS\n"}
{"Action":"output","Package":"a","Output":"ok  \ta\t0.1s\n"}
{"Action":"pass","Package":"a"}
{"Action":"output","Package":"b","Test":"T2","Output":"loud\n"}
{"Action":"fail","Package":"b","Test":"T2"}
{"Action":"skip","Package":"b","Test":"T3"}
{"Action":"output","Package":"b","Output":"FAIL\tb\n"}
{"Action":"fail","Package":"b"}
{"ImportPath":"c","Action":"build-output","Output":"c.go:1: broken\n"}
{"Action":"output","Package":"c","Output":"FAIL\tc [build failed]\n"}
{"Action":"fail","Package":"c"}
{"Action":"output","Package":"d","Test":"T4","Output":"panic\n"}
`
	want := "go: downloading x\nok  \ta\t0.1s\nloud\nFAIL\tb\nc.go:1: broken\nFAIL\tc [build failed]\npanic\n"
	var out bytes.Buffer
	passed, failed, err := tally(strings.NewReader(in), &out)
	if passed != 1 || failed != 2 || err != nil || out.String() != want {
		t.Errorf("%d passed, %d failed, %v\n%s", passed, failed, err, out.String())
	}
}
