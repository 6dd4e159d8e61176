#pragma once
#include <stddef.h>
#include <stdint.h>

/// Turns an image to the way up that an Exif orientation (CIPA DC-008, 4.6.4) says: 1 leaves it, 2 mirrors columns, 3 turns by half, 4 mirrors
/// rows, 5 swaps rows and columns, 6 turns clockwise, 7 swaps them and turns by half, 8 turns counterclockwise.
///
/// `from` has height rows of width pixels; from 5 on, `to` gets width rows of height pixels.
void image_kernels_turn(const uint8_t *from, size_t height, size_t width, size_t pixel_byte_count, unsigned orientation, uint8_t *to);
