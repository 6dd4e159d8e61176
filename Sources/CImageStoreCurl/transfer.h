#pragma once
#ifdef IMAGE_STORES_CURL
#include "CImageStoreCurl.h"
#include <curl/curl.h>

// CURLOPT_PROTOCOLS_STR came with 7.85; 7.88 is the oldest that is tested.
#if LIBCURL_VERSION_NUM < 0x075800
#error "the trait ObjectStorage needs libcurl 7.88 or later"
#endif

enum { header_limit = 32 << 10, note_limit = 8 << 10 };

struct image_curl_transfer {
  CURL *easy;
  image_curl_transfer *next;
  struct curl_slist *headers;
  uint64_t identifier;
  const uint8_t *body;
  size_t body_count, body_sent;
  uint8_t *target;
  size_t capacity, received;
  /// Memory of our own, if no target was given, and its size.
  uint8_t *own;
  size_t own_size;
  long expected_status, status;
  int has_ended, code, is_too_long, is_unexpected;
  size_t header_count, note_count;
  char header[header_limit], note[note_limit], message[CURL_ERROR_SIZE];
};

/// NULL if there is no memory.
image_curl_transfer *transfer_make(void);
void transfer_free(image_curl_transfer *transfer);
/// Clears the previous request and sets up a new one; 0 if there is no memory.
int transfer_set_up(image_curl_transfer *transfer, const image_curl_request *request);
#endif
