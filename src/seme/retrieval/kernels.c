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

/* The first position from `low` on whose row is not below `row`, by galloping. */
static int64_t seek(const int32_t *docs, int64_t low, int64_t n, int64_t row) {
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
    return low;
}

/* The same for candidates alone (ascending rows). */
EXPORT void bm25_add_to(const int32_t *docs, const uint16_t *tfs, int64_t n, const float *norms, float weight,
                        const int32_t *rows, int64_t m, float *scores) {
    int64_t i = 0;
    for (int64_t j = 0; j < m; j++) {
        i = seek(docs, i, n, rows[j]);
        if (i >= n) break;
        if (docs[i] != rows[j]) continue;
        const float tf = tfs[i];
        scores[rows[j]] += weight * (tf / (tf + norms[rows[j]]));
    }
}

/* Put a score into a heap of the k best; heap[0] is the smallest of them. A full heap must be offered larger ones. */
static int64_t keep(float *heap, int64_t size, int64_t k, float s) {
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
    return size;
}

#define BLOCK 8192 /* rows scored at a time: their scores stay in the first-level cache */

/* Rows of a block with score >= edge, ascending. */
WIDE static int64_t above(const float *scores, int64_t n, float edge, int32_t *rows) {
    int64_t found = 0, i = 0;
    for (; i + 32 <= n; i += 32) {
        int any = 0;
        for (int64_t j = 0; j < 32; j++) any |= scores[i + j] >= edge;
        if (!any) continue;
        for (int64_t j = i; j < i + 32; j++)
            if (scores[j] >= edge) rows[found++] = (int32_t)j;
    }
    for (; i < n; i++)
        if (scores[i] >= edge) rows[found++] = (int32_t)i;
    return found;
}

static int64_t drop_below(int32_t *rows, float *scores, int64_t count, float edge) {
    int64_t kept = 0;
    for (int64_t i = 0; i < count; i++)
        if (scores[i] >= edge) {
            rows[kept] = rows[i];
            scores[kept++] = scores[i];
        }
    return kept;
}

/* What the terms so far must have given for the rest (at most `reach`) to lift a row to `edge`; float sums may round. */
static double needed(double edge, double reach) { return edge - reach - 1e-4 * (edge + reach); }

typedef struct {
    const int32_t *docs;  /* rows of all terms' postings */
    const uint16_t *tfs;  /* how often each has the term */
    const float *norms;   /* length normalisation by row */
    int64_t rows;
} postings;

typedef struct {
    int64_t at, stop; /* postings; `at` moves on */
    double weight, reach; /* reach: the most that this term and those after it can add */
} term;

static inline float share(const postings *p, int64_t i, int64_t row) {
    const float tf = p->tfs[i];
    return tf / (tf + p->norms[row]);
}

/* The rows of the k best scores >= least, with all equals of the k-th; -1 if they are more than `room`.
 *
 * Terms stand in the order of adding up. Once the k-th best score exceeds the reach of term `split`, rows without one
 * of the terms before it cannot enter (MaxScore, Turtle and Flood 1995): the postings of the others are then only
 * sought for the rows still within reach. */
EXPORT int64_t bm25_top(const postings *p, term *terms, int64_t m, const uint8_t *allowed, int64_t k, float least,
                        float *heap, int32_t *rows, float *found, int64_t room) {
    const int32_t *docs = p->docs;
    const int64_t n = p->rows;
    float scores[BLOCK];
    int32_t near[BLOCK];
    int64_t size = 0, count = 0, split = m;
    float edge = least;
    for (;;) {
        while (split > 0 && needed(edge, terms[split - 1].reach) > 0) split--;
        int64_t first = n;
        for (term *t = terms; t < terms + split; t++)
            if (t->at < t->stop && docs[t->at] < first) first = docs[t->at];
        if (first >= n) break;
        const int64_t last = first + BLOCK < n ? first + BLOCK : n;
        memset(scores, 0, (size_t)(last - first) * sizeof(float));
        for (term *t = terms; t < terms + split; t++) {
            const float weight = (float)t->weight;
            int64_t i = t->at;
            for (; i < t->stop && docs[i] < last; i++) scores[docs[i] - first] += weight * share(p, i, docs[i]);
            t->at = i;
        }
        const float cut = split < m ? (float)needed(edge, terms[split].reach) : edge;
        const int64_t candidates = above(scores, last - first, cut, near);
        for (term *t = terms + split; t < terms + m && candidates; t++) {
            for (int64_t c = 0; c < candidates; c++) {
                const int64_t row = first + near[c], i = t->at = seek(docs, t->at, t->stop, row);
                if (i >= t->stop) break;
                if (docs[i] == row) scores[near[c]] += (float)t->weight * share(p, i, row);
            }
        }
        for (int64_t c = 0; c < candidates; c++) {
            const int64_t row = first + near[c];
            const float s = scores[near[c]];
            if (s < edge || (allowed && !allowed[row])) continue;
            if (count == room && (count = drop_below(rows, found, count, edge)) == room) return -1;
            rows[count] = (int32_t)row;
            found[count++] = s;
            if (size < k || s > heap[0]) size = keep(heap, size, k, s);
            if (size == k && heap[0] > edge) edge = heap[0];
        }
    }
    return drop_below(rows, found, count, edge);
}

/* The smallest score that belongs to the k best, of rows that are allowed and above `floor`; `heap` has room for k.
 * Returns how many there are, at most k. */
static int64_t best(const float *scores, const uint8_t *allowed, int64_t n, int64_t k, float least, float *heap) {
    int64_t size = 0;
    float edge = least;
    for (int64_t i = 0; i < n; i++) {
        const float s = scores[i];
        if (!(s > edge) || (allowed && !allowed[i])) continue;
        size = keep(heap, size, k, s);
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
