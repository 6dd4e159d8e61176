#define _XOPEN_SOURCE 700  // nftw
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#include "CImageStoreFaults.h"
#include "interposing.h"
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

static void kill_now(int number) {
  (void)number;
  kill(getpid(), SIGKILL);
}

void faults_kill_after(long microseconds) {
  signal(SIGALRM, kill_now);
  struct itimerval timer = {{0, 0}, {microseconds / 1000000, microseconds % 1000000}};
  setitimer(ITIMER_REAL, &timer, 0);
}

void faults_limit_file_size(long bytes) {
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes < 0 ? limit.rlim_max : (rlim_t)bytes;
  setrlimit(RLIMIT_FSIZE, &limit);
}

long faults_peak_memory(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
#if defined(__APPLE__)
  return usage.ru_maxrss / 1024;
#else
  return usage.ru_maxrss;
#endif
}

int faults_fork(void) { return (int)fork(); }

#if defined(__APPLE__)
long faults_get_attribute(const char *path, const char *name, void *value, long capacity) {
  return getxattr(path, name, value, (size_t)capacity, 0, 0);
}
int faults_set_attribute(const char *path, const char *name, const void *value, long count) {
  return setxattr(path, name, value, (size_t)count, 0, 0);
}
#else
long faults_get_attribute(const char *path, const char *name, void *value, long capacity) {
  return getxattr(path, name, value, (size_t)capacity);
}
int faults_set_attribute(const char *path, const char *name, const void *value, long count) {
  return setxattr(path, name, value, (size_t)count, 0);
}
#endif

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place) {
  (void)status, (void)place;
  return kind == FTW_DP || kind == FTW_D ? rmdir(path) : unlink(path);
}

int faults_remove(const char *path) {
  if (unlink(path) == 0 || errno == ENOENT) return 0;
  return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char note[512];

static void print_note(int number) {
  ssize_t ignored = write(2, note, strlen(note));
  (void)ignored;
  signal(number, SIG_DFL);
  raise(number);
}

void faults_note(const char *line) {
#if !defined(FAULTS_SANITIZED)
  // A sanitizer says more of it.
  static const int numbers[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTRAP, SIGALRM};
  static int is_set;
  if (!is_set) {
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) signal(numbers[i], print_note);
    is_set = 1;
  }
#endif
  snprintf(note, sizeof note, "it fell over: %s\n", line);
}
