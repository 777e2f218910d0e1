// A web server on the listener that it is given as descriptor 3: any path is answered, /quit ends it.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

func main() {
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "hello from go: %s %s, %d bytes\n", r.Method, r.URL.Path, len(body))
	})
	http.HandleFunc("/quit", func(w http.ResponseWriter, r *http.Request) {
		os.Exit(7)
	})
	fmt.Println("serving")
	fmt.Fprintln(os.Stderr, http.Serve(listener, nil))
}
