package aws

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzParse: what codex-aws printed and what stands in a token lead to a host of AWS or to
// nowhere.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","Region":"eu-west-1"}`))
	f.Add([]byte(`{"AccessKeyId":"A","SecretAccessKey":"s","Region":"evil.com/"}`))
	f.Add([]byte(`{"AccessKeyId":"A\n","SecretAccessKey":"\u0000","SessionToken":"a\r\nb","Region":"x","Expiration":"0001-01-01T00:00:00Z"}`))
	f.Add([]byte("bedrock-api-key-aHR0cHM6Ly94P1gtQW16LUNyZWRlbnRpYWw9QS8yMDI2MDEwMS9ldS13ZXN0LTEvYmVkcm9jay9hd3M0X3JlcXVlc3Q=&Version=1"))
	f.Fuzz(func(t *testing.T, in []byte) {
		hold := func(lead func(r *http.Request) error) {
			r, err := http.NewRequest(http.MethodPost, "https://first.example/v1/responses", nil)
			if err != nil {
				t.Fatal(err)
			}
			if lead(r) != nil {
				return
			}
			region := strings.TrimSuffix(strings.TrimPrefix(r.URL.Host, "bedrock-mantle."), ".api.aws")
			if len(region)+len("bedrock-mantle..api.aws") != len(r.URL.Host) || strings.ContainsAny(region, "./:@?# ") || r.Host != "" {
				t.Errorf("%q leads to %q, %q", in, r.URL.Host, r.Host)
			}
		}
		hold(func(r *http.Request) error { return Bear(r, string(in)) })
		if c, err := Parse(in); err == nil {
			if c.AccessKeyID == "" || c.SecretAccessKey == "" || c.Region == "" {
				t.Errorf("%q: %+v", in, c)
			}
			hold(func(r *http.Request) error { return c.Sign(r, nil, time.Unix(0, 0)) })
		}
	})
}
