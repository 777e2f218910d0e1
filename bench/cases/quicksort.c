// Quicksort of 4,096 numbers: recursion outside, tight compare-and-swap loops inside.
#include "case.h"
enum { SIZE = 4096 };
static i32 list[SIZE];
static void sort(i32 low, i32 high) {
  while (low < high) {
    i32 pivot = list[(low + high) >> 1], i = low, j = high;
    while (i <= j) {
      while (list[i] < pivot) i++;
      while (list[j] > pivot) j--;
      if (i <= j) {
        i32 swap = list[i];
        list[i++] = list[j], list[j--] = swap;
      }
    }
    sort(low, j);
    low = i;
  }
}
EXPORT(run) u32 run(u32 n) {
  u32 x = 1, sum = 0;
  for (u32 round = 0; round < n; round++) {
    for (int i = 0; i < SIZE; i++) list[i] = (i32)next32(&x);
    sort(0, SIZE - 1);
    for (int i = 0; i < SIZE; i += 64) sum = sum * 31 + (u32)list[i];
  }
  return sum;
}
