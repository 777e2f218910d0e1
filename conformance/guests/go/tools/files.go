// The programs that read and write files and directories.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"syscall"
)

func cat(names []string) int {
	if len(names) == 0 {
		names = []string{"-"}
	}
	failed := 0
	for _, name := range names {
		in := os.Stdin
		if name != "-" {
			file, err := os.Open(name)
			if err != nil {
				failed = complain("cat", err)
				continue
			}
			in = file
		}
		if _, err := io.Copy(os.Stdout, in); err != nil {
			failed = complain("cat", err)
		}
		in.Close()
	}
	return failed
}

func cp(args []string) int {
	if len(args) != 3 || args[0] != "-r" {
		fmt.Fprintln(os.Stderr, "usage: cp -r SRC DST")
		return 2
	}
	if err := copyTree(args[1], args[2]); err != nil {
		return complain("cp", err)
	}
	return 0
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rest, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rest)
		switch {
		case entry.IsDir():
			return os.Mkdir(target, 0o777)
		case entry.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(name)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		default:
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			return os.WriteFile(target, data, 0o666)
		}
	})
}

func ls(args []string) int {
	if len(args) != 2 || args[0] != "-lR" {
		fmt.Fprintln(os.Stderr, "usage: ls -lR DIR")
		return 2
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	if err := list(out, args[1], true); err != nil {
		return complain("ls", err)
	}
	return 0
}

func list(out *bufio.Writer, dir string, first bool) error {
	if !first {
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "%s:\n", dir)
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return err
		}
		letter, size, tail := "-", info.Size(), ""
		if info.IsDir() {
			letter, size = "d", 0
		} else if info.Mode()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(path.Join(dir, entry.Name()))
			if err != nil {
				return err
			}
			letter, tail = "l", " -> "+target
		}
		links := info.Sys().(*syscall.Stat_t).Nlink
		fmt.Fprintf(out, "%s %d %d %d %s%s\n", letter, links, size, info.ModTime().Unix(), entry.Name(), tail)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := list(out, dir+"/"+entry.Name(), false); err != nil {
				return err
			}
		}
	}
	return nil
}

func find(args []string) int {
	options := map[string]string{}
	for i := 1; i+1 < len(args); i += 2 {
		options[args[i]] = args[i+1]
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	err := filepath.WalkDir(args[0], func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		letter := "f"
		if entry.IsDir() {
			letter = "d"
		} else if entry.Type()&fs.ModeSymlink != 0 {
			letter = "l"
		}
		matched := true
		if glob, ok := options["-name"]; ok {
			matched, err = path.Match(glob, path.Base(name))
		}
		if kind, ok := options["-type"]; matched && (!ok || kind == letter) {
			fmt.Fprintln(out, name)
		}
		return err
	})
	if err != nil {
		return complain("find", err)
	}
	return 0
}

func sortLines(names []string) int {
	var text []byte
	read := func(in io.Reader) error {
		data, err := io.ReadAll(in)
		text = append(text, data...)
		if len(text) > 0 && text[len(text)-1] != '\n' {
			text = append(text, '\n')
		}
		return err
	}
	if len(names) == 0 {
		if err := read(os.Stdin); err != nil {
			return complain("sort", err)
		}
	}
	for _, name := range names {
		file, err := os.Open(name)
		if err == nil {
			err = read(file)
			file.Close()
		}
		if err != nil {
			return complain("sort", err)
		}
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines = lines[:len(lines)-1]
	sort.Slice(lines, func(i, j int) bool {
		return bytes.Compare(lines[i][:len(lines[i])-1], lines[j][:len(lines[j])-1]) < 0
	})
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, line := range lines {
		out.Write(line)
	}
	return 0
}

func sha256sum(names []string) int {
	if len(names) == 0 {
		names = []string{"-"}
	}
	failed := 0
	for _, name := range names {
		in := os.Stdin
		if name != "-" {
			file, err := os.Open(name)
			if err != nil {
				failed = complain("sha256sum", err)
				continue
			}
			in = file
		}
		hash := sha256.New()
		if _, err := io.Copy(hash, in); err != nil {
			failed = complain("sha256sum", err)
		}
		in.Close()
		fmt.Printf("%x  %s\n", hash.Sum(nil), name)
	}
	return failed
}
