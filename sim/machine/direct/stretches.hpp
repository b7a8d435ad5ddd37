// What a machine has simulated before: stretches of a run, from the issue of one kernel to the
// issue of the next, known by the state they begin in and the commands they execute.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include <u65sim/target.hpp>

#include "machine/units/scheduler.hpp"
#include "machine/units/state.hpp"

namespace u65sim::machine {

/// 128 bits of hash of a state's numbers.
struct StateKey {
    std::uint64_t first = 0, second = 0;
    bool operator==(const StateKey&) const = default;
};

/// A sum of the machine or of an operation's record, in the order in which they are visited, that
/// a stretch adds to; of times of records the distance from the stretch's beginning.
struct Change {
    std::uint32_t index = 0;
    std::int64_t by = 0;
};

/// What passes between two issues of kernels, or between the last one and the end of the stream.
struct Stretch {
    /// Executed, and the one that was next at its end; none is where the stream ended.
    std::vector<CommandDigest> commands;
    std::int64_t words_left = 0;   ///< of the stream, not yet asked for, at its beginning
    std::int64_t words_asked = 0;  ///< during it
    Time duration = 0;
    std::size_t executed = 0;                  ///< commands
    std::int64_t kernels = 0, operations = 0;  ///< issued
    std::uint64_t events = 0;
    std::int64_t first_record = 0;  ///< changed, from the next operation at its beginning
    std::vector<Change> changes;
    StateKey end;
    std::vector<std::int32_t> end_state;  ///< empty: the stream is finished
    [[nodiscard]] bool finishes() const { return end_state.empty(); }
};

/// Safe from any thread; holds what was asked for last, some megabytes.
class Stretches {
public:
    explicit Stretches(Target target) : target_(std::move(target)) {}

    [[nodiscard]] const Target& target() const { return target_; }
    /// To be asked for each run: whether it shall make use of what is known and leave what is new.
    /// Not the first one, as nobody may ask again; and few where hardly anything was known of late,
    /// as keeping costs more than it brings then.
    bool wants_run();
    /// The stretch that begins in this state and executes the first of `commands`, those still to
    /// come, in a stream of which so many words are not yet asked for. Null: none is known.
    std::shared_ptr<const Stretch> find(const StateKey& state,
                                        std::span<const CommandDigest> commands,
                                        std::int64_t words_left, std::int64_t words_a_piece);
    void insert(const StateKey& state, Stretch stretch);

    std::atomic<std::uint64_t> asked{0};  ///< stretches that were to be simulated
    std::atomic<std::uint64_t> known{0};  ///< of them: simulated before

private:
    struct KeyHash {
        std::size_t operator()(const StateKey& key) const { return key.first; }
    };
    using Known = std::shared_ptr<const Stretch>;
    using Map = std::unordered_map<StateKey, std::vector<Known>, KeyHash>;
    void keep(const StateKey& state, Known stretch);

    Target target_;
    std::mutex mutex_;
    Map young_, old_;
    std::size_t young_bytes_ = 0;
    std::uint64_t lately_asked_ = 0, lately_known_ = 0, lately_runs_ = 0;
    std::uint64_t runs_to_skip_ = 1;
};

}  // namespace u65sim::machine
