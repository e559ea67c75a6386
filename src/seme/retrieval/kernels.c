/* The inner loops of the indexes: plain C, no Python objects, called through ctypes (which releases the GIL).
 *
 * Every function has a NumPy twin in kernels.py; tests hold the two together. On x86-64 with GCC each loop is compiled
 * for several instruction sets and the right one is taken when the library is loaded, so that no processor meets an
 * instruction that it does not have.
 */
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* SEME_PORTABLE is for the tests: the loops as other processors get them. */
#if defined(__x86_64__) && defined(__GNUC__) && defined(__linux__) && !defined(SEME_PORTABLE)
#include <immintrin.h>
#define X86 1
#endif

#if defined(X86) && !defined(__clang__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#define INTEGERS __attribute__((target_clones("arch=icelake-server", "avx2", "default")))
#else
#define WIDE
#define INTEGERS
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
#define SPARSE 4   /* where postings name fewer rows than 1 in so many, those are read, rather than all scores */

#if defined(__GNUC__)
#define lowest(bits) __builtin_ctzll(bits)
#else
static int lowest(uint64_t bits) {
    int at = 0;
    while (!(bits >> at & 1)) at++;
    return at;
}
#endif

/* Rows of a block with score >= edge, ascending. Compilers make nothing good of a comparison that should give a bit
 * mask, hence by hand where the processor has one. */
#ifdef X86
static int64_t bits_to_rows(uint32_t hits, int64_t first, int32_t *rows) {
    int64_t found = 0;
    for (; hits; hits &= hits - 1) rows[found++] = (int32_t)(first + __builtin_ctz(hits));
    return found;
}

__attribute__((target("avx512f"))) static int64_t above_512(const float *scores, int64_t n, float edge, int32_t *rows) {
    const __m512 least = _mm512_set1_ps(edge);
    int64_t found = 0;
    for (int64_t i = 0; i < n; i += 32) {
        const uint32_t low = _mm512_cmp_ps_mask(_mm512_loadu_ps(scores + i), least, _CMP_GE_OQ);
        const uint32_t high = _mm512_cmp_ps_mask(_mm512_loadu_ps(scores + i + 16), least, _CMP_GE_OQ);
        found += bits_to_rows(low | high << 16, i, rows + found);
    }
    return found;
}

static int64_t above_128(const float *scores, int64_t n, float edge, int32_t *rows) {
    const __m128 least = _mm_set1_ps(edge);
    int64_t found = 0;
    for (int64_t i = 0; i < n; i += 32) {
        uint32_t hits = 0;
        for (int64_t j = 0; j < 32; j += 4)
            hits |= (uint32_t)_mm_movemask_ps(_mm_cmpge_ps(_mm_loadu_ps(scores + i + j), least)) << j;
        found += bits_to_rows(hits, i, rows + found);
    }
    return found;
}

static int64_t above(const float *scores, int64_t n, float edge, int32_t *rows) {
    const int64_t whole = n & ~(int64_t)31;
    int64_t found = __builtin_cpu_supports("avx512f") ? above_512(scores, whole, edge, rows)
                                                      : above_128(scores, whole, edge, rows);
    for (int64_t i = whole; i < n; i++)
        if (scores[i] >= edge) rows[found++] = (int32_t)i;
    return found;
}
#else
static int64_t above(const float *scores, int64_t n, float edge, int32_t *rows) {
    int64_t found = 0;
    for (int64_t i = 0; i < n; i += 32) {
        const int64_t stop = i + 32 < n ? i + 32 : n;
        int any = 0;
        for (int64_t j = i; j < stop; j++) any |= scores[j] >= edge;
        for (int64_t j = i; any && j < stop; j++)
            if (scores[j] >= edge) rows[found++] = (int32_t)j;
    }
    return found;
}
#endif

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
    double weight, reach; /* reach: the most that this term adds; and, once summed up, with those after it */
} term;

