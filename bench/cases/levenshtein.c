// Edit distance by dynamic programming: three-way minimum with byte compares.
#include "case.h"
enum { SIZE = 512 };
static u8 left[SIZE], right[SIZE];
static u32 row[SIZE + 1];
static inline u32 least(u32 a, u32 b) { return a < b ? a : b; }
EXPORT(run) u32 run(u32 n) {
  u32 x = 1, sum = 0;
  for (u32 round = 0; round < n; round++) {
    for (int i = 0; i < SIZE; i++) left[i] = next32(&x) >> 30, right[i] = next32(&x) >> 30;
    for (u32 j = 0; j <= SIZE; j++) row[j] = j;
    for (u32 i = 0; i < SIZE; i++) {
      u32 corner = row[0];
      row[0] = i + 1;
      for (u32 j = 0; j < SIZE; j++) {
        u32 change = corner + (left[i] != right[j]);
        corner = row[j + 1];
        row[j + 1] = least(change, least(corner, row[j]) + 1);
      }
    }
    sum += row[SIZE];
  }
  return sum;
}
