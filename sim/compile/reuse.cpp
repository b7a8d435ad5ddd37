#include "compile/reuse.hpp"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace u65sim::compiler {

namespace {

/// An estimator and the target it refers to.
struct Owned {
    explicit Owned(const Target& wanted) : target(wanted), estimator(target) {}
    const Target target;
    timing::KernelEstimator estimator;
};

/// Estimators that nobody uses now.
class Idle {
public:
    std::unique_ptr<Owned> take(const Target& target) {
        const std::lock_guard lock(mutex_);
        const auto it = std::find_if(owned_.rbegin(), owned_.rend(),
                                     [&](const auto& owned) { return owned->target == target; });
        if (it == owned_.rend()) return nullptr;
        std::unique_ptr<Owned> found = std::move(*it);
        owned_.erase(std::next(it).base());
        return found;
    }
    /// Keeps the ones used last, and none that has grown large.
    void give(std::unique_ptr<Owned> owned) {
        if (owned->estimator.known() > most_kernels) return;
        const std::lock_guard lock(mutex_);
        if (owned_.size() == most_estimators) owned_.erase(owned_.begin());
        owned_.push_back(std::move(owned));
    }

private:
    static constexpr std::size_t most_kernels = 16384;  ///< about 24 MiB
    static constexpr std::size_t most_estimators = 8;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Owned>> owned_;
};

Idle& idle() {
    static Idle instance;
    return instance;
}

}  // namespace

std::shared_ptr<timing::KernelEstimator> borrow_estimator(const Target& target, Reuse& reuse) {
    std::unique_ptr<Owned> owned = idle().take(target);
    if (!owned) {
        target.validate();
        owned = std::make_unique<Owned>(target);
    }
    owned->estimator.begin_network();
    timing::KernelEstimator* const estimator = &owned->estimator;
    const auto give_back = [&reuse](Owned* used) {
        const timing::KernelEstimator::Asked asked = used->estimator.asked();
        reuse.kernels += asked.kernels;
        reuse.known_kernels += asked.known;
        idle().give(std::unique_ptr<Owned>(used));
    };
    return {std::shared_ptr<Owned>(owned.release(), give_back), estimator};
}

}  // namespace u65sim::compiler
