// Which operations run as cascades: one pass of dynamic programming over the times of stripes that
// tables know. The compiler's own search (plan/cascade_search.hpp) counts every stripe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compile/quick/network.hpp"

namespace u65sim::compiler::quick {

class CascadeRule {
public:
    /// `network` must outlive this.
    explicit CascadeRule(const QuickNetwork& network);

    /// Whether all maps together never take much of the memory: then there is little to gain.
    [[nodiscard]] bool is_idle() const;
    /// Whether all maps fit at every time.
    [[nodiscard]] bool all_fit() const;
    /// Every operation in one range, in order; maps and weights take so many bytes.
    std::vector<QuickRange> best(std::int64_t limit);

private:
    struct State {
        double least = 0;  ///< cycles up to here
        QuickRange choice;
    };
    void try_alone(std::size_t at, std::vector<State>& states) const;
    void try_cascades(std::size_t last, std::int32_t height, std::vector<State>& states) const;
    /// Bytes beside a range that ends at `last` and has one operation: all that is alive but its
    /// own input and result.
    [[nodiscard]] std::int64_t alive_beside(std::size_t at) const;
    /// What an operation in front of a cascade's others adds to that.
    [[nodiscard]] std::int64_t ends_at(std::size_t at) const;
    /// Bytes of a map where it is fast, else none.
    [[nodiscard]] std::int64_t size_of(int buffer, bool fast) const;

    const QuickNetwork& network_;
    std::vector<std::int64_t> alive_, ending_;  ///< bytes by position in execution order
    std::int64_t most_alive_ = 0;
    std::vector<bool> tight_;  ///< per operation: its maps do not all fit
    std::int64_t limit_;       ///< bytes that may be taken
};

}  // namespace u65sim::compiler::quick
