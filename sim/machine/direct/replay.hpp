// Takes a run over stretches that were simulated before, and keeps those that are new.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "machine/direct/stretches.hpp"
#include "machine/units/npu.hpp"

namespace u65sim::machine {

/// One run's way through what is known. Between two calls of at_boundary() the machine is
/// simulated as ever.
class Replay {
public:
    /// `npu` is loaded with `commands` and has not begun.
    Replay(Npu& npu, Stretches& known, const std::vector<stream::Command>& commands);

    /// To be called at the beginning, whenever a kernel has been issued, and when the stream is
    /// finished and no unit is to act. Moves the
    /// machine and `now` on as far as the future is known and ends by `limit`.
    void at_boundary(Time& now, Time limit);
    /// Whether the command parser has come to a boundary since.
    [[nodiscard]] bool boundary_reached() const { return npu_->kernels_issued != kernels_; }
    /// Acts of units, those of stretches that were known among them.
    [[nodiscard]] std::uint64_t events() const { return events_; }
    void count_events(std::uint64_t count) { events_ += count; }

private:
    /// Of the stretch that is being simulated.
    struct Beginning {
        bool kept = false;  ///< false: there is none, or it is not to be kept
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
    void keep(const StateKey& end, std::span<const std::int32_t> state, Time now);
    void apply(const Stretch& stretch, Time now);
    [[nodiscard]] std::int64_t oldest_record() const;
    /// Calls `each` with every sum of the machine and of the records from `first` up to `last`, and
    /// `time` with every time of those.
    template <class Each, class EachTime>
    void visit(std::int64_t first, std::int64_t last, const Each& each, const EachTime& time);

    Npu* npu_;
    Stretches* known_;
    std::vector<CommandDigest> commands_;  ///< all
    std::int64_t kernels_ = 0;             ///< issued at the last boundary
    std::uint64_t events_ = 0;
    Beginning beginning_;
    StateWriter writer_;
    std::vector<Change> changes_;
};

}  // namespace u65sim::machine
