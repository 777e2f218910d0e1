/*
 * System calls on files that JavaScript has not, or has only by way of text paths and exceptions: the `*at` family,
 * openat2, reads and writes at a place in a buffer, times in nanoseconds.
 *
 * It knows nothing of WebAssembly or WASI and decides nothing. Every function returns a number: what the call returned, or
 * the errno, negative. None throws and none calls JavaScript, so the pointers taken at its beginning hold to its end.
 * Linux only. The other side is wasi/node/native-files.ts.
 *
 * A name is three arguments: a Uint8Array, where in it the name begins, and its length. A part of a buffer likewise. Both
 * are checked here against the array's length: EFAULT. Arguments of other types are EINVAL.
 *
 * The calls that programs make most get their numbers, and leave their results, in a buffer that both sides have, `shared`:
 * taking eight arguments apart takes half as long as a small write. (bench wasi)
 */
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

/* Raised whenever a function changes: wasi/node/native-files.ts uses no other. */
#define INTERFACE 3

/* Of <linux/magic.h>. */
#define PROC_MAGIC 0x9fa0

/* Of <linux/openat2.h>, which older systems do not have. */
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
struct how {
  uint64_t flags, mode, resolve;
};
enum { NO_MAGICLINKS = 0x02, NO_SYMLINKS = 0x04, BENEATH = 0x08 };

enum {
  MAX_ARGS = 8,
  MAX_VECTORS = 1024,
  /* Tries of an openat2 that says that something was renamed meanwhile. */
  MAX_TRIES = 32,
  STAT_WORDS = 8,
  NUMBERS = 8,
};

/*
 * What both sides have, one in each thread: an ArrayBuffer that is kept as long as the addon is there. The numbers of a call,
 * the first of which is its result then; and attributes.
 */
typedef struct {
  double numbers[NUMBERS];
  int64_t words[STAT_WORDS];
} Shared;

typedef struct {
  napi_env env;
  napi_value values[MAX_ARGS];
  /* An argument had the wrong type, or a part was out of bounds: the errno. */
  int problem;
} Args;

static Args args_of(napi_env env, napi_callback_info info) {
  Args args = {.env = env};
  size_t count = MAX_ARGS;
  if (napi_get_cb_info(env, info, &count, args.values, NULL, NULL) != napi_ok) args.problem = EINVAL;
  return args;
}

static int int_at(Args *args, int i) {
  int32_t value = -1;
  if (napi_get_value_int32(args->env, args->values[i], &value) != napi_ok) args->problem = EINVAL;
  return value;
}

static int64_t long_at(Args *args, int i) {
  int64_t value = -1;
  if (napi_get_value_int64(args->env, args->values[i], &value) != napi_ok) args->problem = EINVAL;
  return value;
}

/* A call with its numbers in `shared`, whose only argument is an array. */
typedef struct {
  Shared *shared;
  uint8_t *data;
  size_t size;
  int problem;
} Call;

/* -1 is in bounds. */
static int64_t number_at(Call *call, int i, int64_t max) {
  double value = call->shared->numbers[i];
  if (value >= -1 && value <= (double)max) return (int64_t)value;
  call->problem = EINVAL;
  return -1;
}

static int whole_at(Call *call, int i) { return (int)number_at(call, i, INT_MAX); }

static int64_t place_at(Call *call, int i) { return number_at(call, i, 1LL << 53); }

/* The bytes of a Uint8Array; of one that is detached there are none. */
static uint8_t *array_of(Args *args, napi_value value, size_t *length) {
  napi_typedarray_type type = napi_int8_array;
  void *data = NULL;
  *length = 0;
  napi_status status = napi_get_typedarray_info(args->env, value, &type, length, &data, NULL, NULL);
  if (status == napi_ok && type == napi_uint8_array) return data;
  args->problem = EINVAL;
  return NULL;
}

/* Three arguments: array, offset, length. */
static uint8_t *part_at(Args *args, int i, size_t *length) {
  size_t size;
  uint8_t *data = array_of(args, args->values[i], &size);
  int64_t at = long_at(args, i + 1), wanted = long_at(args, i + 2);
  *length = 0;
  if (args->problem != 0) return NULL;
  if (at < 0 || wanted < 0 || (uint64_t)at > size || (uint64_t)wanted > size - (uint64_t)at) {
    args->problem = EFAULT;
    return NULL;
  }
  *length = (size_t)wanted;
  return data + at;
}

