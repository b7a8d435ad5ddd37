// By what deliveries of weights are compared: for DeliveryChooser, which has a whole plan, and for
// effort quick, which has rules instead of one.
#pragma once

#include <cstdint>
#include <span>

#include "base/rounding.hpp"
#include "compile/context.hpp"
#include "compile/plan/lifetimes.hpp"
#include "compile/plan/slice_places.hpp"
#include "compile/plan/tuning.hpp"
#include "compile/plan/weight_delivery.hpp"

namespace u65sim::compiler {

/// The position from `first` to `last`, by the cycles at which they begin, in which copies and
/// reads that end at `dma_free` have the off-chip memory until then: copies made before take from
/// those reads.
std::int32_t free_position(std::span<const std::int64_t> started, std::int64_t dma_free,
                           std::int32_t first, std::int32_t last);

/// An operation that reads its weights where they are.
struct DirectRead {
    std::int64_t bytes = 0;             ///< of weights, over all passes
    std::int64_t fast = 0, direct = 0;  ///< cycles of a stripe with weights in SRAM, and so
    std::int64_t stripes = 1;
    bool is_reread = false;  ///< in more than one pass
};
/// When it ends that begins at cycle `now`.
Ends ends_of_read(const CompileContext& context, const DirectRead& read, std::int64_t now,
                  std::int64_t dma_free);

/// Whether copied weights serve an operation better than those read where they are: a copy takes
/// from what other reads get meanwhile.
inline bool is_copy_better(const Ends& copied, const Ends& read, std::int64_t passes) {
    const std::int64_t gain = passes == 1 ? tuning::least_wait : 0;
    return copied.score() + gain <= read.score();
}

/// Whether a last slice may have room beside the one before that is made for two alike.
inline bool has_small_last(std::int64_t each, std::int64_t last) { return 2 * last <= each; }

/// The cycle before which an operation that begins at `now` must end by places of the slices' own
/// sizes, to take them: places of one size leave more room for others.
inline std::int64_t clearly_sooner(const Ends& alike, std::int64_t now) {
    return now + tuning::shallow_gain.of(alike.finish - now);
}

/// An operation whose weights may come in slices.
struct Sliced {
    std::int64_t size = 0;                    ///< bytes of weights
    std::int64_t fast = 0;                    ///< cycles with weights in SRAM
    std::int32_t depth = 0, block_depth = 0;  ///< channels of the OFM and of a block
    std::int64_t now = 0;                     ///< cycle at which it begins
    std::int32_t unit = brick_channels;       ///< channels that slices are multiples of
};

/// Which slicings are tried, and which of them serve.
class SlicingTrial {
public:
    /// `without`: as it is delivered without slices.
    SlicingTrial(const Sliced& op, const Ends& without)
        : op_(op), without_(without), best_(without) {}

    /// Calls attempt(channels) for slices of so many. Slices less deep than blocks are tried where
    /// the operation waits all the same: whole blocks are as good where nothing waits, and where
    /// the gain is less than what is known of the rates.
    template <class Attempt>
    void run(const Attempt& attempt) {
        const auto unit = static_cast<std::int32_t>(
            std::min<std::int64_t>(op_.block_depth, round_up(op_.depth, brick_channels)));
        try_multiples(unit, attempt);
        must_gain_ = true;
        if (unit < brick_channels || (unit > brick_channels && waits(best_))) {
            try_multiples(brick_channels, attempt);
        }
        if (op_.unit < std::min(unit, brick_channels) && waits(best_)) {
            try_multiples(op_.unit, attempt);
        }
    }

    [[nodiscard]] bool waits(const Ends& ends) const {
        return ends.finish - op_.now - op_.fast > tuning::least_wait;
    }
    /// Whether slices that end so are better than none.
    [[nodiscard]] bool serves(const Ends& ends) const {
        return ends.score() < without_.score() &&
               (!must_gain_ ||
                tuning::shallow_gain.exceeds(ends.finish - op_.now, best_.finish - op_.now));
    }
    void add(const Ends& ends) {
        if (is_best(ends)) best_ = ends;
    }
    [[nodiscard]] bool is_best(const Ends& ends) const { return ends.score() < best_.score(); }

private:
    template <class Attempt>
    void try_multiples(std::int32_t unit, const Attempt& attempt) const {
        std::int32_t tried = op_.depth;
        for (const std::int64_t bytes : tuning::slice_bytes) {
            const std::int64_t parts = ceil_div(op_.size, bytes);
            const auto step = static_cast<std::int32_t>(round_up(ceil_div(op_.depth, parts), unit));
            if (step >= tried || ceil_div(op_.depth, step) > fine / 2) continue;
            tried = step;
            attempt(step);
        }
    }

    const Sliced op_;
    const Ends without_;
    Ends best_;
    bool must_gain_ = false;
};

}  // namespace u65sim::compiler
