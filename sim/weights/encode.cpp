#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "weights/bit_writer.hpp"
#include "weights/codec.hpp"
#include "weights/palette.hpp"
#include "weights/sections.hpp"
#include "weights/slice_writer.hpp"
#include "weights/slices.hpp"

namespace u65sim::weights {
namespace {

/// Weights planned together: small enough to stay in the cache, large enough that the palette
/// every part brings costs nothing.
constexpr std::size_t part_size = std::size_t{1} << 17;

/// Zero runs are tried when at least every eighth weight is zero.
constexpr std::uint64_t zero_run_share = 8;
constexpr std::uint32_t zero_divisors = 4;

class Encoder {
public:
    explicit Encoder(std::span<const std::int16_t> weights) : weights_(weights) {}

    /// Calls take(section, slices, bits) for every section in stream order.
    template <class Take>
    void for_each_section(Take&& take) {
        for (std::size_t begin = 0; begin < weights_.size(); begin += part_size) {
            read_codes(begin, std::min(part_size, weights_.size() - begin));
            std::size_t from = 0;
            for (const std::size_t end : cut_sections(codes_)) {
                const Section section = make_section({codes_.data() + from, end - from});
                const std::uint64_t bits = planner_.plan(section, slices_);
                take(section, std::span<const Slice>{slices_}, bits);
                from = end;
            }
        }
    }

private:
    void read_codes(std::size_t begin, std::size_t count) {
        codes_.resize(count);
        int largest = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const int weight = weights_[begin + i];
            const int magnitude = weight < 0 ? -weight : weight;
            largest = std::max(largest, magnitude);
            codes_[i] = static_cast<std::uint16_t>(2 * magnitude + (weight < 0 ? 1 : 0));
        }
        if (largest <= largest_weight) return;
        for (std::size_t i = begin;; ++i) {
            if (weights_[i] < -largest_weight || weights_[i] > largest_weight) {
                throw InvalidStream(fmt::format("weight {} is {}: must lie in {} .. {}", i,
                                                weights_[i], -largest_weight, largest_weight));
            }
        }
    }

    /// The section of `codes` with the smaller of two forms: zeros as weights or as runs.
    Section make_section(std::span<const std::uint16_t> codes) {
        Histogram histogram{};
        for (const std::uint16_t code : codes) ++histogram[code];
        PaletteChoice choice = choose_palette(histogram);
        std::span<const std::uint16_t> coded = codes;
        std::span<const std::uint32_t> runs;
        if (histogram[0] * zero_run_share >= codes.size()) {
            split_runs(codes);
            // A section of nothing but zeros codes the first of them.
            histogram[0] = histogram[0] == codes.size() ? 1 : 0;
            const PaletteChoice without_zeros = choose_palette(histogram);
            if (without_zeros.bits + run_bits() < choice.bits) {
                choice = without_zeros;
                coded = nonzero_;
                runs = runs_;
            }
        }
        const auto table = index_table(choice.palette);
        indices_.resize(coded.size());
        for (std::size_t i = 0; i < coded.size(); ++i) indices_[i] = table[coded[i]];
        return {.palette = choice.palette, .indices = indices_, .runs = runs};
    }

    void split_runs(std::span<const std::uint16_t> codes) {
        nonzero_.resize(codes.size() + 1);
        runs_.resize(codes.size() + 2);
        std::size_t count = 0;
        std::uint32_t run = 0;
        for (const std::uint16_t code : codes) {
            nonzero_[count] = code;
            runs_[count] = run;
            const std::uint32_t is_zero = code == 0 ? 1 : 0;
            run = is_zero != 0 ? run + 1 : 0;
            count += 1 - is_zero;
        }
        if (count == 0) {
            nonzero_[count] = 0;
            runs_[count++] = 0;
            --run;
        }
        runs_[count] = run;
        nonzero_.resize(count);
        runs_.resize(count + 1);
    }

    /// Bits of the runs under the one best divisor.
    [[nodiscard]] std::uint64_t run_bits() const {
        std::array<std::uint64_t, zero_divisors> bits{};
        for (std::uint32_t d = 0; d < zero_divisors; ++d) {
            for (const std::uint32_t run : runs_) bits[d] += run >> d;
            bits[d] += runs_.size() * (1 + d);
        }
        return *std::min_element(bits.begin(), bits.end());
    }

    std::span<const std::int16_t> weights_;
    std::vector<std::uint16_t> codes_, nonzero_, indices_;
    std::vector<std::uint32_t> runs_;
    SlicePlanner planner_;
    std::vector<Slice> slices_;
};

/// Bits from `position` on up to the end of the padded stream.
std::uint64_t end_bits(std::uint64_t position) {
    constexpr std::uint64_t alignment = 8 * stream_alignment;
    return (position + zero_divisor_bits + alignment - 1) / alignment * alignment - position;
}

}  // namespace

std::vector<std::uint8_t> encode(std::span<const std::int16_t> weights) {
    BitWriter out;
    Encoder{weights}.for_each_section(
        [&](const Section& section, std::span<const Slice> slices, std::uint64_t bits) {
            out.reserve(bits);
            [[maybe_unused]] const std::uint64_t begin = out.position();
            write_section(out, section, slices);
            assert(out.position() - begin == bits);
        });
    // The end marker and all padding are set bits.
    std::uint64_t left = end_bits(out.position());
    out.reserve(left);
    for (; left >= 8; left -= 8) out.put(0xFF, 8);
    if (left > 0) out.put((1U << left) - 1, static_cast<std::uint32_t>(left));
    return std::move(out).finish();
}

std::size_t encoded_size(std::span<const std::int16_t> weights) {
    std::uint64_t bits = 0;
    Encoder{weights}.for_each_section(
        [&](const Section&, std::span<const Slice>, std::uint64_t more) { bits += more; });
    return static_cast<std::size_t>((bits + end_bits(bits)) / 8);
}

}  // namespace u65sim::weights
