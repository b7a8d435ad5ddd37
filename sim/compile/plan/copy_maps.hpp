// Copies in fast memory of maps that operations read over and over off-chip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compile/plan/allocate.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// Whether an operation reads its IFM once for each block of the OFM's depth.
bool rereads_ifm(const NpuOp& op);

/// Finds copies that save time, the time of copying included.
class MapCopier {
public:
    /// A map, and the operations of one segment that would read a copy of it.
    struct Candidate {
        int buffer = no_buffer;
        std::int64_t slow = 0;        ///< cycles of the readers as they are
        std::int64_t saved = 0;       ///< cycles
        std::vector<NpuOp*> readers;  ///< in order
    };

    /// `program` must outlive this.
    MapCopier(PlannedProgram& program, std::int64_t limit, int fast_region)
        : program_(program), limit_(limit), fast_region_(fast_region) {}

    /// Copies of the maps that `is_off_chip(index)` holds for, into a fast memory of so many bytes.
    template <class OffChip>
    std::vector<Candidate> find(const OffChip& is_off_chip) {
        std::vector<Candidate> found;
        for (Segment& segment : program_.segments) {
            const std::size_t first = found.size();
            for (NpuOp& op : segment.ops) {
                if (rereads_ifm(op) && is_off_chip(op.ifm.buffer)) add_reader(op, first, found);
            }
            drop_useless(segment, first, found);
        }
        return found;
    }
    /// Copies of those `among` all buffers that Vela copies: each has one reader.
    std::vector<Candidate> find_waited_for(const std::vector<bool>& among);
    /// When a copy is alive: from its first to its last reader.
    [[nodiscard]] Lifetime lifetime(const Candidate& candidate) const;
    /// Lets the readers have a copy at this place.
    void add(const Candidate& candidate, const Lifetime& place);

private:
    void add_reader(NpuOp& op, std::size_t first, std::vector<Candidate>& found) const;
    void drop_useless(const Segment& segment, std::size_t first,
                      std::vector<Candidate>& found) const;
    /// Whether Vela counts fewer cycles for its reader with a copy than off-chip.
    [[nodiscard]] bool is_waited_for(const Candidate& candidate) const;
    [[nodiscard]] bool comes_in_turns(const NpuOp& op) const;
    [[nodiscard]] std::int64_t weight_cycles(const NpuOp& op) const;
    [[nodiscard]] std::int64_t copy_cycles(std::int64_t size) const;
    [[nodiscard]] const Buffer& at(int buffer) const {
        return program_.buffers[static_cast<std::size_t>(buffer)];
    }

    PlannedProgram& program_;
    const std::int64_t limit_;
    const int fast_region_;
};

/// Lets operations read copies where there is room for them beside what is `placed` in the fast
/// memory of `limit` bytes. Returns the copies' lifetimes with their places.
std::vector<Lifetime> copy_maps(PlannedProgram& program, std::span<const Lifetime> placed,
                                std::int64_t limit, int fast_region);

/// The same for inputs of the network alone: those that Vela copies.
std::vector<Lifetime> copy_inputs(PlannedProgram& program, std::span<const Lifetime> placed,
                                  std::int64_t limit, int fast_region);

}  // namespace u65sim::compiler
