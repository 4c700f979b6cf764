// Package argv is the whole of codex-aws: it prints credentials of AWS as AWS's own SDK finds
// them.
package argv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/smithy-go/logging"

	"codex/pkg/aws"
	"codex/pkg/cli/options"
	"codex/pkg/cli/version"
	"codex/pkg/webclient"
)

// Run is codex-aws.
func Run(ctx context.Context, args []string, stdout io.Writer) error {
	f, err := parse(args)
	switch {
	case err != nil:
		return err
	case f.help:
		return writeHelp(stdout)
	case f.version:
		_, err := fmt.Fprintln(stdout, version.Line(program))
		return err
	case f.list:
		return options.Write(stdout, commandLine())
	}
	c, err := find(ctx, f)
	if err != nil {
		return err
	}
	b, err := json.Marshal(c)
	if err == nil {
		_, err = stdout.Write(append(b, '\n'))
	}
	return err
}

// client follows a redirect to nowhere but where it was: the SDK's goes anywhere with some of
// the headers that are secret.
func client() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = webclient.Confined })
}

// find asks AWS's SDK.
func find(ctx context.Context, f flags) (*aws.Credentials, error) {
	load := []func(*config.LoadOptions) error{config.WithLogger(logging.NewStandardLogger(io.Discard)), config.WithHTTPClient(client()),
		config.WithEndpointCredentialOptions(func(o *endpointcreds.Options) { o.HTTPClient = client() })} // which has one of its own
	if f.profile != "" {
		load = append(load, config.WithSharedConfigProfile(f.profile))
	}
	if f.region != "" {
		load = append(load, config.WithRegion(f.region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("load the configuration of AWS: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("no region: set model_providers.amazon-bedrock.aws.region, or AWS_REGION")
	}
	got, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("load AWS credentials: %w", err)
	}
	c := &aws.Credentials{Version: 1, AccessKeyID: got.AccessKeyID, SecretAccessKey: got.SecretAccessKey, SessionToken: got.SessionToken, Region: cfg.Region}
	if got.CanExpire {
		c.Expiration = &got.Expires
	}
	return c, nil
}
