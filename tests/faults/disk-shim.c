// Stands between the service and the C library: records what reaches the disk and the sockets, and makes the disk fail on demand.
//
// FAULTS_DIR      the directory whose database is watched
// FAULTS_TRACE    where the record goes (optional; trace.ts reads it)
// FAULTS_CONTROL  a file of 32-bit numbers that is mapped and may change at any time (optional; shim.ts writes it)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum file {
  NONE = 0, DATABASE = 1, WAL = 2, JOURNAL = 4, DIRECTORY = 8, ABOVE = 16,
  INDEX = 32, INDEX_WAL = 64, INDEX_JOURNAL = 128
};
enum record { WRITE = 1, SYNC_BEGIN, SYNC_END, TRUNCATE, CREATE, UNLINK, ANSWER };
enum operation { ON_WRITE = 1, ON_SYNC = 2, ON_OPEN = 4, ON_TRUNCATE = 8, ON_READ = 16 };

struct control {
  volatile int32_t operations, files, error, skip, times, sync_delay_ms, hits, kill;
};
struct header {
  uint32_t record, file;
  uint64_t offset;
  uint32_t length;
  int32_t error;
};

#define FDS_MAX 65536
#define ANSWER_BYTES_MAX 65536
static unsigned char kinds[FDS_MAX];
// A failed sync of a file is told once to everyone who has it open, as Linux does since 4.13.
static int failures[256], told[FDS_MAX];
static const char *directory;
static size_t directory_length;
static int trace = -1;
static struct control *control;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t syncs;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static ssize_t (*real_pread)(int, void *, size_t, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off64_t);
static int (*real_unlink)(const char *);
static int (*real_remove)(const char *);

__attribute__((constructor)) static void start(void) {
  real_open = dlsym(RTLD_NEXT, "open64");
  real_close = dlsym(RTLD_NEXT, "close");
  real_write = dlsym(RTLD_NEXT, "write");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_pread = dlsym(RTLD_NEXT, "pread64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_remove = dlsym(RTLD_NEXT, "remove");
  directory = getenv("FAULTS_DIR");
  directory_length = directory ? strlen(directory) : 0;
  const char *path = getenv("FAULTS_TRACE");
  if (path) trace = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  path = getenv("FAULTS_CONTROL");
  int fd = path ? real_open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped != MAP_FAILED) control = mapped;
  real_close(fd);
}

static int ends(const char *path, const char *end) {
  size_t a = strlen(path), b = strlen(end);
  return a >= b && strcmp(path + a - b, end) == 0;
}

static enum file kind_of_path(const char *path) {
  if (!directory) return NONE;
  size_t length = strlen(path);
  if (length > 1 && length < directory_length && directory[length] == '/' && strncmp(path, directory, length) == 0)
    return ABOVE;
  if (strncmp(path, directory, directory_length) != 0) return NONE;
  if (path[directory_length] == 0) return DIRECTORY;
  if (ends(path, ".db")) return DATABASE;
  if (ends(path, ".db-wal")) return WAL;
  if (ends(path, ".db-index")) return INDEX;
  if (ends(path, ".db-index-wal")) return INDEX_WAL;
  if (ends(path, ".db-index-journal")) return INDEX_JOURNAL;
  return ends(path, ".db-journal") ? JOURNAL : NONE;
}

static enum file kind_of(int fd) { return fd >= 0 && fd < FDS_MAX ? kinds[fd] : NONE; }

// The caller holds the lock, so that the order of records is the order of what they tell of.
static void record(enum record what, enum file file, uint64_t offset, const void *data, uint32_t length, int error) {
  if (trace < 0) return;
  struct header header = {what, file, offset, length, error};
  struct iovec parts[2] = {{&header, sizeof header}, {(void *)data, data ? length : 0}};
  if (real_writev(trace, parts, 2) < 0) abort();
}

// Whether this operation is to fail: gives the error number, or 0.
static int fault(enum operation operation, enum file file) {
  if (!control || !(control->operations & operation) || !(control->files & file)) return 0;
  if (__sync_fetch_and_sub(&control->skip, 1) > 0) return 0;
  if (control->times == 0) return 0;
  if (control->times > 0) __sync_fetch_and_sub(&control->times, 1);
  __sync_fetch_and_add(&control->hits, 1);
  if (control->kill) kill(getpid(), SIGKILL);
  return control->error;
}

