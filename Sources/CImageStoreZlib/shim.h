#pragma once
#include <zlib.h>

// zlib's initialisers are macros that pass the version and the size of z_stream the caller was
// compiled with; Swift does not import macros with arguments.

static inline int CZlib_inflateInit2(z_stream *stream, int windowBits) {
  return inflateInit2(stream, windowBits);
}

static inline int CZlib_deflateInit2(z_stream *stream, int level, int windowBits, int memLevel,
                                     int strategy) {
  return deflateInit2(stream, level, Z_DEFLATED, windowBits, memLevel, strategy);
}
