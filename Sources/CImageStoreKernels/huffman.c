#include "huffman.h"

#include <stddef.h>
#include <string.h>

enum { MOST_SYMBOLS = 288 };

// Sorts values by the count above their lowest 9 bits, a byte of it at a time.
static uint32_t *sort_by_count(uint32_t *values, uint32_t *other, size_t n, uint32_t largest) {
  for (unsigned shift = 9; largest > 0; shift += 8, largest >>= 8) {
    uint16_t starts[257] = {0};
    for (size_t i = 0; i < n; i++) starts[((values[i] >> shift) & 255) + 1]++;
    for (unsigned b = 0; b < 256; b++) starts[b + 1] += starts[b];
    for (size_t i = 0; i < n; i++) other[starts[(values[i] >> shift) & 255]++] = values[i];
    uint32_t *swap = values;
    values = other;
    other = swap;
  }
  return values;
}

// Replaces counts in ascending order by the depths of their leaves in a Huffman tree, in place
// (A. Moffat and J. Katajainen, "In-place calculation of minimum-redundancy codes", 1995).
static void count_to_depths(uint32_t *a, int n) {
  if (n == 1) {
    a[0] = 1;
    return;
  }
  // Parents: each inner node takes the two smallest of leaves and inner nodes.
  a[0] += a[1];
  int root = 0, leaf = 2;
  for (int next = 1; next < n - 1; next++) {
    if (leaf >= n || a[root] < a[leaf]) {
      a[next] = a[root];
      a[root++] = (uint32_t)next;
    } else {
      a[next] = a[leaf++];
    }
    if (leaf >= n || (root < next && a[root] < a[leaf])) {
      a[next] += a[root];
      a[root++] = (uint32_t)next;
    } else {
      a[next] += a[leaf++];
    }
  }
  // Depths of inner nodes, from the root down.
  a[n - 2] = 0;
  for (int next = n - 3; next >= 0; next--) a[next] = a[a[next]] + 1;
  // Depths of leaves: at each depth, what the inner nodes leave free.
  int available = 1, used = 0, next = n - 1;
  uint32_t depth = 0;
  root = n - 2;
  while (available > 0) {
    while (root >= 0 && a[root] == depth) {
      used++;
      root--;
    }
    while (available > used) {
      a[next--] = depth;
      available--;
    }
    available = 2 * used;
    depth++;
    used = 0;
  }
}

void huffman_lengths(const uint32_t *counts, unsigned symbols, unsigned longest, uint8_t *lengths) {
  uint32_t memory[2][MOST_SYMBOLS];
  unsigned n = 0;
  uint32_t largest = 0;
  memset(lengths, 0, symbols);
  for (unsigned s = 0; s < symbols; s++) {
    if (counts[s] == 0) continue;
    memory[0][n++] = counts[s] << 9 | s;
    if (counts[s] > largest) largest = counts[s];
  }
  uint32_t *sorted = sort_by_count(memory[0], memory[1], n, largest);
  uint32_t *depths = sorted == memory[0] ? memory[1] : memory[0];
  for (unsigned i = 0; i < n; i++) depths[i] = sorted[i] >> 9;
  count_to_depths(depths, (int)n);
  // Codes that are too long are cut, and as many shorter ones made longer as that takes.
  unsigned perLength[16] = {0};
  unsigned total = 0;
  for (unsigned i = 0; i < n; i++) {
    unsigned length = depths[i] < longest ? depths[i] : longest;
    perLength[length]++;
    total += 1u << (longest - length);
  }
  for (; total > 1u << longest; total--) {
    unsigned length = longest - 1;
    while (perLength[length] == 0) length--;
    perLength[length]--;
    perLength[length + 1] += 2;
    perLength[longest]--;
  }
  unsigned i = 0;
  for (unsigned length = longest; length > 0; length--)
    for (unsigned k = perLength[length]; k > 0; k--) lengths[sorted[i++] & 511] = (uint8_t)length;
}

void huffman_codes(const uint8_t *lengths, unsigned symbols, uint32_t *codes) {
  unsigned next[17] = {0};
  unsigned perLength[16] = {0};
  for (unsigned s = 0; s < symbols; s++) perLength[lengths[s]]++;
  perLength[0] = 0;
  for (unsigned length = 1; length < 16; length++)
    next[length + 1] = (next[length] + perLength[length]) << 1;
  for (unsigned s = 0; s < symbols; s++) {
    unsigned length = lengths[s];
    if (length == 0) {
      codes[s] = 0;
      continue;
    }
    uint16_t reversed = (uint16_t)__builtin_bitreverse16((uint16_t)(next[length]++ << (16 - length)));
    codes[s] = reversed | length << 16;
  }
}
