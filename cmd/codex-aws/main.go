// Codex-aws prints credentials of AWS, as a credential_process of AWS does.
//
// Synopsis:
//
//	codex-aws [--profile NAME] [--region REGION]
//
// They are those of the environment, of ~/.aws with its profiles, roles, single sign-on and
// credential processes, or of the machine, as AWS's own SDK finds them. Engines run it for the
// provider amazon-bedrock.
//
// Exit status: 0 done; 1 there are none, or no region; 2 wrong usage; a signal ends it as it
// ends other programs.
package main

import (
	"context"
	"os"

	"codex/pkg/aws/argv"
	"codex/pkg/cli/exit"
	"codex/pkg/cli/pipeline"
	"codex/pkg/termtext"
)

func main() {
	ctx, _ := pipeline.Interruptible(context.Background())
	os.Exit(pipeline.End(ctx, exit.Report(termtext.Stream(os.Stderr), "codex-aws", argv.Run(ctx, os.Args[1:], termtext.Stream(os.Stdout)))))
}
