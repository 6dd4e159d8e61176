#pragma once
#ifdef IMAGE_STORES_JPEG
#include "CImageStoreJPEG.h"
#include <setjmp.h>
#include <stdio.h>
#include <jpeglib.h>

// Regions need jpeg_crop_scanline and jpeg_skip_scanlines, which libjpeg and its version 9 do not have.
#ifndef LIBJPEG_TURBO_VERSION_NUMBER
#error "the trait JPEG needs libjpeg-turbo (libjpeg-dev, jpeg-turbo), and this is another libjpeg"
#endif

/// The library's error manager, with the place to return to on an error, and the messages so far.
typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf escape;
  image_jpeg_strictness strictness;
  image_jpeg_result result;
} jpeg_errors;

/// Sets up an error manager. It prints nothing; an error goes to `escape`, where setjmp must have been called.
struct jpeg_error_mgr *jpeg_errors_init(jpeg_errors *errors);
/// Clears the messages.
void jpeg_errors_begin(jpeg_errors *errors, image_jpeg_strictness strictness);
/// Ends with a message of our own.
void jpeg_errors_fail(jpeg_errors *errors, image_jpeg_status status, const char *message) __attribute__((noreturn));
#endif
