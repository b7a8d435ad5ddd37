// The numbers by which plans are weighed: name, unit, and what each rests on (docs/calibration.md
// has the same list). None belongs to a network or an accelerator. "Chosen" ones bound work or
// break ties, and were set by hand.
#pragma once

#include <array>
#include <cstdint>

namespace u65sim::compiler {

/// A part of a whole.
struct Share {
    std::int64_t numerator, denominator;
    /// Any whole will do: nothing on the way is larger.
    [[nodiscard]] constexpr std::int64_t of(std::int64_t whole) const {
        return whole / denominator * numerator + whole % denominator * numerator / denominator;
    }
    /// The whole of which this share is a part.
    [[nodiscard]] constexpr std::int64_t over(std::int64_t part) const {
        return part * denominator / numerator;
    }
    /// Whether this share of the whole is more than a part.
    [[nodiscard]] constexpr bool exceeds(std::int64_t part, std::int64_t whole) const {
        return part * denominator < whole * numerator;
    }
};

namespace tuning {

// --- Which maps and weights live in SRAM ---

/// Cycles that a byte off-chip costs those who wait for other bytes there: about a third of what it
/// takes alone (calibrated on random networks).
inline constexpr double cycles_per_byte = 0.1;
/// Part of the saving of a weight buffer that counts against maps: weights may still come in slices
/// (chosen; a byte that they save counts as much).
inline constexpr double weight_benefit = cycles_per_byte;
/// Rounds in which a candidate without a place gets an earlier turn (chosen: more seldom find one).
inline constexpr int advance_rounds = 60;

/// A copy of a map must save this part of its readers' time: less can be had by other blocks, or
/// hides beside other kernels (chosen).
inline constexpr Share copy_gain{1, 32};
/// Weights of more than this part of the SRAM hardly find room as a whole (chosen).
inline constexpr Share whole_weights{1, 2};
/// Two slices of whole blocks that take less of the SRAM find room; of others, two of a brick's
/// depth are asked for (chosen).
inline constexpr Share large_slices{1, 4};
/// Slices less deep than a block must bring this part of what is lost without any, or maps leave
/// them the room of deeper ones (chosen).
inline constexpr Share shallow_turns{1, 4};
/// Where maps may take turns: cycles lost to reads over and over, as a part of the plan's, that are
/// worth a second plan (that part is what predictions are good to).
inline constexpr Share crowded_share{1, 100};

/// Part of kernels' cycles, one after the other, that is left where the ends of neighbours overlap
/// (measured on plans of random networks: less was hidden in all).
inline constexpr Share kernels_apart{15, 16};

/// A plan with weights where they are must take less than this part of one with copies: of the two
/// predictions are wrong by less than that.
inline constexpr Share staying_gain{49, 50};
/// Where kernels alone take less than this part of a plan's cycles, its weights are waited for, and
/// the machine may be asked whether they should stay (chosen: elsewhere there is little to gain).
inline constexpr Share waiting_share{19, 20};
/// A plan for a larger SRAM must take less than this part of the predicted cycles of one for a
/// smaller SRAM where nobody asks the machine: of two plans of one network predictions are mostly
/// wrong by less than that.
inline constexpr Share larger_sram_gain{99, 100};
/// Of plans for several sizes, the one of the fewest predicted cycles may turn out slower than
/// those of which it takes more than this part (measured on random networks), and than no others.
inline constexpr Share certain_gain{979, 1000};
/// Below so many bytes, or this part of the maps that live together, more SRAM mostly makes plans
/// clearly faster (chosen): for less only cascades are tried that do well in more.
inline constexpr std::int64_t cramped_sram = 128 << 10;
inline constexpr Share cramped_maps{1, 4};
/// Bytes between what lives in SRAM, as a part of it (chosen).
inline constexpr Share lost_room{1, 8};

// --- form_cascades ---

/// Operations in one cascade at most (chosen: longer ones only lengthen the search).
inline constexpr std::size_t max_cascade_length = 16;
/// OFM rows of a cascade's last operation that are tried (chosen: steps of a third to a half).
inline constexpr std::array<std::int32_t, 12> stripe_heights = {1,  2,  3,  4,  6,  8,
                                                                12, 16, 24, 32, 48, 64};
/// Bytes of arenas whose cascades are tried in larger ones too (chosen): shorter stripes leave room
/// to weights; and the smallest of them, as a part of the arena: below it nothing was gained.
inline constexpr std::array<std::int64_t, 10> smaller_arenas = {
    4194304, 3145728, 2097152, 1048576, 786432, 524288, 393216, 262144, 196608, 131072};
inline constexpr Share least_arena{1, 3}, least_arena_without_spilling{1, 4};
/// Maps that together never take more of the arena are left whole (chosen: little can be gained).
inline constexpr Share small_maps{1, 2};
/// What a cascade over branches may gain at most must be this part of the least time of all
/// operations (chosen: bounds the search).
inline constexpr Share least_branch_gain{1, 50};
/// A map larger than this part of the arena is not counted among those that live there beside a
/// cascade: it will hardly be placed there (chosen).
inline constexpr Share hopeless_map{1, 2};
/// A plan with cascades must take less than this part of the plain one's predicted cycles: the
/// prediction is good to about a percent.
inline constexpr Share cascade_gain{99, 100};
/// Cascades of whose predicted cycles, before maps and weights have places, this part is too many
/// are not tried (chosen: places cost more, and seldom less).
inline constexpr Share hopeless_cascades{9, 10};
/// Weights anywhere must save a hundredth over copied ones to be tried, for the same reason.
inline constexpr Share anywhere_gain{1, 100};

// --- refine_blocks ---

/// A block must be this much faster, for the prediction is not exact: percent.
inline constexpr std::int64_t least_block_gain = 3;
/// What an operation may gain at most must be this part of all operations' time (chosen: bounds the
/// search).
inline constexpr Share least_operation_gain{1, 200};
/// Blocks of other depths are tried where products would fill less than this part of the array's
/// time (chosen: bounds the search).
inline constexpr Share idle_array{3, 5};
/// An extent is tried when it is larger than the one before by this factor; a block when it has
/// this part of the area that it replaces (chosen: bounds the search).
inline constexpr Share next_extent{5, 4}, least_block_area{1, 4};
/// Weights of at least this part of the SRAM may yet be read where they are (chosen).
inline constexpr Share large_weights{1, 8};

// --- stream_weights ---

/// Cycles that one more kernel costs when an operation is sliced: waits at its ends that overlap
/// little (measured on the machine).
inline constexpr std::int64_t extra_kernel_cycles = 300;
/// More channels that are zeros, as a part of those that are not, make slices of other sizes than
/// their share of the whole (chosen).
inline constexpr Share ragged_share{1, 8};
/// Bytes below which a slice hides fewer cycles than extra_kernel_cycles (chosen).
inline constexpr std::int64_t smallest_slice = 4096;
/// Cycles of waiting that are not worth a slice or a copy: the latency of a copy, about.
inline constexpr std::int64_t least_wait = 500;
/// Cycles that reading weights off-chip anew for every block position costs beyond the bytes
/// (chosen above the waits of a few blocks).
inline constexpr std::int64_t reread_cycles = 1000;
/// What a cycle of the copy queue counts against one of the kernels, when deliveries are compared:
/// a busy queue delays the operations behind (chosen).
inline constexpr Share queue_cycle{1, 8};
/// Part of the time that slices shallower than a block may take of what deeper ones do, and places
/// that leave less room for others of what others do: what is known of the rates is no better.
inline constexpr Share shallow_gain{63, 64};
/// Bytes of slices that are tried (chosen: powers of two from twice the smallest to what fits
/// several times into most arenas).
inline constexpr std::array<std::int64_t, 4> slice_bytes = {65536, 32768, 16384, 8192};

// --- encoded sizes before anything is encoded ---

/// A part of encoded weights may take more than its share: relatively, and bytes for the ends of
/// its streams (measured: samples are within a percent).
inline constexpr Share size_margin{51, 50};
inline constexpr std::int64_t size_margin_bytes = 128;

// --- emit ---

/// Cycles before the kernels run dry at which a slot of the copy queue should be free: the
/// prediction is not exact (chosen like least_wait).
inline constexpr std::int64_t slot_slack = 500;
/// Words of a kernel's and of a copy's commands, where those before have set most registers
/// (measured on streams of the zoo: 17 to 29, and 7 to 8).
inline constexpr std::int64_t kernel_words = 20, copy_words = 8;

}  // namespace tuning

}  // namespace u65sim::compiler
