#include "permutation.h"

#define ROUNDS IMAGE_KERNELS_PERMUTATION_ROUNDS

image_kernels_permutation image_kernels_permutation_make(uint64_t count, uint64_t key) {
  image_kernels_permutation p = {.count = count};
  uint64_t root = (uint64_t)__builtin_sqrt((double)count);
  while (root > 0 && root * root > count) root--;
  while (root * root < count) root++;
  p.rows = root < 16 ? 16 : (uint32_t)root;
  uint64_t columns = (count + p.rows - 1) / p.rows;
  p.columns = columns < 16 ? 16 : (uint32_t)columns;
  for (int i = 0; i < ROUNDS; i++) {
    uint64_t word = image_kernels_mix(key + (uint64_t)(i + 1) * 0x9E3779B97F4A7C15u);
    p.addends[i] = (uint32_t)word;
    p.multipliers[i] = (uint32_t)(word >> 32) | 1;
  }
  return p;
}

static inline uint32_t scatter(uint32_t x, uint32_t multiplier, uint32_t addend, uint32_t range) {
  uint32_t h = x * multiplier + addend;
  h = (h ^ (h >> 16)) * 0x9E3779B1u;
  return (uint32_t)(((uint64_t)h * range) >> 32);
}

// Rounds change the row and the column in turn, each by a function of the other.
static uint64_t once(const image_kernels_permutation *p, uint32_t row, uint32_t column) {
  for (int i = 0; i < ROUNDS; i += 2) {
    row += scatter(column, p->multipliers[i], p->addends[i], p->rows);
    if (row >= p->rows) row -= p->rows;
    column += scatter(row, p->multipliers[i + 1], p->addends[i + 1], p->columns);
    if (column >= p->columns) column -= p->columns;
  }
  return (uint64_t)row * p->columns + column;
}

static uint64_t walk(const image_kernels_permutation *p, uint64_t number) {
  while (number >= p->count)
    number = once(p, (uint32_t)(number / p->columns), (uint32_t)(number % p->columns));
  return number;
}

uint64_t image_kernels_permutation_position(const image_kernels_permutation *p, uint64_t number) {
  do {
    uint32_t row = (uint32_t)(number / p->columns), column = (uint32_t)(number % p->columns);
    for (int i = ROUNDS - 2; i >= 0; i -= 2) {
      uint32_t c = scatter(row, p->multipliers[i + 1], p->addends[i + 1], p->columns);
      column = column >= c ? column - c : column + (p->columns - c);
      uint32_t r = scatter(column, p->multipliers[i], p->addends[i], p->rows);
      row = row >= r ? row - r : row + (p->rows - r);
    }
    number = (uint64_t)row * p->columns + column;
  } while (number >= p->count);
  return number;
}

// Positions as rows and columns, stepped by a stride without a division each.
typedef struct {
  uint32_t row, column, row_step, column_step, columns;
} cursor;

static inline void step(cursor *c) {
  c->row += c->row_step;
  c->column += c->column_step;
  if (c->column >= c->columns) {
    c->column -= c->columns;
    c->row++;
  }
}

static size_t permute_portable(
    const image_kernels_permutation *p, cursor *c, int64_t *results, size_t n) {
  for (size_t i = 0; i < n; i++, step(c)) results[i] = (int64_t)walk(p, once(p, c->row, c->column));
  return n;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2"))) static inline __m256i scatter8(
    __m256i x, uint32_t multiplier, uint32_t addend, __m256i range) {
  __m256i h = _mm256_add_epi32(
      _mm256_mullo_epi32(x, _mm256_set1_epi32((int)multiplier)), _mm256_set1_epi32((int)addend));
  h = _mm256_mullo_epi32(
      _mm256_xor_si256(h, _mm256_srli_epi32(h, 16)), _mm256_set1_epi32((int)0x9E3779B1u));
  __m256i even = _mm256_srli_epi64(_mm256_mul_epu32(h, range), 32);
  __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(h, 32), range);
  return _mm256_blend_epi32(even, odd, 0xAA);
}

__attribute__((target("avx2"))) static inline __m256i wrap8(__m256i x, __m256i range) {
  return _mm256_min_epu32(x, _mm256_sub_epi32(x, range));
}

__attribute__((target("avx2"))) static size_t permute_avx2(
    const image_kernels_permutation *p, cursor *c, int64_t *results, size_t n) {
  __m256i rows = _mm256_set1_epi32((int)p->rows), columns = _mm256_set1_epi32((int)p->columns);
  __m256i last = _mm256_set1_epi64x((int64_t)p->count - 1);
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    uint32_t r[8], k[8];
    for (int lane = 0; lane < 8; lane++, step(c)) {
      r[lane] = c->row;
      k[lane] = c->column;
    }
    __m256i row = _mm256_loadu_si256((const __m256i *)r);
    __m256i column = _mm256_loadu_si256((const __m256i *)k);
    for (int round = 0; round < ROUNDS; round += 2) {
      row = wrap8(_mm256_add_epi32(row, scatter8(column, p->multipliers[round], p->addends[round], rows)), rows);
      column = wrap8(
          _mm256_add_epi32(
              column, scatter8(row, p->multipliers[round + 1], p->addends[round + 1], columns)),
          columns);
    }
    __m256i low = _mm256_add_epi64(
        _mm256_mul_epu32(_mm256_cvtepu32_epi64(_mm256_castsi256_si128(row)), columns),
        _mm256_cvtepu32_epi64(_mm256_castsi256_si128(column)));
    __m256i high = _mm256_add_epi64(
        _mm256_mul_epu32(_mm256_cvtepu32_epi64(_mm256_extracti128_si256(row, 1)), columns),
        _mm256_cvtepu32_epi64(_mm256_extracti128_si256(column, 1)));
    _mm256_storeu_si256((__m256i *)(results + i), low);
    _mm256_storeu_si256((__m256i *)(results + i + 4), high);
    __m256i beyond = _mm256_or_si256(_mm256_cmpgt_epi64(low, last), _mm256_cmpgt_epi64(high, last));
    if (_mm256_movemask_epi8(beyond))
      for (int lane = 0; lane < 8; lane++)
        results[i + lane] = (int64_t)walk(p, (uint64_t)results[i + lane]);
  }
  return i;
}
#endif

void image_kernels_permute(
    const image_kernels_permutation *p, uint64_t first, uint64_t stride, int64_t *results, size_t n) {
  cursor c = {
      .row = (uint32_t)(first / p->columns),
      .column = (uint32_t)(first % p->columns),
      .row_step = (uint32_t)(stride / p->columns),
      .column_step = (uint32_t)(stride % p->columns),
      .columns = p->columns};
  size_t done = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) done = permute_avx2(p, &c, results, n);
#endif
  permute_portable(p, &c, results + done, n - done);
}
