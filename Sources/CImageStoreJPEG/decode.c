// Decodes by libjpeg-turbo: whole images directly to their destination, and of regions only the
// rows and columns that they need.
#include "errors.h"

#ifdef IMAGE_STORES_JPEG
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/// More passes over an image than any encoder makes; each takes the time of all blocks, however few
/// bytes it has.
#define MOST_SCANS 100
/// How many rows the library is asked for at a time.
#define ROWS 16

struct image_jpeg_decoder {
  struct jpeg_decompress_struct info;
  jpeg_errors errors;
  struct jpeg_progress_mgr progress;
  /// Rows that are not delivered as the library delivers them.
  uint8_t *rows;
  size_t rows_byte_count;
};

static void on_progress(j_common_ptr common) {
  j_decompress_ptr info = (j_decompress_ptr)common;
  if (info->input_scan_number > MOST_SCANS) {
    jpeg_errors_fail((jpeg_errors *)common->err, IMAGE_JPEG_LIMIT, "more than 100 scans");
  }
}

image_jpeg_decoder *image_jpeg_decoder_make(void) {
  image_jpeg_decoder *decoder = calloc(1, sizeof *decoder);
  if (!decoder) return NULL;
  decoder->info.err = jpeg_errors_init(&decoder->errors);
  decoder->progress.progress_monitor = on_progress;
  if (setjmp(decoder->errors.escape)) {
    free(decoder);
    return NULL;
  }
  jpeg_create_decompress(&decoder->info);
  return decoder;
}

void image_jpeg_decoder_free(image_jpeg_decoder *decoder) {
  if (!decoder) return;
  jpeg_destroy_decompress(&decoder->info);
  free(decoder->rows);
  free(decoder);
}

static uint64_t divided_up(uint64_t value, uint64_t by) { return (value + by - 1) / by; }

/// Compares what a header claims with what the file has.
///
/// A block takes at least two bits of Huffman codes in a sequential file, one for its mean and one for its end, and one bit, of its
/// mean, in a progressive one. Arithmetic coding has no such bound: there a million blocks, 64 million samples, are believed of any
/// file, and 64 times what Huffman codes could be.
static void check_size(j_decompress_ptr info, const image_jpeg_request *request, jpeg_errors *errors) {
  uint64_t blocks = 0, padded = 0;
  for (int i = 0; i < info->num_components; i++) {
    const jpeg_component_info *component = info->comp_info + i;
    uint64_t across = divided_up((uint64_t)info->image_width * component->h_samp_factor, 8 * info->max_h_samp_factor);
    uint64_t down = divided_up((uint64_t)info->image_height * component->v_samp_factor, 8 * info->max_v_samp_factor);
    blocks += across * down;
    padded += (across + component->h_samp_factor) * (down + component->v_samp_factor);
  }
  uint64_t most = (uint64_t)request->byte_count * (info->progressive_mode ? 8 : 4);
  if (info->arith_code) most = most * 64 + (1 << 20);
  if (blocks > most) {
    char text[128];
    snprintf(text, sizeof text, "%zu bytes cannot hold %ux%u pixels", request->byte_count, info->image_width,
             info->image_height);
    jpeg_errors_fail(errors, IMAGE_JPEG_CORRUPT, text);
  }
  // Coefficients of the whole image, if it comes in several scans, and rows of it.
  uint64_t memory = padded * sizeof(JBLOCK) + (uint64_t)info->image_width * 1024 + (16 << 20);
  info->mem->max_memory_to_use = memory > LONG_MAX ? LONG_MAX : (long)memory;
}

/// Memory for some rows of `byte_count` bytes each.
static uint8_t *rows_of(image_jpeg_decoder *decoder, size_t byte_count) {
  size_t needed = byte_count * ROWS;
  if (needed > decoder->rows_byte_count) {
    free(decoder->rows);
    decoder->rows_byte_count = 0;
    decoder->rows = malloc(needed);
    if (!decoder->rows) jpeg_errors_fail(&decoder->errors, IMAGE_JPEG_LIMIT, "there is no memory for its rows");
    decoder->rows_byte_count = needed;
  }
  return decoder->rows;
}

/// Inks to colors, as Pillow's convert("RGB") has them. Files have them inverted, as Adobe's programs write them: 255 is no ink.
static void rgb_of_inks(const uint8_t *inks, uint8_t *target, size_t count) {
  for (size_t i = 0; i < count; i++, inks += 4, target += 3) {
    for (int channel = 0; channel < 3; channel++) {
      // Divided by 255 and rounded.
      unsigned product = (unsigned)inks[channel] * inks[3] + 128;
      target[channel] = (uint8_t)((product + (product >> 8)) >> 8);
    }
  }
}

