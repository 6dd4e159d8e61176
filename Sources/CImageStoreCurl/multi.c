// Transfers in progress together.
#include "transfer.h"

#ifdef IMAGE_STORES_CURL
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct image_curl_multi {
  CURLM *multi;
  /// Those whose memory and handle wait to be used again, and all others.
  image_curl_transfer *idle;
  image_curl_transfer *used;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void set_up_library(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

image_curl_multi *image_curl_multi_make(long connections) {
  pthread_once(&once, set_up_library);
  image_curl_multi *multi = calloc(1, sizeof *multi);
  if (multi && !(multi->multi = curl_multi_init())) {
    free(multi);
    return NULL;
  }
  if (multi) curl_multi_setopt(multi->multi, CURLMOPT_MAXCONNECTS, connections);
  return multi;
}

static void unlink_from(image_curl_transfer **list, image_curl_transfer *transfer) {
  while (*list && *list != transfer) list = &(*list)->next;
  if (*list) *list = transfer->next;
}

void image_curl_multi_free(image_curl_multi *multi) {
  while (multi->used) image_curl_release(multi, multi->used);
  while (multi->idle) {
    image_curl_transfer *transfer = multi->idle;
    multi->idle = transfer->next;
    transfer_free(transfer);
  }
  curl_multi_cleanup(multi->multi);
  free(multi);
}

image_curl_transfer *image_curl_start(image_curl_multi *multi, const image_curl_request *request) {
  image_curl_transfer *transfer = multi->idle;
  if (transfer) multi->idle = transfer->next;
  else if (!(transfer = transfer_make())) return NULL;
  if (!transfer_set_up(transfer, request) || curl_multi_add_handle(multi->multi, transfer->easy) != CURLM_OK) {
    transfer_free(transfer);
    return NULL;
  }
  transfer->next = multi->used;
  multi->used = transfer;
  return transfer;
}

void image_curl_release(image_curl_multi *multi, image_curl_transfer *transfer) {
  curl_multi_remove_handle(multi->multi, transfer->easy);
  unlink_from(&multi->used, transfer);
  // Rarely requested data, such as an index, is not kept.
  if (transfer->own_size > 1 << 20) {
    free(transfer->own);
    transfer->own = NULL;
    transfer->own_size = 0;
  }
  transfer->next = multi->idle;
  multi->idle = transfer;
}

int image_curl_run(image_curl_multi *multi, int milliseconds) {
  int running;
  CURLMcode code = curl_multi_perform(multi->multi, &running);
  if (code != CURLM_OK) return code;
  CURLMsg *message;
  int left, ended = 0;
  while ((message = curl_multi_info_read(multi->multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    image_curl_transfer *transfer = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
    transfer->code = message->data.result;
    transfer->has_ended = 1;
    ended++;
  }
  if (ended) return 0;
  return curl_multi_poll(multi->multi, NULL, 0, milliseconds, NULL);
}

void image_curl_wake(image_curl_multi *multi) { curl_multi_wakeup(multi->multi); }

image_curl_transfer *image_curl_next_ended(image_curl_multi *multi) {
  for (image_curl_transfer *transfer = multi->used; transfer; transfer = transfer->next)
    if (transfer->has_ended == 1) {
      transfer->has_ended = 2;
      return transfer;
    }
  return NULL;
}

image_curl_result image_curl_result_of(const image_curl_transfer *transfer) {
  image_curl_result result = {
    .identifier = transfer->identifier,
    .code = transfer->code,
    .message = transfer->message[0] ? transfer->message : curl_easy_strerror((CURLcode)transfer->code),
    .is_too_long = transfer->is_too_long,
    .is_unexpected = transfer->is_unexpected,
    .header = transfer->header,
    .header_count = transfer->header_count,
    .body = transfer->target ? transfer->target : transfer->own,
    .body_count = transfer->received,
    .note = transfer->note,
    .note_count = transfer->note_count,
  };
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &result.status);
  curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &result.connections);
  return result;
}

size_t image_curl_progress(const image_curl_transfer *transfer) { return transfer->received + transfer->body_sent; }

void image_curl_prepare_thread(void) {
  // TLS libraries write to sockets in ways that raise it, and it ends a process that has no handler.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int64_t image_curl_date(const char *text) { return curl_getdate(text, NULL); }
#else
typedef int image_stores_without_curl;
#endif
