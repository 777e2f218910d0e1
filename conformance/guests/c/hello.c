// hello: prints a greeting, every argument and every environment variable (sorted).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv) {
  puts("hello, world");
  printf("args: %d\n", argc);
  for (int i = 0; i < argc; i++) printf("argv[%d] = %s\n", i, argv[i]);
  size_t count = 0;
  while (environ && environ[count]) count++;
  qsort(environ, count, sizeof *environ, by_text);
  printf("env: %zu\n", count);
  for (size_t i = 0; i < count; i++) puts(environ[i]);
  return 0;
}
