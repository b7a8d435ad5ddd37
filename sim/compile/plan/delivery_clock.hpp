// The time of a plan while its weights are delivered: kernels one after the other, copies beside
// them in the order of their use.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "compile/plan/weight_delivery.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

class DeliveryClock {
public:
    /// Weights are copied to `region`; `program` must outlive this.
    DeliveryClock(const PlannedProgram& program, int region);

    /// From which position on each copy of a segment should be made so that nothing waits: counted
    /// back from the last one. `cycles` are those of each position from `begin` on.
    void plan_copies(std::span<WeightLoad> loads, std::span<const std::int64_t> cycles,
                     std::int32_t begin);

    /// A segment begins at cycle 0, with its first position of the execution order.
    void begin_segment(std::int32_t time);
    /// The operations of a position begin; alone they take `cycles`.
    void begin_position(std::int32_t time, std::int64_t cycles);
    /// One of them has its weights delivered so: the position waits for the slowest.
    void deliver(const WeightLoad& load, const Delivery& delivery);
    /// The position ends; `last` is the last operation that had weights delivered, else any.
    void end_position(const NpuOp* last);

    /// The position from `first` to `last`, the present one, in which the copies and reads so far
    /// have the off-chip memory until their end: copies made before take from those reads.
    [[nodiscard]] std::int32_t free_from(std::int32_t first, std::int32_t last) const;

    [[nodiscard]] std::int64_t now() const { return now_; }  ///< start of the present position
    [[nodiscard]] std::int32_t segment_begin() const { return segment_begin_; }
    /// Cycles of the position before, or of the last slice there.
    [[nodiscard]] std::int64_t slack() const { return slack_; }
    /// Waits of a load whose operation ends at `finish`.
    [[nodiscard]] std::int64_t wait_of(const WeightLoad& load, std::int64_t finish) const {
        return finish - now_ - load.fast;
    }

    /// Cycles of one copy, alone.
    std::int64_t copy_cycles(std::int64_t size) { return copy_times(size).alone().count(); }
    /// Cycles of an operation with its weights in SRAM, and where they are.
    [[nodiscard]] std::array<Cycles, 2> kernel_cycles(const NpuOp& op,
                                                      const WeightSlice* slice) const;

    /// When a load's operation ends that reads its weights where they are.
    [[nodiscard]] Ends read_directly(const WeightLoad& load) const;
    /// When one ends whose weights come in parts like these.
    Ends copied(WeightLoad& load, std::span<const std::int32_t> depths,
                std::span<const Lifetime> places);
    /// No delivery in slices like these ends earlier; all but the last are alike.
    Ends least_copied(WeightLoad& load, std::span<const std::int32_t> depths,
                      std::span<const std::int64_t> sizes);

private:
    timing::KernelEstimator::CopyTimes copy_times(std::int64_t size);
    /// Cycles of a slice of so many channels with its weights in SRAM.
    [[nodiscard]] std::int64_t slice_cycles(WeightLoad& load, std::int32_t depth) const;
    /// Cycles of one of an operation's parts of so many channels.
    [[nodiscard]] std::int64_t part_cycles(WeightLoad& load, std::int32_t depth,
                                           std::size_t parts) const;

    const PlannedProgram& program_;
    const int region_;
    std::vector<std::int64_t> started_;                ///< cycle at which each position began
    std::vector<std::int64_t> starts_;                 ///< of the parts of a delivery
    std::int64_t copy_size_ = -1;                      ///< of the copy asked for last
    timing::KernelEstimator::CopyTimes copy_times_{};  ///< and what it takes
    std::int64_t now_ = 0, dma_free_ = 0, finish_ = 0;
    std::int64_t alone_ = 0;  ///< cycles of the present position's operations
    std::int64_t slack_ = 0;
    std::int32_t segment_begin_ = 0;
};

}  // namespace u65sim::compiler
