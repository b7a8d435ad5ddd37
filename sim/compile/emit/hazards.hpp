// Which operations are still in flight, and the waits a new one needs (register description:
// kernels and copies are not ordered against each other by the hardware).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

#include <boost/circular_buffer.hpp>
#include <boost/container/static_vector.hpp>

#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim::compiler {

/// Bytes of a region, or of the shared buffer.
struct MemoryRange {
    static constexpr int shram = 63;  ///< pseudo region
    int region = 0;
    std::uint64_t begin = 0, end = 0;
    [[nodiscard]] bool meets(const MemoryRange& other) const {
        return region == other.region && begin < other.end && other.begin < end;
    }
};

/// What one operation reads or writes: seven ranges at most.
class MemoryRanges {
public:
    MemoryRanges() = default;
    MemoryRanges(std::initializer_list<MemoryRange> ranges) {
        for (const MemoryRange& range : ranges) push_back(range);
    }
    void push_back(const MemoryRange& range) {
        ranges_.push_back(range);
        regions_ |= std::uint64_t{1} << (range.region & 63);
    }
    [[nodiscard]] const MemoryRange* begin() const { return ranges_.data(); }
    [[nodiscard]] const MemoryRange* end() const { return ranges_.data() + ranges_.size(); }
    [[nodiscard]] bool meet(const MemoryRanges& other) const {
        return (regions_ & other.regions_) != 0 && any_meet(other);
    }

private:
    [[nodiscard]] bool any_meet(const MemoryRanges& other) const;

    boost::container::static_vector<MemoryRange, 8> ranges_;
    std::uint64_t regions_ = 0;  ///< a bit each
};

struct Accesses {
    MemoryRanges reads, writes;
    /// True when the order of the two matters.
    [[nodiscard]] bool conflicts(const Accesses& other) const;
};

/// First to last byte of a feature map, holes between rows and between tiles included.
MemoryRange range_of(const stream::FeatureMap& map);
Accesses accesses_of(const stream::KernelOp& op, const Architecture& arch);
Accesses accesses_of(const stream::DmaOp& op);

class HazardTracker {
public:
    explicit HazardTracker(const Architecture& arch)
        : kernels_(static_cast<std::size_t>(arch.max_outstanding_kernels)),
          dmas_(static_cast<std::size_t>(arch.max_outstanding_dmas)) {}
    /// The DMA_WAIT that must stand before this kernel, when one must.
    std::optional<int> kernel(const Accesses& accesses);
    /// The KERNEL_WAIT that must stand before this copy, when one must.
    std::optional<int> dma(const Accesses& accesses);
    /// What `dma` would answer, without issuing.
    [[nodiscard]] std::optional<int> wait_for_kernels(const Accesses& accesses) const;

private:
    boost::circular_buffer<Accesses> kernels_, dmas_;  ///< as many as may be outstanding
};

}  // namespace u65sim::compiler
