// libjpeg's messages, as results.
#include "errors.h"

#ifdef IMAGE_STORES_JPEG
#include <jerror.h>
#include <string.h>

static image_jpeg_status status_of(int code) {
  switch (code) {
  case JERR_OUT_OF_MEMORY:
  case JERR_NO_BACKING_STORE:
  case JERR_WIDTH_OVERFLOW:
  case JERR_IMAGE_TOO_BIG: return IMAGE_JPEG_LIMIT;
  case JERR_ARITH_NOTIMPL:
  case JERR_BAD_PRECISION:
  case JERR_BAD_LIB_VERSION:
  case JERR_BAD_STRUCT_SIZE:
  case JERR_CCIR601_NOTIMPL:
  case JERR_CONVERSION_NOTIMPL:
  case JERR_FRACT_SAMPLE_NOTIMPL:
  case JERR_NOT_COMPILED:
  case JERR_NOTIMPL:
  case JERR_SOF_UNSUPPORTED: return IMAGE_JPEG_UNSUPPORTED;
  default: return IMAGE_JPEG_CORRUPT;
  }
}

/// Whether the pixels are still those that were encoded, in spite of a warning.
static int is_harmless(int code) {
  switch (code) {
  case JWRN_ADOBE_XFORM:
  case JWRN_EXTRANEOUS_DATA:
  case JWRN_JFIF_MAJOR:
  case JWRN_NOT_SEQUENTIAL: return 1;
  default: return 0;
  }
}

static jpeg_errors *errors_of(j_common_ptr info) { return (jpeg_errors *)info->err; }

static void say(j_common_ptr info, jpeg_errors *errors) {
  char text[JMSG_LENGTH_MAX];
  (*info->err->format_message)(info, text);
  snprintf(errors->result.message, sizeof errors->result.message, "%s", text);
}

static void on_error(j_common_ptr info) {
  jpeg_errors *errors = errors_of(info);
  say(info, errors);
  errors->result.status = status_of(info->err->msg_code);
  longjmp(errors->escape, 1);
}

static void on_message(j_common_ptr info, int level) {
  // The others are traces.
  if (level >= 0) return;
  jpeg_errors *errors = errors_of(info);
  int is_damage = !is_harmless(info->err->msg_code);
  if (errors->result.warnings == 0 || (is_damage && errors->result.damages == 0)) say(info, errors);
  if (errors->result.warnings < UINT32_MAX) errors->result.warnings++;
  if (is_damage && errors->result.damages < UINT32_MAX) errors->result.damages++;
  if (errors->strictness >= (is_damage ? IMAGE_JPEG_STOPS_AT_DAMAGE : IMAGE_JPEG_STOPS_AT_ANY)) {
    errors->result.status = IMAGE_JPEG_CORRUPT;
    longjmp(errors->escape, 1);
  }
}

static void on_output(j_common_ptr info) { (void)info; }

struct jpeg_error_mgr *jpeg_errors_init(jpeg_errors *errors) {
  struct jpeg_error_mgr *manager = jpeg_std_error(&errors->manager);
  manager->error_exit = on_error;
  manager->emit_message = on_message;
  manager->output_message = on_output;
  return manager;
}

void jpeg_errors_begin(jpeg_errors *errors, image_jpeg_strictness strictness) {
  errors->manager.num_warnings = 0;
  errors->manager.msg_code = 0;
  errors->strictness = strictness;
  memset(&errors->result, 0, sizeof errors->result);
}

void jpeg_errors_fail(jpeg_errors *errors, image_jpeg_status status, const char *message) {
  errors->result.status = status;
  snprintf(errors->result.message, sizeof errors->result.message, "%s", message);
  longjmp(errors->escape, 1);
}
#else
typedef int image_stores_without_jpeg;
#endif
