/*
 * A loss of power for one process (LD_PRELOAD): what was written to files below WARREN_POWER_DIR and not covered by a sync
 * that began afterwards and returned is reverted, sector by sector as chance has it, names as well; then the process
 * is killed. WARREN_POWER_CUT says at which write, sync or change of a name; WARREN_POWER_SEED drives chance;
 * WARREN_POWER_LIE=1 has syncs do nothing and say that they did. WARREN_POWER_EIO is the number of the sync that fails,
 * WARREN_POWER_FULL that of the first of 4 writes for which there is no room.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SECTOR 512
#define FILES 4096

/* One sector as it was before one write; writes of a file are numbered in order. */
typedef struct Sector { struct Sector *next; long at; long order; char old[SECTOR]; } Sector;
typedef struct { char path[PATH_MAX]; Sector *unsynced; long order; long durable_size; int used; } File;
/* A change of a name that no sync of its directory has covered. */
typedef struct Name { struct Name *next; int kind; char path[PATH_MAX]; char saved[PATH_MAX]; } Name;
enum { MADE, GONE };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static File files[FILES];
static int file_of[1 << 16];
static Name *names;
static char root[PATH_MAX];
static long events, cut_at, saved_count;
static unsigned long seed;
static int lies;
static long syncs, eio_at, writes, full_at;

static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fdatasync)(int), (*real_fsync)(int), (*real_unlink)(const char *), (*real_close)(int);
static int (*real_rename)(const char *, const char *), (*real_open)(const char *, int, ...);

__attribute__((constructor)) static void start(void) {
  real_pwritev = dlsym(RTLD_NEXT, "pwritev64");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_open = dlsym(RTLD_NEXT, "open64");
  real_close = dlsym(RTLD_NEXT, "close");
  const char *dir = getenv("WARREN_POWER_DIR");
  if (dir) snprintf(root, sizeof root, "%s", dir);
  cut_at = getenv("WARREN_POWER_CUT") ? atol(getenv("WARREN_POWER_CUT")) : 0;
  seed = getenv("WARREN_POWER_SEED") ? strtoul(getenv("WARREN_POWER_SEED"), 0, 10) : 1;
  eio_at = getenv("WARREN_POWER_EIO") ? atol(getenv("WARREN_POWER_EIO")) : 0;
  full_at = getenv("WARREN_POWER_FULL") ? atol(getenv("WARREN_POWER_FULL")) : 0;
  lies = getenv("WARREN_POWER_LIE") != 0;
}

static unsigned chance(void) { seed = seed * 6364136223846793005UL + 1442695040888963407UL; return (unsigned)(seed >> 33); }
static int ours(const char *path) { size_t n = strlen(root); return n && !strncmp(path, root, n) && !strstr(path, ".lock"); }

static File *file_at(const char *path, long size) {
  for (int i = 1; i < FILES; i++) if (files[i].used && !strcmp(files[i].path, path)) return &files[i];
  for (int i = 1; i < FILES; i++) if (!files[i].used) {
    memset(&files[i], 0, sizeof files[i]);
    snprintf(files[i].path, PATH_MAX, "%s", path);
    files[i].used = 1;
    files[i].durable_size = size;
    return &files[i];
  }
  return 0;
}

/* Brings the sectors of a file back to what they were before the first write that chance does not keep. */
static void revert(File *file) {
  int fd = real_open(file->path, O_RDWR);
  if (fd < 0) return;
  long keep = file->order == 0 ? 0 : chance() % (file->order + 1), highest = file->durable_size;
  int whole = chance() % 3 == 0;
  for (Sector *s = file->unsynced; s; s = s->next) {
    /* Newest first; a sector whose newer write goes may keep an older one, never the other way round. */
    int goes = whole ? s->order > keep : (seed ^ (unsigned long)s->at * 2654435761UL) >> 7 & 1;
    if (goes) real_pwrite(fd, s->old, SECTOR, s->at);
    else if (s->at + SECTOR > highest) highest = s->at + SECTOR;
  }
  struct stat now;
  fstat(fd, &now);
  if (now.st_size > highest) { if (ftruncate(fd, highest)) {} }
  real_close(fd);
}

static void revert_names(void) {
  for (Name *n = names; n; n = n->next) {
    if (chance() & 1) continue;
    if (n->kind == MADE) real_unlink(n->path);
    else real_rename(n->saved, n->path);
  }
}

