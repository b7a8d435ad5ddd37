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

    void kernel_wait(int outstanding) {
        const auto left = static_cast<std::size_t>(outstanding);
        if (kernels_.size() > left) {
            parser_ = std::max(parser_, kernels_[kernels_.size() - 1 - left].end);
        }
    }
    void dma_wait(int outstanding) {
        const auto left = static_cast<std::size_t>(outstanding);
        if (copies_.size() > left) parser_ = std::max(parser_, copies_[copies_.size() - 1 - left]);
    }
    void kernel(const timing::KernelTimes& times, bool overlaps) {
        kernel_wait(arch_.max_outstanding_kernels - 1);
        Kernel kernel(times);
        std::int64_t start = kernels_end();
        if (overlaps) start = std::max(parser_, start - times.fill.count());
        const Overlap overlap = beside(dma_free_ - start, kernel.total, kernel);
        kernel.end = start + kernel.total + overlap.taken;
        const std::int64_t later = overlap.time - overlap.copied;
        for (auto copy = copies_.rbegin(); copy != copies_.rend() && *copy > start; ++copy) {
            *copy += later;
        }
        dma_free_ += later;
        kernels_.push_back(kernel);
    }
    void copy(const stream::DmaOp& op) {
        dma_wait(arch_.max_outstanding_dmas - 1);
        const timing::KernelEstimator::CopyTimes times = estimator_.dma(op);
        std::int64_t left = times.busy.count();
        std::int64_t at = copies_from();
        std::int64_t taken = 0;
        for (std::size_t k = first_behind(at); k < kernels_.size(); ++k) {
            Kernel& kernel = kernels_[k];
            kernel.end += taken;
            const Overlap overlap = beside(left, kernel.end - at, kernel);
            kernel.end += overlap.taken;
            taken += overlap.taken;
            left -= overlap.copied;
            at += overlap.time;
        }
        dma_free_ = at + left;
        copies_.push_back(dma_free_ + times.latency.count());
    }
    /// Whether a copy can be queued without holding up the kernel behind it.
    [[nodiscard]] bool has_slot() const {
        const auto most = static_cast<std::size_t>(arch_.max_outstanding_dmas);
        if (copies_.size() < most) return true;
        const std::int64_t free = copies_[copies_.size() - most];
        return free <= parser_ || free + tuning::slot_slack <= kernels_end();
    }
    /// Bytes of a copy's beginning that would be there before the kernels that were issued end.
    [[nodiscard]] std::int64_t hidden_bytes(const stream::DmaOp& op) const {
        const auto length = static_cast<std::int64_t>(op.length);
        const timing::KernelEstimator::CopyTimes times = estimator_.dma(op);
        const std::int64_t start = copies_from() + times.latency.count();
        const std::int64_t hidden = kernels_end() - tuning::slot_slack - start;
        const std::int64_t cycles = times.busy.count();
        return std::clamp<std::int64_t>(length * hidden / std::max<std::int64_t>(cycles, 1), 0,
                                        length);
    }
    /// When a copy that is issued now can begin, and when the kernel that was issued last does.
    [[nodiscard]] std::int64_t copies_from() const { return std::max(parser_, dma_free_); }
    [[nodiscard]] std::int64_t last_start() const {
        return kernels_.size() > 1 ? std::max(parser_, kernels_[kernels_.size() - 2].end) : parser_;
    }
    [[nodiscard]] std::int64_t kernels_end() const {
        return kernels_.empty() ? parser_ : std::max(parser_, kernels_.back().end);
    }
    /// What a copy that begins at `begin` costs: cycles that it takes from kernels, those in flight
    /// and `next`, the ones to be issued, and those that the kernel behind these waits for it.
    template <class Jobs>
    [[nodiscard]] std::int64_t cost(const stream::DmaOp& op, std::int64_t begin,
                                    const Jobs& next) const {
        const timing::KernelEstimator::CopyTimes copy = estimator_.dma(op);
        std::int64_t left = copy.busy.count();
        std::int64_t taken = 0;
        std::int64_t at = begin;
        const auto run_beside = [&](std::int64_t end, const Kernel& kernel) {
            if (end <= at) return;
            const Overlap overlap = beside(left, end - at, kernel);
            taken += overlap.taken;
            left -= overlap.copied;
            at += overlap.time - overlap.taken;
        };
        for (std::size_t k = first_behind(begin); k < kernels_.size(); ++k) {
            run_beside(kernels_[k].end, kernels_[k]);
        }
        std::int64_t end = kernels_end();
        for (const auto& job : next) {
            if (left == 0) return taken;
            end += job.times.total.count();
            run_beside(end, Kernel(job.times));
        }
        const std::int64_t there = at + left + copy.latency.count() + tuning::slot_slack;
        return taken + std::max<std::int64_t>(0, there - end);
    }
    [[nodiscard]] std::int64_t end() const {
        return std::max(kernels_end(), copies_.empty() ? 0 : copies_.back());
    }

private:
    struct Kernel {
        explicit Kernel(const timing::KernelTimes& times)
            : total(std::max<std::int64_t>(1, times.total.count())),
              reads(std::min(total, times.port_cycles[1].count())) {}
        std::int64_t total, reads;  ///< cycles alone, and those of them of the off-chip port
        std::int64_t end = 0;
    };
    /// What runs beside the rest of a kernel.
    struct Overlap {
        std::int64_t copied = 0;  ///< of the copies' own cycles
        std::int64_t time = 0;    ///< that these take
        std::int64_t taken = 0;   ///< from the kernel
    };
    /// A copy has twice as many bursts in flight as what a kernel reads (measured): it takes half
    /// of the time longer beside one that keeps the port busy, and what this reads meanwhile comes
    /// as much later as the copy would take alone.
    static Overlap beside(std::int64_t copies, std::int64_t rest, const Kernel& kernel) {
        Overlap overlap;
        const std::int64_t most = rest * 2 * kernel.total / (2 * kernel.total - kernel.reads);
        overlap.copied = std::clamp<std::int64_t>(copies, 0, most);
        overlap.taken = overlap.copied * kernel.reads / kernel.total;
        overlap.time = overlap.copied + overlap.taken / 2;
        return overlap;
    }
    /// The first kernel that is not over at a time.
    [[nodiscard]] std::size_t first_behind(std::int64_t time) const {
        std::size_t kernel = kernels_.size();
        while (kernel > 0 && kernels_[kernel - 1].end > time) --kernel;
        return kernel;
    }

    timing::KernelEstimator& estimator_;
    const Architecture& arch_;
    std::int64_t parser_ = 0, dma_free_ = 0;
    std::vector<Kernel> kernels_;       ///< oldest first
    std::vector<std::int64_t> copies_;  ///< ends, oldest first
};

}  // namespace u65sim::compiler
