#include "weights/slice_writer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/versions.hpp"
#include "weights/words.hpp"

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

/// The codes of four quotients below 8, one behind another.
constexpr std::uint32_t quad_digit_bits = 3;
using Quads = std::array<Unary, 1U << (4 * quad_digit_bits)>;

template <std::size_t size>
constexpr Quads make_quads(const std::array<Unary, size>& codes) {
    Quads quads{};
    for (std::uint32_t index = 0; index < quads.size(); ++index) {
        Unary& quad = quads[index];
        for (std::uint32_t i = 0; i < 4; ++i) {
            const std::uint32_t digit = index >> (i * quad_digit_bits) & 7;
            const Unary& code = codes[digit < size ? digit : 0];
            quad.zero = static_cast<std::uint16_t>(quad.zero | code.zero << quad.zero_bits);
            quad.one = static_cast<std::uint16_t>(quad.one | code.one << quad.one_bits);
            quad.zero_bits = static_cast<std::uint8_t>(quad.zero_bits + code.zero_bits);
            quad.one_bits = static_cast<std::uint8_t>(quad.one_bits + code.one_bits);
        }
    }
    return quads;
}
constexpr Quads plain_quads = make_quads(plain_unary);
constexpr Quads truncated_quads = make_quads(truncated_unary);

/// Bits gathered for one chunk that are written in the next one.
struct Remainders {
    std::uint64_t bits = 0;
    std::uint32_t count = 0;

    void add(std::uint32_t value, std::uint32_t width) {
        bits |= std::uint64_t{value} << count;
        count += width;
    }
    void write(BitCursor& out) const {
        if (count <= BitCursor::most) {
            out.put(bits, count);
        } else {
            out.put(bits & low_bits(BitCursor::most), BitCursor::most);
            out.put(bits >> BitCursor::most, count - BitCursor::most);
        }
    }
};

/// Bits written as a whole before they are taken chunk by chunk.
class BitQueue {
public:
    /// Room for `bits` bits.
    explicit BitQueue(std::uint64_t bits)
        : bytes_(std::make_unique_for_overwrite<std::uint8_t[]>(bits / 8 + 3 * margin)) {}
    [[nodiscard]] BitCursor begin() { return BitCursor{bytes_.get()}; }
    /// Zeros stand behind the last bit.
    static void end(BitCursor& cursor) {
        for (std::size_t i = 0; i < margin; ++i) cursor.put(0, 8);
    }
    /// The next `count` bits, at most 56.
    std::uint64_t take(std::uint32_t count) {
        const std::uint64_t bits = load_word(bytes_.get() + at_ / 8) >> (at_ % 8);
        at_ += count;
        return bits & low_bits(count);
    }

private:
    static constexpr std::size_t margin = 16;  ///< bytes that may be read behind the last bit
    std::unique_ptr<std::uint8_t[]> bytes_;
    std::uint64_t at_ = 0;
};

