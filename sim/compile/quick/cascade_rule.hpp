// Which operations run as cascades: one pass of dynamic programming over the times of stripes that
// tables know. The compiler's own search (plan/cascade_search.hpp) counts every stripe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compile/quick/network.hpp"

namespace u65sim::compiler::quick {

class CascadeRule {
public:
    /// `network` must outlive this.
    explicit CascadeRule(QuickNetwork& network);

    /// Whether all maps together never take much of the memory: then there is little to gain.
    [[nodiscard]] bool is_idle() const;
    /// Whether all maps fit at every time.
    [[nodiscard]] bool all_fit() const;
    /// Every operation in one range, in order, where maps and weights take so many bytes: for each
    /// of some limits.
    std::vector<std::vector<QuickRange>> best(std::span<const std::int64_t> limits);

private:
    struct State {
        double least = 0;  ///< cycles up to here
        QuickRange choice;
    };
    /// One operation's maps.
    struct Maps {
        bool may_ifm = false, may_ofm = false;  ///< be in the fast memory
        std::int64_t ifm = 0, ofm = 0;          ///< bytes of those that may
        /// Bytes of those that are counted among what is alive.
        std::int64_t counted_ifm = 0, counted_ofm = 0;
        /// Bytes beside the operation: all that is alive but its own input and result.
        std::int64_t beside = 0;
    };
    [[nodiscard]] Maps maps_of(std::size_t at) const;
    [[nodiscard]] bool is_hopeless(std::int64_t size) const;
    /// Whether a map is too large to count with.
    [[nodiscard]] bool is_large(const Maps& maps) const { return maps.ofm > maps.counted_ofm; }
    [[nodiscard]] bool is_written_last(int map, std::size_t at, std::size_t last) const;
    [[nodiscard]] std::size_t time_of(std::size_t at) const {
        return static_cast<std::size_t>(network_.ops[at].npu->time);
    }
    void try_alone(std::size_t at);
    [[nodiscard]] std::size_t first_before(std::size_t last) const;
    void try_cascades(std::size_t earliest, std::size_t last, std::int32_t height);
    struct Trial;
    [[nodiscard]] bool may_serve(const Trial& trial);
    void try_places(const Trial& trial);
    [[nodiscard]] State& state(std::size_t at, std::size_t limit) {
        return states_[at * limits_.size() + limit];
    }
    [[nodiscard]] std::vector<QuickRange> path(std::size_t limit);

    QuickNetwork& network_;
    std::vector<std::int64_t> alive_, ending_;  ///< bytes by position in execution order
    std::int64_t most_alive_ = 0;
    std::vector<bool> tight_;    ///< per operation: its maps do not all fit
    std::vector<Maps> maps_;     ///< per operation; worked out with the first question
    std::vector<double> floor_;  ///< sum of the cycles of all operations before, all maps fast
    std::span<const std::int64_t> limits_;
    std::int64_t largest_ = 0;   ///< of them
    std::vector<State> states_;  ///< by operation and limit
};

}  // namespace u65sim::compiler::quick
