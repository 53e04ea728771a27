#include "histogram.h"

double histogram_at(const Histogram *histogram, double share) {
    if (histogram->total == 0) return -1;
    uint64_t wanted = (uint64_t)(share * (double)histogram->total), seen = 0;
    if (wanted >= histogram->total) return (double)histogram->max / 1e6;
    for (unsigned index = 0; index < HISTOGRAM_BUCKETS; index++) {
        seen += histogram->counts[index];
        if (seen > wanted) {
            unsigned shift = index < HISTOGRAM_SUB ? 0 : index / (HISTOGRAM_SUB / 2) - 1;
            uint64_t value = shift == 0 ? index : (uint64_t)(index - shift * (HISTOGRAM_SUB / 2)) << shift;
            return (double)(value << 8) / 1e6;
        }
    }
    return (double)histogram->max / 1e6;
}
