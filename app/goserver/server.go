package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// drainBudget bounds the whole drain, delay included: inside the 30 s between SIGTERM and SIGKILL, with room to exit.
const drainBudget = 25 * time.Second

var signalNames = map[os.Signal]string{syscall.SIGTERM: "SIGTERM", syscall.SIGINT: "SIGINT"}

var errSecondSignal = errors.New("second signal: exiting at once")

// server is an HTTP server that drains before it stops.
type server struct {
	http        *http.Server
	ready       atomic.Bool
	drainDelay  time.Duration
	drainBudget time.Duration
	log         *slog.Logger
}

func newServer(config config, log *slog.Logger) *server {
	s := &server{drainDelay: config.drainDelay, drainBudget: drainBudget, log: log}
	s.http = &http.Server{
		Handler:           newHandler(config.commit, &s.ready, log),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		// Longer than the 60 s for which proxies usually keep a connection, so that it is the proxy that closes it.
		IdleTimeout:    75 * time.Second,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return s
}

// serve answers on listener until the first signal, then drains. It returns nil when every request was answered.
func (s *server) serve(listener net.Listener, signals <-chan os.Signal) error {
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(listener) }()
	s.ready.Store(true)
	s.log.Info("listening", "address", listener.Addr().String())

	select {
	case err := <-failed:
		return err
	case received := <-signals:
		s.ready.Store(false)
		s.log.Info("draining", "signal", signalNames[received], "delay", s.drainDelay.String())
	}

	drained := make(chan error, 1)
	go func() { drained <- s.drain() }()
	select {
	case err := <-drained:
		return err
	case <-signals:
		return errSecondSignal
	}
}

// drain keeps serving for the delay, since endpoints need a moment to leave this pod out, then lets requests in flight finish.
func (s *server) drain() error {
	deadline, cancel := context.WithTimeout(context.Background(), s.drainBudget)
	defer cancel()
	time.Sleep(s.drainDelay)
	if err := s.http.Shutdown(deadline); err != nil {
		_ = s.http.Close()
		return fmt.Errorf("requests still in flight after %s: %w", s.drainBudget, err)
	}
	return nil
}
