package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slowServer is the real server on a free loopback port, plus a path /slow that answers only once released.
type slowServer struct {
	*server
	url     string
	signals chan os.Signal
	entered chan struct{}
	release chan struct{}
	stopped chan error
}

func startSlowServer(t *testing.T, delay, budget time.Duration) *slowServer {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &slowServer{
		server:  newServer(config{drainDelay: delay}, slog.New(slog.DiscardHandler)),
		url:     "http://" + listener.Addr().String(),
		signals: make(chan os.Signal, 2),
		entered: make(chan struct{}),
		release: make(chan struct{}),
		stopped: make(chan error, 1),
	}
	s.drainBudget = budget
	routes := s.http.Handler
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			s.entered <- struct{}{}
			<-s.release
			_, _ = io.WriteString(w, "done")
			return
		}
		routes.ServeHTTP(w, r)
	})
	go func() { s.stopped <- s.serve(listener, s.signals) }()
	t.Cleanup(func() { _ = s.http.Close() })
	waitFor(t, "ready", func() bool { return get(s.url+"/readyz") == "200 ready" })
	return s
}

// get returns "status body", or the error.
func get(url string) string {
	response, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return response.Status[:4] + string(body)
}

func waitFor(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !reached(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not %s within 5 s", what)
		}
	}
}

func TestSIGTERMDrainsWithoutDroppingARequest(t *testing.T) {
	const inFlight = 20
	s := startSlowServer(t, 2*time.Second, 10*time.Second)
	signal.Notify(s.signals, syscall.SIGTERM)
	defer signal.Stop(s.signals)

	answers := make(chan string, inFlight)
	for range inFlight {
		go func() { answers <- get(s.url + "/slow") }()
	}
	for range inFlight {
		<-s.entered
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "draining", func() bool { return get(s.url+"/readyz") == "503 not ready\n" })
	if answer := get(s.url + "/"); answer != "200 Hello Full Cycle" {
		t.Errorf("a new request while draining got %q", answer)
	}
	waitFor(t, "closed to new connections", func() bool { return strings.Contains(get(s.url+"/"), "connection refused") })

	close(s.release)
	for range inFlight {
		if answer := <-answers; answer != "200 done" {
			t.Errorf("a request in flight got %q", answer)
		}
	}
	if err := <-s.stopped; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestASecondSignalStopsAtOnce(t *testing.T) {
	s := startSlowServer(t, time.Minute, time.Minute)
	s.signals <- syscall.SIGTERM
	waitFor(t, "draining", func() bool { return get(s.url+"/readyz") == "503 not ready\n" })
	s.signals <- syscall.SIGINT
	if err := <-s.stopped; !errors.Is(err, errSecondSignal) {
		t.Errorf("stopped with %v", err)
	}
}

func TestADrainPastItsBudgetFails(t *testing.T) {
	s := startSlowServer(t, 0, 300*time.Millisecond)
	go get(s.url + "/slow")
	<-s.entered
	defer close(s.release)
	s.signals <- syscall.SIGTERM
	err := <-s.stopped
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "requests still in flight after 300ms: ") {
		t.Errorf("stopped with %v", err)
	}
}

func TestRunFailsWhenThePortIsTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	var stdout, stderr strings.Builder
	code := run(environment(map[string]string{"HOST": "127.0.0.1", "PORT": port}), &stdout, &stderr)
	if code != exitFailure || !strings.Contains(stdout.String(), `"level":"ERROR","msg":"cannot listen"`) || !strings.Contains(stdout.String(), "address already in use") {
		t.Errorf("exit %d, stdout %q", code, stdout.String())
	}
}