/* A private copy with a NUL behind it, so that nobody can change it any more. @returns the errno */
static int copy_text(const uint8_t *bytes, size_t length, char copy[PATH_MAX]) {
  if (length >= PATH_MAX) return ENAMETOOLONG;
  memcpy(copy, bytes, length);
  copy[length] = 0;
  return strlen(copy) == length ? 0 : EINVAL;
}

/* Likewise of a path of plain names: one slash between any two, none of them "." or "..". */
static int copy_path(const uint8_t *bytes, size_t length, char copy[PATH_MAX]) {
  if (length >= PATH_MAX) return ENAMETOOLONG;
  for (size_t at = 0, start = 0; at <= length; at++) {
    char here = copy[at] = at < length ? (char)bytes[at] : '/';
    if (here == 0) return EINVAL;
    if (here != '/') continue;
    size_t size = at - start;
    if (size == 0 || (size <= 2 && memcmp(copy + start, "..", size) == 0)) return EINVAL;
    start = at + 1;
  }
  copy[length] = 0;
  return 0;
}

static void text_at(Args *args, int i, char copy[PATH_MAX]) {
  size_t length;
  const uint8_t *bytes = part_at(args, i, &length);
  copy[0] = 0;
  if (args->problem == 0) args->problem = copy_text(bytes, length, copy);
}

/* One component: what has a slash, or is "..", would lead elsewhere. */
static void name_at(Args *args, int i, char copy[PATH_MAX]) {
  text_at(args, i, copy);
  if (args->problem == 0 && (strchr(copy, '/') != NULL || strcmp(copy, "..") == 0)) args->problem = EINVAL;
}

/* Counts of bytes are at most 2^31. */
static napi_value number(napi_env env, int64_t value) {
  napi_value result = NULL;
  napi_create_int32(env, (int32_t)value, &result);
  return result;
}

/* What a system call came to. */
static napi_value outcome(napi_env env, int64_t result) { return number(env, result < 0 ? -errno : result); }

#define REFUSE_IF_BAD(args) \
  if ((args).problem != 0) return number((args).env, -(args).problem)

static Call call_of(napi_env env, napi_callback_info info) {
  Call call = {0};
  napi_value array;
  size_t count = 1;
  void *shared = NULL, *data = NULL;
  napi_typedarray_type type = napi_int8_array;
  napi_get_cb_info(env, info, &count, &array, NULL, &shared);
  call.shared = shared;
  napi_status status = napi_get_typedarray_info(env, array, &type, &call.size, &data, NULL, NULL);
  if (status != napi_ok || type != napi_uint8_array) call.problem = EINVAL;
  else call.data = data;
  return call;
}

/* The numbers 1 and 2 are where a part of the array begins and how long it is. */
static uint8_t *part_of(Call *call, size_t *length) {
  *length = 0;
  if (call->problem != 0) return NULL;
  int64_t at = place_at(call, 1), wanted = place_at(call, 2);
  if (at < 0 || wanted < 0 || (uint64_t)at > call->size || (uint64_t)wanted > call->size - (uint64_t)at) {
    call->problem = EFAULT;
    return NULL;
  }
  *length = (size_t)wanted;
  return call->data + at;
}

/* Ends a call. Its value is undefined. */
static napi_value done(Call *call, int64_t result) {
  call->shared->numbers[0] = (double)(result < 0 ? -errno : result);
  return NULL;
}

static napi_value refused(Call *call, int problem) {
  call->shared->numbers[0] = -problem;
  return NULL;
}

