// Stands between a program and the C library (LD_PRELOAD) in calls that concern files, and makes
// one of them fail.
//
//   DIALOG_FAULT_FOLDER   only calls that concern what lies in this folder count; absolute
//   DIALOG_FAULT_REPORT   a file for a struct report, kept up to date while the program runs
//   DIALOG_FAULT_AT       the number of the call that fails, from 1 on; 0: none, they are only
//   counted DIALOG_FAULT_ERRNO    what it fails with, a number. With ENOSPC only calls that may
//   take room count. DIALOG_FAULT_STICKY   1: all later calls of that kind fail, too DIALOG_NO_SYNC
//   1: what syncs does nothing, and says that it was done
//
// A write that fails has written half of its bytes. Calls within the C library itself, as those of
// stdio, are not seen.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
  kind_none,
  kind_open,
  kind_create,
  kind_read,
  kind_write,
  kind_sync,
  kind_resize,
  kind_rename,
  kind_link,
  kind_remove,
  kind_make_folder,
  kind_map,
  kind_lock,
  kind_look,
  kind_list,
  kind_count
};

// Read by tests/support/faults.py.
struct report {
  atomic_uint_least64_t calls;
  atomic_uint_least64_t failed;
  atomic_uint_least64_t kind;  // of the first that failed
  atomic_uint_least64_t by_kind[kind_count];
};

static struct {
  char folder[4096];
  size_t folder_bytes;
  uint64_t at;
  int error_number;
  bool sticky;
  bool no_sync;
  struct report* report;
} settings;

static uint64_t number_of(const char* name) {
  const char* const text = getenv(name);
  return text == NULL ? 0 : strtoull(text, NULL, 10);
}

static void read_settings(void) {
  const char* const folder = getenv("DIALOG_FAULT_FOLDER");
  const char* const report = getenv("DIALOG_FAULT_REPORT");
  settings.no_sync = number_of("DIALOG_NO_SYNC") != 0;
  if (folder == NULL || report == NULL || strlen(folder) >= sizeof settings.folder) return;
  const int file = (int)syscall(SYS_openat, AT_FDCWD, report, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || syscall(SYS_ftruncate, file, (off_t)sizeof(struct report)) != 0) abort();
  void* const memory = (void*)syscall(SYS_mmap, NULL, sizeof(struct report), PROT_READ | PROT_WRITE,
                                      MAP_SHARED, file, 0L);
  if (memory == MAP_FAILED) abort();
  syscall(SYS_close, file);
  settings.report = memory;
  settings.at = number_of("DIALOG_FAULT_AT");
  settings.error_number = (int)number_of("DIALOG_FAULT_ERRNO");
  settings.sticky = number_of("DIALOG_FAULT_STICKY") != 0;
  strcpy(settings.folder, folder);
  settings.folder_bytes = strlen(folder);
}

// Other libraries may call before this one is begun.
static void begin(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, read_settings);
}

static bool is_within(const char* path) {
  if (strncmp(path, settings.folder, settings.folder_bytes) != 0) return false;
  const char next = path[settings.folder_bytes];
  return next == '\0' || next == '/' || next == ' ';
}

static bool is_link_within(const char* link, const char* rest) {
  char path[8192];
  const int error_number = errno;
  const ssize_t bytes = readlink(link, path, sizeof path - strlen(rest) - 2);
  errno = error_number;
  if (bytes < 0) return false;
  path[bytes] = '\0';
  if (rest[0] != '\0') {
    strcat(path, "/");
    strcat(path, rest);
  }
  return is_within(path);
}

static bool concerns_path(int folder, const char* path) {
  begin();
  if (settings.report == NULL || path == NULL || strlen(path) > 4096) return false;
  if (path[0] == '/') return is_within(path);
  char link[64] = "/proc/self/cwd";
  if (folder != AT_FDCWD) snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  return is_link_within(link, strcmp(path, ".") == 0 ? "" : path);
}

static bool concerns_file(int file) {
  begin();
  if (settings.report == NULL || file < 0) return false;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  return is_link_within(link, "");
}

static bool takes_room(enum kind kind) {
  switch (kind) {
    case kind_create:
    case kind_write:
    case kind_sync:
    case kind_resize:
    case kind_rename:
    case kind_link:
    case kind_make_folder:
      return true;
    default:
      return false;
  }
}

