#pragma once
#include <stdint.h>

// Huffman codes as deflate has them (RFC 1951, 3.2.2).

// The lengths of the best codes for counts below 2^23, none over `longest`; 0 if the count is 0.
// There are at most 288 symbols, at least one of which has a count.
__attribute__((visibility("hidden"))) void huffman_lengths(const uint32_t *counts, unsigned symbols,
                                                           unsigned longest, uint8_t *lengths);

// The codes that lengths stand for: the code itself, first bit lowest, and above 16 bits its length.
__attribute__((visibility("hidden"))) void huffman_codes(const uint8_t *lengths, unsigned symbols,
                                                         uint32_t *codes);