typedef struct {
    int64_t k, size; /* heap[0..size) are the best scores so far, at most k */
    int64_t count, room; /* hits; `room` is how many there is place for */
    float edge; /* lower scores cannot enter */
    float *heap, *scores;
    int32_t *rows, *segments;
} ranking;

static void drop_below_edge(ranking *r) {
    int64_t kept = 0;
    for (int64_t i = 0; i < r->count; i++)
        if (r->scores[i] >= r->edge) {
            r->rows[kept] = r->rows[i];
            r->segments[kept] = r->segments[i];
            r->scores[kept++] = r->scores[i];
        }
    r->count = kept;
}

/* Enter a row into the ranking; 0 if there is no place for it. */
static int enter(ranking *r, int64_t segment, int64_t row, float score) {
    if (score < r->edge) return 1;
    if (r->count == r->room) drop_below_edge(r);
    if (r->count == r->room) return 0;
    r->segments[r->count] = (int32_t)segment;
    r->rows[r->count] = (int32_t)row;
    r->scores[r->count++] = score;
    if (r->size < r->k || score > r->heap[0]) r->size = keep(r->heap, r->size, r->k, score);
    if (r->size == r->k && r->heap[0] > r->edge) r->edge = r->heap[0];
    return 1;
}

static inline float share(const postings *p, int64_t i, int64_t row) {
    const float tf = p->tfs[i];
    return tf / (tf + p->norms[row]);
}

#define CHUNK 256 /* postings whose shares are computed side by side */

WIDE static void weighted(const int32_t *docs, const uint16_t *tfs, const float *norms, float weight, int64_t n,
                          float *out) {
    for (int64_t i = 0; i < n; i++) {
        const float tf = tfs[i];
        out[i] = weight * (tf / (tf + norms[docs[i]]));
    }
}

/* Add postings to the scores of a block that begins at row `first`. */
static void add_block(const postings *p, int64_t at, int64_t stop, float weight, int64_t first, float *scores) {
    float parts[CHUNK];
    while (at < stop) {
        const int64_t n = stop - at < CHUNK ? stop - at : CHUNK;
        const int32_t *docs = p->docs + at;
        weighted(docs, p->tfs + at, p->norms, weight, n, parts);
        for (int64_t i = 0; i < n; i++) scores[docs[i] - first] += parts[i];
        at += n;
    }
}

/* The rows of a block with score >= cut among those that postings name, ascending. */
static int64_t named_above(const postings *p, const int64_t *from, const term *terms, int64_t m, int64_t first,
                           const float *scores, float cut, int32_t *rows) {
    uint64_t marks[BLOCK / 64] = {0};
    int64_t found = 0;
    for (int64_t t = 0; t < m; t++)
        for (int64_t i = from[t]; i < terms[t].at; i++) {
            const int64_t row = p->docs[i] - first;
            if (scores[row] >= cut) marks[row >> 6] |= (uint64_t)1 << (row & 63);
        }
    for (int64_t word = 0; word < BLOCK / 64; word++)
        for (uint64_t bits = marks[word]; bits; bits &= bits - 1) rows[found++] = (int32_t)(64 * word + lowest(bits));
    return found;
}

/* Rank the rows of one block by the terms before `split`, whose postings move on past it, and finish those within
 * reach with the others; `scores` is zero before and after. 0 if there is no place for all hits. */
