// What a point changes about its network, and the networks so made, kept while they are in use.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/compile_cache.hpp>
#include <u65sim/target.hpp>
#include <u65sim/transform.hpp>

namespace u65sim::study {

/// All transforms with their neutral values. They are applied in the order of the members.
struct NetworkChanges {
    double width = 1.0;
    double depth = 1.0;
    BlockKind block = BlockKind::depthwise;
    std::int32_t group_width = 16;
    std::int32_t resolution = 0;  ///< 0: as it is
    double pruned_channels = 0.0;
    std::int32_t activation_bits = 8;
    std::int32_t weight_bits = 8;
    double sparsity = 0.0;
    SparsitySchedule schedule = SparsitySchedule::uniform;
    std::int32_t pattern_kept = 0, pattern_group = 0;  ///< 0: none
    std::int32_t clusters = 0;                         ///< 0: none
    std::int32_t divisor = 8;
    std::uint64_t seed = 1;  ///< of weights drawn anew, and of the zoo's
    bool modelled = false;   ///< the zoo's weights are described, not drawn
    std::vector<std::string> keep;
    bool operator==(const NetworkChanges&) const = default;
};

/// The network behind its changes. Throws InvalidModel.
Graph changed(const Graph& graph, const NetworkChanges& changes);

/// Networks by name and changes: each is made once while it is in use, by whoever asks first; and
/// targets by name. Safe from any thread.
class Networks {
public:
    /// At most `capacity` networks are kept beyond those in use.
    explicit Networks(std::size_t capacity) : capacity_(capacity) {}

    /// `network` is "zoo:NAME" or a file. Throws what reading and changing throw.
    std::shared_ptr<const Graph> get(const std::string& network, const NetworkChanges& changes);

    /// A preset, which is read once, or a file in `folder`. Throws what reading throws.
    Target target(const std::string& name, const std::filesystem::path& folder);

    /// What compiling one of them leaves for others, which have much in common.
    [[nodiscard]] const CompileCache& compile_cache() const { return compile_cache_; }

private:
    struct Key {
        std::string network;
        NetworkChanges changes;
        bool operator==(const Key&) const = default;
    };
    using Future = std::shared_future<std::shared_ptr<const Graph>>;

    std::shared_ptr<const Graph> find_or_make(
        const Key& key, const std::function<std::shared_ptr<const Graph>()>& make);

    std::size_t capacity_;
    std::mutex mutex_;
    std::list<std::pair<Key, Future>> entries_;  ///< most recently used first
    std::map<std::string, Target> presets_;
    CompileCache compile_cache_{};
};

}  // namespace u65sim::study
