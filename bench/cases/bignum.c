// Schoolbook multiplication of 2,048-bit numbers: 32 x 32 -> 64 bit products with carries.
#include "case.h"
enum { WORDS = 64 };
static u32 a[WORDS], b[WORDS], product[2 * WORDS];
EXPORT(run) u32 run(u32 n) {
  u32 x = 1;
  for (int i = 0; i < WORDS; i++) a[i] = next32(&x), b[i] = next32(&x);
  for (u32 round = 0; round < n; round++) {
    for (int i = 0; i < 2 * WORDS; i++) product[i] = 0;
    for (int i = 0; i < WORDS; i++) {
      u64 carry = 0;
      for (int j = 0; j < WORDS; j++) {
        carry += (u64)a[i] * b[j] + product[i + j];
        product[i + j] = (u32)carry;
        carry >>= 32;
      }
      product[i + WORDS] = (u32)carry;
    }
    for (int i = 0; i < WORDS; i++) a[i] = product[i + 17] | 1;
  }
  return product[5] ^ product[2 * WORDS - 1];
}
