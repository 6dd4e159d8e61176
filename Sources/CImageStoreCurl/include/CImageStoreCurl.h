// HTTP by libcurl's multi interface: many requests in progress at once, driven by one thread.
// Without the package's trait ObjectStorage nothing of it is behind these names.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// A request to a server. Text is copied; `body` and `target` must stay until the transfer is
/// released.
typedef struct {
  /// Comes back with the transfer when it has ended.
  uint64_t identifier;
  /// HEAD, GET, PUT, POST or DELETE.
  const char *method;
  const char *url;
  /// Lines of "Name: value", each ended by a line feed.
  const char *headers;
  const uint8_t *body;
  size_t body_count;
  /// Where the answer's body goes, or NULL for memory of the transfer's own. More than `capacity` bytes end the transfer.
  uint8_t *target;
  size_t capacity;
  /// The status whose body is wanted, or 0 for any of 200 to 299.
  long expected_status;
  long connect_milliseconds;
  long total_milliseconds;
  /// Whether a connection that is open already is left alone.
  int opens_connection;
  /// Whether an answer that names another place is followed there.
  int follows_redirections;
  /// Whether a proxy that the environment names is left aside.
  int bypasses_proxy;
  /// A file of certificates, or NULL for the library's own.
  const char *certificates;
} image_curl_request;

/// How a transfer ended. Pointers are valid until it is released.
typedef struct {
  uint64_t identifier;
  /// libcurl's number, 0 if there is an answer.
  int code;
  /// libcurl's message.
  const char *message;
  long status;
  /// Whether the body was longer than the capacity, or longer than the header said it would be.
  int is_too_long;
  /// Whether the status was another success than the one expected; its body was not read.
  int is_unexpected;
  /// The answer's header, its lines as they came.
  const char *header;
  size_t header_count;
  /// The body, in `target` if that was given.
  const uint8_t *body;
  size_t body_count;
  /// The first bytes of the body of an answer whose body is not wanted.
  const char *note;
  size_t note_count;
  /// How many connections were opened for it.
  long connections;
} image_curl_result;

/// Transfers that one thread drives. Belongs to the process that made it.
typedef struct image_curl_multi image_curl_multi;
typedef struct image_curl_transfer image_curl_transfer;

/// NULL if there is no memory.
image_curl_multi *image_curl_multi_make(long connections);
/// Ends all transfers.
void image_curl_multi_free(image_curl_multi *multi);

/// Begins a transfer; NULL if there is no memory.
image_curl_transfer *image_curl_start(image_curl_multi *multi, const image_curl_request *request);
/// Ends a transfer, whether it is in progress or has ended; its memory is reused.
void image_curl_release(image_curl_multi *multi, image_curl_transfer *transfer);

/// Moves bytes of all transfers, then waits until there is more to do, for at most so long. 0, or libcurl's number.
int image_curl_run(image_curl_multi *multi, int milliseconds);
/// Ends the waiting of the thread that is in `image_curl_run`; may be called from any thread.
void image_curl_wake(image_curl_multi *multi);
/// A transfer that has ended and has not been handed out yet, or NULL.
image_curl_transfer *image_curl_next_ended(image_curl_multi *multi);
image_curl_result image_curl_result_of(const image_curl_transfer *transfer);

/// How many bytes of bodies have been sent and received so far.
size_t image_curl_progress(const image_curl_transfer *transfer);

/// Keeps the calling thread from being ended by a signal when a server closes a connection.
void image_curl_prepare_thread(void);
/// Seconds since 1970 of a date as HTTP writes it, -1 if it is not one.
int64_t image_curl_date(const char *text);
