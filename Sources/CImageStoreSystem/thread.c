#define _GNU_SOURCE  // declares pthread_setname_np
#include "CImageStoreSystem.h"
#include <pthread.h>

#if defined(__APPLE__)
void image_stores_name_thread(const char *name) { pthread_setname_np(name); }
#elif defined(__linux__)
void image_stores_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
#else
void image_stores_name_thread(const char *name) { (void)name; }
#endif
