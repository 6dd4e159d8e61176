// Reads ranges of an object at random with libcurl's multi interface and nothing else: what a client can reach at best.
//
//     cc -O2 range_reads.c -lcurl -o range_reads && ./range_reads URL SIZE CONNECTIONS
//
// The URL has its signature in its query. Each line of standard input is "RANGE REQUESTS", each of standard output the seconds of the
// processor and of the clock, and the bytes.
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  CURL *easy;
  char *memory;
  size_t received, capacity;
  char range[64];
} Block;

static double seconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static size_t receive(char *bytes, size_t size, size_t count, void *context) {
  Block *block = context;
  size_t length = size * count;
  if (length > block->capacity - block->received) return 0;
  memcpy(block->memory + block->received, bytes, length);
  block->received += length;
  return length;
}

static void fail(const char *what) {
  fprintf(stderr, "range_reads: %s\n", what);
  exit(1);
}

static void begin(CURLM *multi, Block *block, uint64_t *random, size_t size) {
  *random = *random * 6364136223846793005u + 1442695040888963407u;
  size_t first = (*random >> 33) % (size - block->capacity + 1);
  snprintf(block->range, sizeof block->range, "%zu-%zu", first, first + block->capacity - 1);
  block->received = 0;
  curl_easy_setopt(block->easy, CURLOPT_RANGE, block->range);
  curl_multi_add_handle(multi, block->easy);
}

int main(int count, char **arguments) {
  if (count != 4) fail("usage: range_reads URL SIZE CONNECTIONS");
  size_t size = strtoull(arguments[2], NULL, 10);
  int connections = atoi(arguments[3]);
  curl_global_init(CURL_GLOBAL_ALL);
  CURLM *multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)connections);
  Block *blocks = calloc(connections, sizeof *blocks);
  for (int index = 0; index < connections; index++) {
    CURL *easy = blocks[index].easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, arguments[1]);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &blocks[index]);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &blocks[index]);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 512L << 10);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  }
  size_t range;
  int requests;
  while (scanf("%zu %d", &range, &requests) == 2) {
    for (int index = 0; index < connections; index++) {
      blocks[index].capacity = range;
      if (!(blocks[index].memory = realloc(blocks[index].memory, range))) fail("no memory");
    }
    double processor = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    uint64_t random = 1;
    int begun = 0, done = 0;
    for (; begun < connections && begun < requests; begun++) begin(multi, &blocks[begun], &random, size);
    while (done < requests) {
      int running, left;
      CURLMsg *message;
      curl_multi_perform(multi, &running);
      while ((message = curl_multi_info_read(multi, &left))) {
        Block *block;
        long status = 0;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&block);
        curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
        if (message->data.result != CURLE_OK || status != 206 || block->received != range) fail("a request failed");
        curl_multi_remove_handle(multi, block->easy);
        if (++done, begun < requests) begin(multi, block, &random, size), begun++;
      }
      if (done < requests) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    printf("%.6f %.6f %zu\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - processor, seconds(CLOCK_MONOTONIC) - wall, range * requests);
    fflush(stdout);
  }
  return 0;
}