/// A lane of 16 bits for each of four indices.
std::uint64_t load_lanes(const std::uint16_t* indices) {
    return indices[0] | std::uint64_t{indices[1]} << 16 | std::uint64_t{indices[2]} << 32 |
           std::uint64_t{indices[3]} << 48;
}
constexpr std::uint64_t every_lane(std::uint64_t value) { return value * 0x0001'0001'0001'0001U; }

/// The low `width` bits of four lanes, one behind another; all bits above must be zero.
std::uint64_t join_lanes(std::uint64_t lanes, std::uint32_t width) {
    const std::uint64_t pairs = lanes | lanes >> (16 - width);
    const std::uint64_t mask = low_bits(2 * width);
    return (pairs & mask) | (pairs >> (32 - 2 * width) & mask << (2 * width));
}

/// The weights of one slice, a chunk at a time.
class WeightChunks {
public:
    WeightChunks(std::span<const std::uint16_t> indices, SliceMode mode)
        : left_(indices.size()),
          divisor_(mode.weight_divisor),
          truncated_(mode.truncated),
          zero_(indices.size() * 16),
          one_(indices.size() * 16),
          low_(indices.size() * divisor_) {
        queue_unary(indices);
        queue_remainders(indices);
    }

    [[nodiscard]] bool done() const { return left_ == 0; }

    /// Gathers the next chunk and returns the number of weights it completes.
    std::uint32_t gather() {
        unary_ = zero_.take(weight_chunk_bits);
        more_bits_ = static_cast<std::uint32_t>(std::popcount(unary_));
        more_ = one_.take(more_bits_);
        // Every weight's code ends with a zero bit, in one kind or the other; a truncated one has
        // one bit of the first kind.
        std::size_t ends = weight_chunk_bits;
        if (!truncated_) ends -= static_cast<std::size_t>(std::popcount(more_));
        const auto completed = static_cast<std::uint32_t>(std::min(ends, left_));
        left_ -= completed;
        const std::uint32_t count = completed * divisor_;
        if (count <= BitCursor::most) {
            gathered_ = {low_.take(count), count};
        } else {
            gathered_ = {low_.take(BitCursor::most), count};
            gathered_.bits |= low_.take(count - BitCursor::most) << BitCursor::most;
        }
        return completed;
    }
    void write_unary(BitCursor& out) const { out.put(unary_, weight_chunk_bits); }
    void write_more(BitCursor& out) const { out.put(more_, more_bits_); }
    void write_both(BitCursor& out) const {
        out.put(unary_ | more_ << weight_chunk_bits, weight_chunk_bits + more_bits_);
    }
    [[nodiscard]] Remainders remainders() const { return gathered_; }

private:
    void queue_unary(std::span<const std::uint16_t> indices) {
        const Unary* const codes = truncated_ ? truncated_unary.data() : plain_unary.data();
        const Unary* const quads = truncated_ ? truncated_quads.data() : plain_quads.data();
        const std::uint32_t divisor = divisor_;
        const std::uint64_t high = ~every_lane(low_bits(quad_digit_bits));
        const std::uint64_t mask = every_lane(low_bits(16 - divisor));
        BitCursor zero = zero_.begin(), one = one_.begin();
        const auto put = [&](const Unary& code) {
            zero.put(code.zero, code.zero_bits);
            one.put(code.one, code.one_bits);
        };
        std::size_t i = 0;
        for (; i + 4 <= indices.size(); i += 4) {
            const std::uint64_t quotients = load_lanes(&indices[i]) >> divisor & mask;
            if ((quotients & high) == 0) {
                put(quads[join_lanes(quotients, quad_digit_bits)]);
            } else {
                for (std::size_t j = i; j < i + 4; ++j) put(codes[indices[j] >> divisor]);
            }
        }
        for (; i < indices.size(); ++i) put(codes[indices[i] >> divisor]);
        BitQueue::end(zero);
        BitQueue::end(one);
    }

    void queue_remainders(std::span<const std::uint16_t> indices) {
        const std::uint32_t divisor = divisor_;
        const std::uint64_t mask = every_lane(low_bits(divisor));
        BitCursor low = low_.begin();
        std::size_t i = 0;
        for (; i + 8 <= indices.size() && divisor > 0; i += 8) {
            const std::uint64_t first = join_lanes(load_lanes(&indices[i]) & mask, divisor);
            const std::uint64_t next = join_lanes(load_lanes(&indices[i + 4]) & mask, divisor);
            low.put(first | next << (4 * divisor), 8 * divisor);
        }
        for (; i < indices.size() && divisor > 0; ++i) {
            low.put(indices[i] & low_bits(divisor), divisor);
        }
        BitQueue::end(low);
    }

    std::size_t left_;  ///< weights not completed
    std::uint32_t divisor_;
    bool truncated_;
    BitQueue zero_, one_, low_;  ///< both kinds of unary bits, and remainders
    // The gathered chunk.
    std::uint64_t unary_ = 0, more_ = 0;
    std::uint32_t more_bits_ = 0;
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
    void write_unary(BitCursor& out) const { out.put(unary_, chunk_bits_); }
    [[nodiscard]] Remainders remainders() const { return gathered_; }

private:
    std::span<const std::uint32_t> runs_;
    std::uint32_t divisor_, chunk_bits_;
    std::uint32_t ones_;  ///< of the current run, not yet given to a chunk
    std::size_t next_ = 0;
    std::uint32_t unary_ = 0;
    Remainders gathered_;
};

void write_indices(BitCursor& out, std::span<const std::uint16_t> indices, std::uint32_t bits) {
    for (const std::uint16_t index : indices) out.put(index, bits);
}

void write_weights(BitCursor& to, std::span<const std::uint16_t> indices, SliceMode mode) {
    WeightChunks weights{indices, mode};
    BitCursor out = to;
    Remainders remainders;
    while (!weights.done()) {
        weights.gather();
        weights.write_both(out);
        remainders.write(out);
        remainders = weights.remainders();
    }
    remainders.write(out);
    to = out;
}

/// Weights and runs take turns: whoever leads by too much sits a chunk out.
void write_with_runs(BitCursor& out, std::span<const std::uint16_t> indices,
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

void write_palette(BitCursor& out, const Palette& palette) {
    out.put(palette.direct_offset, direct_offset_bits);
    out.put(palette.size == 0 ? 0 : palette.size - 1, palette_size_bits);
    out.put(palette.entry_bits - smallest_entry_bits, entry_width_bits);
    for (std::uint32_t i = 0; i < palette.size; ++i) {
        out.put(palette.entries[i], palette.entry_bits);
    }
}

}  // namespace

U65SIM_VERSIONS
void write_section(BitWriter& writer, const Section& section,
                   std::span<const std::uint16_t> all_indices, std::span<const Slice> slices) {
    const std::uint32_t index_bits = section.palette.index_bits();
    writer.write([&](BitCursor& out) {
        for (const Slice& slice : slices) {
            const bool first = slice.begin == 0;
            const SliceMode mode = slice.mode;
            out.put(mode.zero_divisor, zero_divisor_bits);
            out.put(slice.count - 1, slice_length_bits);
            out.put(mode.weight_divisor, weight_divisor_bits);
            out.put(mode.truncated ? 1 : 0, flag_bits);
            out.put(first ? 1 : 0, flag_bits);
            if (first) write_palette(out, section.palette);
            const auto indices = all_indices.subspan(slice.begin, slice.count);
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
    });
}

}  // namespace u65sim::weights
