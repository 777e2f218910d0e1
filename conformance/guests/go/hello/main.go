// hello: prints a greeting, every argument and every environment variable (sorted).
package main

import (
	"fmt"
	"os"
	"sort"
)

func main() {
	fmt.Printf("hello, world\nargs: %d\n", len(os.Args))
	for i, arg := range os.Args {
		fmt.Printf("argv[%d] = %s\n", i, arg)
	}
	env := os.Environ()
	sort.Strings(env)
	fmt.Printf("env: %d\n", len(env))
	for _, line := range env {
		fmt.Println(line)
	}
}
