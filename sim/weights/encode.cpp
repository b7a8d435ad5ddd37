#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "weights/bit_writer.hpp"
#include "weights/codec.hpp"
#include "weights/palette.hpp"
#include "weights/section_counts.hpp"
#include "weights/sections.hpp"
#include "weights/slice_writer.hpp"
#include "weights/slices.hpp"
#include "weights/zero_runs.hpp"

namespace u65sim::weights {
namespace {

/// Weights planned together: small enough to stay in the cache, large enough that the palette
/// every part brings costs nothing.
constexpr std::size_t part_size = std::size_t{1} << 17;

/// Weights in stream order as codes, in parts.
struct Values {
    std::span<const std::int16_t> weights;

    template <class Take>
    void for_each_part(Take&& take) const {
        std::vector<std::uint16_t> codes;
        for (std::size_t begin = 0; begin < weights.size(); begin += part_size) {
            codes.resize(std::min(part_size, weights.size() - begin));
            read_codes(begin, codes);
            take(std::span<const std::uint16_t>{codes});
        }
    }

private:
    void read_codes(std::size_t begin, std::vector<std::uint16_t>& codes) const {
        int largest = 0;
        for (std::size_t i = 0; i < codes.size(); ++i) {
            const int weight = weights[begin + i];
            largest = std::max(largest, weight < 0 ? -weight : weight);
            codes[i] = code_of(weight);
        }
        if (largest <= largest_weight) return;
        for (std::size_t i = begin;; ++i) {
            if (weights[i] < -largest_weight || weights[i] > largest_weight) {
                throw InvalidStream(fmt::format("weight {} is {}: must lie in {} .. {}", i,
                                                weights[i], -largest_weight, largest_weight));
            }
        }
    }
};

struct Stored {
    const StoredVolume& volume;
    const Order& order;

    template <class Take>
    void for_each_part(Take&& take) const {
        weights::for_each_part(volume, order, part_size, take);
    }
};

/// Weights that estimates look at, about, and how many of them stand side by side.
constexpr std::size_t sample_size = std::size_t{1} << 15;
constexpr std::size_t sample_run = std::size_t{1} << 8;

class Encoder {
public:
    /// Calls take(section, slices, bits) for every section of the part in stream order.
    template <class Take>
    void encode_part(std::span<const std::uint16_t> codes, Coding coding, Take&& take) {
        const MarkedCodes marked = marker_.mark(codes);
        if (coding != Coding::smallest) {
            const SectionForm form = SectionCounts{marked}.uniform_form(coding);
            const Section section = make_section(marked, form);
            const std::uint64_t bits = coding == Coding::frequent
                                           ? planner_.plan(section, slices_)
                                           : planner_.plan_uniform(section, slices_);
            take(section, std::span<const Slice>{slices_}, bits);
            return;
        }
        const auto finish = [&](const SectionCounts& counts) {
            const Section section = make_section(counts.codes(), counts.form());
            const std::uint64_t bits = planner_.plan(section, slices_);
            take(section, std::span<const Slice>{slices_}, bits);
        };
        // Neighbours become one section when that is no larger.
        const std::vector<std::size_t> ends = cutter_.cut(marked);
        SectionCounts now{marked.from_to(0, ends[0])};
        for (std::size_t i = 1; i < ends.size(); ++i) {
            const SectionCounts next{marked.from_to(ends[i - 1], ends[i])};
            SectionCounts both = now;
            both.append(next);
            if (both.form().bits <= now.form().bits + next.form().bits) {
                now = both;
            } else {
                finish(now);
                now = next;
            }
        }
        finish(now);
    }

    /// The section that was taken last, with all that writing it needs, until the next one.
    Section with_runs(Section section) {
        if (section.zero_runs()) {
            list_runs(*last_, runs_);
            section.runs = runs_;
        }
        return section;
    }

    /// Indices of a section's codes, until the next section.
    std::span<const std::uint16_t> indices(const Section& section) {
        const auto table = index_table(section.palette);
        const std::size_t count = section.codes.size();
        if (indices_.size() < count) indices_.resize(count);
        for (std::size_t i = 0; i < count; ++i) indices_[i] = table[section.codes[i]];
        return std::span{indices_}.first(count);
    }

private:
    Section make_section(const MarkedCodes& codes, const SectionForm& form) {
        last_ = codes;
        Section section{.palette = form.palette, .codes = codes.codes()};
        if (form.zero_runs) {
            if (nonzero_.size() < codes.size() + split_margin) {
                nonzero_.resize(codes.size() + split_margin);
            }
            section.codes = std::span{nonzero_}.first(split_codes(codes, nonzero_.data()));
            sum_runs(codes, block_size, runs_by_block_);
            section.run_sums = runs_by_block_.sums;
            section.leading_run = runs_by_block_.leading;
        }
        return section;
    }

