// Command goserver answers "Hello Full Cycle" over HTTP and leaves without dropping a request.
package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
)

const service = "goserver"

// build is the hash of everything that went into the binary, set by -ldflags "-X main.build=<hash>".
var build = "dev"

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	os.Exit(run(os.Getenv, os.Stdout, os.Stderr))
}

// run serves until it is told to stop and returns the exit code. It logs JSON to stdout; a bad environment is one plain line
// for each bad value on stderr.
func run(getenv func(string) string, stdout, stderr io.Writer) int {
	config, err := readConfig(getenv)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	log := slog.New(slog.NewJSONHandler(stdout, &slog.HandlerOptions{Level: config.logLevel}))

	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)

	listener, err := net.Listen("tcp", config.address)
	if err != nil {
		log.Error("cannot listen", "error", err.Error())
		return exitFailure
	}
	if err := newServer(config, log).serve(listener, signals); err != nil {
		log.Error("stopped", "error", err.Error())
		return exitFailure
	}
	log.Info("stopped")
	return exitOK
}