static int open_name(int dir, const char *name, int flags, mode_t mode) {
  int fd;
  do fd = (int)syscall(SYS_openat, dir, name, flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  return fd;
}

/* Cleared when the kernel has no openat2, or a filter keeps it from this process. Any thread may clear it. */
#ifdef WITHOUT_OPENAT2
static volatile bool has_openat2 = false;
#else
static volatile bool has_openat2 = true;
#endif

static void path_at(Args *args, int i, char copy[PATH_MAX]) {
  size_t length;
  const uint8_t *bytes = part_at(args, i, &length);
  copy[0] = 0;
  if (args->problem == 0) args->problem = copy_path(bytes, length, copy);
}

static void path_of(Call *call, char copy[PATH_MAX]) {
  size_t length;
  const uint8_t *bytes = part_of(call, &length);
  copy[0] = 0;
  if (call->problem == 0) call->problem = copy_path(bytes, length, copy);
}

/* A directory, through directories only: no link anywhere. One component after the other. */
static int walk(int dir, char *path) {
  int here = dir;
  for (char *name = path, *next; name != NULL; name = next) {
    next = strchr(name, '/');
    if (next != NULL) *next++ = 0;
    int there = open_name(here, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    int problem = errno;
    if (here != dir) close(here);
    errno = problem;
    if (there < 0) return -1;
    here = there;
  }
  return here;
}

/* As `walk`, in one system call where there is one. */
static int open_beneath(int dir, char *path) {
  /* Of one component the simpler call is the same. */
  if (strchr(path, '/') == NULL) return walk(dir, path);
  struct how how = {O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0, BENEATH | NO_MAGICLINKS | NO_SYMLINKS};
  for (int tries = 0; has_openat2 && tries < MAX_TRIES; tries++) {
    int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
    if (fd >= 0) return fd;
    if (errno == ENOSYS || errno == EPERM) has_openat2 = false;
    else if (errno != EAGAIN && errno != EINTR) return -1;
  }
  return walk(dir, path);
}

/* The directory that holds the last component of `path`, which is `*name` then. `dir` itself for a single name. */
static int open_parent(int dir, char *path, const char **name) {
  char *slash = strrchr(path, '/');
  *name = slash == NULL ? path : slash + 1;
  if (slash == NULL) return dir;
  *slash = 0;
  return open_beneath(dir, path);
}

static void close_parent(int parent, int dir) {
  int problem = errno;
  if (parent >= 0 && parent != dir) syscall(SYS_close, parent);
  errno = problem;
}

/* Since 1970, and at most what 64 bits without a sign can have: file systems have times on both sides. */
static int64_t nanoseconds(struct timespec time) {
  uint64_t ns;
  if (time.tv_sec < 0) return 0;
  bool is_late = __builtin_mul_overflow((uint64_t)time.tv_sec, (uint64_t)1000000000, &ns) ||
                 __builtin_add_overflow(ns, (uint64_t)time.tv_nsec, &ns);
  return (int64_t)(is_late ? UINT64_MAX : ns);
}

/* Device, inode, mode, links, size, times of access, change of data and change of anything, ns. All without a sign. */
static void store(const struct stat *stat, int64_t words[STAT_WORDS]) {
  words[0] = (int64_t)stat->st_dev;
  words[1] = (int64_t)stat->st_ino;
  words[2] = stat->st_mode;
  words[3] = (int64_t)stat->st_nlink;
  words[4] = stat->st_size;
  words[5] = nanoseconds(stat->st_atim);
  words[6] = nanoseconds(stat->st_mtim);
  words[7] = nanoseconds(stat->st_ctim);
}

/* Of /proc, wherever that is mounted: it has another device each time. Only what is on no disk is asked about. */
static int is_of_proc(int fd, const struct stat *stat) {
  struct statfs system;
  if (major(stat->st_dev) != 0) return 0;
  return fstatfs(fd, &system) < 0 ? -1 : system.f_type == PROC_MAGIC;
}

/* A BigInt64Array of `STAT_WORDS` at least. */
static int64_t *words_at(Args *args, int i) {
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void *data = NULL;
  napi_status status = napi_get_typedarray_info(args->env, args->values[i], &type, &length, &data, NULL, NULL);
  if (status == napi_ok && type == napi_bigint64_array && length >= STAT_WORDS) return data;
  args->problem = EINVAL;
  return NULL;
}

/* open(dir, name, flags, mode): follows a link at the end unless the flags say otherwise. */
static napi_value Open(napi_env env, napi_callback_info info) {
  char name[PATH_MAX];
  Args args = args_of(env, info);
  int dir = int_at(&args, 0), flags = int_at(&args, 4), mode = int_at(&args, 5);
  name_at(&args, 1, name);
  REFUSE_IF_BAD(args);
  return outcome(env, open_name(dir, name, flags, (mode_t)mode));
}

/* openDirectory(dir, path): through directories only. ELOOP or ENOTDIR where there is anything else. */
static napi_value OpenDirectory(napi_env env, napi_callback_info info) {
  char path[PATH_MAX];
  Args args = args_of(env, info);
  int dir = int_at(&args, 0);
  path_at(&args, 1, path);
  REFUSE_IF_BAD(args);
  return outcome(env, open_beneath(dir, path));
}

/*
 * openRegular(path): dir, part, flags. A regular file, through directories only; its attributes are in `words` then. What is
 * there is looked at before it is opened, since opening a device can have effects, and again afterwards: EACCES where it is,
 * or has become, anything else, and for files of /proc.
 */
static napi_value OpenRegular(napi_env env, napi_callback_info info) {
  char path[PATH_MAX];
  const char *name;
  struct stat stat;
  Call call = call_of(env, info);
  int dir = whole_at(&call, 0), flags = whole_at(&call, 3);
  path_of(&call, path);
  if (call.problem != 0) return refused(&call, call.problem);
  int parent = open_parent(dir, path, &name);
  if (parent < 0 && parent != dir) return done(&call, -1);
  int fd = fstatat(parent, name, &stat, AT_SYMLINK_NOFOLLOW);
  if (fd == 0) {
    errno = EACCES;
    fd = S_ISREG(stat.st_mode) ? open_name(parent, name, flags | O_NOFOLLOW, 0) : -1;
  }
  close_parent(parent, dir);
  if (fd < 0) return done(&call, -1);
  int problem = fstat(fd, &stat) < 0 ? errno : S_ISREG(stat.st_mode) && is_of_proc(fd, &stat) == 0 ? 0 : EACCES;
  if (problem == 0) {
    store(&stat, call.shared->words);
    return done(&call, fd);
  }
  close(fd);
  return refused(&call, problem);
}

/* stat(path): dir, part. Through directories only, and of a link the link's own attributes, in `words`. */
static napi_value Stat(napi_env env, napi_callback_info info) {
  char path[PATH_MAX];
  const char *name;
  struct stat stat;
  Call call = call_of(env, info);
  int dir = whole_at(&call, 0);
  path_of(&call, path);
  if (call.problem != 0) return refused(&call, call.problem);
  int parent = open_parent(dir, path, &name);
  if (parent < 0 && parent != dir) return done(&call, -1);
  int result = fstatat(parent, name, &stat, AT_SYMLINK_NOFOLLOW);
  close_parent(parent, dir);
  if (result == 0) store(&stat, call.shared->words);
  return done(&call, result);
}

/* fstat(fd, out) */
static napi_value Fstat(napi_env env, napi_callback_info info) {
  struct stat stat;
  Args args = args_of(env, info);
  int fd = int_at(&args, 0);
  int64_t *words = words_at(&args, 1);
  REFUSE_IF_BAD(args);
  int result = fstat(fd, &stat);
  if (result == 0) store(&stat, words);
  return outcome(env, result);
}

/* isOfProc(fd): 1 for a file of /proc, else 0. */
static napi_value IsOfProc(napi_env env, napi_callback_info info) {
  struct stat stat;
  Args args = args_of(env, info);
  int fd = int_at(&args, 0);
  REFUSE_IF_BAD(args);
  int result = fstat(fd, &stat);
  return outcome(env, result < 0 ? result : is_of_proc(fd, &stat));
}

/* duplicate(fd) */
static napi_value Duplicate(napi_env env, napi_callback_info info) {
  Args args = args_of(env, info);
  int fd = int_at(&args, 0);
  REFUSE_IF_BAD(args);
  return outcome(env, fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

/* close(fd): the descriptor is gone whatever the result. */
static napi_value Close(napi_env env, napi_callback_info info) {
  Args args = args_of(env, info);
  int fd = int_at(&args, 0);
  REFUSE_IF_BAD(args);
  int64_t result = syscall(SYS_close, fd);
  return outcome(env, result < 0 && (errno == EINTR || errno == EINPROGRESS) ? 0 : result);
}

/*
 * read(part): fd, part, position. Not by way of the C library, here and below: it makes a place of it where a thread can be
 * cancelled, which takes a tenth of the call. (bench wasi)
 */
static napi_value Read(napi_env env, napi_callback_info info) {
  size_t length;
  Call call = call_of(env, info);
  int fd = whole_at(&call, 0);
  uint8_t *data = part_of(&call, &length);
  int64_t position = place_at(&call, 3);
  if (call.problem != 0) return refused(&call, call.problem);
  return done(&call, syscall(SYS_pread64, fd, data, length, position));
}

/* write(part): fd, part, position. A position of -1 is where the descriptor itself is, as for one that appends. */
static napi_value Write(napi_env env, napi_callback_info info) {
  size_t length;
  Call call = call_of(env, info);
  int fd = whole_at(&call, 0);
  const uint8_t *data = part_of(&call, &length);
  int64_t position = place_at(&call, 3);
  if (call.problem != 0) return refused(&call, call.problem);
  ssize_t count;
  do count = position < 0 ? syscall(SYS_write, fd, data, length) : syscall(SYS_pwrite64, fd, data, length, position);
  while (count < 0 && errno == EINTR);
  return done(&call, count);
}

/* An array of Uint8Arrays. */
static int vectors_at(Args *args, int i, struct iovec vectors[MAX_VECTORS]) {
  uint32_t count = 0;
  if (napi_get_array_length(args->env, args->values[i], &count) != napi_ok || count > MAX_VECTORS) {
    args->problem = EINVAL;
    return 0;
  }
  /* All of them first: an element may be a getter, whose code could take away memory that was looked at before. */
  napi_value arrays[MAX_VECTORS];
  for (uint32_t at = 0; at < count && args->problem == 0; at++)
    if (napi_get_element(args->env, args->values[i], at, &arrays[at]) != napi_ok) args->problem = EINVAL;
  for (uint32_t at = 0; at < count && args->problem == 0; at++)
    vectors[at].iov_base = array_of(args, arrays[at], &vectors[at].iov_len);
  return (int)count;
}

/* readv(fd, arrays, position) */
static napi_value Readv(napi_env env, napi_callback_info info) {
  struct iovec vectors[MAX_VECTORS];
  Args args = args_of(env, info);
  int fd = int_at(&args, 0), count = vectors_at(&args, 1, vectors);
  int64_t position = long_at(&args, 2);
  REFUSE_IF_BAD(args);
  return outcome(env, preadv(fd, vectors, count, position));
}

/* writev(fd, arrays, position): positions as for `write`. */
static napi_value Writev(napi_env env, napi_callback_info info) {
  struct iovec vectors[MAX_VECTORS];
  Args args = args_of(env, info);
  int fd = int_at(&args, 0), length = vectors_at(&args, 1, vectors);
  int64_t position = long_at(&args, 2);
  REFUSE_IF_BAD(args);
  ssize_t count;
  do count = position < 0 ? writev(fd, vectors, length) : pwritev(fd, vectors, length, position);
  while (count < 0 && errno == EINTR);
  return outcome(env, count);
}

/* entries(fd, part): as many as fit, as the system has them (struct linux_dirent64); 0 at the end. */
static napi_value Entries(napi_env env, napi_callback_info info) {
  size_t length;
  Args args = args_of(env, info);
  int fd = int_at(&args, 0);
  uint8_t *data = part_at(&args, 1, &length);
  REFUSE_IF_BAD(args);
  return outcome(env, syscall(SYS_getdents64, fd, data, length));
}

/* mkdir(dir, name, mode) */
static napi_value Mkdir(napi_env env, napi_callback_info info) {
  char name[PATH_MAX];
  Args args = args_of(env, info);
  int dir = int_at(&args, 0), mode = int_at(&args, 4);
  name_at(&args, 1, name);
  REFUSE_IF_BAD(args);
  return outcome(env, mkdirat(dir, name, (mode_t)mode));
}

/* unlink(dir, name, flags) */
static napi_value Unlink(napi_env env, napi_callback_info info) {
  char name[PATH_MAX];
  Args args = args_of(env, info);
  int dir = int_at(&args, 0), flags = int_at(&args, 4);
  name_at(&args, 1, name);
  REFUSE_IF_BAD(args);
  return outcome(env, unlinkat(dir, name, flags));
}

/* rename(dir, name, dir, name) */
static napi_value Rename(napi_env env, napi_callback_info info) {
  char from[PATH_MAX], to[PATH_MAX];
  Args args = args_of(env, info);
  int from_dir = int_at(&args, 0), to_dir = int_at(&args, 4);
  name_at(&args, 1, from);
  name_at(&args, 5, to);
  REFUSE_IF_BAD(args);
  return outcome(env, renameat(from_dir, from, to_dir, to));
}

/* link(dir, name, dir, name): of a symbolic link, the link itself. */
static napi_value Link(napi_env env, napi_callback_info info) {
  char from[PATH_MAX], to[PATH_MAX];
  Args args = args_of(env, info);
  int from_dir = int_at(&args, 0), to_dir = int_at(&args, 4);
  name_at(&args, 1, from);
  name_at(&args, 5, to);
  REFUSE_IF_BAD(args);
  return outcome(env, linkat(from_dir, from, to_dir, to, 0));
}

/* symlink(dir, name, target) */
static napi_value Symlink(napi_env env, napi_callback_info info) {
  char name[PATH_MAX], target[PATH_MAX];
  Args args = args_of(env, info);
  int dir = int_at(&args, 0);
  name_at(&args, 1, name);
  text_at(&args, 4, target);
  REFUSE_IF_BAD(args);
  return outcome(env, symlinkat(target, dir, name));
}

/* readlink(dir, name, part) */
static napi_value Readlink(napi_env env, napi_callback_info info) {
  char name[PATH_MAX];
  size_t length;
  Args args = args_of(env, info);
  int dir = int_at(&args, 0);
  name_at(&args, 1, name);
  uint8_t *data = part_at(&args, 4, &length);
  REFUSE_IF_BAD(args);
  return outcome(env, readlinkat(dir, name, (char *)data, length));
}

/* One of the two times in `words`: seconds, nanoseconds, and then whether it is to be set at all. */
static struct timespec time_in(const int64_t words[3]) {
  struct timespec time = {.tv_sec = (time_t)words[0], .tv_nsec = words[2] != 0 ? (long)words[1] : UTIME_OMIT};
  return time;
}

/* setTimes(dir, name, times): of a link, the link's own. Without a name: of what `dir` is, which may be O_PATH. */
static napi_value SetTimes(napi_env env, napi_callback_info info) {
  char name[PATH_MAX];
  Args args = args_of(env, info);
  int dir = int_at(&args, 0);
  name_at(&args, 1, name);
  const int64_t *words = words_at(&args, 4);
  REFUSE_IF_BAD(args);
  struct timespec times[2] = {time_in(words), time_in(words + 3)};
  return outcome(env, utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW | (*name == 0 ? AT_EMPTY_PATH : 0)));
}

/* setSize(fd, size) */
static napi_value SetSize(napi_env env, napi_callback_info info) {
  Args args = args_of(env, info);
  int fd = int_at(&args, 0);
  int64_t size = long_at(&args, 1);
  REFUSE_IF_BAD(args);
  int result;
  do result = ftruncate(fd, size);
  while (result < 0 && errno == EINTR);
  return outcome(env, result);
}

/* setAppend(fd, on) */
static napi_value SetAppend(napi_env env, napi_callback_info info) {
  Args args = args_of(env, info);
  int fd = int_at(&args, 0), on = int_at(&args, 1);
  REFUSE_IF_BAD(args);
  int flags = fcntl(fd, F_GETFL);
  return outcome(env, flags < 0 ? -1 : fcntl(fd, F_SETFL, on ? flags | O_APPEND : flags & ~O_APPEND));
}

/* sync(fd, dataOnly) */
static napi_value Sync(napi_env env, napi_callback_info info) {
  Args args = args_of(env, info);
  int fd = int_at(&args, 0), data_only = int_at(&args, 1);
  REFUSE_IF_BAD(args);
  int result;
  do result = data_only ? fdatasync(fd) : fsync(fd);
  while (result < 0 && errno == EINTR);
  return outcome(env, result);
}

/* The shared buffer of this thread, which is a property of the exports as well; NULL when there is no memory. */
static Shared *share(napi_env env, napi_value exports) {
  napi_value buffer;
  napi_ref kept;
  void *data = NULL;
  bool is_made = napi_create_arraybuffer(env, sizeof(Shared), &data, &buffer) == napi_ok &&
                 napi_create_reference(env, buffer, 1, &kept) == napi_ok &&
                 napi_set_named_property(env, exports, "shared", buffer) == napi_ok;
  return is_made ? data : NULL;
}

NAPI_MODULE_INIT() {
  Shared *shared = share(env, exports);
  if (shared == NULL) return NULL;
  static const struct {
    const char *name;
    napi_callback call;
  } functions[] = {
      {"open", Open},         {"openDirectory", OpenDirectory}, {"openRegular", OpenRegular}, {"stat", Stat},
      {"fstat", Fstat},       {"close", Close},                 {"read", Read},               {"write", Write},
      {"readv", Readv},       {"writev", Writev},               {"entries", Entries},         {"mkdir", Mkdir},
      {"unlink", Unlink},     {"rename", Rename},               {"link", Link},               {"symlink", Symlink},
      {"readlink", Readlink}, {"setTimes", SetTimes},           {"setSize", SetSize},         {"setAppend", SetAppend},
      {"sync", Sync},         {"duplicate", Duplicate}, {"isOfProc", IsOfProc},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, shared, &function) != napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, function) != napi_ok)
      return NULL;
  }
  napi_set_named_property(env, exports, "interface", number(env, INTERFACE));
  return exports;
}
