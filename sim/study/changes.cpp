#include "study/changes.hpp"

#include <algorithm>
#include <utility>

#include "oracle/named.hpp"

namespace u65sim::study {

Graph changed(const Graph& graph, const NetworkChanges& changes) {
    Graph result = graph;
    if (changes.width != 1.0) {
        result = scale_width(result, changes.width, changes.keep, changes.divisor);
    }
    if (changes.depth != 1.0) result = scale_depth(result, changes.depth);
    if (changes.block != BlockKind::depthwise) {
        result = substitute_blocks(result, changes.block, changes.group_width, changes.seed);
    }
    if (changes.resolution != 0) result = scale_resolution(result, changes.resolution);
    if (changes.pruned_channels != 0.0) {
        result = prune_channels(result, changes.pruned_channels, changes.keep, changes.divisor);
    }
    if (changes.activation_bits != 8) result = widen_activations(result, changes.activation_bits);
    if (changes.weight_bits != 8) result = limit_weight_bits(result, changes.weight_bits);
    if (changes.sparsity != 0.0) {
        result =
            prune_weights(result, sparsity_schedule(result, changes.sparsity, changes.schedule));
    }
    if (changes.pattern_group != 0) {
        result = prune_pattern(result, changes.pattern_kept, changes.pattern_group);
    }
    if (changes.clusters != 0) result = cluster_weights(result, changes.clusters);
    return result;
}

std::shared_ptr<const Graph> Networks::find_or_make(
    const Key& key, const std::function<std::shared_ptr<const Graph>()>& make) {
    std::promise<std::shared_ptr<const Graph>> promise;
    {
        std::unique_lock lock{mutex_};
        const auto found = std::find_if(entries_.begin(), entries_.end(),
                                        [&](const auto& entry) { return entry.first == key; });
        if (found != entries_.end()) {
            entries_.splice(entries_.begin(), entries_, found);
            const Future known = found->second;
            lock.unlock();
            return known.get();
        }
        entries_.emplace_front(key, promise.get_future().share());
        if (entries_.size() > capacity_) entries_.pop_back();
    }
    try {
        std::shared_ptr<const Graph> made = make();
        promise.set_value(made);
        return made;
    } catch (...) {
        promise.set_exception(std::current_exception());
        throw;
    }
}

std::shared_ptr<const Graph> Networks::get(const std::string& network,
                                           const NetworkChanges& changes) {
    NetworkChanges none;
    none.seed = changes.seed;
    none.modelled = changes.modelled;
    const auto original = [&] {
        return find_or_make({network, none}, [&] {
            return std::make_shared<const Graph>(
                named::network(network, {.seed = changes.seed, .modelled = changes.modelled}));
        });
    };
    none.keep = changes.keep;
    if (changes == none) return original();
    return find_or_make({network, changes}, [&] {
        return std::make_shared<const Graph>(changed(*original(), changes));
    });
}

Target Networks::target(const std::string& name, const std::filesystem::path& folder) {
    if (named::is_target_file(name)) return named::target(name, folder);
    {
        const std::lock_guard lock{mutex_};
        const auto found = presets_.find(name);
        if (found != presets_.end()) return found->second;
    }
    Target preset = Target::preset(name);
    const std::lock_guard lock{mutex_};
    return presets_.emplace(name, std::move(preset)).first->second;
}

}  // namespace u65sim::study
