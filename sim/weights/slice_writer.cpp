#include "weights/slice_writer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "base/versions.hpp"

namespace u65sim::weights {
namespace {

/// Unary code of a quotient: bits of WUNARY0 and WUNARY1.
struct Unary {
    std::uint16_t zero = 0, one = 0;
    std::uint8_t zero_bits = 0, one_bits = 0;
};

constexpr std::array<Unary, largest_quotient + 1> make_plain() {
    std::array<Unary, largest_quotient + 1> table{};
    for (std::uint32_t quotient = 0; quotient <= largest_quotient; ++quotient) {
        Unary& unary = table[quotient];
        const std::uint32_t pairs = quotient / 2, odd = quotient % 2;
        unary.zero = static_cast<std::uint16_t>((1U << (pairs + odd)) - 1);
        unary.zero_bits = static_cast<std::uint8_t>(pairs + 1);
        unary.one = static_cast<std::uint16_t>((1U << pairs) - 1);
        unary.one_bits = static_cast<std::uint8_t>(pairs + odd);
    }
    return table;
}
constexpr std::array<Unary, largest_truncated_quotient + 1> make_truncated() {
    return {Unary{0, 0, 1, 0}, Unary{1, 0, 1, 1}, Unary{1, 1, 1, 1}};
}
constexpr auto plain_unary = make_plain();
constexpr auto truncated_unary = make_truncated();

/// Bits gathered for one chunk that are written in the next one.
struct Remainders {
    std::uint64_t bits = 0;
    std::uint32_t count = 0;

    void add(std::uint32_t value, std::uint32_t width) {
        bits |= std::uint64_t{value} << count;
        count += width;
    }
    void write(BitWriter& out) const {
        if (count > 0) out.put(bits, count);
    }
};

/// The weights of one slice, a chunk at a time.
class WeightChunks {
public:
    WeightChunks(std::span<const std::uint16_t> indices, SliceMode mode)
        : next_(indices.data()),
          end_(indices.data() + indices.size()),
          left_(indices.size()),
          divisor_(mode.weight_divisor),
          table_(mode.truncated ? truncated_unary.data() : plain_unary.data()) {}

    [[nodiscard]] bool done() const { return left_ == 0; }

    /// Gathers the next chunk and returns the number of weights it completes.
    std::uint32_t gather() {
        const std::uint32_t mask = (1U << divisor_) - 1;
        const std::uint16_t* const first = next_;
        const std::uint32_t carried = zero_bits_ > 0 ? 1 : 0;
        while (zero_bits_ < weight_chunk_bits && next_ != end_) {
            const std::uint32_t index = *next_++;
            const Unary& unary = table_[index >> divisor_];
            zero_ |= std::uint32_t{unary.zero} << zero_bits_;
            zero_bits_ += unary.zero_bits;
            one_ |= std::uint32_t{unary.one} << one_bits_;
            one_bits_ += unary.one_bits;
            started_.add(index & mask, divisor_);
        }
        const bool straddles = zero_bits_ > weight_chunk_bits;
        const auto completed = static_cast<std::uint32_t>(next_ - first) + carried - straddles;
        left_ -= completed;
        // This chunk's part; the rest waits for the next one.
        unary_ = zero_ & ((1U << weight_chunk_bits) - 1);
        zero_ >>= weight_chunk_bits;
        zero_bits_ = straddles ? zero_bits_ - weight_chunk_bits : 0;
        more_bits_ = static_cast<std::uint32_t>(std::popcount(unary_));
        more_ = one_ & ((1U << more_bits_) - 1);
        one_ >>= more_bits_;
        one_bits_ -= more_bits_;
        const std::uint32_t count = completed * divisor_;
        gathered_ = {started_.bits & ((std::uint64_t{1} << count) - 1), count};
        started_.bits >>= count;
        started_.count -= count;
        return completed;
    }
    void write_unary(BitWriter& out) const { out.put(unary_, weight_chunk_bits); }
    void write_more(BitWriter& out) const {
        if (more_bits_ > 0) out.put(more_, more_bits_);
    }
    [[nodiscard]] Remainders remainders() const { return gathered_; }

private:
    const std::uint16_t* next_;
    const std::uint16_t* end_;
    std::size_t left_;  ///< weights not completed
    std::uint32_t divisor_;
    const Unary* table_;
    // Begun, not yet given to a chunk.
    std::uint32_t zero_ = 0, zero_bits_ = 0, one_ = 0, one_bits_ = 0;
    Remainders started_;
    // The gathered chunk.
    std::uint32_t unary_ = 0, more_ = 0, more_bits_ = 0;
    Remainders gathered_;
};

/// The zero runs of one slice, a chunk at a time.
class RunChunks {
public:
    RunChunks(std::span<const std::uint32_t> runs, SliceMode mode)
        : runs_(runs),
          divisor_(mode.zero_divisor),
          chunk_bits_(zero_chunk_bits(divisor_)),
          ones_(runs.empty() ? 0 : runs[0] >> divisor_) {}

    [[nodiscard]] bool done() const { return next_ == runs_.size(); }

