// ls -lR DIR: per directory "PATH:" and one line "TYPE NLINK SIZE MTIME NAME[ -> TARGET]" per entry, sorted by bytes.
// TYPE is - d l or ?; SIZE is 0 for directories; MTIME is whole seconds since 1970.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *path) {
  fprintf(stderr, "ls: %s: %s\n", path, strerror(errno));
  exit(1);
}

static char *join(const char *dir, const char *name) {
  char *path = malloc(strlen(dir) + strlen(name) + 2);
  sprintf(path, "%s/%s", dir, name);
  return path;
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **names_of(const char *path, size_t *count) {
  DIR *dir = opendir(path);
  if (!dir) die(path);
  size_t used = 0, space = 16;
  char **names = malloc(space * sizeof *names);
  struct dirent *entry;
  while ((entry = readdir(dir))) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (used == space) names = realloc(names, (space *= 2) * sizeof *names);
    names[used++] = strdup(entry->d_name);
  }
  closedir(dir);
  qsort(names, used, sizeof *names, by_text);
  *count = used;
  return names;
}

/** Prints one line and says whether the entry is a directory. */
static int show(const char *path, const char *name) {
  struct stat info;
  if (lstat(path, &info) < 0) die(path);
  int is_dir = S_ISDIR(info.st_mode), is_link = S_ISLNK(info.st_mode);
  char type = is_dir ? 'd' : is_link ? 'l' : S_ISREG(info.st_mode) ? '-' : '?';
  printf("%c %lld %lld %lld %s", type, (long long)info.st_nlink, is_dir ? 0LL : (long long)info.st_size,
         (long long)info.st_mtim.tv_sec, name);
  if (is_link) {
    char target[4096];
    ssize_t length = readlink(path, target, sizeof target);
    if (length < 0) die(path);
    printf(" -> %.*s", (int)length, target);
  }
  putchar('\n');
  return is_dir;
}

static void list(const char *path, int first) {
  printf("%s%s:\n", first ? "" : "\n", path);
  size_t count;
  char **names = names_of(path, &count);
  char *is_dir = calloc(count + 1, 1);
  for (size_t i = 0; i < count; i++) {
    char *child = join(path, names[i]);
    is_dir[i] = (char)show(child, names[i]);
    free(child);
  }
  for (size_t i = 0; i < count; i++) {
    if (is_dir[i]) {
      char *child = join(path, names[i]);
      list(child, 0);
      free(child);
    }
    free(names[i]);
  }
  free(names);
  free(is_dir);
}

int main(int argc, char **argv) {
  if (argc != 3 || strcmp(argv[1], "-lR") != 0) {
    fputs("usage: ls -lR DIR\n", stderr);
    return 2;
  }
  list(argv[2], 1);
  return 0;
}
