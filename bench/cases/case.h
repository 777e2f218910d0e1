// Shared by the C kernels: no C library; each exports `run(n)`, does work proportional to n and returns a checksum.
#define EXPORT(name) __attribute__((export_name(#name)))
#define NOINLINE __attribute__((noinline))
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;
typedef float f32;
typedef double f64;

static inline u32 next32(u32 *x) { return *x = *x * 1664525u + 1013904223u; }
static inline u32 rotl32(u32 x, int n) { return x << n | x >> (32 - n); }
static inline u64 rotl64(u64 x, int n) { return x << n | x >> (64 - n); }
static inline u32 fold64(u64 x) { return (u32)(x ^ x >> 32); }
static inline u32 foldf(f64 x) { u64 bits; __builtin_memcpy(&bits, &x, 8); return fold64(bits); }
