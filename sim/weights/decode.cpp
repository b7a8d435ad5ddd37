#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "weights/bit_reader.hpp"
#include "weights/codec.hpp"
#include "weights/stream_format.hpp"

namespace u65sim::weights {
namespace {

class Decoder {
public:
    Decoder(std::span<const std::uint8_t> bytes, std::size_t max_weights)
        : reader_(bytes), max_weights_(max_weights) {}

    std::vector<std::int16_t> run() {
        bool ended = true;  // an empty stream needs no end marker
        while (reader_.left() >= zero_divisor_bits) {
            const std::uint64_t at = reader_.position();
            const std::uint32_t zero_divisor = reader_.take(zero_divisor_bits);
            ended = zero_divisor == end_of_stream;
            if (ended) {
                reader_.skip_to_byte();
                palette_known_ = false;
            } else {
                read_slice(at, zero_divisor);
            }
        }
        if (!ended) fail(reader_.position(), "the stream has no end marker");
        return std::move(weights_);
    }

private:
    [[noreturn]] static void fail(std::uint64_t at, const std::string& what) {
        throw InvalidStream(fmt::format("weight stream, bit {}: {}", at, what));
    }

    void read_slice(std::uint64_t at, std::uint32_t zero_divisor) {
        if (zero_divisor > largest_zero_divisor && zero_divisor != no_zero_runs) {
            fail(at, fmt::format("zero run divisor {}: must be 0..4, 6 or 7", zero_divisor));
        }
        mode_.zero_divisor = zero_divisor;
        const std::uint32_t count = reader_.take(slice_length_bits) + 1;
        mode_.weight_divisor = reader_.take(weight_divisor_bits);
        if (mode_.weight_divisor > largest_weight_divisor && mode_.weight_divisor != uncompressed) {
            fail(at, fmt::format("weight divisor {}: must be 0..5 or 7", mode_.weight_divisor));
        }
        mode_.truncated = reader_.take(flag_bits) != 0;
        const bool new_palette = reader_.take(flag_bits) != 0;
        if (new_palette) {
            read_palette();
        } else if (!palette_known_) {
            fail(at, "the first slice after a start must bring a palette");
        } else if (mode_.zero_runs() != palette_zero_runs_) {
            fail(at, "zero runs start or stop without a new palette");
        }
        palette_zero_runs_ = mode_.zero_runs();

        indices_.assign(count, 0);
        runs_.assign(mode_.zero_runs() ? count + (new_palette ? 1 : 0) : 0, 0);
        read_body();
        append(at, new_palette);
    }

    void read_palette() {
        palette_ = {};
        palette_.direct_offset = reader_.take(direct_offset_bits);
        const std::uint32_t size = reader_.take(palette_size_bits);
        palette_.size = size == 0 ? 0 : size + 1;
        palette_.entry_bits = reader_.take(entry_width_bits) + smallest_entry_bits;
        for (std::uint32_t i = 0; i < palette_.size; ++i) {
            palette_.entries[i] = static_cast<std::uint16_t>(reader_.take(palette_.entry_bits));
        }
        palette_known_ = true;
    }

    /// One slice's chunks: weights and runs progress in parallel, each chunk's remainders follow
    /// in the next one.
    void read_body() {
        const bool zero_runs = mode_.zero_runs();
        const bool raw = mode_.weight_divisor == uncompressed;
        const std::uint32_t index_bits = palette_.index_bits();
        const std::size_t count = indices_.size(), run_count = runs_.size();
        weight_done_ = run_done_ = 0;
        weight_carry_ = 0;
        run_carry_ = 0;
        std::size_t weight_from = 0, run_from = 0;  // what the previous chunk completed
        for (;;) {
            const std::size_t weight_to = weight_done_, run_to = run_done_;
            const auto balance =
                static_cast<std::int64_t>(weight_to) - static_cast<std::int64_t>(run_to);
            const bool weights_on =
                weight_to < count && (!zero_runs || balance < throttle_distance);
            const bool runs_on = zero_runs && balance >= 0 && run_to < run_count;
            std::uint32_t unary = 0;
            if (weights_on && !raw) unary = reader_.take(weight_chunk_bits);
            if (runs_on) read_runs();
            if (weights_on && !raw) {
                read_quotients(unary,
                               reader_.take(static_cast<std::uint32_t>(std::popcount(unary))));
            } else if (weights_on) {
                weight_done_ =
                    std::min(count, weight_to + std::size_t{uncompressed_chunk(index_bits)});
            }
            if (raw) {
                for (std::size_t i = weight_from; i < weight_to; ++i) {
                    indices_[i] = reader_.take(index_bits);
                }
            } else if (mode_.weight_divisor > 0) {
                for (std::size_t i = weight_from; i < weight_to; ++i) {
                    indices_[i] =
                        (indices_[i] << mode_.weight_divisor) + reader_.take(mode_.weight_divisor);
                }
            }
            if (zero_runs && mode_.zero_divisor > 0) {
                for (std::size_t i = run_from; i < run_to; ++i) {
                    runs_[i] = (runs_[i] << mode_.zero_divisor) + reader_.take(mode_.zero_divisor);
                }
            }
            weight_from = weight_to;
            run_from = run_to;
            if (!weights_on && !runs_on) return;
        }
    }

