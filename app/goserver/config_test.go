package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestConfigOfAGoodEnvironment(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want config
	}{
		{"nothing set", nil, config{":8080", 5 * time.Second, slog.LevelInfo, "unknown"}},
		{"empty is unset", map[string]string{"PORT": "", "DRAIN_DELAY": ""}, config{":8080", 5 * time.Second, slog.LevelInfo, "unknown"}},
		{
			"everything set",
			map[string]string{"HOST": "127.0.0.1", "PORT": "9090", "DRAIN_DELAY": "500ms", "LOG_LEVEL": "debug", "APP_COMMIT": "1a2b3c4"},
			config{"127.0.0.1:9090", 500 * time.Millisecond, slog.LevelDebug, "1a2b3c4"},
		},
		{"an IPv6 address", map[string]string{"HOST": "::1", "PORT": "0"}, config{"[::1]:0", 5 * time.Second, slog.LevelInfo, "unknown"}},
		{"the longest delay", map[string]string{"DRAIN_DELAY": "15s"}, config{":8080", 15 * time.Second, slog.LevelInfo, "unknown"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := readConfig(environment(test.env))
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

func TestConfigRefusesBadValues(t *testing.T) {
	port := " is not a whole number from 0 to 65535"
	delay := " is not from 0s to 15s, written like 5s or 500ms"
	tests := []struct{ name, value, want string }{
		{"PORT", "http", `"http"` + port},
		{"PORT", "65536", `"65536"` + port},
		{"PORT", "-1", `"-1"` + port},
		{"PORT", " 80", `" 80"` + port},
		{"PORT", "8080\n", `"8080\n"` + port},
		{"HOST", "localhost", `"localhost" is not an IP address`},
		{"DRAIN_DELAY", "5", `"5"` + delay},
		{"DRAIN_DELAY", "16s", `"16s"` + delay},
		{"DRAIN_DELAY", "-1s", `"-1s"` + delay},
		{"DRAIN_DELAY", "1m", `"1m"` + delay},
		{"DRAIN_DELAY", "99999999999999999999s", `"99999999999999999999s"` + delay},
		{"LOG_LEVEL", "INFO", `"INFO" is not debug, info, warn or error`},
		{"APP_COMMIT", "a b", `"a b" is not a commit: 1 to 128 letters, digits, dots, dashes and underscores`},
	}
	for _, test := range tests {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			_, err := readConfig(environment(map[string]string{test.name: test.value}))
			if want := "goserver: " + test.name + ": " + test.want; err == nil || err.Error() != want {
				t.Errorf("got %v\nwant %s", err, want)
			}
		})
	}
}

func TestRunNamesEveryBadValueAndExitsWith2(t *testing.T) {
	var stdout, stderr strings.Builder
	code := run(environment(map[string]string{"PORT": "http", "LOG_LEVEL": "loud"}), &stdout, &stderr)
	want := "goserver: PORT: \"http\" is not a whole number from 0 to 65535\n" +
		"goserver: LOG_LEVEL: \"loud\" is not debug, info, warn or error\n"
	if code != exitUsage || stderr.String() != want || stdout.String() != "" {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
	}
}
