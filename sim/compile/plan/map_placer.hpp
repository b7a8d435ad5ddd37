// Which maps and re-read weights live in the fast memory, and where the others are.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "compile/plan/allocate.hpp"
#include "compile/plan/copy_maps.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

class MapPlacer {
public:
    /// `program` must outlive this; its buffers have layouts and lifetimes.
    explicit MapPlacer(PlannedProgram& program);

    /// Gives maps, and weights that block positions read anew, places in the fast memory. Without
    /// spilling all maps get one, whatever that takes.
    void place_fast();
    /// Gives the buffers between a cascade's operations places in the fast memory.
    void place_rolling();
    /// Gives all other maps places there that weights, which were delivered before, leave free;
    /// these and rolling buffers may move. Returns whether all of these have one.
    bool place_beside_weights();
    /// The arena in DRAM: what must be there, and what found no room; and the sizes of the regions.
    void place_rest();

    /// Lifetimes of the maps that were placed in the fast memory.
    [[nodiscard]] const std::vector<Lifetime>& fast_maps() const { return maps_; }
    /// Everything that has a place there.
    [[nodiscard]] const std::vector<Lifetime>& fast() const { return fixed_; }
    /// Maps that got a place there behind place_fast().
    void add(const std::vector<Lifetime>& maps);
    [[nodiscard]] int fast_region() const { return fast_region_; }
    [[nodiscard]] std::int64_t limit() const { return limit_; }  ///< bytes of the fast memory

private:
    /// A buffer that could live in the fast memory, and the cycles that would save.
    struct Candidate {
        int buffer = no_buffer;  ///< none: a copy, or room for slices
        double benefit = 0;
        NpuOp* weights_of = nullptr;
        std::optional<MapCopier::Candidate> copy{};
        Lifetime turns{};  ///< of room in which slices of weights will take turns
    };
    /// An operation whose weights have no place and would be read anew for every block position.
    struct Starved {
        NpuOp* op = nullptr;
        std::int64_t cycles = 0;  ///< lost, compared with slices
        std::int64_t room = 0;    ///< bytes that two slices take
        bool no_room = false;     ///< for slices either
    };

    /// Those of `maps` that stay, but for operands that leave with others; `accesses` are theirs.
    void choose_maps(const std::vector<int>& maps, const std::vector<bool>& stays,
                     const std::vector<double>& accesses);
    Buffer& at(int buffer) { return program_.buffers[static_cast<std::size_t>(buffer)]; }
    /// The kernel with everything it reads and writes in the fast memory.
    [[nodiscard]] stream::KernelOp all_fast(const NpuOp& op) const;
    /// Adds up, by buffer, what each map of an operation saves while all others are fast.
    void add_savings(const NpuOp& op, std::vector<double>& saved);
    void collect_maps();
    void collect_weights();
    /// Adds up, by buffer, the bytes that an operation reads and writes.
    void add_accesses(const NpuOp& op, std::vector<double>& accesses) const;
    [[nodiscard]] Lifetime lifetime_of(const Candidate& candidate) const;
    /// What is fixed, and then the candidates, of which some have found places.
    [[nodiscard]] std::vector<Lifetime> placed_candidates() const;
    [[nodiscard]] std::int32_t depth_of_turns(const NpuOp& op, std::int64_t off_chip,
                                              std::int64_t lost) const;
    /// What an operation loses whose weights have no place; no operation where that is little.
    [[nodiscard]] Starved starved(NpuOp& op, const std::vector<Lifetime>& items) const;
    [[nodiscard]] std::vector<Starved> starved(const std::vector<Lifetime>& items) const;
    /// Makes other candidates where those leave operations starved: copies of maps instead of
    /// these, and room for slices of weights.
    void take_turns(const std::vector<Lifetime>& items);
    void leave(const std::set<std::int32_t>& times, std::vector<bool>& is_fast);
    /// A weight buffer's benefit.
    [[nodiscard]] double benefit_of_weights(const NpuOp& op, std::int64_t passes);
    int add_weight_buffer(const NpuOp& op, std::int32_t first, std::int32_t last);
    void place_mandatory();
    void settle(int index, int region, std::int64_t offset);
    void settle_candidates(const std::vector<Lifetime>& items);
    /// The operations that touch each buffer.
    std::vector<std::vector<const NpuOp*>> touching();
    /// What these operations, which touch a map, take longer when it lives in DRAM.
    std::int64_t spill_cycles(int index, const std::vector<const NpuOp*>& ops);
    void explain_spills();
    void measure_regions();

    PlannedProgram& program_;
    const std::int64_t limit_;
    const int fast_region_;
    std::vector<int> mandatory_;
    std::vector<int> spilled_;
    std::vector<Candidate> candidates_;
    std::vector<Lifetime> fixed_;  ///< placed in the fast memory
    std::vector<Lifetime> maps_;   ///< those of them that are no weights, nor room for such
    MapCopier copier_;
};

}  // namespace u65sim::compiler