    std::vector<std::uint16_t> nonzero_, indices_;
    CodeMarker marker_;
    std::optional<MarkedCodes> last_;
    RunsByBlock runs_by_block_;
    std::vector<std::uint32_t> runs_;
    SectionCutter cutter_;
    SlicePlanner planner_;
    std::vector<Slice> slices_;
};

/// Its scratch memory, about a megabyte, stays with the thread for the weights that come next.
Encoder& encoder() {
    thread_local Encoder own;
    return own;
}

/// Bits from `position` on up to the end of the padded stream.
std::uint64_t end_bits(std::uint64_t position) {
    constexpr std::uint64_t alignment = 8 * stream_alignment;
    return (position + zero_divisor_bits + alignment - 1) / alignment * alignment - position;
}

/// `most_likely` bytes are room for all but odd weights.
template <class Weights>
std::vector<std::uint8_t> encode_all(const Weights& weights, Coding coding,
                                     std::size_t most_likely) {
    BitWriter out{most_likely};
    weights.for_each_part([&](std::span<const std::uint16_t> codes) {
        encoder().encode_part(
            codes, coding,
            [&](const Section& section, std::span<const Slice> slices, std::uint64_t bits) {
                out.reserve(bits);
                [[maybe_unused]] const std::uint64_t begin = out.position();
                write_section(out, encoder().with_runs(section), encoder().indices(section),
                              slices);
                assert(out.position() - begin == bits);
            });
    });
    // The end marker and all padding are set bits.
    std::uint64_t left = end_bits(out.position());
    out.reserve(left);
    for (; left >= 8; left -= 8) out.put(0xFF, 8);
    if (left > 0) out.put((1U << left) - 1, static_cast<std::uint32_t>(left));
    std::vector<std::uint8_t> bytes = std::move(out).finish();
    if (bytes.size() < bytes.capacity() / 2) bytes.shrink_to_fit();
    return bytes;
}

std::uint64_t bits_of_part(std::span<const std::uint16_t> codes, Coding coding) {
    std::uint64_t bits = 0;
    encoder().encode_part(
        codes, coding,
        [&](const Section&, std::span<const Slice>, std::uint64_t more) { bits += more; });
    return bits;
}

/// Bytes of a stream whose sections take so many bits.
std::size_t stream_bytes(std::uint64_t bits) {
    return static_cast<std::size_t>((bits + end_bits(bits)) / 8);
}

template <class Weights>
std::size_t size_of_all(const Weights& weights, Coding coding) {
    std::uint64_t bits = 0;
    weights.for_each_part(
        [&](std::span<const std::uint16_t> codes) { bits += bits_of_part(codes, coding); });
    return stream_bytes(bits);
}

}  // namespace

std::vector<std::uint8_t> encode(std::span<const std::int16_t> weights, Coding coding) {
    return encode_all(Values{weights}, coding, weights.size() + weights.size() / 8);
}
std::vector<std::uint8_t> encode(const StoredVolume& volume, const Order& order, Coding coding) {
    const std::size_t count =
        stream_length(volume.output_depth, volume.height, volume.width, volume.input_depth, order);
    return encode_all(Stored{volume, order}, coding, count + count / 8);
}
std::size_t encoded_size(std::span<const std::int16_t> weights, Coding coding) {
    return size_of_all(Values{weights}, coding);
}
std::size_t encoded_size(const StoredVolume& volume, const Order& order, Coding coding) {
    return size_of_all(Stored{volume, order}, coding);
}
std::size_t estimated_size(const StoredVolume& volume, const Order& order, Coding coding) {
    const std::size_t count =
        stream_length(volume.output_depth, volume.height, volume.width, volume.input_depth, order);
    const std::size_t every = count / sample_size;
    if (every < 2) return encoded_size(volume, order, coding);
    const std::vector<std::uint16_t> codes = sample_codes(volume, order, sample_run, every);
    const std::uint64_t bits = bits_of_part(codes, coding);
    return stream_bytes(bits * count / codes.size());
}

}  // namespace u65sim::weights
