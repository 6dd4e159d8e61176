#include "CFaults.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
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

int faults_fork(void) { return (int)fork(); }