    std::uint32_t gather() {
        std::uint32_t fill = 0, completed = 0;
        unary_ = 0;
        gathered_ = {};
        while (fill < chunk_bits_ && next_ < runs_.size()) {
            const std::uint32_t ones = std::min(ones_, chunk_bits_ - fill);
            unary_ |= ((1U << ones) - 1) << fill;
            fill += ones;
            ones_ -= ones;
            if (fill == chunk_bits_) break;  // the closing zero goes into the next chunk
            ++fill;
            gathered_.add(runs_[next_] & ((1U << divisor_) - 1), divisor_);
            ++completed;
            if (++next_ < runs_.size()) ones_ = runs_[next_] >> divisor_;
        }
        return completed;
    }
    void write_unary(BitWriter& out) const { out.put(unary_, chunk_bits_); }
    [[nodiscard]] Remainders remainders() const { return gathered_; }

private:
    std::span<const std::uint32_t> runs_;
    std::uint32_t divisor_, chunk_bits_;
    std::uint32_t ones_;  ///< of the current run, not yet given to a chunk
    std::size_t next_ = 0;
    std::uint32_t unary_ = 0;
    Remainders gathered_;
};

void write_indices(BitWriter& out, std::span<const std::uint16_t> indices, std::uint32_t bits) {
    for (const std::uint16_t index : indices) out.put(index, bits);
}

void write_weights(BitWriter& out, std::span<const std::uint16_t> indices, SliceMode mode) {
    WeightChunks weights{indices, mode};
    Remainders remainders;
    while (!weights.done()) {
        weights.gather();
        weights.write_unary(out);
        weights.write_more(out);
        remainders.write(out);
        remainders = weights.remainders();
    }
    remainders.write(out);
}

/// Weights and runs take turns: whoever leads by too much sits a chunk out.
void write_with_runs(BitWriter& out, std::span<const std::uint16_t> indices,
                     std::span<const std::uint32_t> runs, SliceMode mode,
                     std::uint32_t index_bits) {
    const bool raw = mode.weight_divisor == uncompressed;
    WeightChunks weights{raw ? std::span<const std::uint16_t>{} : indices, mode};
    RunChunks zeros{runs, mode};
    std::size_t raw_done = 0, raw_written = 0;
    std::int64_t balance = 0;  // weights ahead of runs
    Remainders weight_remainders, run_remainders;
    for (;;) {
        const bool weights_left = raw ? raw_done < indices.size() : !weights.done();
        const bool weights_on = weights_left && balance < throttle_distance;
        const bool runs_on = balance >= 0 && !zeros.done();
        std::uint32_t weights_completed = 0, runs_completed = 0;
        if (weights_on && !raw) {
            weights_completed = weights.gather();
            weights.write_unary(out);
        }
        if (runs_on) {
            runs_completed = zeros.gather();
            zeros.write_unary(out);
        }
        if (raw) {
            write_indices(out, indices.subspan(raw_written, raw_done - raw_written), index_bits);
            raw_written = raw_done;
            if (weights_on) {
                weights_completed = static_cast<std::uint32_t>(std::min<std::size_t>(
                    uncompressed_chunk(index_bits), indices.size() - raw_done));
                raw_done += weights_completed;
            }
        } else {
            if (weights_on) weights.write_more(out);
            weight_remainders.write(out);
            weight_remainders = weights_on ? weights.remainders() : Remainders{};
        }
        run_remainders.write(out);
        run_remainders = runs_on ? zeros.remainders() : Remainders{};
        if (!weights_on && !runs_on) return;
        balance += weights_completed;
        balance -= runs_completed;
    }
}

void write_palette(BitWriter& out, const Palette& palette) {
    out.put(palette.direct_offset, direct_offset_bits);
    out.put(palette.size == 0 ? 0 : palette.size - 1, palette_size_bits);
    out.put(palette.entry_bits - smallest_entry_bits, entry_width_bits);
    for (std::uint32_t i = 0; i < palette.size; ++i) {
        out.put(palette.entries[i], palette.entry_bits);
    }
}

}  // namespace

U65SIM_VERSIONS
void write_section(BitWriter& out, const Section& section, std::span<const Slice> slices) {
    const std::uint32_t index_bits = section.palette.index_bits();
    for (const Slice& slice : slices) {
        const bool first = slice.begin == 0;
        const SliceMode mode = slice.mode;
        out.put(mode.zero_divisor, zero_divisor_bits);
        out.put(slice.count - 1, slice_length_bits);
        out.put(mode.weight_divisor, weight_divisor_bits);
        out.put(mode.truncated ? 1 : 0, flag_bits);
        out.put(first ? 1 : 0, flag_bits);
        if (first) write_palette(out, section.palette);
        const auto indices = section.indices.subspan(slice.begin, slice.count);
        if (mode.zero_runs()) {
            const auto runs = first ? section.runs.subspan(0, slice.count + 1)
                                    : section.runs.subspan(slice.begin + 1, slice.count);
            write_with_runs(out, indices, runs, mode, index_bits);
        } else if (mode.weight_divisor == uncompressed) {
            write_indices(out, indices, index_bits);
        } else {
            write_weights(out, indices, mode);
        }
    }
}

}  // namespace u65sim::weights
