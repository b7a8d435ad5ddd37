// Hazards of a stream: what would go wrong on hardware that does not wait unless told to.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>

#include "machine/functional/executor.hpp"
#include "machine/functional/intervals.hpp"
#include "machine/functional/memory.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim::machine::functional {

/// Follows a stream command by command, notes every byte it touches, and compares with the
/// operations that may be unfinished by then: kernels among themselves are ordered by BLOCKDEP,
/// kernels and DMAs only by wait commands. At most one finding a command and kind.
class Checker final : public AccessObserver {
public:
    /// `memory` must outlive this.
    Checker(Memory& memory, const Architecture& arch);

    /// A region has other bytes now, all written from outside.
    void replaced(int region);
    /// Marks bytes as written from outside (constants, inputs).
    void written(int region, std::uint64_t offset, std::uint64_t length);
    /// Nothing is in flight at a segment's start. `labels` name commands in messages.
    void begin_segment(std::uint32_t segment, const std::vector<CommandLabel>& labels);
    /// Runs all commands on `executor`, whose memory must be the one given.
    void run(Executor& executor, const std::vector<stream::Command>& commands);
    [[nodiscard]] std::vector<Finding> take_findings();

    void access(Access kind, int region, std::uint64_t offset, std::uint64_t length) override;

private:
    using Tag = std::uint32_t;  ///< 0: never written, 1: from outside, else an operation's number
    struct Shadow {
        std::vector<Tag> writer;
        std::vector<Tag> destroyed;  ///< whose unread result was overwritten here
        std::vector<std::uint8_t> was_read;
    };
    struct InFlight {
        std::string name;
        IntervalSet reads, writes;
    };

    void clear(int region);
    void begin_command(const stream::Command& command, std::uint32_t index);
    void note_read(int region, std::uint64_t offset, std::uint64_t length);
    void note_write(int region, std::uint64_t offset, std::uint64_t length);
    void copy_shadow(int region, std::uint64_t offset, std::uint64_t length);
    void finish_kernel(const stream::KernelOp& op);
    void finish_dma();
    void check_against(const std::deque<InFlight>& others, FindingKind kind, const char* what);
    void check_block_dependency(const stream::KernelOp& op);
    void report(FindingKind kind, const std::string& what);
    [[nodiscard]] std::string current_name() const;

    Memory& memory_;
    Architecture arch_;
    std::array<Shadow, region_count + 1> shadows_;
    std::uint32_t segment_ = 0;
    const std::vector<CommandLabel>* labels_ = nullptr;
    const stream::Command* command_ = nullptr;
    std::uint32_t index_ = 0;
    Tag tag_ = 1;
    bool is_dma_ = false;
    Interval copied_from_;
    IntervalSet reads_, writes_;
    std::set<Tag> sources_, destroyed_;
    std::deque<InFlight> kernels_, dmas_;  ///< newest last
    const stream::KernelOp* previous_ = nullptr;
    std::string previous_name_;
    std::set<FindingKind> reported_;  ///< of the current command
    std::vector<Finding> findings_;
};

/// Buffers of one memory map that share bytes while both live; constants apart.
std::vector<Finding> overlapping_placements(const std::vector<Placement>& placements);

}  // namespace u65sim::machine::functional