static int rank_block(const postings *p, term *terms, int64_t *from, int64_t m, int64_t split, int64_t segment,
                      int64_t first, const uint8_t *allowed, float *scores, ranking *r) {
    const int64_t last = first + BLOCK < p->rows ? first + BLOCK : p->rows;
    int32_t near[BLOCK];
    int64_t named = 0;
    for (int64_t t = 0; t < split; t++) {
        from[t] = terms[t].at;
        terms[t].at = seek(p->docs, terms[t].at, terms[t].stop, last);
        add_block(p, from[t], terms[t].at, (float)terms[t].weight, first, scores);
        named += terms[t].at - from[t];
    }
    const float cut = split < m ? (float)needed(r->edge, terms[split].reach) : r->edge;
    const int sparse = named * SPARSE < last - first;
    const int64_t candidates = sparse ? named_above(p, from, terms, split, first, scores, cut, near)
                                      : above(scores, last - first, cut, near);
    for (int64_t t = split; t < m && candidates; t++) {
        const float least = (float)needed(r->edge, terms[t].reach);
        for (int64_t c = 0; c < candidates; c++) {
            if (scores[near[c]] < least) continue;
            const int64_t row = first + near[c], i = terms[t].at = seek(p->docs, terms[t].at, terms[t].stop, row);
            if (i >= terms[t].stop) break;
            if (p->docs[i] == row) scores[near[c]] += (float)terms[t].weight * share(p, i, row);
        }
    }
    int placed = 1;
    for (int64_t c = 0; c < candidates && placed; c++)
        if (!allowed || allowed[first + near[c]]) placed = enter(r, segment, first + near[c], scores[near[c]]);
    if (!sparse) memset(scores, 0, (size_t)(last - first) * sizeof(float));
    for (int64_t t = 0; sparse && t < split; t++)
        for (int64_t i = from[t]; i < terms[t].at; i++) scores[p->docs[i] - first] = 0;
    return placed;
}

/* Rank the rows of one segment. Terms stand in the order of adding up. Once the k-th best score exceeds the reach of
 * term `split`, rows without one of the terms before it cannot enter (MaxScore, Turtle and Flood 1995): the postings of
 * the others are then only sought for the rows still within reach. */
static int rank_segment(const postings *p, term *terms, int64_t *from, int64_t m, int64_t segment,
                        const uint8_t *allowed, float *scores, ranking *r) {
    int64_t split = m;
    for (int64_t t = m - 2; t >= 0; t--) terms[t].reach += terms[t + 1].reach;
    for (;;) {
        while (split > 0 && needed(r->edge, terms[split - 1].reach) > 0) split--;
        int64_t first = p->rows;
        for (const term *t = terms; t < terms + split; t++)
            if (t->at < t->stop && p->docs[t->at] < first) first = p->docs[t->at];
        if (first >= p->rows) return 1;
        if (!rank_block(p, terms, from, m, split, segment, first, allowed, scores, r)) return 0;
    }
}

/* The segments, rows and scores of the k best scores >= least in all segments, with all equals of the k-th; -1 if they
 * are more than `room`, -2 without memory. `given` has the terms of all segments, `counts` of each. */
EXPORT int64_t bm25_top(const postings *segments, int64_t n, const term *given, const int64_t *counts,
                        const uint8_t *const *allowed, int64_t k, float least, float *heap, int32_t *places,
                        float *found, int64_t room) {
    float scores[BLOCK] = {0};
    ranking r = {k, 0, 0, room, least, heap, found, places, places + room};
    int64_t most = 0, whole = 1;
    for (int64_t s = 0; s < n; s++) most = counts[s] > most ? counts[s] : most;
    if (!most) return 0;
    term *terms = malloc((size_t)most * sizeof(term));
    int64_t *from = malloc((size_t)most * sizeof(int64_t));
    for (int64_t s = 0; terms && from && s < n && whole; given += counts[s++]) {
        memcpy(terms, given, (size_t)counts[s] * sizeof(term));
        whole = rank_segment(segments + s, terms, from, counts[s], s, allowed ? allowed[s] : NULL, scores, &r);
    }
    const int starved = !terms || !from;
    free(terms);
    free(from);
    if (starved) return -2;
    drop_below_edge(&r);
    return whole ? r.count : -1;
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

static inline float product(const float *v, const float *query, int64_t dim) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < dim; j++) sum += v[j] * query[j];
    return sum;
}

