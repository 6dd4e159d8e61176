// Encodes by libjpeg-turbo, to memory that is reused.
#include "errors.h"

#ifdef IMAGE_STORES_JPEG
#include <stdlib.h>

struct image_jpeg_encoder {
  struct jpeg_compress_struct info;
  jpeg_errors errors;
  struct jpeg_destination_mgr destination;
  uint8_t *bytes;
  size_t byte_count, capacity;
};

static image_jpeg_encoder *encoder_of(j_compress_ptr info) { return (image_jpeg_encoder *)info->client_data; }

static void on_start(j_compress_ptr info) {
  image_jpeg_encoder *encoder = encoder_of(info);
  encoder->destination.next_output_byte = encoder->bytes;
  encoder->destination.free_in_buffer = encoder->capacity;
}

static boolean on_full(j_compress_ptr info) {
  image_jpeg_encoder *encoder = encoder_of(info);
  // The whole buffer is full, regardless of the counts.
  size_t capacity = encoder->capacity * 2;
  uint8_t *bytes = realloc(encoder->bytes, capacity);
  if (!bytes) jpeg_errors_fail(&encoder->errors, IMAGE_JPEG_LIMIT, "there is no memory for the file");
  encoder->bytes = bytes;
  encoder->destination.next_output_byte = bytes + encoder->capacity;
  encoder->destination.free_in_buffer = capacity - encoder->capacity;
  encoder->capacity = capacity;
  return TRUE;
}

static void on_end(j_compress_ptr info) {
  image_jpeg_encoder *encoder = encoder_of(info);
  encoder->byte_count = encoder->capacity - encoder->destination.free_in_buffer;
}

image_jpeg_encoder *image_jpeg_encoder_make(void) {
  image_jpeg_encoder *encoder = calloc(1, sizeof *encoder);
  if (!encoder) return NULL;
  encoder->capacity = 64 << 10;
  encoder->bytes = malloc(encoder->capacity);
  encoder->info.err = jpeg_errors_init(&encoder->errors);
  if (!encoder->bytes || setjmp(encoder->errors.escape)) {
    free(encoder->bytes);
    free(encoder);
    return NULL;
  }
  jpeg_create_compress(&encoder->info);
  encoder->destination = (struct jpeg_destination_mgr){
      .init_destination = on_start, .empty_output_buffer = on_full, .term_destination = on_end};
  encoder->info.client_data = encoder;
  encoder->info.dest = &encoder->destination;
  return encoder;
}

void image_jpeg_encoder_free(image_jpeg_encoder *encoder) {
  if (!encoder) return;
  jpeg_destroy_compress(&encoder->info);
  free(encoder->bytes);
  free(encoder);
}

image_jpeg_result image_jpeg_encode(image_jpeg_encoder *encoder, const image_jpeg_source *source) {
  j_compress_ptr info = &encoder->info;
  jpeg_errors_begin(&encoder->errors, IMAGE_JPEG_STOPS_NEVER);
  encoder->byte_count = 0;
  if (setjmp(encoder->errors.escape)) {
    jpeg_abort_compress(info);
    return encoder->errors.result;
  }
  info->image_width = source->width;
  info->image_height = source->height;
  info->input_components = (int)source->channels;
  info->in_color_space = source->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(info);
  jpeg_set_quality(info, (int)source->quality, TRUE);
  info->dct_method = JDCT_ISLOW;
  info->optimize_coding = TRUE;
  if (source->channels == 3) {
    info->comp_info[0].h_samp_factor = (int)source->across;
    info->comp_info[0].v_samp_factor = (int)source->down;
  }
  jpeg_start_compress(info, TRUE);
  size_t stride = (size_t)source->width * source->channels;
  while (info->next_scanline < info->image_height) {
    JSAMPROW rows[16];
    JDIMENSION left = info->image_height - info->next_scanline;
    JDIMENSION count = left < 16 ? left : 16;
    // libjpeg's rows are not const, and it does not write to these.
    for (JDIMENSION k = 0; k < count; k++) rows[k] = (JSAMPROW)source->pixels + (info->next_scanline + k) * stride;
    jpeg_write_scanlines(info, rows, count);
  }
  jpeg_finish_compress(info);
  return encoder->errors.result;
}

const uint8_t *image_jpeg_encoder_bytes(const image_jpeg_encoder *encoder) { return encoder->bytes; }
size_t image_jpeg_encoder_byte_count(const image_jpeg_encoder *encoder) { return encoder->byte_count; }
#endif
