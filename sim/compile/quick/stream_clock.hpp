// What a command stream takes, in closed form: the parser with its words, waits and two queues,
// kernels whose ends overlap, and copies beside them on the off-chip memory that both share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler::quick {

/// A kernel by itself, in cycles.
struct KernelSpan {
    double total = 0;
    double off_chip = 0;         ///< in which the off-chip memory's port is busy
    double early = 0;            ///< of that, what a cap may have granted while it was idle
    double sram = 0;             ///< in which the SRAM's is
    double crowded = 0;          ///< as `total`, where reads off-chip wait for a copy's
    double head = 0;             ///< before its first block is worked on, with the setup
    double tail = 0;             ///< behind the work on its last block
    bool reads_weights = false;  ///< off-chip
    std::int32_t trips = 0;      ///< reads off-chip, one behind the other, before its first block
    std::int64_t blocks = 1, jobs = 1;
    std::int32_t words = 0;  ///< of its commands
    /// Blocks of the kernel before that may be unfinished when it starts.
    std::int32_t blockdep = 0;
};

/// Commands are taken in order, each once the parser has come to it; what runs is followed up to
/// then, so that a copy meets all kernels that run beside it.
class StreamClock {
public:
    explicit StreamClock(const Program& program);

    /// Issues a copy of so many cycles on the port behind so many words, once the first so many
    /// kernels have ended. Waits for a slot.
    void copy(double busy, std::int32_t words, std::size_t kernels);
    /// Issues a kernel behind its words, once the first so many copies have ended. Waits for a
    /// slot.
    void kernel(const KernelSpan& span, std::size_t copies);

    [[nodiscard]] std::size_t kernels() const { return kernels_.size(); }
    [[nodiscard]] std::size_t copies() const { return copies_.size(); }
    /// All kernels have ended; from then on their times are known.
    void finish();
    struct Times {
        double start = 0, end = 0;
    };
    [[nodiscard]] const Times& times(std::size_t kernel) const { return kernels_[kernel].times; }

private:
    struct Kernel {
        KernelSpan span;
        double ready = 0;  ///< its setup has passed
        Times times;
    };
    struct Copy {
        double from = 0;  ///< cycle at which its first data can come
        double left = 0;  ///< cycles on the port
        double done = 0;  ///< once `left` is 0
    };
    /// Of a cycle in which a kernel and a copy run, what each of them does of its work.
    struct Rates {
        double kernel = 1, copy = 1;
    };

    void pass(std::int32_t words);
    void wait_for_kernels(std::size_t count);
    void wait_for_copies(std::size_t count);
    [[nodiscard]] double port_wait(double asked) const;
    [[nodiscard]] Rates rates() const;
    void begin_kernel();
    void step(double limit);
    void advance(double limit);
    [[nodiscard]] double start_of(const KernelSpan& span, double ready) const;
    [[nodiscard]] double least_end(const KernelSpan& span, double start) const;

    // Rules of the target.
    double setup_, words_latency_, read_latency_, write_latency_;
    std::int32_t words_a_piece_;
    std::size_t pieces_ahead_, most_kernels_, most_copies_;
    double port_wait_;
    double share_of_weights_;  ///< of a port that a copy wants too
    double copy_sram_ = 0;     ///< the SRAM's port is busy a cycle of a copy
    double word_ = 0;          ///< the off-chip port is busy for a word of commands

    double parser_ = 0;
    std::vector<double> piece_ends_;  ///< of the last pieces of commands, in turn
    std::size_t piece_ = 0;
    std::int32_t in_piece_ = 0;  ///< words of the present one that have been passed

    double now_ = 0;  ///< up to which cycle it is known what has run
    std::vector<Kernel> kernels_;
    std::size_t ended_ = 0;            ///< kernels
    bool runs_ = false;                ///< the oldest kernel that has not ended is begun
    double work_from_ = 0, left_ = 0;  ///< from when on it is alone in its work, and how much
    double expected_ = 0;              ///< its end where no copy comes
    double port_until_ = 0;            ///< kernels read off-chip
    std::vector<Copy> copies_;
    std::size_t copied_ = 0;  ///< copies that have ended
};

}  // namespace u65sim::compiler::quick
