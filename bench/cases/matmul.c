// f64 matrix multiplication, 96 x 96.
#include "case.h"
enum { N = 96 };
static f64 a[N][N], b[N][N], c[N][N];
EXPORT(run) u32 run(u32 n) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) a[i][j] = i * 0.5 + j, b[i][j] = i - j * 0.25;
  for (u32 round = 0; round < n; round++)
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        f64 sum = 0;
        for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
        c[i][j] = sum + round;
      }
  return foldf(c[3][5] + c[N - 1][N - 2]);
}