#define STREAMS 4 /* reading one row after the other does not keep the memory busy, reading at four places does */

WIDE static void dots(const float *vectors, int64_t n, int64_t dim, const float *query, float *scores) {
    const int64_t part = n / STREAMS;
    for (int64_t i = 0; i < part; i++)
        for (int64_t row = i; row < STREAMS * part; row += part)
            scores[row] = product(vectors + row * dim, query, dim);
    for (int64_t row = STREAMS * part; row < n; row++) scores[row] = product(vectors + row * dim, query, dim);
}

EXPORT void dot_float32(const float *vectors, int64_t n, int64_t dim, const float *query, float *scores) {
    dots(vectors, n, dim, query, scores);
}

#define AHEAD 8192 /* bytes: processors do not fetch ahead past the page that they read */

INTEGERS static void dots8(const int8_t *codes, const float *scales, int64_t n, int64_t dim, const int16_t *query,
                           float step, float *scores) {
    for (int64_t i = 0; i < n; i++) {
        const int8_t *v = codes + i * dim;
        int32_t sum = 0;
#if defined(__GNUC__)
        for (int64_t j = 0; j < dim && (i + 1) * dim + AHEAD <= n * dim; j += 64)
            __builtin_prefetch(v + AHEAD + j);
#endif
        for (int64_t j = 0; j < dim; j++) sum += v[j] * query[j];
        scores[i] = step * scales[i] * (float)sum;
    }
}

EXPORT void dot_int8(const int8_t *codes, const float *scales, int64_t n, int64_t dim, const int16_t *query, float step,
                     float *scores) {
    dots8(codes, scales, n, dim, query, step, scores);
}

/* scores[i] = vectors[rows[i]] . query for rows here and there; the next ones are fetched ahead. */
EXPORT void dot_rows(const float *vectors, int64_t dim, const int32_t *rows, int64_t m, const float *query,
                     float *scores) {
    for (int64_t i = 0; i < m; i++) {
#if defined(__GNUC__)
        if (i + 4 < m)
            for (int64_t j = 0; j < dim; j += 16) __builtin_prefetch(vectors + rows[i + 4] * dim + j);
#endif
        dots(vectors + rows[i] * dim, 1, dim, query, scores + i);
    }
}

/* Inner products estimated from signs (dense/codes.py has the formula): scales[i] * (factors[0] + factors[1] * x), x the
 * sum of what the two tables of each byte say of its high and of its low four bits. A table has 16 entries of at most 60,
 * so that a register is the table: one instruction looks up 32 vectors (Andre et al. 2017, "Quick ADC"). Hence the
 * layout: 32 codes lie side by side, byte by byte. */
#define LANES 32
#define MOST_BYTES 546 /* 120 * 546 < 65536: as many bytes have sums that fit into 16 bits */
#define MOST_PAIRS 258 /* 254 * 258 < 65536: the same for tables whose entries are at most 127 */

static void to_scores(const uint32_t *x, const float *scales, const float *factors, float *out) {
    for (int64_t i = 0; i < LANES; i++) out[i] = (scales ? scales[i] : 1.0f) * (factors[0] + factors[1] * (float)x[i]);
}

static void estimate(const uint8_t *codes, const float *scales, int64_t blocks, int64_t bytes, const uint8_t *tables,
                     const float *factors, float *out) {
    for (int64_t b = 0; b < blocks; b++, codes += bytes * LANES) {
        uint32_t x[LANES] = {0};
        for (int64_t j = 0; j < bytes; j++) {
            const uint8_t *table = tables + 32 * j, *code = codes + LANES * j;
            for (int64_t i = 0; i < LANES; i++) x[i] += (uint32_t)table[code[i] >> 4] + table[16 + (code[i] & 15)];
        }
        to_scores(x, scales ? scales + b * LANES : NULL, factors, out + b * LANES);
    }
}

