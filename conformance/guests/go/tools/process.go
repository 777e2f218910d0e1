// The programs about the process itself: stdin, time, exit, failing.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
)

func wc([]string) int {
	buffer := make([]byte, 10000)
	bytes, lines, words := 0, 0, 0
	a, b := uint32(1), uint32(0)
	inWord := false
	for {
		got, err := os.Stdin.Read(buffer)
		bytes += got
		for _, c := range buffer[:got] {
			space := c == ' ' || c >= 9 && c <= 13
			if c == '\n' {
				lines++
			}
			if !space && !inWord {
				words++
			}
			inWord = !space
			a = (a + uint32(c)) % 65521
			b = (b + a) % 65521
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return complain("wc", err)
		}
	}
	fmt.Printf("%d %d %d %08x\n", bytes, lines, words, b<<16|a)
	return 0
}

func sleep(args []string) int {
	ms, _ := strconv.Atoi(args[0])
	fmt.Println("sleeping")
	start := time.Now()
	time.Sleep(time.Duration(ms) * time.Millisecond)
	mono, wall := time.Since(start), time.Now().Round(0).Sub(start.Round(0))
	fmt.Printf("monotonic %d wall %d now %d\n", mono.Milliseconds(), wall.Milliseconds(), start.Unix())
	return 0
}

func exit(args []string) int {
	code := 7
	if len(args) > 0 {
		code, _ = strconv.Atoi(args[0])
	}
	fmt.Printf("leaving with %d", code)
	deep(5, code)
	return 99
}

func deep(depth, code int) {
	if depth == 0 {
		os.Exit(code)
	}
	deep(depth-1, code)
	fmt.Println("not reached")
}

// panics ends as Go programs do: a goroutine trace on stderr and exit code 2.
func panics([]string) int {
	fmt.Println("before panic")
	panic("guest panic")
}

var depth int

// recurse hits Go's own stack limit, not the engine's: "stack overflow", exit code 2.
func recurse([]string) int {
	debug.SetMaxStack(64 << 10)
	fmt.Println("before")
	fmt.Println("survived", down(0))
	return 0
}

//go:noinline
func down(n int) int {
	depth = n
	return down(n+1)*3 + depth
}

// goroutines N: N goroutines that sleep, lock, and send over a channel; prints the sum of their numbers.
func goroutines(args []string) int {
	n, _ := strconv.Atoi(args[0])
	results := make(chan int)
	var lock sync.Mutex
	started := 0
	for i := 1; i <= n; i++ {
		go func(number int) {
			lock.Lock()
			started++
			lock.Unlock()
			time.Sleep(time.Duration(number%7) * time.Millisecond)
			results <- number
		}(i)
	}
	sum := 0
	for i := 0; i < n; i++ {
		sum += <-results
	}
	fmt.Printf("started %d sum %d\n", started, sum)
	return 0
}
