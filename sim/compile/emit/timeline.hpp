// The predicted time line of a command stream.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compile/plan/tuning.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

/// When commands are issued and end, predicted: kernels one after the other, copies beside them,
/// and both sharing the off-chip memory.
class Timeline {
public:
    Timeline(timing::KernelEstimator& estimator, const Architecture& arch)
        : estimator_(estimator), arch_(arch) {}

    void kernel_wait(int outstanding) { wait(kernels_, outstanding); }
    void dma_wait(int outstanding) { wait(copies_, outstanding); }
    void kernel(const stream::KernelOp& op) {
        wait(kernels_, arch_.max_outstanding_kernels - 1);
        const timing::KernelTimes estimate = estimator_.times(op);
        const std::int64_t start = std::max(parser_, last(kernels_));
        off_chip_ = std::max(off_chip_, start) + estimate.port_cycles[1].count();
        idle_.push_back(idle_of(estimate));
        kernels_.push_back(start + estimate.total.count());
        if (estimate.port_cycles[1].count() > 0) {
            kernels_.back() = std::max(kernels_.back(), off_chip_);
        }
    }
    void copy(const stream::DmaOp& op) {
        wait(copies_, arch_.max_outstanding_dmas - 1);
        const timing::KernelEstimator::CopyTimes times = estimator_.dma(op);
        off_chip_ = std::max(off_chip_, parser_) + times.busy.count();
        copies_.push_back(std::max(last(copies_), off_chip_ + times.latency.count()));
    }
    /// Whether a copy can be queued without holding up the kernel behind it.
    [[nodiscard]] bool has_slot() const {
        const auto most = static_cast<std::size_t>(arch_.max_outstanding_dmas);
        if (copies_.size() < most) return true;
        const std::int64_t free = copies_[copies_.size() - most];
        return free <= parser_ || free + tuning::slot_slack <= last(kernels_);
    }
    /// Bytes of a copy's beginning that would be there before the kernels that were issued end.
    [[nodiscard]] std::int64_t hidden_bytes(const stream::DmaOp& op) const {
        const auto length = static_cast<std::int64_t>(op.length);
        const timing::KernelEstimator::CopyTimes times = estimator_.dma(op);
        const std::int64_t start = std::max(parser_, off_chip_) + times.latency.count();
        const std::int64_t hidden = last(kernels_) - tuning::slot_slack - start;
        const std::int64_t cycles = times.busy.count();
        return std::clamp<std::int64_t>(length * hidden / std::max<std::int64_t>(cycles, 1), 0,
                                        length);
    }
    /// Cycles that a copy would take from the kernels in flight, if it were issued now: what it
    /// needs beyond the time in which these leave the off-chip memory idle.
    [[nodiscard]] std::int64_t taken_by(const stream::DmaOp& op) const {
        std::int64_t left = estimator_.dma(op).busy.count();
        std::int64_t taken = 0;
        std::size_t kernel = kernels_.size();
        while (kernel > 0 && kernels_[kernel - 1] > parser_) --kernel;
        for (; kernel < kernels_.size() && left > 0; ++kernel) {
            const std::int64_t before = kernel == 0 ? 0 : kernels_[kernel - 1];
            const std::int64_t rest = kernels_[kernel] - std::max(before, parser_);
            const std::int64_t beside = std::min(left, rest);
            taken += std::max<std::int64_t>(0, beside - std::min(idle_[kernel], rest));
            left -= beside;
        }
        return taken;
    }
    /// Whether a copy finds the off-chip memory idle for as long as it takes beside a kernel that
    /// is not yet issued.
    [[nodiscard]] bool hides_beside(const stream::DmaOp& op, const stream::KernelOp& kernel) const {
        return estimator_.dma(op).alone().count() + tuning::slot_slack <=
               idle_of(estimator_.times(kernel));
    }
    [[nodiscard]] std::int64_t end() const { return std::max(last(kernels_), last(copies_)); }

private:
    static std::int64_t idle_of(const timing::KernelTimes& times) {
        return std::max<std::int64_t>(0, (times.total - times.port_cycles[1]).count());
    }
    static std::int64_t last(const std::vector<std::int64_t>& ends) {
        return ends.empty() ? 0 : ends.back();
    }
    void wait(const std::vector<std::int64_t>& ends, int outstanding) {
        const auto left = static_cast<std::size_t>(outstanding);
        if (ends.size() > left) parser_ = std::max(parser_, ends[ends.size() - 1 - left]);
    }

    timing::KernelEstimator& estimator_;
    const Architecture& arch_;
    std::int64_t parser_ = 0, off_chip_ = 0;
    std::vector<std::int64_t> kernels_, copies_;  ///< ends, oldest first
    std::vector<std::int64_t> idle_;              ///< cycles of each kernel without off-chip reads
};

}  // namespace u65sim::compiler
