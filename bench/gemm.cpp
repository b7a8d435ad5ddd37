// A plain int8 matrix product with the host's vector units: what functional execution is held
// against.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

constexpr std::size_t tile_rows = 4;
constexpr std::size_t tile_columns = 16;

/// Pairs along the depth, widened, next to each other: panel[k / 2][row or column][2].
void pack(const std::int8_t* from, std::size_t lines, std::size_t depth, std::size_t tile,
          std::vector<std::int16_t>& to) {
    const std::size_t panels = (lines + tile - 1) / tile;
    const std::size_t pairs = (depth + 1) / 2;
    to.assign(panels * pairs * tile * 2, 0);
    for (std::size_t line = 0; line < lines; ++line, from += depth) {
        std::int16_t* panel = to.data() + line / tile * pairs * tile * 2 + line % tile * 2;
        std::size_t k = 0;
        for (; k + 1 < depth; k += 2, panel += tile * 2) {
            panel[0] = from[k];
            panel[1] = from[k + 1];
        }
        if (k < depth) panel[0] = from[k];
    }
}

using Tile = std::int32_t[tile_rows][tile_columns];

void tile_product(const std::int16_t* a, const std::int16_t* b, std::size_t pairs, Tile& sums) {
    for (auto& row : sums) std::fill(std::begin(row), std::end(row), 0);
    for (std::size_t k = 0; k < pairs; ++k, a += tile_rows * 2, b += tile_columns * 2) {
        for (std::size_t i = 0; i < tile_rows; ++i) {
            for (std::size_t j = 0; j < tile_columns; ++j) {
                sums[i][j] += a[2 * i] * b[2 * j] + a[2 * i + 1] * b[2 * j + 1];
            }
        }
    }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void tile_product_avx2(const std::int16_t* a, const std::int16_t* b,
                                                       std::size_t pairs, Tile& sums) {
    __m256i low[tile_rows];
    __m256i high[tile_rows];
    for (std::size_t i = 0; i < tile_rows; ++i) low[i] = high[i] = _mm256_setzero_si256();
    for (std::size_t k = 0; k < pairs; ++k, a += tile_rows * 2, b += tile_columns * 2) {
        const __m256i b0 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
        const __m256i b1 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + 16));
        for (std::size_t i = 0; i < tile_rows; ++i) {
            std::int32_t both;
            std::memcpy(&both, a + 2 * i, sizeof both);
            const __m256i pair = _mm256_set1_epi32(both);
            low[i] = _mm256_add_epi32(low[i], _mm256_madd_epi16(pair, b0));
            high[i] = _mm256_add_epi32(high[i], _mm256_madd_epi16(pair, b1));
        }
    }
    for (std::size_t i = 0; i < tile_rows; ++i) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums[i]), low[i]);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums[i] + 8), high[i]);
    }
}
#endif

using TileProduct = void (*)(const std::int16_t*, const std::int16_t*, std::size_t, Tile&);

TileProduct best_tile_product() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return tile_product_avx2;
#endif
    return tile_product;
}

/// c[m][n] = sum over k of a[m][k] * b[n][k]; b is packed once, as weights are.
class Gemm {
public:
    Gemm(const std::vector<std::int8_t>& b, std::size_t columns, std::size_t depth)
        : columns_(columns), depth_(depth) {
        pack(b.data(), columns, depth, tile_columns, packed_b_);
    }
    void operator()(const std::int8_t* a, std::size_t rows, std::int32_t* c) {
        static const TileProduct product = best_tile_product();
        const std::size_t pairs = (depth_ + 1) / 2;
        pack(a, rows, depth_, tile_rows, packed_a_);
        for (std::size_t m = 0; m < rows; m += tile_rows) {
            for (std::size_t n = 0; n < columns_; n += tile_columns) {
                Tile sums;
                product(packed_a_.data() + m * pairs * 2, packed_b_.data() + n * pairs * 2, pairs,
                        sums);
                for (std::size_t i = 0; i < std::min(tile_rows, rows - m); ++i) {
                    std::copy_n(sums[i], std::min(tile_columns, columns_ - n),
                                c + (m + i) * columns_ + n);
                }
            }
        }
    }

private:
    std::size_t columns_, depth_;
    std::vector<std::int16_t> packed_a_, packed_b_;
};

std::vector<std::int8_t> drawn(std::size_t count, std::uint64_t state) {
    std::vector<std::int8_t> values(count);
    for (std::int8_t& value : values) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        value = static_cast<std::int8_t>(state >> 56U);
    }
    return values;
}

void gemm_int8(benchmark::State& state) {
    const auto rows = static_cast<std::size_t>(state.range(0));
    const auto columns = static_cast<std::size_t>(state.range(1));
    const auto depth = static_cast<std::size_t>(state.range(2));
    const auto a = drawn(rows * depth, 1);
    const auto b = drawn(columns * depth, 2);
    std::vector<std::int32_t> c(rows * columns);
    Gemm gemm{b, columns, depth};
    gemm(a.data(), rows, c.data());
    for (std::size_t i = 0; i < c.size(); i += 97) {
        std::int32_t sum = 0;
        for (std::size_t k = 0; k < depth; ++k) {
            sum += a[i / columns * depth + k] * b[i % columns * depth + k];
        }
        if (sum != c[i]) state.SkipWithError("the product is wrong");
    }
    for (auto _ : state) {
        gemm(a.data(), rows, c.data());
        benchmark::DoNotOptimize(c.data());
    }
    state.counters["MAC/s"] = benchmark::Counter(static_cast<double>(rows * columns * depth),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}
// Rows, columns, depth: a 3x3 convolution of 64 channels at 56x56, a pointwise one of 96 to 24 at
// the same size, a fully connected layer.
BENCHMARK(gemm_int8)
    ->Args({3136, 64, 576})
    ->Args({3136, 24, 96})
    ->Args({1, 1024, 1024})
    ->Name("gemm_int8");

}  // namespace
