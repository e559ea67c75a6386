/* The inner loops of the indexes: plain C, no Python objects, called through ctypes (which releases the GIL).
 *
 * Every function has a NumPy twin in kernels.py; tests hold the two together. On x86-64 with GCC each loop is compiled
 * for several instruction sets and the right one is taken when the library is loaded, so that no processor meets an
 * instruction that it does not have.
 */
#include <Python.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#define POPCOUNT __attribute__((target_clones("arch=icelake-server", "avx2", "popcnt", "default")))
#else
#define WIDE
#define POPCOUNT
#endif

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* scores[doc] += weight * tf / (tf + norm[doc]) over one posting list. */
EXPORT void bm25_add(const int32_t *docs, const uint16_t *tfs, int64_t n, const float *norms, float weight,
                     float *scores) {
    for (int64_t i = 0; i < n; i++) {
        const float tf = tfs[i];
        scores[docs[i]] += weight * (tf / (tf + norms[docs[i]]));
    }
}

/* The same for candidates alone (ascending rows), found in the posting list by galloping. */
EXPORT void bm25_add_to(const int32_t *docs, const uint16_t *tfs, int64_t n, const float *norms, float weight,
                        const int32_t *rows, int64_t m, float *scores) {
    int64_t low = 0;
    for (int64_t j = 0; j < m && low < n; j++) {
        const int32_t row = rows[j];
        int64_t step = 1, high = low;
        while (high < n && docs[high] < row) {
            low = high + 1;
            high += step;
            step <<= 1;
        }
        if (high > n) high = n;
        while (low < high) {
            const int64_t middle = low + (high - low) / 2;
            if (docs[middle] < row) low = middle + 1; else high = middle;
        }
        if (low < n && docs[low] == row) {
            const float tf = tfs[low];
            scores[row] += weight * (tf / (tf + norms[row]));
        }
    }
}

/* The smallest score that belongs to the k best, of rows that are allowed and above `floor`; `heap` has room for k.
 * Returns how many there are, at most k. */
static int64_t best(const float *scores, const uint8_t *allowed, int64_t n, int64_t k, float least, float *heap) {
    int64_t size = 0;
    float edge = least;
    for (int64_t i = 0; i < n; i++) {
        const float s = scores[i];
        if (!(s > edge) || (allowed && !allowed[i])) continue;
        int64_t hole;
        if (size < k) {
            hole = size++;
            while (hole > 0 && heap[(hole - 1) / 2] > s) {
                heap[hole] = heap[(hole - 1) / 2];
                hole = (hole - 1) / 2;
            }
        } else {
            hole = 0;
            for (;;) {
                int64_t child = 2 * hole + 1;
                if (child >= size) break;
                if (child + 1 < size && heap[child + 1] < heap[child]) child++;
                if (heap[child] >= s) break;
                heap[hole] = heap[child];
                hole = child;
            }
        }
        heap[hole] = s;
        if (size == k) edge = heap[0];
    }
    return size;
}

EXPORT int64_t kth_best(const float *scores, const uint8_t *allowed, int64_t n, int64_t k, float least, float *heap) {
    return best(scores, allowed, n, k, least, heap);
}

/* Rows with score >= edge that are allowed; returns how many, and writes at most `room` of them. */
EXPORT int64_t rows_from(const float *scores, const uint8_t *allowed, int64_t n, float edge, int32_t *rows, int64_t room) {
    int64_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        if (scores[i] >= edge && (!allowed || allowed[i])) {
            if (found < room) rows[found] = (int32_t)i;
            found++;
        }
    }
    return found;
}

WIDE static void dots(const float *vectors, int64_t n, int64_t dim, const float *query, float *scores) {
    for (int64_t i = 0; i < n; i++) {
        const float *v = vectors + i * dim;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t j = 0; j < dim; j++) sum += v[j] * query[j];
        scores[i] = sum;
    }
}

EXPORT void dot_float32(const float *vectors, int64_t n, int64_t dim, const float *query, float *scores) {
    dots(vectors, n, dim, query, scores);
}

WIDE static void dots8(const int8_t *codes, const float *scales, int64_t n, int64_t dim, const float *query, float *scores) {
    for (int64_t i = 0; i < n; i++) {
        const int8_t *v = codes + i * dim;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t j = 0; j < dim; j++) sum += (float)v[j] * query[j];
        scores[i] = sum * scales[i];
    }
}

EXPORT void dot_int8(const int8_t *codes, const float *scales, int64_t n, int64_t dim, const float *query, float *scores) {
    dots8(codes, scales, n, dim, query, scores);
}

POPCOUNT static void distances(const uint64_t *codes, int64_t n, int64_t words, const uint64_t *query, uint16_t *out) {
    for (int64_t i = 0; i < n; i++) {
        const uint64_t *v = codes + i * words;
        int64_t sum = 0;
        for (int64_t j = 0; j < words; j++) sum += __builtin_popcountll(v[j] ^ query[j]);
        out[i] = (uint16_t)sum;
    }
}

EXPORT void hamming(const uint64_t *codes, int64_t n, int64_t words, const uint64_t *query, uint16_t *out) {
    distances(codes, n, words, query, out);
}

/* The rows of the m smallest distances (all of the last distance that fit), ascending rows. */
EXPORT int64_t nearest_codes(const uint16_t *distance, const uint8_t *allowed, int64_t n, int64_t largest, int64_t m,
                             int64_t *histogram, int32_t *rows) {
    memset(histogram, 0, (size_t)(largest + 1) * sizeof(int64_t));
    for (int64_t i = 0; i < n; i++)
        if (!allowed || allowed[i]) histogram[distance[i]]++;
    int64_t edge = 0, below = 0;
    while (edge < largest && below + histogram[edge] <= m) below += histogram[edge++];
    int64_t at_edge = m - below, found = 0;
    for (int64_t i = 0; i < n; i++) {
        if (distance[i] > edge || (allowed && !allowed[i])) continue;
        if (distance[i] == edge && at_edge-- <= 0) continue;
        rows[found++] = (int32_t)i;
    }
    return found;
}

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_kernels", "Inner loops, called through ctypes.", -1, NULL};

PyMODINIT_FUNC PyInit__kernels(void) { return PyModule_Create(&module); }
