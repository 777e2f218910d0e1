// The programs that compute: JSON, regular expressions, sorting.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
)

type counts struct {
	objects, arrays, strings, numbers, depth int
	sum                                      float64
}

func jsonTool([]string) int {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	in.UseNumber()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	var c counts
	err := value(in, out, &c, 1)
	if err == nil {
		if _, extra := in.Token(); extra != io.EOF {
			err = errors.New("something after the value")
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "json: error at byte %d: %v\n", in.InputOffset(), err)
		return 1
	}
	out.WriteByte('\n')
	fmt.Fprintf(os.Stderr, "objects=%d arrays=%d strings=%d numbers=%d depth=%d sum=%d\n",
		c.objects, c.arrays, c.strings, c.numbers, c.depth, int64(c.sum*1000))
	return 0
}

func value(in *json.Decoder, out *bufio.Writer, c *counts, depth int) error {
	c.depth = max(c.depth, depth)
	token, err := in.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		return members(in, out, c, depth, t == '{')
	case string:
		c.strings++
		putString(out, t)
	case json.Number:
		c.numbers++
		f, err := t.Float64()
		if err != nil {
			return err
		}
		c.sum += f
		out.WriteString(t.String())
	case bool:
		out.WriteString(strconv.FormatBool(t))
	case nil:
		out.WriteString("null")
	}
	return nil
}

func members(in *json.Decoder, out *bufio.Writer, c *counts, depth int, object bool) error {
	open, end := byte('['), byte(']')
	if object {
		open, end = '{', '}'
		c.objects++
	} else {
		c.arrays++
	}
	out.WriteByte(open)
	for i := 0; in.More(); i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		if object {
			name, err := in.Token()
			if err != nil {
				return err
			}
			c.strings++
			putString(out, name.(string))
			out.WriteByte(':')
		}
		if err := value(in, out, c, depth+1); err != nil {
			return err
		}
	}
	out.WriteByte(end)
	_, err := in.Token()
	return err
}

func putString(out *bufio.Writer, text string) {
	out.WriteByte('"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c == '\b':
			out.WriteString(`\b`)
		case c == '\f':
			out.WriteString(`\f`)
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\r':
			out.WriteString(`\r`)
		case c == '\t':
			out.WriteString(`\t`)
		case c < ' ':
			fmt.Fprintf(out, `\u%04x`, c)
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
}

func regex(args []string) int {
	pattern, err := regexp.Compile(args[0])
	if err != nil {
		return complain("regex", err)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	found := 1
	for number := 1; in.Scan(); number++ {
		if pattern.Match(in.Bytes()) {
			found = 0
			fmt.Fprintf(out, "%d:%s\n", number, in.Bytes())
		}
	}
	return found
}

func qsort(args []string) int {
	n, _ := strconv.Atoi(args[0])
	seed, _ := strconv.ParseUint(args[1], 10, 32)
	x := uint32(seed)
	numbers := make([]int32, n)
	for i := range numbers {
		x = x*1664525 + 1013904223
		numbers[i] = int32(x)
	}
	slices.Sort(numbers)
	hash := uint32(2166136261)
	for _, number := range numbers {
		hash = (hash ^ uint32(number)) * 16777619
	}
	fmt.Printf("n=%d first=%d median=%d last=%d hash=%08x\n", n, numbers[0], numbers[n/2], numbers[n-1], hash)
	return 0
}
