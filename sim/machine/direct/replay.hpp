// Replays segments of a run that the cache holds, and inserts those it had to simulate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "machine/direct/replay_cache.hpp"
#include "machine/units/npu.hpp"

namespace u65sim::machine {

/// Replay of one run. Between two calls of at_boundary() the machine is simulated as without it.
class Replay {
public:
    /// `npu` is loaded with `commands` and has not begun.
    Replay(Npu& npu, ReplayCache& cache, const std::vector<stream::Command>& commands);

    /// To be called at the beginning, whenever a kernel has been issued, and when the stream is
    /// finished and no unit is to act. Moves the machine and `now` over all cached segments that
    /// follow and end by `limit`.
    void at_boundary(Time& now, Time limit);
    /// Whether the command parser has come to a boundary since.
    [[nodiscard]] bool boundary_reached() const {
        return npu_->channels.kernels.issued() != kernels_;
    }
    /// Acts of units, those of replayed segments among them.
    [[nodiscard]] std::uint64_t events() const { return events_; }
    void count_events(std::uint64_t count) { events_ += count; }

private:
    /// Of the segment that is being simulated.
    struct Beginning {
        bool valid = false;  ///< false: there is none, or its segment is not to be inserted
        StateKey key;
        Time time = 0;
        std::int64_t words_left = 0;
        std::size_t command = 0;
        std::int64_t kernels = 0, operations = 0;
        std::uint64_t events = 0;
        std::int64_t first_record = 0;
        std::vector<std::int64_t> sums;
    };
    void begin(const StateKey& key, Time now);
    void insert(const StateKey& end, std::span<const std::int32_t> state, Time now);
    void apply(const ReplaySegment& segment, Time now);
    [[nodiscard]] std::int64_t oldest_record() const;
    /// Calls `each` with every sum of the machine and of the records from `first` up to `last`, and
    /// `time` with every time of those.
    template <class Each, class EachTime>
    void visit(std::int64_t first, std::int64_t last, const Each& each, const EachTime& time);

    Npu* npu_;
    ReplayCache* cache_;
    std::vector<CommandDigest> commands_;  ///< all
    std::int64_t kernels_ = 0;             ///< issued at the last boundary
    std::uint64_t events_ = 0;
    Beginning beginning_;
    StateWriter writer_;
    std::vector<Change> changes_;
};

}  // namespace u65sim::machine
