// The distribution registry on a folder, listening where it is told; images are pushed over loopback only.
// Distribution's own program compiles the SDKs of three clouds and listens on one address.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/sirupsen/logrus"
)

// pageSize is what distribution's own program allows, and clients ask for.
const pageSize = 1000

func main() {
	root := flag.String("root", "", "folder that holds the images")
	listen := flag.String("listen", "", "addresses to listen on, separated by commas")
	flag.Parse()
	if *root == "" || *listen == "" {
		log.Fatal("both -root and -listen are needed")
	}
	if err := serve(*root, strings.Split(*listen, ",")); err != nil {
		log.Fatal(err)
	}
}

// serve answers on all addresses until it is told to end, and lets running requests finish.
func serve(root string, addresses []string) error {
	stopped, release := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer release()
	logrus.SetLevel(logrus.ErrorLevel)
	app := handlers.NewApp(context.Background(), &configuration.Configuration{
		Catalog: configuration.Catalog{MaxEntries: pageSize},
		Tags:    configuration.Tags{MaxTags: pageSize},
		Storage: configuration.Storage{
			"filesystem": {"rootdirectory": root},
			"delete":     {"enabled": true},
		},
	})
	server := &http.Server{Handler: writeOverLoopback(app), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, len(addresses))
	for _, address := range addresses {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		go func() { ended <- server.Serve(listener) }()
	}
	select {
	case err := <-ended:
		return err
	case <-stopped.Done():
	}
	drained, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(server.Shutdown(drained), app.Shutdown())
}

// writeOverLoopback refuses to change anything for pods, which come in over another address, and for web pages
// that have a name of theirs resolve to loopback.
func writeOverLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		reads := request.Method == http.MethodGet || request.Method == http.MethodHead
		local, _ := request.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if !reads && !(local != nil && isLoopback(local.String()) && isLoopback(request.Host)) {
			http.Error(response, "images are pushed over loopback only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(response, request)
	})
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
