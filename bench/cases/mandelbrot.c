// Mandelbrot set: f64 multiply and add in registers, a data-dependent exit.
#include "case.h"
EXPORT(run) u32 run(u32 n) {
  u32 sum = 0;
  for (u32 py = 0; py < n; py++)
    for (u32 px = 0; px < n; px++) {
      f64 cx = px * 3.0 / n - 2.0, cy = py * 2.0 / n - 1.0, x = 0, y = 0;
      u32 i = 0;
      for (; i < 100 && x * x + y * y <= 4.0; i++) {
        f64 t = x * x - y * y + cx;
        y = 2 * x * y + cy, x = t;
      }
      sum = sum * 31 + i;
    }
  return sum;
}
