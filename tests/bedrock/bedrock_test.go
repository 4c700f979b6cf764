package bedrock

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/tidwall/gjson"
)

const answer = `data: {"type":"response.created","response":{"id":"r"}}

data: {"type":"response.output_item.done","item":{"type":"message","role":"assistant","id":"m","content":[{"type":"output_text","text":"hello"}]}}

data: {"type":"response.completed","response":{"id":"r","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}}

`

// cloud is every host that clients reach through its proxy.
type cloud struct {
	t      *testing.T
	proxy  string
	ca     string // file
	config *tls.Config

	mu    sync.Mutex
	stale string          // key that is refused
	asked []*http.Request // and answered, with their bodies
	body  []string
}

func newCloud(t *testing.T) *cloud {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"bedrock-mantle.us-west-2.api.aws", "bedrock-mantle.eu-west-1.api.aws"}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{t: t, ca: filepath.Join(t.TempDir(), "ca.pem"), config: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}}
	if err := os.WriteFile(c.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.proxy = "http://" + l.Addr().String()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { c.serve(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return c
}

// refuse says whose requests are refused from now on.
func (c *cloud) refuse(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stale = key
}

// serve answers CONNECT, and then for the host that was named.
func (c *cloud) serve(conn net.Conn) {
	defer conn.Close()
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || r.Method != http.MethodConnect {
		return
	}
	io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	tc := tls.Server(conn, c.config)
	defer tc.Close()
	for in := bufio.NewReader(tc); ; {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		c.mu.Lock()
		refused := c.stale != "" && strings.Contains(r.Header.Get("Authorization"), "Credential="+c.stale+"/")
		if !refused {
			c.asked, c.body = append(c.asked, r), append(c.body, string(b))
		}
		c.mu.Unlock()
		if refused {
			const why = `{"message":"The security token included in the request is expired"}`
			res := http.Response{StatusCode: 403, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(why)), Body: io.NopCloser(strings.NewReader(why))}
			if res.Write(tc) != nil {
				return
			}
			continue
		}
		res := http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"text/event-stream"}}, ContentLength: int64(len(answer)), Body: io.NopCloser(strings.NewReader(answer))}
		if res.Write(tc) != nil {
			return
		}
	}
}

// run runs one turn, and gives the request that was answered, nil for none.
func (c *cloud) run(env []string, args ...string) (r *http.Request, body, stderr string) {
	c.t.Helper()
	home := c.t.TempDir()
	cmd := exec.CommandContext(c.t.Context(), filepath.Join(binaries, "codex-exec"),
		append([]string{"--skip-git-repo-check", "-c", "model_provider=amazon-bedrock", "hi"}, args...)...)
	cmd.Dir, cmd.Stdin = home, strings.NewReader("")
	cmd.Env = append([]string{"HOME=" + home, "USERPROFILE=" + home, "CODEX_HOME=" + home, "PATH=" + os.Getenv("PATH"), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
		"HTTPS_PROXY=" + c.proxy, "CODEX_CA_CERTIFICATE=" + c.ca, "AWS_EC2_METADATA_DISABLED=true"}, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.asked); n > 0 {
		r, body = c.asked[n-1], c.body[n-1]
		c.asked, c.body = nil, nil
	}
	if (r != nil) != (out.String() == "hello\n") {
		c.t.Errorf("%s %s", out.String(), errs.String())
	}
	return r, body, errs.String()
}

