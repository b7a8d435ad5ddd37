#include "compile/estimator_pool.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace u65sim::compiler {

/// An estimator and the target it refers to.
struct EstimatorPool::Entry {
    explicit Entry(const Target& like) : target(like), estimator(target) {}
    [[nodiscard]] std::int64_t bytes() const {
        return estimator_bytes + kernel_bytes * static_cast<std::int64_t>(estimator.kept());
    }
    const Target target;
    timing::KernelEstimator estimator;
};

EstimatorPool::EstimatorPool(std::int64_t max_bytes) : max_bytes_(max_bytes) {}
EstimatorPool::~EstimatorPool() = default;

std::unique_ptr<EstimatorPool::Entry> EstimatorPool::take(const Target& target) {
    const std::lock_guard lock(mutex_);
    const auto it = std::find_if(idle_.rbegin(), idle_.rend(),
                                 [&](const auto& entry) { return entry->target == target; });
    if (it == idle_.rend()) return nullptr;
    std::unique_ptr<Entry> found = std::move(*it);
    idle_.erase(std::next(it).base());
    return found;
}

void EstimatorPool::give_back(std::unique_ptr<Entry> entry) {
    if (entry->bytes() > max_bytes_) return;
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(entry));
    std::int64_t held = 0;
    for (const auto& each : idle_) held += each->bytes();
    while (held > max_bytes_) {
        held -= idle_.front()->bytes();
        idle_.erase(idle_.begin());
    }
}

std::shared_ptr<timing::KernelEstimator> EstimatorPool::borrow(const Target& target,
                                                               CacheCounters& counters) {
    std::unique_ptr<Entry> entry = take(target);
    if (!entry) {
        target.validate();
        entry = std::make_unique<Entry>(target);
    }
    entry->estimator.begin_network();
    timing::KernelEstimator* const estimator = &entry->estimator;
    const auto return_it = [this, &counters](Entry* used) {
        const timing::KernelEstimator::Lookups lookups = used->estimator.lookups();
        counters.kernel_lookups += lookups.kernels;
        counters.kernel_hits += lookups.hits;
        give_back(std::unique_ptr<Entry>(used));
    };
    return {std::shared_ptr<Entry>(entry.release(), return_it), estimator};
}

}  // namespace u65sim::compiler
