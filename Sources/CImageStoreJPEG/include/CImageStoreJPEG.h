// JPEG by libjpeg-turbo's libjpeg API, in calls that return: libjpeg reports errors by longjmp,
// which must not pass through Swift frames. Without the package's trait JPEG these functions are
// declared but not defined.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// How a call ended.
typedef enum {
  IMAGE_JPEG_OK,
  /// The file contradicts itself or JPEG, or ends too early.
  IMAGE_JPEG_CORRUPT,
  /// The file is legal, and the library does not have what it needs.
  IMAGE_JPEG_UNSUPPORTED,
  /// There is no memory, or it would take more than the header justifies.
  IMAGE_JPEG_LIMIT,
} image_jpeg_status;

/// Which of the library's warnings stop decoding.
typedef enum {
  IMAGE_JPEG_STOPS_NEVER,
  /// Those after which the pixels are not those that were encoded.
  IMAGE_JPEG_STOPS_AT_DAMAGE,
  IMAGE_JPEG_STOPS_AT_ANY,
} image_jpeg_strictness;

/// A request for a file.
typedef struct {
  const uint8_t *bytes;
  size_t byte_count;
  /// The expected format, as stored: the size, and 1 channel for gray, 3 for anything else.
  uint32_t height, width, channels;
  /// 1, 2, 4 or 8: one pixel is delivered for each square with sides of that many pixels.
  uint32_t scale;
  /// The region to deliver, of the scaled image; it is within.
  uint32_t row, column, rows, columns;
  /// rows * columns * channels bytes.
  uint8_t *target;
  image_jpeg_strictness strictness;
} image_jpeg_request;

/// The result.
typedef struct {
  image_jpeg_status status;
  /// How many rows have been delivered, if not all.
  uint32_t rows;
  /// How many warnings there were, and how many of them mean damage.
  uint32_t warnings, damages;
  /// The library's message on the error, or else of the first damage, or else of the first warning.
  char message[208];
} image_jpeg_result;

/// The library's state, reused from image to image; only one thread may use it at a time.
typedef struct image_jpeg_decoder image_jpeg_decoder;

/// NULL if there is no memory, or the library is of another version than its headers.
image_jpeg_decoder *image_jpeg_decoder_make(void);
void image_jpeg_decoder_free(image_jpeg_decoder *decoder);
image_jpeg_result image_jpeg_decode(image_jpeg_decoder *decoder, const image_jpeg_request *request);

/// The image to encode, and how.
typedef struct {
  const uint8_t *pixels;
  /// 1 channel is gray, 3 are RGB.
  uint32_t height, width, channels;
  /// 1 to 100.
  uint32_t quality;
  /// How many pixels have one sample of color, across and down: 1 or 2.
  uint32_t across, down;
} image_jpeg_source;

/// The library's state and the memory of the last file; only one thread may use it at a time.
typedef struct image_jpeg_encoder image_jpeg_encoder;

image_jpeg_encoder *image_jpeg_encoder_make(void);
void image_jpeg_encoder_free(image_jpeg_encoder *encoder);
image_jpeg_result image_jpeg_encode(image_jpeg_encoder *encoder, const image_jpeg_source *source);
/// The file that the last call made; valid until the next.
const uint8_t *image_jpeg_encoder_bytes(const image_jpeg_encoder *encoder);
size_t image_jpeg_encoder_byte_count(const image_jpeg_encoder *encoder);
