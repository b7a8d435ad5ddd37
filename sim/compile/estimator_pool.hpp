// Estimators with what they know from earlier compilations.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <u65sim/target.hpp>

#include "compile/cache_counters.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

/// Estimators that nobody uses now, lent to one compilation at a time. Safe from any thread.
class EstimatorPool {
public:
    /// Those used last are kept while all take no more than `max_bytes`.
    explicit EstimatorPool(std::int64_t max_bytes);
    ~EstimatorPool();
    EstimatorPool(const EstimatorPool&) = delete;
    EstimatorPool& operator=(const EstimatorPool&) = delete;

    /// An estimator on a target equal to this one; it comes back with the last pointer to it.
    /// Throws InvalidConfig where no equal target was valid before and this one is not. What was
    /// asked is added to `counters`, which must outlive it, as this must.
    std::shared_ptr<timing::KernelEstimator> borrow(const Target& target, CacheCounters& counters);

private:
    struct Entry;
    std::unique_ptr<Entry> take(const Target& target);
    void give_back(std::unique_ptr<Entry> entry);

    /// Bytes of an estimator, and of one kernel that it knows (measured on the zoo's networks).
    static constexpr std::int64_t estimator_bytes = 16384, kernel_bytes = 1536;
    const std::int64_t max_bytes_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Entry>> idle_;
};

}  // namespace u65sim::compiler
