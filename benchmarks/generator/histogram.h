/* Latencies, in buckets that are at most 3 % wide. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H
#include <stdint.h>

enum { HISTOGRAM_SUB = 64, HISTOGRAM_BUCKETS = 40 * HISTOGRAM_SUB };

typedef struct {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
    int64_t max;
} Histogram;

/* Add one value, in nanoseconds. */
static inline void histogram_add(Histogram *histogram, int64_t nanoseconds) {
    uint64_t value = nanoseconds < 0 ? 0 : (uint64_t)nanoseconds >> 8;
    unsigned shift = value < HISTOGRAM_SUB ? 0 : 58u - (unsigned)__builtin_clzll(value);
    unsigned index = shift == 0 ? (unsigned)value : shift * (HISTOGRAM_SUB / 2) + (unsigned)(value >> shift);
    histogram->counts[index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1]++;
    histogram->total++;
    if (nanoseconds > histogram->max) histogram->max = nanoseconds;
}

/* The value, in milliseconds, that the given share of all values does not exceed; -1 without values. */
double histogram_at(const Histogram *histogram, double share);
#endif
