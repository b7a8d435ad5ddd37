#include "machine/channels/extent.hpp"

#include <algorithm>
#include <cstddef>

#include "timing/box_runs.hpp"

namespace u65sim::machine {

namespace {

/// Takes runs one after the other and keeps those of their bursts that are asked for.
class BurstCutter {
public:
    BurstCutter(std::int64_t first, std::int64_t count, std::int64_t burst_bytes,
                std::vector<Burst>& bursts)
        : skip_(first), left_(count), size_(burst_bytes), bursts_(&bursts) {}

    /// `alignment` is the place of the run's first byte in its burst.
    void cut(std::uint64_t address, std::int64_t bytes, std::int64_t alignment) {
        if (bytes <= 0 || left_ == 0) return;
        const std::int64_t count = (alignment + bytes - 1) / size_ + 1;
        const std::int64_t from = std::min(skip_, count);
        const std::int64_t to = std::min(count, from + left_);
        skip_ -= from;
        left_ -= to - from;
        for (std::int64_t i = from; i < to; ++i)
            bursts_->push_back(burst(address, bytes, alignment, i));
        last_ = burst(address, bytes, alignment, count - 1);
    }
    /// Bursts that are missing are the last one again.
    void fill() {
        for (; left_ > 0; --left_) bursts_->push_back(bursts_->empty() ? last_ : bursts_->back());
    }

private:
    [[nodiscard]] Burst burst(std::uint64_t address, std::int64_t bytes, std::int64_t alignment,
                              std::int64_t index) const {
        const std::int64_t begin = std::max<std::int64_t>(0, index * size_ - alignment);
        const std::int64_t end = std::min(bytes, (index + 1) * size_ - alignment);
        return {address + static_cast<std::uint64_t>(begin), end - begin};
    }

    std::int64_t skip_, left_, size_;
    std::vector<Burst>* bursts_;
    Burst last_;
};

std::int64_t place_in_burst(std::uint64_t address, std::int64_t burst_bytes) {
    return static_cast<std::int64_t>(address % static_cast<std::uint64_t>(burst_bytes));
}

}  // namespace

void cut_bursts(const Extent& extent, std::int64_t count, const timing::BusShape& bus,
                std::vector<Burst>& bursts) {
    bursts.clear();
    BurstCutter cutter{extent.first, count, bus.burst_bytes, bursts};
    if (extent.map != nullptr) {
        timing::for_each_box_run(*extent.map, extent.box, [&](const timing::Runs& runs) {
            for (std::int64_t i = 0; i < runs.count; ++i) {
                const std::uint64_t at = runs.address + static_cast<std::uint64_t>(i * runs.stride);
                cutter.cut(at, runs.bytes, place_in_burst(at, bus.burst_bytes));
            }
        });
    } else if (extent.copy != nullptr) {
        // Inner runs are cut like the first (timing::dma_access).
        const std::int64_t place = place_in_burst(extent.end->address, bus.burst_bytes);
        timing::for_each_dma_run(*extent.copy, *extent.end, [&](const timing::Runs& runs) {
            for (std::int64_t i = 0; i < runs.count; ++i) {
                cutter.cut(runs.address + static_cast<std::uint64_t>(i * runs.stride), runs.bytes,
                           place);
            }
        });
    } else {
        for (const stream::ByteRange& run : extent.runs) {
            cutter.cut(run.base, run.length, place_in_burst(run.base, bus.burst_bytes));
        }
    }
    cutter.fill();
}

}  // namespace u65sim::machine