#ifdef X86
__attribute__((target("avx2"))) static void estimate_256(const uint8_t *codes, const float *scales, int64_t blocks,
                                                         int64_t bytes, const uint8_t *tables, const float *factors,
                                                         float *out) {
    const __m256i low = _mm256_set1_epi8(15), even = _mm256_set1_epi16(255);
    const int64_t block = bytes * LANES, near = 8192 / block + 1;
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t ahead = b + near < blocks ? near * block : 0;
        __m256i evens = _mm256_setzero_si256(), odds = _mm256_setzero_si256();
        for (int64_t j = 0; j < bytes; j++, codes += LANES) {
            const __m128i *table = (const __m128i *)(tables + 32 * j);
            if (!(j & 1)) __builtin_prefetch(codes + ahead);
            const __m256i code = _mm256_loadu_si256((const __m256i *)codes);
            const __m256i first = _mm256_and_si256(_mm256_srli_epi16(code, 4), low);
            const __m256i sums = _mm256_add_epi8(
                _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(table)), first),
                _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(table + 1)),
                                    _mm256_and_si256(code, low)));
            evens = _mm256_add_epi16(evens, _mm256_and_si256(sums, even));
            odds = _mm256_add_epi16(odds, _mm256_srli_epi16(sums, 8));
        }
        uint16_t halves[2][LANES / 2];
        uint32_t x[LANES];
        _mm256_storeu_si256((__m256i *)halves[0], evens);
        _mm256_storeu_si256((__m256i *)halves[1], odds);
        for (int64_t i = 0; i < LANES; i++) x[i] = halves[i & 1][i >> 1];
        to_scores(x, scales ? scales + b * LANES : NULL, factors, out + b * LANES);
    }
}
#endif

EXPORT void sign_products(const uint8_t *codes, const float *scales, int64_t blocks, int64_t bytes,
                          const uint8_t *tables, const float *factors, float *out) {
#ifdef X86
    if (bytes <= MOST_BYTES && __builtin_cpu_supports("avx2")) {
        estimate_256(codes, scales, blocks, bytes, tables, factors, out);
        return;
    }
#endif
    estimate(codes, scales, blocks, bytes, tables, factors, out);
}

/* The same sums for product-quantisation codes of four bits: tables of at most 127, no scale of each vector. */
EXPORT void nibble_sums(const uint8_t *codes, int64_t blocks, int64_t bytes, const uint8_t *tables,
                        const float *factors, float *out) {
#ifdef X86
    if (bytes <= MOST_PAIRS && __builtin_cpu_supports("avx2")) {
        estimate_256(codes, NULL, blocks, bytes, tables, factors, out);
        return;
    }
#endif
    estimate(codes, NULL, blocks, bytes, tables, factors, out);
}

/* The same for some rows, from the tables (2 * bytes, 16) themselves. */
EXPORT void nibble_sums_of(const uint8_t *codes, int64_t bytes, const float *tables, const int32_t *rows, int64_t m,
                           float *out) {
    for (int64_t r = 0; r < m; r++) {
        const uint8_t *code = codes + (rows[r] / LANES) * bytes * LANES + rows[r] % LANES;
        float high = 0, low = 0;
        for (int64_t j = 0; j < bytes; j++) {
            high += tables[32 * j + (code[LANES * j] >> 4)];
            low += tables[32 * j + 16 + (code[LANES * j] & 15)];
        }
        out[r] = high + low;
    }
}

