// find DIR [-type f|d|l] [-name GLOB]: prints the paths below DIR (itself included) in directory order.
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char wanted_type;
static const char *wanted_name;

static void visit(const char *path, const char *name) {
  struct stat info;
  if (lstat(path, &info) < 0) {
    fprintf(stderr, "find: %s: %s\n", path, strerror(errno));
    exit(1);
  }
  char type = S_ISDIR(info.st_mode) ? 'd' : S_ISLNK(info.st_mode) ? 'l' : S_ISREG(info.st_mode) ? 'f' : '?';
  if ((!wanted_type || wanted_type == type) && (!wanted_name || fnmatch(wanted_name, name, 0) == 0)) puts(path);
  if (type != 'd') return;
  DIR *dir = opendir(path);
  if (!dir) {
    fprintf(stderr, "find: %s: %s\n", path, strerror(errno));
    exit(1);
  }
  struct dirent *entry;
  while ((entry = readdir(dir))) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    char *child = malloc(strlen(path) + strlen(entry->d_name) + 2);
    sprintf(child, "%s/%s", path, entry->d_name);
    visit(child, entry->d_name);
    free(child);
  }
  closedir(dir);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("usage: find DIR [-type f|d|l] [-name GLOB]\n", stderr);
    return 2;
  }
  for (int i = 2; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "-type") == 0) wanted_type = argv[i + 1][0];
    if (strcmp(argv[i], "-name") == 0) wanted_name = argv[i + 1];
  }
  const char *slash = strrchr(argv[1], '/');
  visit(argv[1], slash ? slash + 1 : argv[1]);
  return 0;
}