    /// Weight quotients of one chunk: a set bit adds one plus a bit of `more`.
    void read_quotients(std::uint32_t unary, std::uint32_t more) {
        const std::size_t count = indices_.size();
        std::uint32_t quotient = weight_carry_;
        for (std::uint32_t bit = 0; bit < weight_chunk_bits; ++bit, unary >>= 1) {
            bool complete = true;
            if ((unary & 1) != 0) {
                const std::uint32_t extra = more & 1;
                more >>= 1;
                quotient += 1 + extra;
                complete = mode_.truncated || extra == 0;
            }
            if (!complete) {
                if (quotient > largest_quotient) {
                    fail(reader_.position(), "a weight's quotient is above 31");
                }
                continue;
            }
            if (weight_done_ < count) indices_[weight_done_++] = quotient;
            quotient = 0;
        }
        weight_carry_ = quotient;
    }

    /// Run quotients of one chunk, in plain unary.
    void read_runs() {
        const std::uint32_t bits = zero_chunk_bits(mode_.zero_divisor);
        std::uint32_t unary = reader_.take(bits);
        for (std::uint32_t bit = 0; bit < bits; ++bit, unary >>= 1) {
            if ((unary & 1) != 0) {
                ++run_carry_;
            } else {
                if (run_done_ < runs_.size()) runs_[run_done_++] = run_carry_;
                run_carry_ = 0;
            }
        }
    }

    [[nodiscard]] std::int16_t weight_at(std::uint64_t slice, std::uint32_t index) const {
        if (index < palette_.size) return weight_of(palette_.entries[index]);
        if (mode_.weight_divisor == uncompressed && palette_.size > 0) {
            fail(slice, fmt::format("the slice here has uncompressed index {}: its palette has {} "
                                    "entries",
                                    index, palette_.size));
        }
        const std::uint32_t code = index - palette_.size + palette_.direct_offset;
        if (index >= code_count || code >= code_count) {
            fail(slice, fmt::format("the slice here has index {}, direct code {}: must be below {}",
                                    index, code, code_count));
        }
        return weight_of(code);
    }

    void append(std::uint64_t at, bool new_palette) {
        std::uint64_t total = indices_.size();
        for (const std::uint64_t run : runs_) total += run;
        if (total > max_weights_ - weights_.size()) {
            fail(at, fmt::format("the slice here brings {} weights after {}: at most {} expected",
                                 total, weights_.size(), max_weights_));
        }
        std::size_t run = 0;
        if (runs_.empty()) {
            for (const std::uint32_t index : indices_) weights_.push_back(weight_at(at, index));
            return;
        }
        const auto zeros = [&] {
            weights_.resize(weights_.size() + static_cast<std::size_t>(runs_[run++]));
        };
        if (new_palette) zeros();
        for (const std::uint32_t index : indices_) {
            weights_.push_back(weight_at(at, index));
            zeros();
        }
    }

    BitReader reader_;
    std::size_t max_weights_;
    std::vector<std::int16_t> weights_;
    Palette palette_;
    SliceMode mode_;
    bool palette_known_ = false, palette_zero_runs_ = false;
    // One slice.
    std::vector<std::uint32_t> indices_;
    std::vector<std::uint64_t> runs_;
    std::size_t weight_done_ = 0, run_done_ = 0;
    std::uint32_t weight_carry_ = 0;
    std::uint64_t run_carry_ = 0;
};

}  // namespace

std::vector<std::int16_t> decode(std::span<const std::uint8_t> bytes, std::size_t max_weights) {
    return Decoder{bytes, max_weights}.run();
}

}  // namespace u65sim::weights
