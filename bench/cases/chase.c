// A linked list in random order: each load gives the address of the next.
#include "case.h"
enum { SIZE = 4096 };
typedef struct Node { struct Node *next; u32 value; } Node;
static Node nodes[SIZE];
static u16 order[SIZE];
EXPORT(run) u32 run(u32 n) {
  u32 x = 3, sum = 0;
  for (u32 i = 0; i < SIZE; i++) order[i] = (u16)i, nodes[i].value = i;
  for (u32 i = SIZE - 1; i > 0; i--) {
    u32 j = (next32(&x) >> 8) % (i + 1);
    u16 swap = order[i];
    order[i] = order[j], order[j] = swap;
  }
  for (u32 i = 0; i < SIZE; i++) nodes[order[i]].next = &nodes[order[(i + 1) % SIZE]];
  Node *at = nodes;
  for (u32 i = 0; i < n; i++, at = at->next) sum += at->value ^ i;
  return sum;
}