/* Counts an event, with the lock held; at the right one the power goes. */
static void event(void) {
  if (++events != cut_at) return;
  for (int i = 1; i < FILES; i++) if (files[i].used && files[i].unsynced) revert(&files[i]);
  revert_names();
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static void before_write(int fd, long at, long length) {
  File *file = &files[file_of[fd]];
  file->order++;
  for (long s = at / SECTOR * SECTOR; s < at + length; s += SECTOR) {
    Sector *old = calloc(1, sizeof *old);
    old->at = s;
    old->order = file->order;
    if (pread(fd, old->old, SECTOR, s) < 0) {}
    old->next = file->unsynced;
    file->unsynced = old;
  }
}

static int tracked(int fd) { return fd >= 0 && fd < (1 << 16) && file_of[fd]; }

ssize_t pwritev64(int fd, const struct iovec *iov, int count, off_t at) {
  if (!tracked(fd)) return real_pwritev(fd, iov, count, at);
  pthread_mutex_lock(&lock);
  if (full_at && ++writes >= full_at && writes < full_at + 4) {
    pthread_mutex_unlock(&lock);
    errno = ENOSPC;
    return -1;
  }
  long length = 0;
  for (int i = 0; i < count; i++) length += iov[i].iov_len;
  before_write(fd, at, length);
  ssize_t done = real_pwritev(fd, iov, count, at);
  event();
  pthread_mutex_unlock(&lock);
  return done;
}
ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t at) { return pwritev64(fd, iov, count, at); }

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
  if (!tracked(fd)) return real_pwrite(fd, bytes, length, at);
  struct iovec one = { (void *)bytes, length };
  return pwritev64(fd, &one, 1, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

static int sync_file(int fd, int (*real)(int)) {
  if (!tracked(fd)) return real(fd);
  pthread_mutex_lock(&lock);
  event();
  if (eio_at && ++syncs == eio_at) {
    pthread_mutex_unlock(&lock);
    errno = EIO;
    return -1;
  }
  File *file = &files[file_of[fd]];
  long covered = file->order;
  struct stat before;
  fstat(fd, &before);
  pthread_mutex_unlock(&lock);
  if (lies) return 0;
  int result = real(fd);
  pthread_mutex_lock(&lock);
  if (result == 0) {
    for (Sector **s = &file->unsynced; *s;) {
      Sector *gone = *s;
      if (gone->order > covered) { s = &gone->next; continue; }
      *s = gone->next;
      free(gone);
    }
    if (before.st_size > file->durable_size) file->durable_size = before.st_size;
  }
  event();
  pthread_mutex_unlock(&lock);
  return result;
}
int fdatasync(int fd) { return sync_file(fd, real_fdatasync); }

int fsync(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  struct stat what;
  if (n < 0 || fstat(fd, &what) || !S_ISDIR(what.st_mode)) return sync_file(fd, real_fsync);
  path[n] = 0;
  if (!ours(path)) return real_fsync(fd);
  pthread_mutex_lock(&lock);
  event();
  Name *covered = names;
  pthread_mutex_unlock(&lock);
  if (lies) return 0;
  int result = real_fsync(fd);
  pthread_mutex_lock(&lock);
  if (result == 0) {
    /* Newest first: everything from `covered` on was there when the sync began. */
    for (Name **at = &names; *at; at = &(*at)->next) if (*at == covered) { *at = 0; break; }
    for (Name *n2 = covered; n2;) { Name *next = n2->next; if (n2->kind == GONE) real_unlink(n2->saved); free(n2); n2 = next; }
  }
  event();
  pthread_mutex_unlock(&lock);
  return result;
}

static void changed(int kind, const char *path, const char *saved) {
  Name *name = calloc(1, sizeof *name);
  name->kind = kind;
  snprintf(name->path, PATH_MAX, "%s", path);
  if (saved) snprintf(name->saved, PATH_MAX, "%s", saved);
  name->next = names;
  names = name;
}

static int opened(const char *path, int flags, int fd, int is_new) {
  if (fd >= 0 && fd < (1 << 16)) {
    file_of[fd] = 0;
    struct stat what;
    if (ours(path) && !fstat(fd, &what) && S_ISREG(what.st_mode) && (flags & O_ACCMODE) != O_RDONLY) {
      pthread_mutex_lock(&lock);
      File *file = file_at(path, what.st_size);
      if (file) file_of[fd] = (int)(file - files);
      if (is_new) { changed(MADE, path, 0); event(); }
      pthread_mutex_unlock(&lock);
    }
  }
  return fd;
}

int open64(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  int mode = flags & O_CREAT ? va_arg(args, int) : 0;
  va_end(args);
  int is_new = (flags & O_CREAT) && access(path, F_OK);
  return opened(path, flags, real_open(path, flags, mode), is_new);
}
int open(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  int mode = flags & O_CREAT ? va_arg(args, int) : 0;
  va_end(args);
  return open64(path, flags, mode);
}

int close(int fd) {
  if (fd >= 0 && fd < (1 << 16)) file_of[fd] = 0;
  return real_close(fd);
}

int unlink(const char *path) {
  if (!ours(path)) return real_unlink(path);
  pthread_mutex_lock(&lock);
  char saved[PATH_MAX + 32];
  snprintf(saved, sizeof saved, "%s.power%ld", path, ++saved_count);
  /* Outside of the directory that the program lists. */
  char *slash = strrchr(saved, '/');
  char kept[PATH_MAX + 64];
  snprintf(kept, sizeof kept, "%s.power%s", root, slash);
  int has_copy = !link(path, kept);
  int result = real_unlink(path);
  for (int i = 1; i < FILES; i++) if (files[i].used && !strcmp(files[i].path, path)) files[i].used = 0;
  if (result == 0 && has_copy) changed(GONE, path, kept);
  event();
  pthread_mutex_unlock(&lock);
  return result;
}

int rename(const char *from, const char *to) {
  if (!ours(from)) return real_rename(from, to);
  pthread_mutex_lock(&lock);
  int result = real_rename(from, to);
  for (int i = 1; i < FILES; i++) {
    if (files[i].used && !strcmp(files[i].path, to)) files[i].used = 0;
    if (files[i].used && !strcmp(files[i].path, from)) snprintf(files[i].path, PATH_MAX, "%s", to);
  }
  changed(MADE, to, 0);
  event();
  pthread_mutex_unlock(&lock);
  return result;
}
