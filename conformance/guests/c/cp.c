// cp -r SRC DST: copies a tree: directories, regular files and symbolic links (as links).
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char buffer[16384];

static void die(const char *what, const char *path) {
  fprintf(stderr, "cp: %s %s: %s\n", what, path, strerror(errno));
  exit(1);
}

static char *join(const char *dir, const char *name) {
  char *path = malloc(strlen(dir) + strlen(name) + 2);
  sprintf(path, "%s/%s", dir, name);
  return path;
}

static void copy_file(const char *src, const char *dst) {
  int from = open(src, O_RDONLY);
  if (from < 0) die("open", src);
  int to = open(dst, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (to < 0) die("create", dst);
  ssize_t got;
  while ((got = read(from, buffer, sizeof buffer)) > 0)
    for (ssize_t done = 0; done < got;) {
      ssize_t put = write(to, buffer + done, (size_t)(got - done));
      if (put < 0) die("write", dst);
      done += put;
    }
  if (got < 0) die("read", src);
  close(from);
  close(to);
}

static void copy_link(const char *src, const char *dst) {
  ssize_t length = readlink(src, buffer, sizeof buffer - 1);
  if (length < 0) die("readlink", src);
  buffer[length] = 0;
  if (symlink(buffer, dst) < 0) die("symlink", dst);
}

static void copy_any(const char *src, const char *dst);

static void copy_dir(const char *src, const char *dst) {
  if (mkdir(dst, 0777) < 0) die("mkdir", dst);
  DIR *dir = opendir(src);
  if (!dir) die("opendir", src);
  struct dirent *entry;
  while ((entry = readdir(dir))) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    char *from = join(src, entry->d_name), *to = join(dst, entry->d_name);
    copy_any(from, to);
    free(from);
    free(to);
  }
  closedir(dir);
}

static void copy_any(const char *src, const char *dst) {
  struct stat info;
  if (lstat(src, &info) < 0) die("stat", src);
  if (S_ISDIR(info.st_mode)) copy_dir(src, dst);
  else if (S_ISLNK(info.st_mode)) copy_link(src, dst);
  else copy_file(src, dst);
}

int main(int argc, char **argv) {
  if (argc != 4 || strcmp(argv[1], "-r") != 0) {
    fputs("usage: cp -r SRC DST\n", stderr);
    return 2;
  }
  copy_any(argv[2], argv[3]);
  return 0;
}
