// A chain of f32 filters over a buffer: single-precision multiply and add with loads and stores.
#include "case.h"
static f32 in[4096], out[4096];
EXPORT(run) u32 run(u32 n) {
  for (int i = 0; i < 4096; i++) in[i] = (f32)(i % 37) * 0.25f - 3.0f;
  f32 sum = 0;
  for (u32 round = 0; round < n; round++) {
    f32 x1 = 0, x2 = 0, y1 = 0, y2 = 0;
    for (int i = 0; i < 4096; i++) {
      f32 x = in[i], y = 0.2f * x + 0.4f * x1 + 0.2f * x2 + 0.3f * y1 - 0.1f * y2;
      out[i] = y, x2 = x1, x1 = x, y2 = y1, y1 = y;
    }
    sum += out[round & 4095];
  }
  return foldf(sum);
}