/// Makes the library skip the columns that are not wanted.
///
/// The columns that it delivers begin and end with whole blocks, or within them at a pixel whose
/// color is not interpolated with that of its neighbor: a pixel on each side is also decoded and
/// dropped. And it does not interpolate at all in images of less than 3 samples of color across, so
/// that no less than 8 pixels are decoded if there are as many.
///
/// - Returns: the first column that is delivered.
static JDIMENSION crop(j_decompress_ptr info, const image_jpeg_request *request) {
  if (request->columns == info->output_width) return 0;
  JDIMENSION end = request->column + request->columns;
  end = end < info->output_width ? end + 1 : info->output_width;
  JDIMENSION start = request->column > 0 ? request->column - 1 : 0;
  if (end - start < 8) {
    start = end > 8 ? end - 8 : 0;
    if (end - start < 8) end = info->output_width < 8 ? info->output_width : 8;
  }
  JDIMENSION width = end - start;
  if (width < info->output_width) jpeg_crop_scanline(info, &start, &width);
  return start;
}

static void deliver(image_jpeg_decoder *decoder, const image_jpeg_request *request) {
  j_decompress_ptr info = &decoder->info;
  jpeg_start_decompress(info);
  if (request->columns > info->output_width || request->column > info->output_width - request->columns
      || request->rows > info->output_height || request->row > info->output_height - request->rows) {
    jpeg_errors_fail(&decoder->errors, IMAGE_JPEG_CORRUPT, "a size that changes between reads");
  }
  JDIMENSION start = crop(info, request);
  if (request->row > 0) jpeg_skip_scanlines(info, request->row);
  size_t channels = (size_t)info->output_components;
  size_t stride = (size_t)request->columns * request->channels;
  int is_direct = info->output_width == request->columns && channels == request->channels;
  size_t row_byte_count = info->output_width * channels;
  uint8_t *scratch = is_direct ? NULL : rows_of(decoder, row_byte_count);
  uint32_t *done = &decoder->errors.result.rows;
  while (*done < request->rows) {
    JSAMPROW rows[ROWS];
    uint32_t left = request->rows - *done;
    JDIMENSION count = left < ROWS ? left : ROWS;
    uint8_t *target = request->target + *done * stride;
    for (JDIMENSION k = 0; k < count; k++) {
      rows[k] = is_direct ? target + k * stride : scratch + k * row_byte_count;
    }
    JDIMENSION got = jpeg_read_scanlines(info, rows, count);
    for (JDIMENSION k = 0; k < got && !is_direct; k++, target += stride) {
      const uint8_t *from = rows[k] + (request->column - start) * channels;
      if (channels == request->channels) {
        memcpy(target, from, stride);
      } else {
        rgb_of_inks(from, target, request->columns);
      }
    }
    *done += got;
  }
}

image_jpeg_result image_jpeg_decode(image_jpeg_decoder *decoder, const image_jpeg_request *request) {
  j_decompress_ptr info = &decoder->info;
  jpeg_errors *errors = &decoder->errors;
  jpeg_errors_begin(errors, request->strictness);
  if (setjmp(errors->escape)) {
    // Keeps what does not belong to a single image.
    jpeg_abort_decompress(info);
    return errors->result;
  }
  info->progress = NULL;
  jpeg_mem_src(info, request->bytes, request->byte_count);
  jpeg_read_header(info, TRUE);
  if (info->image_width != request->width || info->image_height != request->height
      || (info->num_components == 1 ? 1 : 3) != request->channels || info->num_components == 2) {
    jpeg_errors_fail(errors, IMAGE_JPEG_CORRUPT, "two headers that contradict each other");
  }
  check_size(info, request, errors);
  info->out_color_space = info->num_components == 1 ? JCS_GRAYSCALE : info->num_components == 3 ? JCS_RGB : JCS_CMYK;
  info->dct_method = JDCT_ISLOW;
  info->do_fancy_upsampling = TRUE;
  info->scale_num = 1;
  info->scale_denom = request->scale;
  if (jpeg_has_multiple_scans(info)) info->progress = &decoder->progress;
  deliver(decoder, request);
  // The bytes after the last row say whether the file is complete; after a region they do not
  // matter.
  if (request->row + request->rows == info->output_height) {
    jpeg_finish_decompress(info);
  } else {
    jpeg_abort_decompress(info);
  }
  return errors->result;
}
#endif
