/* Looks up words in a table that it makes of the lines `word=value` of /data/table.txt. The table can be made ahead of
   time: wizer.initialize reads the file, and wizer.resume is the program that goes on from there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
  char *word;
  char *value;
  struct entry *next;
};

static struct entry *buckets[1024];
static int count = -1;
/* Called through a table, so that it must be there again. */
static unsigned (*volatile hash_of)(const char *);

static unsigned hash(const char *word) {
  unsigned h = 5381;
  while (*word) h = h * 33 + (unsigned char)*word++;
  return h % 1024;
}

static void load_table(const char *leave_open) {
  char line[256];
  hash_of = hash;
  count = 0;
  FILE *file = fopen("/data/table.txt", "r");
  if (!file) {
    fprintf(stderr, "no /data/table.txt\n");
    exit(3);
  }
  while (fgets(line, sizeof line, file)) {
    char *equals = strchr(line, '=');
    if (!equals) continue;
    *equals = 0;
    equals[1 + strcspn(equals + 1, "\n")] = 0;
    struct entry *e = malloc(sizeof *e);
    e->word = strdup(line);
    e->value = strdup(equals + 1);
    e->next = buckets[hash(line)];
    buckets[hash(line)] = e;
    count++;
  }
  if (!leave_open) fclose(file);
}

int main(int argc, char **argv) {
  if (count < 0) load_table(NULL);
  printf("%d words\n", count);
  for (int i = 1; i < argc; i++) {
    struct entry *e = buckets[hash_of(argv[i])];
    while (e && strcmp(e->word, argv[i])) e = e->next;
    printf("%s: %s\n", argv[i], e ? e->value : "?");
  }
  return 0;
}

/* Constructors are the linker's business: it has them called wherever they have to be, as this libc wants it. */
extern int __main_void(void);

__attribute__((export_name("wizer.initialize"))) void initialize(void) {
  load_table(getenv("LEAVE_OPEN"));
}

__attribute__((export_name("wizer.resume"))) void resume(void) {
  exit(__main_void());
}
