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
// Exit status: 0 done; 1 there are none, or no region; 2 wrong usage.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"codex/pkg/aws/argv"
	"codex/pkg/cli/exit"
	"codex/pkg/termtext"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(exit.Report(termtext.Stream(os.Stderr), "codex-aws", argv.Run(ctx, os.Args[1:], termtext.Stream(os.Stdout))))
}
