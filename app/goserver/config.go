package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"time"
)

const (
	defaultPort       = 8080
	defaultDrainDelay = 5 * time.Second
	maxDrainDelay     = 15 * time.Second
)

// config is everything the environment decides. An empty variable counts as unset.
type config struct {
	// address is the host:port to listen on, from HOST (an IP address, default all) and PORT (0 picks a free one).
	address string
	// drainDelay is how long to keep serving after the first signal, from DRAIN_DELAY.
	drainDelay time.Duration
	// logLevel is the lowest level logged, from LOG_LEVEL.
	logLevel slog.Level
	// commit is the source commit that was delivered, from APP_COMMIT.
	commit string
}

// readConfig returns the configuration or an error with one line for each bad value.
func readConfig(getenv func(string) string) (config, error) {
	host, hostErr := parse(getenv, "HOST", "", parseHost)
	port, portErr := parse(getenv, "PORT", defaultPort, parsePort)
	delay, delayErr := parse(getenv, "DRAIN_DELAY", defaultDrainDelay, parseDelay)
	level, levelErr := parse(getenv, "LOG_LEVEL", slog.LevelInfo, parseLevel)
	commit, commitErr := parse(getenv, "APP_COMMIT", "unknown", parseCommit)
	if err := errors.Join(hostErr, portErr, delayErr, levelErr, commitErr); err != nil {
		return config{}, err
	}
	return config{net.JoinHostPort(host, strconv.Itoa(port)), delay, level, commit}, nil
}

// parse reads one variable. rule completes the sentence "<value> is not …" when ok is false.
func parse[T any](getenv func(string) string, name string, unset T, read func(string) (value T, rule string, ok bool)) (T, error) {
	text := getenv(name)
	if text == "" {
		return unset, nil
	}
	value, rule, ok := read(text)
	if !ok {
		return unset, fmt.Errorf("%s: %s: %q is not %s", service, name, text, rule)
	}
	return value, nil
}

func parseHost(text string) (string, string, bool) {
	_, err := netip.ParseAddr(text)
	return text, "an IP address", err == nil
}

func parsePort(text string) (int, string, bool) {
	port, err := strconv.ParseUint(text, 10, 16)
	return int(port), "a whole number from 0 to 65535", err == nil
}

var delayForm = regexp.MustCompile(`^[0-9]+(ms|s)$`)

func parseDelay(text string) (time.Duration, string, bool) {
	delay, err := time.ParseDuration(text)
	ok := err == nil && delayForm.MatchString(text) && delay <= maxDrainDelay
	return delay, "from 0s to 15s, written like 5s or 500ms", ok
}

func parseLevel(text string) (slog.Level, string, bool) {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	level, ok := levels[text]
	return level, "debug, info, warn or error", ok
}

var commitForm = regexp.MustCompile(`^[0-9A-Za-z._-]{1,128}$`)

func parseCommit(text string) (string, string, bool) {
	return text, "a commit: 1 to 128 letters, digits, dots, dashes and underscores", commitForm.MatchString(text)
}
