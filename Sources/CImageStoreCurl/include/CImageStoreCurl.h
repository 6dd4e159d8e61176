// HTTP by libcurl's multi interface: one thread drives many requests at once. Without the package's
// trait ObjectStorage these functions are declared but not defined.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// A request to a server. Strings are copied; `body` and `target` must stay valid until the
/// transfer is released.
typedef struct {
  /// Handed back with the transfer when it has ended.
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
  /// Whether to open a new connection rather than use one that is already open.
  int opens_connection;
  /// Whether to follow redirections.
  int follows_redirections;
  /// Whether to ignore a proxy that the environment names.
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
  /// The answer's header lines, as received.
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

/// Moves bytes of all transfers, then waits until there is more to do, but no longer than the given
/// time. Returns 0, or libcurl's number.
int image_curl_run(image_curl_multi *multi, int milliseconds);
/// Wakes the thread that waits in `image_curl_run`; may be called from any thread.
void image_curl_wake(image_curl_multi *multi);
/// A transfer that has ended and has not been handed out yet, or NULL.
image_curl_transfer *image_curl_next_ended(image_curl_multi *multi);
image_curl_result image_curl_result_of(const image_curl_transfer *transfer);

/// How many bytes of bodies have been sent and received so far.
size_t image_curl_progress(const image_curl_transfer *transfer);

/// Keeps a signal from ending the process when a server closes a connection of the calling thread.
void image_curl_prepare_thread(void);
/// Seconds since 1970 of a date as HTTP writes it, -1 if it is not one.
int64_t image_curl_date(const char *text);