static int open_watched(const char *path, int flags, mode_t mode) {
  enum file kind = kind_of_path(path);
  if (kind == NONE) return real_open(path, flags, mode);
  int error = fault(ON_OPEN, kind);
  if (error) { errno = error; return -1; }
  pthread_mutex_lock(&lock);
  int is_new = (flags & O_CREAT) && access(path, F_OK) != 0;
  int fd = real_open(path, flags, mode);
  if (fd >= 0 && fd < FDS_MAX) {
    kinds[fd] = kind;
    told[fd] = failures[kind];
  }
  if (fd >= 0 && is_new) record(CREATE, kind, 0, NULL, 0, 0);
  pthread_mutex_unlock(&lock);
  return fd;
}

int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_watched(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_watched(path, flags, mode);
}

int close(int fd) {
  if (fd >= 0 && fd < FDS_MAX) kinds[fd] = NONE;
  return real_close(fd);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
  enum file kind = kind_of(fd);
  if (kind == NONE) return real_pwrite(fd, data, length, offset);
  int error = fault(ON_WRITE, kind);
  if (error) { errno = error; return -1; }
  pthread_mutex_lock(&lock);
  ssize_t written = real_pwrite(fd, data, length, offset);
  if (written > 0) record(WRITE, kind, offset, data, written, 0);
  pthread_mutex_unlock(&lock);
  return written;
}

ssize_t pread64(int fd, void *data, size_t length, off64_t offset) {
  int error = fault(ON_READ, kind_of(fd));
  if (error) { errno = error; return -1; }
  return real_pread(fd, data, length, offset);
}

static int sync_watched(int fd, int (*real)(int)) {
  enum file kind = kind_of(fd);
  if (kind == NONE) return real(fd);
  pthread_mutex_lock(&lock);
  uint64_t number = ++syncs;
  record(SYNC_BEGIN, kind, number, NULL, 0, 0);
  pthread_mutex_unlock(&lock);
  if (control && control->sync_delay_ms > 0) {
    struct timespec time = {control->sync_delay_ms / 1000, (control->sync_delay_ms % 1000) * 1000000L};
    nanosleep(&time, NULL);
  }
  int error = fault(ON_SYNC, kind);
  if (error) __sync_fetch_and_add(&failures[kind], 1);
  else if (told[fd] != failures[kind]) error = EIO;
  told[fd] = failures[kind];
  int result = error ? -1 : real(fd);
  if (!error && result != 0) error = errno;
  pthread_mutex_lock(&lock);
  record(SYNC_END, kind, number, NULL, 0, error);
  pthread_mutex_unlock(&lock);
  if (error) errno = error;
  return result;
}

int fsync(int fd) { return sync_watched(fd, real_fsync); }
int fdatasync(int fd) { return sync_watched(fd, real_fdatasync); }

int ftruncate64(int fd, off64_t length) {
  enum file kind = kind_of(fd);
  if (kind == NONE) return real_ftruncate(fd, length);
  int error = fault(ON_TRUNCATE, kind);
  if (error) { errno = error; return -1; }
  pthread_mutex_lock(&lock);
  int result = real_ftruncate(fd, length);
  if (result == 0) record(TRUNCATE, kind, length, NULL, 0, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

static int unlink_watched(const char *path, int (*real)(const char *)) {
  enum file kind = kind_of_path(path);
  if (kind == NONE || kind == DIRECTORY || kind == ABOVE) return real(path);
  pthread_mutex_lock(&lock);
  int result = real(path);
  if (result == 0) record(UNLINK, kind, 0, NULL, 0, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int unlink(const char *path) { return unlink_watched(path, real_unlink); }
int remove(const char *path) { return unlink_watched(path, real_remove); }

// Answers are recorded before they leave: what is not durable by then was acknowledged too early.
static void answered(const void *data, size_t length) {
  if (trace < 0 || length < 9 || memcmp(data, "HTTP/1.1 ", 9) != 0) return;
  pthread_mutex_lock(&lock);
  record(ANSWER, NONE, 0, data, length < ANSWER_BYTES_MAX ? length : ANSWER_BYTES_MAX, 0);
  pthread_mutex_unlock(&lock);
}

ssize_t write(int fd, const void *data, size_t length) {
  if (kind_of(fd) == NONE) answered(data, length);
  return real_write(fd, data, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (trace >= 0 && kind_of(fd) == NONE && count > 0 && parts[0].iov_len >= 9 &&
      memcmp(parts[0].iov_base, "HTTP/1.1 ", 9) == 0) {
    // Not a variable of the thread: some threads of Node have a stack that has no room for it.
    char *whole = malloc(ANSWER_BYTES_MAX);
    if (!whole) abort();
    size_t length = 0;
    for (int index = 0; index < count; index += 1) {
      size_t room = ANSWER_BYTES_MAX - length;
      size_t take = parts[index].iov_len < room ? parts[index].iov_len : room;
      memcpy(whole + length, parts[index].iov_base, take);
      length += take;
    }
    answered(whole, length);
    free(whole);
  }
  return real_writev(fd, parts, count);
}
