// Binary trees: built and summed by recursion over memory from a bump allocator.
#include "case.h"
typedef struct Node { struct Node *left, *right; } Node;
static Node pool[1 << 15];
static u32 used;
NOINLINE static Node *build(u32 depth) {
  Node *node = &pool[used++];
  node->left = depth ? build(depth - 1) : 0;
  node->right = depth ? build(depth - 1) : 0;
  return node;
}
NOINLINE static u32 check(const Node *node) { return node->left ? 1 + check(node->left) * 3 + check(node->right) : 1; }
EXPORT(run) u32 run(u32 n) {
  u32 sum = 0;
  for (u32 round = 0; round < n; round++) used = 0, sum = sum * 31 + check(build(10 + round % 4));
  return sum;
}
