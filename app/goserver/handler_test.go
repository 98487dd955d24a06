package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// ask sends one request to a handler that is ready or not, and returns its answer and its log at the given level.
func ask(method, target string, isReady bool, level slog.Level) (*httptest.ResponseRecorder, string) {
	var logged bytes.Buffer
	var ready atomic.Bool
	ready.Store(isReady)
	answer := httptest.NewRecorder()
	log := slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: level}))
	newHandler("1a2b3c4", &ready, log).ServeHTTP(answer, httptest.NewRequest(method, target, nil))
	return answer, logged.String()
}

func TestAnswers(t *testing.T) {
	const plain, structured = "text/plain; charset=utf-8", "application/json; charset=utf-8"
	tests := []struct {
		method, target string
		ready          bool
		status         int
		body           string
		contentType    string
		connection     string
	}{
		{"GET", "/", true, 200, "Hello Full Cycle", plain, ""},
		{"GET", "/?name=value", true, 200, "Hello Full Cycle", plain, ""},
		{"GET", "/", false, 200, "Hello Full Cycle", plain, "close"},
		{"GET", "/healthz", true, 200, "ok", plain, ""},
		{"GET", "/healthz", false, 200, "ok", plain, "close"},
		{"GET", "/readyz", true, 200, "ready", plain, ""},
		{"GET", "/readyz", false, 503, "not ready\n", plain, "close"},
		{"GET", "/version", true, 200, `{"service":"goserver","commit":"1a2b3c4","build":"dev"}` + "\n", structured, ""},
		{"GET", "/other", true, 404, "404 page not found\n", plain, ""},
		{"GET", "/healthz/", true, 404, "404 page not found\n", plain, ""},
		{"GET", "/HEALTHZ", true, 404, "404 page not found\n", plain, ""},
		{"POST", "/", true, 405, "Method Not Allowed\n", plain, ""},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			answer, _ := ask(test.method, test.target, test.ready, slog.LevelInfo)
			header := answer.Header()
			if answer.Code != test.status || answer.Body.String() != test.body ||
				header.Get("Content-Type") != test.contentType || header.Get("Connection") != test.connection {
				t.Errorf("got %d %q %v; want %+v", answer.Code, answer.Body, header, test)
			}
		})
	}
}

func TestRequestsAreLoggedWithoutTheirQuery(t *testing.T) {
	_, logged := ask("GET", "/missing%20page?token=canary", true, slog.LevelInfo)
	var line map[string]any
	if err := json.Unmarshal([]byte(logged), &line); err != nil {
		t.Fatalf("not one JSON line: %q", logged)
	}
	duration, isNumber := line["duration_ms"].(float64)
	if !isNumber || duration < 0 || line["time"] == "" {
		t.Errorf("no time or duration in %s", logged)
	}
	delete(line, "time")
	delete(line, "duration_ms")
	got, _ := json.Marshal(line)
	if want := `{"level":"INFO","method":"GET","msg":"request","path":"/missing%20page","status":404}`; string(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestProbesAreLoggedOnlyAtDebug(t *testing.T) {
	for _, path := range []string{"/healthz", "/readyz"} {
		if _, logged := ask("GET", path, true, slog.LevelInfo); logged != "" {
			t.Errorf("%s logged at info: %s", path, logged)
		}
		if _, logged := ask("GET", path, true, slog.LevelDebug); !bytes.Contains([]byte(logged), []byte(`"level":"DEBUG"`)) {
			t.Errorf("%s not logged at debug: %q", path, logged)
		}
	}
}

func TestTheRecorderKeepsTheConnectionReachable(t *testing.T) {
	inner := httptest.NewRecorder()
	if err := http.NewResponseController(&statusRecorder{ResponseWriter: inner}).Flush(); err != nil || !inner.Flushed {
		t.Errorf("flush did not reach the inner writer: %v", err)
	}
}
