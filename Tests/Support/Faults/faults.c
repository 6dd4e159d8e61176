#define _GNU_SOURCE
#include "CImageStoreFaults.h"
#include "interposing.h"
#include <unistd.h>

#if defined(FAULTS_INTERPOSED)
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

static atomic_int renameat2_is_hidden;
static atomic_uint armed;
static atomic_long calls;
static atomic_int has_failed;
static long chosen;
static int error_number, chosen_action;
static const char *_Atomic failed_function = "";

/// Code whose allocations may fail: that of the program, and of liblmdb. Not that of Swift's runtime, which
/// ends the process when it gets no memory, nor of libhdf5: once it has been refused memory, release 1.10.8
/// fails in whatever is asked of it, or crashes.
static struct {
  uintptr_t start, end;
  int is_program;
} regions[16];
static int region_count;

static int note_code(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size, (void)context;
  int is_program = info->dlpi_name[0] == 0;
  if (!is_program && !strstr(info->dlpi_name, "liblmdb")) return 0;
  for (int i = 0; i < info->dlpi_phnum && region_count < 16; i++) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
    regions[region_count].start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    regions[region_count].end = regions[region_count].start + info->dlpi_phdr[i].p_memsz;
    regions[region_count].is_program = is_program;
    region_count++;
  }
  return 0;
}

int faults_may_fail_allocating(void *address, int includes_program) {
  for (int i = 0; i < region_count; i++) {
    if ((uintptr_t)address >= regions[i].start && (uintptr_t)address < regions[i].end) {
      return includes_program || !regions[i].is_program;
    }
  }
  return 0;
}

int faults_allocations_are_armed(void) {
  return (atomic_load_explicit(&armed, memory_order_relaxed) & FAULTS_ALLOCATE) != 0;
}

int faults_are_available(void) { return 1; }

void faults_hide_renameat2(int hidden) { atomic_store(&renameat2_is_hidden, hidden); }

int faults_renameat2_is_hidden(void) { return atomic_load(&renameat2_is_hidden); }

void faults_arm(unsigned kinds, long call, int error, int action) {
  if (region_count == 0) dl_iterate_phdr(note_code, NULL);
  chosen = call;
  error_number = error;
  chosen_action = action;
  atomic_store(&calls, 0);
  atomic_store(&has_failed, 0);
  atomic_store(&failed_function, "");
  atomic_store(&armed, kinds);
}

long faults_disarm(void) {
  atomic_store(&armed, 0);
  return atomic_load(&calls);
}

const char *faults_failed_function(void) { return atomic_load(&failed_function); }

int faults_decide(unsigned kind, const char *name) {
  if (!(atomic_load_explicit(&armed, memory_order_relaxed) & kind)) return PROCEED;
  long number = atomic_fetch_add(&calls, 1) + 1;
  if (number != chosen && !(chosen_action == FAULTS_FAIL_ONWARDS && chosen > 0 && number > chosen)) {
    return PROCEED;
  }
  if (chosen_action == FAULTS_KILL) kill(getpid(), SIGKILL);
  int is_first = !atomic_exchange(&has_failed, 1);
  if (is_first) atomic_store(&failed_function, name);
  if (is_first && kind == FAULTS_WRITE && chosen_action == FAULTS_FAIL_ONWARDS) return HALVE;
  errno = error_number;
  return FAIL;
}

#else
int faults_are_available(void) { return 0; }
void faults_hide_renameat2(int hidden) { (void)hidden; }
void faults_arm(unsigned kinds, long call, int error, int action) {
  (void)kinds, (void)call, (void)error, (void)action;
}
long faults_disarm(void) { return 0; }
const char *faults_failed_function(void) { return ""; }
#endif
