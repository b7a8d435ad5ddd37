// What operations take, alone and in closed form, by where their maps and weights are: worked out
// once for all networks that have an operation of the kind.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "compile/plan/shram.hpp"
#include "compile/program.hpp"
#include "timing/estimate.hpp"
#include "timing/kernel_key.hpp"

namespace u65sim::compiler::quick {

/// Which of an operation's maps are in the fast memory.
struct MapPlaces {
    bool ifm = true, ifm2 = true, ofm = true;
    [[nodiscard]] std::size_t index() const {
        return static_cast<std::size_t>(ifm) | static_cast<std::size_t>(ifm2) << 1 |
               static_cast<std::size_t>(ofm) << 2;
    }
};

/// Cycles with the weights in the fast memory, and those that it takes more where they are.
struct Duration {
    std::int64_t total = 0;
    std::int64_t off_chip = 0;  ///< in which the off-chip memory's port is busy
    std::int64_t early = 0;     ///< of that, what a cap may have granted before, while it was idle
    std::int64_t sram = 0;      ///< in which the SRAM's is
    std::int64_t crowded = 0;   ///< as `total`, where reads off-chip wait for a copy's
    Duration& operator+=(const Duration& other) {
        total += other.total;
        off_chip += other.off_chip;
        early = std::max(early, other.early);
        sram += other.sram;
        crowded += other.crowded;
        return *this;
    }
};

/// A whole operation with one block.
struct BlockTimes {
    Duration fast;            ///< weights in the fast memory
    Duration direct;          ///< weights read off-chip
    std::int64_t passes = 1;  ///< over the weights: blocks in height and width
    BlockShape block;
    ShramLayout layout;
    std::int64_t blocks = 1, jobs = 1;
    std::int64_t fill = 0;   ///< of `fast`, what neighbours can hide
    std::int64_t least = 0;  ///< busy cycles of MAC array or output unit
    /// Cycles before the first block is worked on and behind the work on the last one.
    struct Ends {
        std::int64_t head = 0, tail = 0;
        std::int32_t trips = 0;  ///< reads off-chip, one behind the other, in `head`
    };
    Ends fast_ends, direct_ends;
};

/// By where an operation's maps are.
struct PlacedTimes {
    BlockTimes chosen;   ///< the block from before places are known
    BlockTimes refined;  ///< the one that is best there, where neighbours do not count
    /// Bytes of maps read and written by port.
    std::array<std::int64_t, 2> read{}, written{};
};

/// A stripe of so many OFM rows from an operation's middle, weights in the fast memory, by place of
/// IFM and OFM; and what it takes with IFM and OFM there and weights off-chip.
struct StripeTimes {
    std::int32_t rows = 0;
    std::array<std::array<Duration, 2>, 2> at{};
    Duration direct;
    std::int64_t passes = 1;
};

/// All that is known of one kind of operation.
class OperationTimes {
public:
    /// `crowded` estimates where a copy has the off-chip port, and must outlive this.
    explicit OperationTimes(timing::KernelEstimator& crowded) : crowded_(&crowded) {}

    /// Times of `op`, which is of this kind.
    const PlacedTimes& placed(const Program& program, const NpuOp& op, const MapPlaces& places);
    const StripeTimes& stripe(const Program& program, const NpuOp& op, std::int32_t rows);
    /// Of a slice of so many channels, with its weights in the fast memory; `whole` are the times
    /// of the operation with its maps in these places.
    const BlockTimes& slice(const Program& program, const NpuOp& op, const MapPlaces& places,
                            const BlockTimes& whole, std::int32_t channels);

private:
    struct SliceTimes {
        std::size_t places = 0;
        std::int32_t channels = 0;
        BlockTimes times;
    };
    timing::KernelEstimator* crowded_;
    std::array<std::optional<PlacedTimes>, 8> placed_;
    std::vector<StripeTimes> stripes_;
    std::list<SliceTimes> slices_;
};

/// By kind of operation, for one thread at a time.
class TimeTables {
public:
    explicit TimeTables(const Target& target);
    TimeTables(const TimeTables&) = delete;
    TimeTables& operator=(const TimeTables&) = delete;

    /// The times of operations like `op`, which has a block and weights, in layouts that are
    /// chosen. Valid until the next network begins.
    OperationTimes& of(const Program& program, const NpuOp& op);
    void begin_network();

private:
    /// What their times depend on: the kernel with its maps in the fast memory, and its weights.
    struct Key {
        timing::KernelKey kernel;
        std::array<std::uint64_t, 5> others{};  ///< lengths of weights and scales; what sets blocks
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const;
    };
    Target target_;
    Cycles wait_;  ///< of reads off-chip where a copy has the port
    std::unique_ptr<timing::KernelEstimator> crowded_;
    std::unordered_map<Key, OperationTimes, KeyHash> kinds_;
};

/// Tables that nobody uses now, lent to one network at a time. Safe from any thread.
class TablePool {
public:
    /// Tables on a target, of passes taken; they come back with the last pointer to them. The pool
    /// must outlive them.
    std::shared_ptr<TimeTables> borrow(const Target& target, const PassSet& passes);

private:
    struct Entry {
        Target target;
        PassSet passes;
        TimeTables tables;
    };
    /// Sets that are kept: one for each thread of a busy machine, on a few targets.
    static constexpr std::size_t most_idle = 64;
    void give_back(std::unique_ptr<Entry> entry);

    std::mutex mutex_;
    std::vector<std::unique_ptr<Entry>> idle_;
};

}  // namespace u65sim::compiler::quick
