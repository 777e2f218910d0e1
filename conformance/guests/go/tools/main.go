// tools NAME [ARGS...]: the guest programs in one binary, because every Go binary carries the whole runtime.
// What each program does and prints is described in ../../README.md; here the work is left to Go's own library.
package main

import (
	"fmt"
	"os"
)

var tools = map[string]func(args []string) int{
	"cat": cat, "cp": cp, "ls": ls, "find": find, "sort": sortLines, "sha256sum": sha256sum, "json": jsonTool, "regex": regex,
	"qsort": qsort, "wc": wc, "sleep": sleep, "exit": exit, "panic": panics, "recurse": recurse, "goroutines": goroutines,
}

func main() {
	if len(os.Args) < 2 || tools[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: tools NAME [ARGS...]")
		os.Exit(2)
	}
	os.Exit(tools[os.Args[1]](os.Args[2:]))
}

func complain(tool string, err error) int {
	fmt.Fprintf(os.Stderr, "%s: %v\n", tool, err)
	return 1
}