// Counts a call that concerns the folder; whether it has to fail.
static bool fails(enum kind kind) {
  struct report* const report = settings.report;
  if (settings.error_number == ENOSPC && !takes_room(kind)) return false;
  atomic_fetch_add(&report->by_kind[kind], 1);
  const uint64_t number = atomic_fetch_add(&report->calls, 1) + 1;
  const bool again = settings.sticky && atomic_load(&report->kind) == kind;
  if (number != settings.at && !again) return false;
  if (atomic_fetch_add(&report->failed, 1) == 0) atomic_store(&report->kind, kind);
  errno = settings.error_number;
  return true;
}

static bool fails_on_path(enum kind kind, int folder, const char* path) {
  return concerns_path(folder, path) && fails(kind);
}
static bool fails_on_file(enum kind kind, int file) { return concerns_file(file) && fails(kind); }

// The function of that name that this one hides.
#define NEXT(name)                                                                  \
  __extension__({                                                                   \
    static _Atomic(__typeof__(&(name))) next;                                       \
    if (atomic_load(&next) == NULL) {                                               \
      atomic_store(&next, (__typeof__(&(name)))(uintptr_t)dlsym(RTLD_NEXT, #name)); \
    }                                                                               \
    atomic_load(&next);                                                             \
  })

static int open_flags(int flags) {
  begin();
  return settings.no_sync ? flags & ~(O_DSYNC | O_SYNC) : flags;
}

static mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

static enum kind open_kind(int flags) { return (flags & O_CREAT) != 0 ? kind_create : kind_open; }

#define OPEN(name)                                                  \
  int name(const char* path, int flags, ...) {                      \
    va_list arguments;                                              \
    va_start(arguments, flags);                                     \
    const mode_t mode = mode_of(flags, arguments);                  \
    va_end(arguments);                                              \
    if (fails_on_path(open_kind(flags), AT_FDCWD, path)) return -1; \
    return NEXT(name)(path, open_flags(flags), mode);               \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                              \
  int name(int folder, const char* path, int flags, ...) {        \
    va_list arguments;                                            \
    va_start(arguments, flags);                                   \
    const mode_t mode = mode_of(flags, arguments);                \
    va_end(arguments);                                            \
    if (fails_on_path(open_kind(flags), folder, path)) return -1; \
    return NEXT(name)(folder, path, open_flags(flags), mode);     \
  }
OPENAT(openat)
OPENAT(openat64)

int creat(const char* path, mode_t mode) {
  return fails_on_path(kind_create, AT_FDCWD, path) ? -1 : NEXT(creat)(path, mode);
}
int mkstemp(char* path) {
  return fails_on_path(kind_create, AT_FDCWD, path) ? -1 : NEXT(mkstemp)(path);
}
int mkostemp(char* path, int flags) {
  return fails_on_path(kind_create, AT_FDCWD, path) ? -1 : NEXT(mkostemp)(path, flags);
}
char* mkdtemp(char* path) {
  return fails_on_path(kind_make_folder, AT_FDCWD, path) ? NULL : NEXT(mkdtemp)(path);
}

ssize_t read(int file, void* out, size_t bytes) {
  return fails_on_file(kind_read, file) ? -1 : NEXT(read)(file, out, bytes);
}
ssize_t pread(int file, void* out, size_t bytes, off_t at) {
  return fails_on_file(kind_read, file) ? -1 : NEXT(pread)(file, out, bytes, at);
}
ssize_t pread64(int file, void* out, size_t bytes, off64_t at) {
  return fails_on_file(kind_read, file) ? -1 : NEXT(pread64)(file, out, bytes, at);
}
ssize_t readv(int file, const struct iovec* parts, int count) {
  return fails_on_file(kind_read, file) ? -1 : NEXT(readv)(file, parts, count);
}
ssize_t preadv(int file, const struct iovec* parts, int count, off_t at) {
  return fails_on_file(kind_read, file) ? -1 : NEXT(preadv)(file, parts, count, at);
}

static ssize_t failed_after(ssize_t written) {
  (void)written;
  errno = settings.error_number;
  return -1;
}

ssize_t write(int file, const void* bytes, size_t count) {
  const size_t half = fails_on_file(kind_write, file) ? count / 2 : count;
  const ssize_t written = NEXT(write)(file, bytes, half);
  return half < count ? failed_after(written) : written;
}
ssize_t pwrite(int file, const void* bytes, size_t count, off_t at) {
  const size_t half = fails_on_file(kind_write, file) ? count / 2 : count;
  const ssize_t written = NEXT(pwrite)(file, bytes, half, at);
  return half < count ? failed_after(written) : written;
}
ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t at) {
  const size_t half = fails_on_file(kind_write, file) ? count / 2 : count;
  const ssize_t written = NEXT(pwrite64)(file, bytes, half, at);
  return half < count ? failed_after(written) : written;
}
ssize_t writev(int file, const struct iovec* parts, int count) {
  const bool failing = fails_on_file(kind_write, file);
  if (failing && count == 1) return -1;
  const ssize_t written = NEXT(writev)(file, parts, failing ? count / 2 : count);
  return failing ? failed_after(written) : written;
}
ssize_t pwritev(int file, const struct iovec* parts, int count, off_t at) {
  const bool failing = fails_on_file(kind_write, file);
  if (failing && count == 1) return -1;
  const ssize_t written = NEXT(pwritev)(file, parts, failing ? count / 2 : count, at);
  return failing ? failed_after(written) : written;
}
ssize_t sendfile(int to, int from, off_t* at, size_t bytes) {
  return fails_on_file(kind_write, to) ? -1 : NEXT(sendfile)(to, from, at, bytes);
}

static bool skips_sync(void) {
  begin();
  return settings.no_sync;
}
int fsync(int file) {
  if (skips_sync()) return 0;
  return fails_on_file(kind_sync, file) ? -1 : NEXT(fsync)(file);
}
int fdatasync(int file) {
  if (skips_sync()) return 0;
  return fails_on_file(kind_sync, file) ? -1 : NEXT(fdatasync)(file);
}
int syncfs(int file) {
  if (skips_sync()) return 0;
  return fails_on_file(kind_sync, file) ? -1 : NEXT(syncfs)(file);
}
int sync_file_range(int file, off64_t at, off64_t bytes, unsigned flags) {
  if (skips_sync()) return 0;
  return fails_on_file(kind_sync, file) ? -1 : NEXT(sync_file_range)(file, at, bytes, flags);
}
int msync(void* memory, size_t bytes, int flags) {
  if (skips_sync()) return 0;
  if (settings.report != NULL && fails(kind_sync)) return -1;
  return NEXT(msync)(memory, bytes, flags);
}

int ftruncate(int file, off_t bytes) {
  return fails_on_file(kind_resize, file) ? -1 : NEXT(ftruncate)(file, bytes);
}
int ftruncate64(int file, off64_t bytes) {
  return fails_on_file(kind_resize, file) ? -1 : NEXT(ftruncate64)(file, bytes);
}
int truncate(const char* path, off_t bytes) {
  return fails_on_path(kind_resize, AT_FDCWD, path) ? -1 : NEXT(truncate)(path, bytes);
}
int fallocate(int file, int mode, off_t at, off_t bytes) {
  return fails_on_file(kind_resize, file) ? -1 : NEXT(fallocate)(file, mode, at, bytes);
}
int fallocate64(int file, int mode, off64_t at, off64_t bytes) {
  return fails_on_file(kind_resize, file) ? -1 : NEXT(fallocate64)(file, mode, at, bytes);
}
int posix_fallocate(int file, off_t at, off_t bytes) {
  return fails_on_file(kind_resize, file) ? settings.error_number
                                          : NEXT(posix_fallocate)(file, at, bytes);
}
int posix_fallocate64(int file, off64_t at, off64_t bytes) {
  return fails_on_file(kind_resize, file) ? settings.error_number
                                          : NEXT(posix_fallocate64)(file, at, bytes);
}

int rename(const char* from, const char* to) {
  return fails_on_path(kind_rename, AT_FDCWD, to) ? -1 : NEXT(rename)(from, to);
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  return fails_on_path(kind_rename, to_folder, to)
             ? -1
             : NEXT(renameat)(from_folder, from, to_folder, to);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  return fails_on_path(kind_rename, to_folder, to)
             ? -1
             : NEXT(renameat2)(from_folder, from, to_folder, to, flags);
}
int link(const char* from, const char* to) {
  return fails_on_path(kind_link, AT_FDCWD, to) ? -1 : NEXT(link)(from, to);
}
int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  return fails_on_path(kind_link, to_folder, to)
             ? -1
             : NEXT(linkat)(from_folder, from, to_folder, to, flags);
}
int symlink(const char* from, const char* to) {
  return fails_on_path(kind_link, AT_FDCWD, to) ? -1 : NEXT(symlink)(from, to);
}
int unlink(const char* path) {
  return fails_on_path(kind_remove, AT_FDCWD, path) ? -1 : NEXT(unlink)(path);
}
int unlinkat(int folder, const char* path, int flags) {
  return fails_on_path(kind_remove, folder, path) ? -1 : NEXT(unlinkat)(folder, path, flags);
}
int rmdir(const char* path) {
  return fails_on_path(kind_remove, AT_FDCWD, path) ? -1 : NEXT(rmdir)(path);
}
int remove(const char* path) {
  return fails_on_path(kind_remove, AT_FDCWD, path) ? -1 : NEXT(remove)(path);
}
int mkdir(const char* path, mode_t mode) {
  return fails_on_path(kind_make_folder, AT_FDCWD, path) ? -1 : NEXT(mkdir)(path, mode);
}
int mkdirat(int folder, const char* path, mode_t mode) {
  return fails_on_path(kind_make_folder, folder, path) ? -1 : NEXT(mkdirat)(folder, path, mode);
}

void* mmap(void* where, size_t bytes, int protection, int flags, int file, off_t at) {
  if ((flags & MAP_ANONYMOUS) == 0 && fails_on_file(kind_map, file)) return MAP_FAILED;
  return NEXT(mmap)(where, bytes, protection, flags, file, at);
}
void* mmap64(void* where, size_t bytes, int protection, int flags, int file, off64_t at) {
  if ((flags & MAP_ANONYMOUS) == 0 && fails_on_file(kind_map, file)) return MAP_FAILED;
  return NEXT(mmap64)(where, bytes, protection, flags, file, at);
}

// Giving a lock back does not fail.
static bool takes_lock(int command, const void* argument) {
  switch (command) {
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
      return ((const struct flock*)argument)->l_type != F_UNLCK;
    default:
      return false;
  }
}
#define FCNTL(name)                                                                 \
  int name(int file, int command, ...) {                                            \
    va_list arguments;                                                              \
    va_start(arguments, command);                                                   \
    void* const argument = va_arg(arguments, void*);                                \
    va_end(arguments);                                                              \
    if (takes_lock(command, argument) && fails_on_file(kind_lock, file)) return -1; \
    return NEXT(name)(file, command, argument);                                     \
  }
FCNTL(fcntl)
FCNTL(fcntl64)
int flock(int file, int operation) {
  if ((operation & LOCK_UN) == 0 && fails_on_file(kind_lock, file)) return -1;
  return NEXT(flock)(file, operation);
}

#define LOOK_AT_PATH(name, type)                                                     \
  int name(const char* restrict path, struct type* restrict status) {                \
    return fails_on_path(kind_look, AT_FDCWD, path) ? -1 : NEXT(name)(path, status); \
  }
LOOK_AT_PATH(stat, stat)
LOOK_AT_PATH(stat64, stat64)
LOOK_AT_PATH(lstat, stat)
LOOK_AT_PATH(lstat64, stat64)
#define LOOK_AT_FILE(name, type)                                           \
  int name(int file, struct type* status) {                                \
    return fails_on_file(kind_look, file) ? -1 : NEXT(name)(file, status); \
  }
LOOK_AT_FILE(fstat, stat)
LOOK_AT_FILE(fstat64, stat64)

DIR* opendir(const char* path) {
  return fails_on_path(kind_list, AT_FDCWD, path) ? NULL : NEXT(opendir)(path);
}
struct dirent* readdir(DIR* folder) {
  return fails_on_file(kind_list, dirfd(folder)) ? NULL : NEXT(readdir)(folder);
}
struct dirent64* readdir64(DIR* folder) {
  return fails_on_file(kind_list, dirfd(folder)) ? NULL : NEXT(readdir64)(folder);
}