/* Sums of what tables (parts, 256) say of the bytes of a code: asymmetric distance computation (Jegou et al. 2011). */
static inline float byte_sum(const uint8_t *code, int64_t parts, const float *tables) {
    float sums[4] = {0};
    int64_t j = 0;
    for (; j + 4 <= parts; j += 4)
        for (int64_t i = 0; i < 4; i++) sums[i] += tables[256 * (j + i) + code[j + i]];
    for (; j < parts; j++) sums[0] += tables[256 * j + code[j]];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

EXPORT void byte_sums(const uint8_t *codes, int64_t n, int64_t parts, const float *tables, float *out) {
    for (int64_t i = 0; i < n; i++) out[i] = byte_sum(codes + i * parts, parts, tables);
}

/* MaxSim of some texts as if each vector were its centroid: near (c, q) has the products of centroids and query. */
EXPORT void maxsim_near(const float *near, int64_t q, const int32_t *codes, const int64_t *offsets, const int64_t *rows,
                        int64_t m, float *best, float *out) {
    for (int64_t r = 0; r < m; r++) {
        const int64_t first = offsets[rows[r]], last = offsets[rows[r] + 1];
        memcpy(best, near + codes[first] * q, q * sizeof(float));
        for (int64_t t = first + 1; t < last; t++) {
            const float *one = near + codes[t] * q;
            for (int64_t j = 0; j < q; j++) best[j] = one[j] > best[j] ? one[j] : best[j];
        }
        float sum = 0;
        for (int64_t j = 0; j < q; j++) sum += best[j];
        out[r] = sum;
    }
}

/* The levels that a packed residual stands for; `ways` (256, per) are those of each byte. */
static void unpack(const uint8_t *packed, int64_t width, const float *ways, int64_t per, float *levels) {
    if (per == 4)
        for (int64_t b = 0; b < width; b++) memcpy(levels + 4 * b, ways + 4 * packed[b], 4 * sizeof(float));
    else if (per == 2)
        for (int64_t b = 0; b < width; b++) memcpy(levels + 2 * b, ways + 2 * packed[b], 2 * sizeof(float));
    else
        for (int64_t b = 0; b < width; b++) levels[b] = ways[packed[b]];
}

/* MaxSim of some texts from centroids and residuals: `query` (q, dim) is scaled by the spread of the residuals, and `room`
 * has place for the levels of a vector and twice q numbers. */
EXPORT void maxsim_levels(const float *near, int64_t q, const int32_t *codes, const uint8_t *packed, int64_t width,
                          const float *ways, int64_t per, const float *query, int64_t dim, const int64_t *offsets,
                          const int64_t *rows, int64_t m, float *room, float *out) {
    float *best = room, *sums = room + q, *levels = room + 2 * q;
    for (int64_t r = 0; r < m; r++) {
        const int64_t first = offsets[rows[r]], last = offsets[rows[r] + 1];
        for (int64_t t = first; t < last; t++) {
            const float *base = near + codes[t] * q;
            unpack(packed + t * width, width, ways, per, levels);
            dots(query, q, dim, levels, sums);
            for (int64_t j = 0; j < q; j++) {
                const float one = sums[j] + base[j];
                best[j] = t == first || one > best[j] ? one : best[j];
            }
        }
        float sum = 0;
        for (int64_t j = 0; j < q; j++) sum += best[j];
        out[r] = sum;
    }
}

/* Rows that are allowed and whose score may be `edge` or more, give or take `reach` times their error. */
EXPORT int64_t rows_within(const float *scores, const float *errors, float reach, const uint8_t *allowed, int64_t n,
                           float edge, int32_t *rows, int64_t room) {
    float most[BLOCK];
    int32_t near[BLOCK];
    int64_t found = 0;
    for (int64_t first = 0; first < n; first += BLOCK) {
        const int64_t size = first + BLOCK < n ? BLOCK : n - first;
        for (int64_t i = 0; i < size; i++) most[i] = scores[first + i] + reach * errors[first + i];
        const int64_t hits = above(most, size, edge, near);
        for (int64_t i = 0; i < hits; i++) {
            const int64_t row = first + near[i];
            if (allowed && !allowed[row]) continue;
            if (found < room) rows[found] = (int32_t)row;
            found++;
        }
    }
    return found;
}

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_kernels", "Inner loops, called through ctypes.", -1, NULL};

PyMODINIT_FUNC PyInit__kernels(void) { return PyModule_Create(&module); }
