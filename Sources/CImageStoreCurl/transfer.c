// One request and its answer.
#include "transfer.h"

#ifdef IMAGE_STORES_CURL
#include <stdlib.h>
#include <string.h>
#include <strings.h>

image_curl_transfer *transfer_make(void) {
  image_curl_transfer *transfer = calloc(1, sizeof *transfer);
  if (transfer && !(transfer->easy = curl_easy_init())) {
    free(transfer);
    return NULL;
  }
  return transfer;
}

void transfer_free(image_curl_transfer *transfer) {
  curl_easy_cleanup(transfer->easy);
  curl_slist_free_all(transfer->headers);
  free(transfer->own);
  free(transfer);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context) {
  image_curl_transfer *transfer = context;
  size_t length = size * count;
  // Another answer begins: after a redirection, or after 100.
  if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
    transfer->header_count = 0;
    transfer->status = 0;
  }
  // A header beyond the limit does not belong to any answer that we ask for.
  if (length <= header_limit - transfer->header_count) {
    memcpy(transfer->header + transfer->header_count, bytes, length);
    transfer->header_count += length;
  }
  return length;
}

/// Whether there is room for this many bytes in total.
static int has_room(image_curl_transfer *transfer, size_t count) {
  if (count > transfer->capacity) {
    transfer->is_too_long = 1;
    return 0;
  }
  if (transfer->target || count <= transfer->own_size) return 1;
  size_t size = transfer->own_size < 4096 ? 4096 : transfer->own_size * 2;
  if (size < count) size = count;
  if (size > transfer->capacity) size = transfer->capacity;
  uint8_t *own = realloc(transfer->own, size);
  if (!own) return 0;
  transfer->own = own;
  transfer->own_size = size;
  return 1;
}

/// Called for the first bytes of a body.
static int begin_body(image_curl_transfer *transfer) {
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->status);
  if (transfer->status < 200 || transfer->status > 299) return 1;
  if (transfer->expected_status && transfer->status != transfer->expected_status) {
    transfer->is_unexpected = 1;
    return 0;
  }
  curl_off_t length = -1;
  curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (length < 0) return 1;
  // Memory is allocated once, and not at all for a body that is too long.
  return has_room(transfer, (uint64_t)length > SIZE_MAX ? SIZE_MAX : (size_t)length);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
  image_curl_transfer *transfer = context;
  size_t length = size * count;
  if (transfer->status == 0 && !begin_body(transfer)) return 0;
  if (transfer->status < 200 || transfer->status > 299) {
    size_t room = note_limit - transfer->note_count;
    size_t kept = length < room ? length : room;
    memcpy(transfer->note + transfer->note_count, bytes, kept);
    transfer->note_count += kept;
    return length;
  }
  if (!has_room(transfer, transfer->received + length)) return 0;
  memcpy((transfer->target ? transfer->target : transfer->own) + transfer->received, bytes, length);
  transfer->received += length;
  return length;
}

static size_t on_read(char *bytes, size_t size, size_t count, void *context) {
  image_curl_transfer *transfer = context;
  size_t room = size * count, left = transfer->body_count - transfer->body_sent;
  size_t length = left < room ? left : room;
  if (length) memcpy(bytes, transfer->body + transfer->body_sent, length);
  transfer->body_sent += length;
  return length;
}

static int on_seek(void *context, curl_off_t offset, int origin) {
  image_curl_transfer *transfer = context;
  if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > transfer->body_count) return CURL_SEEKFUNC_FAIL;
  transfer->body_sent = (size_t)offset;
  return CURL_SEEKFUNC_OK;
}

/// Splits lines; 0 if there is no memory.
static int set_headers(image_curl_transfer *transfer, const char *lines) {
  curl_slist_free_all(transfer->headers);
  // Bodies are sent at once: the answer to a question would take as long as most of them.
  if (!(transfer->headers = curl_slist_append(NULL, "Expect:"))) return 0;
  char *copy = strdup(lines), *rest = copy;
  int is_done = copy != NULL;
  for (char *line; is_done && (line = strsep(&rest, "\n"));)
    if (*line) is_done = curl_slist_append(transfer->headers, line) != NULL;
  free(copy);
  return is_done;
}

static void set_method(image_curl_transfer *transfer, const char *method) {
  CURL *easy = transfer->easy;
  if (strcmp(method, "HEAD") == 0) {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (strcmp(method, "PUT") == 0) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)transfer->body_count);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
  } else if (strcmp(method, "POST") == 0) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body_count);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body_count ? (const char *)transfer->body : "");
  } else if (strcmp(method, "GET") != 0) {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  }
}

int transfer_set_up(image_curl_transfer *transfer, const image_curl_request *request) {
  CURL *easy = transfer->easy;
  curl_easy_reset(easy);
  transfer->identifier = request->identifier;
  transfer->body = request->body;
  transfer->body_count = request->body_count;
  transfer->target = request->target;
  transfer->capacity = request->capacity;
  transfer->expected_status = request->expected_status;
  transfer->body_sent = transfer->received = transfer->header_count = transfer->note_count = 0;
  transfer->status = 0;
  transfer->has_ended = transfer->code = transfer->is_too_long = transfer->is_unexpected = 0;
  transfer->message[0] = 0;
  if (!set_headers(transfer, request->headers)) return 0;
  set_method(transfer, request->method);
  if (curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK) return 0;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "swift-image-stores");
  // A key may have "..", which is not a folder there.
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  // One request per connection, so that a stalled request does not hold up others.
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  int is_encrypted = strncasecmp(request->url, "https:", 6) == 0;
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, is_encrypted ? "https" : "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request->follows_redirections ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request->connect_milliseconds);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->total_milliseconds);
  if (request->opens_connection) curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  if (request->bypasses_proxy) curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  if (request->certificates) curl_easy_setopt(easy, CURLOPT_CAINFO, request->certificates);
  return 1;
}
#else
typedef int image_stores_without_curl_transfer;
#endif
