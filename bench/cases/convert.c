// Conversions between i32, i64, f32 and f64, with rounding.
#include "case.h"
EXPORT(run) u32 run(u32 n) {
  u32 x = 1, sum = 0;
  for (u32 i = 0; i < n; i++) {
    i32 a = (i32)next32(&x) >> 4;
    f64 d = a * 0.001;
    f32 s = (f32)d;
    sum += (u32)__builtin_wasm_trunc_s_i32_f64(__builtin_floor(d));
    sum ^= (u32)__builtin_wasm_trunc_s_i64_f64(d * 1e6);
    sum += (u32)__builtin_wasm_trunc_s_i32_f32(s) * 3;
    sum ^= foldf((f64)(i64)(x * 5ull) + __builtin_rint(d));
  }
  return sum;
}
