// Replays segments of a run that the cache holds, and inserts those it had to simulate.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "machine/direct/replay_cache.hpp"
#include "machine/units/npu.hpp"

namespace u65sim::machine {

/// Replay of one run. Between two calls of at_boundary() the machine is simulated as without it.
class Replay {
public:
    /// `npu` is loaded with `commands` and has not begun. `takes_free`: segments that no cap held
    /// up are replayed where caps have granted other beats, of which then more may be counted than
    /// there were.
    Replay(Npu& npu, ReplayCache& cache, const std::vector<stream::Command>& commands,
           bool takes_free);

    /// To be called at the beginning, whenever a kernel has been issued, and when the stream is
    /// finished and no unit is to act. Moves the machine and `now` over all cached segments that
    /// follow and end by `limit`.
    void at_boundary(Time& now, Time limit);
    /// Whether the command parser has come to a boundary since.
    [[nodiscard]] bool boundary_reached() const {
        return npu_->channels.kernels.issued() != kernels_;
    }
    /// A cap held up a burst only because too many beats may have been counted: the run is not
    /// true, and must be made without such segments.
    [[nodiscard]] bool is_doubtful() const;
    /// Acts of units, those of replayed segments among them.
    [[nodiscard]] std::uint64_t events() const { return events_; }
    void count_events(std::uint64_t count) { events_ += count; }

private:
    /// A state, and which segments are known to begin in it.
    struct Boundary {
        StateKey state;  ///< without what caps have granted
        std::optional<StateKey> with_grants;
        /// There is one that no cap held up, but they grant too little for it now.
        bool is_known = false;
    };
    /// Of the segment that is being simulated.
    struct Beginning {
        bool valid = false;  ///< false: there is none, or its segment is not to be inserted
        Boundary boundary;
        Time time = 0;
        std::int64_t words_left = 0;
        std::size_t command = 0;
        std::int64_t kernels = 0, operations = 0;
        std::uint64_t events = 0;
        std::int64_t first_record = 0;
        std::vector<std::int64_t> sums;
    };
    [[nodiscard]] StateBase base(Time now) const;
    /// Writes the state, and behind it what caps have granted.
    StateKey write_state(Time now);
    std::optional<StateKey> with_grants(const StateKey& state, Time now);
    void begin(const Boundary& boundary, Time now);
    void insert(const StateKey& end, Time now);
    void keep_caps(ReplaySegment& segment) const;
    std::shared_ptr<const ReplaySegment> find(Boundary& boundary, Time now);
    [[nodiscard]] bool caps_pass(const ReplaySegment& segment, Time now) const;
    void apply(const ReplaySegment& segment, Time now);
    /// Caps had granted the same, to the beat.
    [[nodiscard]] static bool is_as_simulated(const ReplaySegment& segment,
                                              const Boundary& boundary);
    void apply_to_caps(const ReplaySegment& segment, const Boundary& from, Time end);
    [[nodiscard]] std::array<BandwidthCap*, 2> caps() const {
        return {npu_->units.axi0.cap(), npu_->units.axi1.cap()};
    }
    [[nodiscard]] std::int64_t oldest_record() const;
    /// Calls `each` with every sum of the machine and of the records from `first` up to `last`, and
    /// `time` with every time of those.
    template <class Each, class EachTime>
    void visit(std::int64_t first, std::int64_t last, const Each& each, const EachTime& time);

    Npu* npu_;
    ReplayCache* cache_;
    bool takes_free_;
    std::vector<CommandDigest> commands_;  ///< all
    std::int64_t kernels_ = 0;             ///< issued at the last boundary
    std::uint64_t events_ = 0;
    Beginning beginning_;
    StateWriter writer_;
    std::size_t state_words_ = 0;  ///< of those written, behind which are caps' grants
    std::vector<Change> changes_;
};

}  // namespace u65sim::machine
