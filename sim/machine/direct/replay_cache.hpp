// Cache of simulated replay segments: parts of a run from the issue of one kernel to the issue of
// the next, looked up by the state they begin in and the commands they execute.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include <u65sim/target.hpp>

#include "machine/memory/demand.hpp"
#include "machine/units/scheduler.hpp"
#include "machine/units/state.hpp"

namespace u65sim::machine {

/// 128 bits of hash of a state's numbers. A state has two keys: one without what caps have granted,
/// under which segments stand that no cap held up, and one with it.
struct StateKey {
    std::uint64_t first = 0, second = 0;
    bool operator==(const StateKey&) const = default;
};

/// A sum of the machine or of an operation's record, in the order in which they are visited, that
/// a segment adds to; of times of records the distance from the segment's beginning.
struct Change {
    std::uint32_t index = 0;
    std::int64_t by = 0;
};

/// What passes between two issues of kernels, or between the last one and the end of the stream.
struct ReplaySegment {
    /// Executed, and the one that was next at its end; none is where the stream ended.
    std::vector<CommandDigest> commands;
    std::int64_t words_left = 0;       ///< of the stream, not yet requested, at its beginning
    std::int64_t words_requested = 0;  ///< during it
    Time duration = 0;
    std::size_t executed = 0;                  ///< commands
    std::int64_t kernels = 0, operations = 0;  ///< issued
    std::uint64_t events = 0;
    std::int64_t first_record = 0;  ///< changed, from the next operation at its beginning
    std::vector<Change> changes;
    /// No cap held anything up: it fits wherever caps grant what each port asked for.
    bool is_free = false;
    std::array<Demand, 2> demand;         ///< of a free one
    StateKey end;                         ///< without grants
    std::vector<std::int32_t> end_state;  ///< empty: the stream is finished
    /// What caps had granted when it was simulated, where that was known to the beat.
    std::optional<StateKey> from_grants;
    std::vector<std::int32_t> end_grants;
    [[nodiscard]] bool finishes() const { return end_state.empty(); }
};

/// Safe from any thread; bounded by dropping the older of two generations, some megabytes each.
class ReplayCache {
public:
    explicit ReplayCache(Target target) : target_(std::move(target)) {}

    [[nodiscard]] const Target& target() const { return target_; }
    /// To be called once a run: whether it is to use the cache. The first run is not, since there
    /// may be no second; and few are while the hit rate is low, since inserting costs more than
    /// hits save then.
    bool wants_run();
    /// What is still to come of a stream.
    struct Rest {
        std::span<const CommandDigest> commands;
        std::int64_t words_left = 0;  ///< not yet requested
        std::int64_t words_a_piece = 0;
    };
    /// The segment that begins in the state of this key and executes the first of the commands
    /// still to come. Null: a miss.
    std::shared_ptr<const ReplaySegment> find(const StateKey& state, const Rest& rest);
    void insert(const StateKey& state, ReplaySegment segment);

    /// A segment was looked for, under one key or both, and replayed or not.
    void count(bool is_hit);
    /// Whether a run may replay segments that count more than caps grant. Not while more than one
    /// in eight had to be run again, since a cap held up what came behind.
    bool wants_free_segments();
    void count_doubtful_run();

    std::atomic<std::uint64_t> lookups{0};  ///< of segments
    std::atomic<std::uint64_t> hits{0};     ///< segments replayed, not simulated

private:
    struct KeyHash {
        std::size_t operator()(const StateKey& key) const { return key.first; }
    };
    using Entry = std::shared_ptr<const ReplaySegment>;
    using Map = std::unordered_map<StateKey, std::vector<Entry>, KeyHash>;
    void add(const StateKey& state, Entry segment);

    Target target_;
    std::mutex mutex_;
    Map current_, previous_;  ///< generations
    std::size_t current_bytes_ = 0;
    std::uint64_t recent_lookups_ = 0, recent_hits_ = 0, recent_runs_ = 0;
    std::uint64_t runs_to_skip_ = 1;
    std::uint64_t free_runs_ = 0, doubtful_runs_ = 0;
};

}  // namespace u65sim::machine
