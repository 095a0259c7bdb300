// Command withpostgres runs a command beside one private, throw-away
// PostgreSQL that all its tests share (NEARBY_TEST_POSTGRES). Where PostgreSQL
// is not installed it says so and runs the command without.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"nearby/internal/database/dbtest"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: withpostgres COMMAND [ARGUMENT…]")
		return 2
	}
	if os.Getenv("NEARBY_TEST_POSTGRES") == "" {
		cluster, err := dbtest.Start(true)
		switch {
		case err == nil:
			defer cluster.Stop()
			os.Setenv("NEARBY_TEST_POSTGRES", cluster.URL)
		case os.Getenv("NEARBY_REQUIRE_POSTGRES") != "":
			fmt.Fprintln(os.Stderr, "withpostgres: PostgreSQL is required:", err)
			return 1
		default:
			fmt.Fprintln(os.Stderr, "withpostgres: the PostgreSQL half of the tests will be SKIPPED:", err)
		}
	}
	command := exec.Command(args[0], args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode()
		}
		fmt.Fprintln(os.Stderr, "withpostgres:", err)
		return 1
	}
	return 0
}
