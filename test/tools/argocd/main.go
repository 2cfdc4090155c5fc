// The processes of Argo CD that sync and judge Applications, and the Redis that they cache in, in one program: the first
// argument picks one.
package main

import (
	"fmt"
	"os"

	"github.com/alicebob/miniredis/v2"
	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

func main() {
	// Only the one that is picked may be made: they set flags and loggers of the process.
	processes := map[string]func() *cobra.Command{
		"application-controller": controller.NewCommand,
		"redis":                  redis,
		"repo-server":            reposerver.NewCommand,
	}
	if len(os.Args) < 2 || processes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "the first argument is application-controller, redis or repo-server")
		os.Exit(2)
	}
	process := processes[os.Args[1]]()
	process.SetArgs(os.Args[2:])
	if err := process.Execute(); err != nil {
		os.Exit(1)
	}
}

// A Redis in memory, at the address that is its argument.
func redis() *cobra.Command {
	return &cobra.Command{
		Use:  "redis ADDRESS",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := miniredis.NewMiniRedis().StartAddr(args[0]); err != nil {
				return err
			}
			select {}
		},
	}
}
