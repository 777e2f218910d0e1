// grow: allocates and writes 1 MiB blocks until malloc (memory.grow) fails, then reports and ends normally.
#include <stdio.h>
#include <stdlib.h>

typedef struct Block {
  struct Block *next;
  unsigned number;
  char rest[(1 << 20) - 16];
} Block;

int main(void) {
  Block *blocks = NULL;
  unsigned count = 0;
  for (;;) {
    Block *block = malloc(sizeof *block);
    if (!block) break;
    block->next = blocks;
    block->number = ++count;
    block->rest[sizeof block->rest - 1] = 1;
    blocks = block;
  }
  for (unsigned expected = count; blocks; blocks = blocks->next)
    if (blocks->number != expected-- || blocks->rest[sizeof blocks->rest - 1] != 1) return 1;
  printf("out of memory after %u MiB\n", count);
  return 0;
}