// signed holds that a request is signed as it came: another signer comes to the same.
func signed(t *testing.T, r *http.Request, body, region string, c aws.Credentials) {
	t.Helper()
	again, err := http.NewRequest(r.Method, "https://"+r.Host+r.URL.Path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	auth := r.Header.Get("Authorization")
	_, list, _ := strings.Cut(auth, "SignedHeaders=")
	list, _, _ = strings.Cut(list, ",")
	for name := range strings.SplitSeq(list, ";") {
		if v := r.Header.Get(name); v != "" {
			again.Header.Set(name, v)
		}
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(t.Context(), c, again, hex.EncodeToString(sum[:]), "bedrock-mantle", region, at); err != nil {
		t.Fatal(err)
	}
	if got := again.Header.Get("Authorization"); got != auth || !strings.Contains(list, "content-length;content-type;host;") {
		t.Errorf("came with\n%s, want\n%s", auth, got)
	}
	if r.Host != "bedrock-mantle."+region+".api.aws" || r.URL.Path != "/openai/v1/responses" {
		t.Errorf("sent to %s %s", r.Host, r.URL.Path)
	}
}

// TestSigned holds that requests are signed, with the credentials of the environment or a
// profile, and go to the region that was named.
func TestSigned(t *testing.T) {
	c := newCloud(t)
	files := t.TempDir()
	for name, text := range map[string]string{
		"config":      "[profile work]\nregion = eu-west-1\n",
		"credentials": "[work]\naws_access_key_id = AKWORK\naws_secret_access_key = PLANTED-work\n",
	} {
		if err := os.WriteFile(filepath.Join(files, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keys := []string{"AWS_ACCESS_KEY_ID=AKENV", "AWS_SECRET_ACCESS_KEY=PLANTED-env", "AWS_SESSION_TOKEN=st", "CODEX_API_KEY=sk-PLANTED"}
	env := aws.Credentials{AccessKeyID: "AKENV", SecretAccessKey: "PLANTED-env", SessionToken: "st"}
	profile := []string{"AWS_CONFIG_FILE=" + filepath.Join(files, "config"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(files, "credentials")}

	r, body, errs := c.run(append(keys, "AWS_REGION=us-west-2"))
	if r == nil || strings.Contains(errs, "PLANTED") {
		t.Fatal(errs)
	}
	signed(t, r, body, "us-west-2", env)
	if gjson.Get(body, "model").Str != "openai.gpt-5.4" {
		t.Errorf("model %s", gjson.Get(body, "model"))
	}
	if r, body, errs = c.run(append(keys, "AWS_REGION=us-west-2"), "-c", "model_providers.amazon-bedrock.aws.region=eu-west-1", "-m", "openai.gpt-oss-20b"); r == nil {
		t.Fatal(errs)
	}
	signed(t, r, body, "eu-west-1", env)
	if r, body, errs = c.run(profile, "-c", "model_providers.amazon-bedrock.aws.profile=work"); r == nil {
		t.Fatal(errs)
	}
	signed(t, r, body, "eu-west-1", aws.Credentials{AccessKeyID: "AKWORK", SecretAccessKey: "PLANTED-work"})
}

// TestRenewed holds that credentials which AWS refuses are looked for once more.
func TestRenewed(t *testing.T) {
	if os.PathSeparator != '/' {
		t.Skip("no sh")
	}
	c := newCloud(t)
	c.refuse("AKOLD")
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys")
	for path, text := range map[string]string{
		filepath.Join(dir, "config"): "[default]\nregion = eu-west-1\ncredential_process = sh \"$KEYS\"\n",
		keys: `[ -e "$KEYS.asked" ] && key=AKNEW || key=AKOLD
echo x >>"$KEYS.asked"
printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"s"}' $key
`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"KEYS=" + keys, "AWS_CONFIG_FILE=" + filepath.Join(dir, "config")}
	r, body, errs := c.run(env)
	if r == nil {
		t.Fatal(errs)
	}
	signed(t, r, body, "eu-west-1", aws.Credentials{AccessKeyID: "AKNEW", SecretAccessKey: "s"})

	c.refuse("AKNEW") // and once only
	r, _, errs = c.run(env)
	if b, err := os.ReadFile(keys + ".asked"); err != nil || string(b) != "x\nx\nx\nx\n" || r != nil || !strings.Contains(errs, "is expired") {
		t.Errorf("%v %q %s", r, b, errs)
	}
}

// TestToken holds that a token of Bedrock goes to its own region, and that no key is needed then.
func TestToken(t *testing.T) {
	c := newCloud(t)
	token := "bedrock-api-key-" + base64.StdEncoding.EncodeToString([]byte("bedrock.amazonaws.com/?X-Amz-Credential=A%2F20260420%2Feu-west-1%2Fbedrock%2Faws4_request"))
	r, _, errs := c.run([]string{"AWS_BEARER_TOKEN_BEDROCK=" + token})
	if r == nil {
		t.Fatal(errs)
	}
	if r.Host != "bedrock-mantle.eu-west-1.api.aws" || r.Header.Get("Authorization") != "Bearer "+token {
		t.Errorf("%s %s", r.Host, r.Header.Get("Authorization"))
	}
}

// TestNone holds what is said when there is nothing to sign with; nothing is sent.
func TestNone(t *testing.T) {
	c := newCloud(t)
	for _, tc := range []struct {
		env  []string
		want string
	}{
		{[]string{"AWS_REGION=us-west-2"}, "failed to resolve Amazon Bedrock auth: codex-aws failed (exit status 1): codex-aws: load AWS credentials: "},
		{[]string{"AWS_ACCESS_KEY_ID=A", "AWS_SECRET_ACCESS_KEY=s"}, "no region: set model_providers.amazon-bedrock.aws.region, or AWS_REGION"},
		{[]string{"AWS_BEARER_TOKEN_BEDROCK=sk-1"}, "Amazon Bedrock bearer token is invalid: missing bedrock-api-key prefix"},
	} {
		if r, _, errs := c.run(tc.env); r != nil || !strings.Contains(errs, tc.want) {
			t.Errorf("%q: %v %s", tc.env, r, errs)
		}
	}
}

// TestList holds which models there are, whoever is logged in.
func TestList(t *testing.T) {
	home := t.TempDir()
	for program, arg := range map[string]string{"codex-model": "list", "codex-debug": "models"} {
		cmd := exec.CommandContext(t.Context(), filepath.Join(binaries, program), arg, "-c", "model_provider=amazon-bedrock")
		cmd.Dir = home
		cmd.Env = []string{"HOME=" + home, "USERPROFILE=" + home, "CODEX_HOME=" + home, "PATH=" + os.Getenv("PATH"), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT")}
		out, err := cmd.Output()
		if got := gjson.GetBytes(out, "models.#.slug").String(); err != nil || got != `["openai.gpt-5.4","openai.gpt-oss-120b","openai.gpt-oss-20b"]` {
			t.Errorf("%s: %v %s", program, err, got)
		}
	}
}
