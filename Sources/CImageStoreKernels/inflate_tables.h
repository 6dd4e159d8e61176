#pragma once
#include <stdbool.h>
#include <stdint.h>

// Tables that decode Huffman codes (RFC 1951, 3.2.2), looked up with the next bits of the stream,
// first bit lowest. An entry has in bits 0-7 how many bits to take, extra bits included; in bits
// 8-11 the length of the code alone; from 16 a value. Codes longer than the table's bits continue
// in a second table, to which an entry with ENTRY_LINK leads: its value is where that begins, bits
// 8-11 its bits.

enum {
  ENTRY_LITERAL = 1 << 15,
  // One of the next three is set too.
  ENTRY_SPECIAL = 1 << 14,
  ENTRY_LINK = 1 << 13,
  ENTRY_END = 1 << 12,

  LITERAL_TABLE_BITS = 10,
  DISTANCE_TABLE_BITS = 8,
  HEADER_TABLE_BITS = 7,
  // Second tables of b bits hold at least b + 1 codes, so 288 codes need at most 288 * 32 / 6
  // entries in those of the literals, and 32 codes 32 * 128 / 8 in those of the distances.
  LITERAL_TABLE_SIZE = (1 << LITERAL_TABLE_BITS) + 1536,
  DISTANCE_TABLE_SIZE = (1 << DISTANCE_TABLE_BITS) + 512,
  HEADER_TABLE_SIZE = 1 << HEADER_TABLE_BITS,

  MOST_CODE_LENGTHS = 288 + 32,
};

typedef struct {
  uint32_t literals[LITERAL_TABLE_SIZE];
  uint32_t distances[DISTANCE_TABLE_SIZE];
  uint32_t header[HEADER_TABLE_SIZE];
  uint8_t lengths[MOST_CODE_LENGTHS];
} inflate_tables;

typedef enum { TABLE_LITERALS, TABLE_DISTANCES, TABLE_HEADER } inflate_table_kind;

// Makes a table of code lengths. False if no code has such lengths: more codes than fit, or fewer,
// save for a single one of one bit and, for distances, none at all.
__attribute__((visibility("hidden"))) bool inflate_make_table(uint32_t *table, inflate_table_kind kind,
                                                              const uint8_t *lengths,
                                                              unsigned symbols);
