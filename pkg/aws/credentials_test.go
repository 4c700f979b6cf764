package aws

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestSuite holds signatures of the test suite that AWS publishes for version 4.
func TestSuite(t *testing.T) {
	c := &Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Region: "us-east-1"}
	now := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	for _, tc := range []struct{ name, method, url, want string }{
		{"get-vanilla", "GET", "https://example.amazonaws.com/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"post-vanilla", "POST", "https://example.amazonaws.com/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{"get-vanilla-query-order-key-case", "GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	} {
		r, err := http.NewRequest(tc.method, tc.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.sign(r, nil, "service", now); err != nil {
			t.Fatal(err)
		}
		want := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + tc.want
		if got := r.Header.Get("Authorization"); got != want {
			t.Errorf("%s: %s", tc.name, got)
		}
	}
}

// TestSign holds where a signed request goes, and what it carries.
func TestSign(t *testing.T) {
	c := &Credentials{AccessKeyID: "A", SecretAccessKey: "s", SessionToken: "st", Region: "eu-west-1"}
	r, err := http.NewRequest("POST", "https://bedrock-mantle.us-east-1.api.aws/openai/v1/responses", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Session-Id", "x")
	if err := c.Sign(r, []byte("{}"), time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	got := r.Header.Get("Authorization")
	if r.URL.String() != "https://bedrock-mantle.eu-west-1.api.aws/openai/v1/responses" || r.Header.Get("X-Amz-Security-Token") != "st" ||
		!strings.Contains(got, "/20010909/eu-west-1/bedrock-mantle/aws4_request, SignedHeaders=content-length;host;session-id;x-amz-date;x-amz-security-token,") {
		t.Errorf("%s %s", r.URL, got)
	}
	c.Region = "evil.example/"
	if err := c.Sign(r, nil, time.Unix(1e9, 0)); err == nil {
		t.Error("a region that is none")
	}
}

// TestBear holds which region a token is for.
func TestBear(t *testing.T) {
	encode := func(s string) string { return "bedrock-api-key-" + base64.StdEncoding.EncodeToString([]byte(s)) }
	scope := "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Credential=A%2F20260420%2Fus-west-2%2Fbedrock%2Faws4_request"
	for token, want := range map[string]string{
		encode(scope):                   "bedrock-mantle.us-west-2.api.aws",
		encode(scope) + "&Version=1":    "bedrock-mantle.us-west-2.api.aws",
		encode("https://" + scope):      "bedrock-mantle.us-west-2.api.aws",
		encode("bedrock/?Action=x"):     "missing region",
		encode("b/?X-Amz-Credential=a"): "missing region",
		"bedrock-api-key-%%":            "could not be decoded",
		"sk-1":                          "missing bedrock-api-key prefix",
		encode("b/?X-Amz-Credential=A%2Fd%2Fx.y%2Fbedrock%2Faws4_request"): "no region of AWS",
	} {
		r, err := http.NewRequest("POST", "https://h/", nil)
		if err != nil {
			t.Fatal(err)
		}
		switch err := Bear(r, token); {
		case err != nil && !strings.Contains(err.Error(), want), err == nil && (r.URL.Host != want || r.Header.Get("Authorization") != "Bearer "+token):
			t.Errorf("%s: %v %s", token, err, r.URL.Host)
		}
	}
}

func TestParse(t *testing.T) {
	now := time.Unix(1e9, 0)
	for _, tc := range []struct {
		out  string
		ok   bool
		good bool
	}{
		{`{"Version":1,"AccessKeyId":"a","SecretAccessKey":"s","Region":"r"}`, true, true},
		{`{"Version":1,"AccessKeyId":"a","SecretAccessKey":"s","Region":"r","Expiration":"2001-09-09T03:00:00Z"}`, true, true},
		{`{"Version":1,"AccessKeyId":"a","SecretAccessKey":"s","Region":"r","Expiration":"2001-09-09T01:50:00Z"}`, true, false},
		{`{}`, false, false},
		{`x`, false, false},
	} {
		c, err := Parse([]byte(tc.out))
		if (err == nil) != tc.ok || err == nil && c.Good(now) != tc.good {
			t.Errorf("%s: %v", tc.out, err)
		}
	}
}
