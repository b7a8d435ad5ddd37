// The predicted time line of a command stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

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

    void kernel_wait(int outstanding);
    void dma_wait(int outstanding);
    /// `overlaps`: its first blocks are computed beside the last ones of the kernel before.
    /// `hidden`: cycles of both of which that is so where it does not wait; they count at the end
    /// alone, so that copies begin as if there were none.
    void kernel(const timing::KernelTimes& times, bool overlaps, std::int64_t hidden = 0);
    void copy(const stream::DmaOp& op) { copy(estimator_.dma(op)); }
    void copy(const timing::KernelEstimator::CopyTimes& times);

    /// Whether a copy can be queued without holding up the kernel behind it.
    [[nodiscard]] bool has_slot() const;
    /// Bytes of a copy's beginning that would be there before the kernels that were issued end.
    [[nodiscard]] std::int64_t hidden_bytes(const stream::DmaOp& op) const {
        return hidden_bytes(estimator_.dma(op), static_cast<std::int64_t>(op.length));
    }
    [[nodiscard]] std::int64_t hidden_bytes(const timing::KernelEstimator::CopyTimes& times,
                                            std::int64_t length) const;

    /// When a copy costs least: if it is issued at once, if it begins with the kernel that was
    /// issued last, or beside those that are not issued yet.
    enum class Begin { at_once, with_last, later };
    /// `next`: the kernels to be issued before the one that reads the copy.
    [[nodiscard]] Begin best_begin(const stream::DmaOp& op,
                                   std::span<const timing::KernelTimes> next) const {
        return best_begin(estimator_.dma(op), next);
    }
    [[nodiscard]] Begin best_begin(const timing::KernelEstimator::CopyTimes& copy,
                                   std::span<const timing::KernelTimes> next) const;

    [[nodiscard]] std::int64_t end() const;

private:
    struct Kernel {
        explicit Kernel(const timing::KernelTimes& times);
        std::int64_t total, reads;  ///< cycles alone, and those of them of the off-chip port
        std::int64_t end = 0;
    };
    /// What runs beside the rest of a kernel.
    struct Overlap {
        std::int64_t copied = 0;  ///< of the copies' own cycles
        std::int64_t time = 0;    ///< that these take
        std::int64_t taken = 0;   ///< from the kernel
    };
    void parse(std::int64_t words);
    static Overlap beside(std::int64_t copies, std::int64_t rest, const Kernel& kernel);
    [[nodiscard]] std::int64_t cost(const timing::KernelEstimator::CopyTimes& copy,
                                    std::int64_t begin,
                                    std::span<const timing::KernelTimes> next) const;
    [[nodiscard]] std::size_t first_behind(std::int64_t time) const;
    [[nodiscard]] std::int64_t copies_from() const;
    [[nodiscard]] std::int64_t kernels_end() const;

    timing::KernelEstimator& estimator_;
    const Architecture& arch_;
    std::int64_t parser_ = 0;
    std::int64_t hidden_ = 0;           ///< of all kernels
    std::int64_t dma_free_ = 0;         ///< when the copies' reads have ended
    std::vector<Kernel> kernels_;       ///< oldest first
    std::vector<std::int64_t> copies_;  ///< ends, oldest first
};

}  // namespace u65sim::compiler
