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
    double head = 0;             ///< before its first block is worked on, with the setup
    double tail = 0;             ///< behind the work on its last block
    bool reads_weights = false;  ///< off-chip
    std::int64_t blocks = 1, jobs = 1;
    std::int32_t words = 0;  ///< of its commands
    /// Blocks of the kernel before that may be unfinished when it starts.
    std::int32_t blockdep = 0;
};

class StreamClock {
public:
    explicit StreamClock(const Program& program);

    /// Issues a copy of so many cycles on the port behind so many words. Waits for a slot.
    void copy(double busy, std::int32_t words);
    /// Waits until the first `count` kernels have ended.
    void wait_for_kernels(std::size_t count);
    /// Issues a kernel that waits for the first so many copies, once its words have come.
    void kernel(const KernelSpan& span, std::size_t copies);

    [[nodiscard]] std::size_t kernels() const { return kernels_; }
    [[nodiscard]] std::size_t copies() const { return copies_.size(); }
    /// All kernels have ended; from then on their times are known.
    void finish() { resolve(); }
    struct Times {
        double start = 0, end = 0;
    };
    [[nodiscard]] const Times& times(std::size_t kernel) const { return times_[kernel]; }

private:
    struct Copy {
        double from = 0;  ///< cycle at which its first data can come
        double left = 0;  ///< cycles on the port
        double done = 0;  ///< once `left` is 0
    };

    void pass(std::int32_t words);
    void wait_for_copies(std::size_t count);
    [[nodiscard]] double chunk_wait(double asked) const;
    /// The kernel issued last goes on beside the copies issued up to now, until it or so many of
    /// these have ended.
    void progress(std::size_t copies);
    void resolve();  ///< until it has ended
    [[nodiscard]] double start_of(const KernelSpan& span, double ready) const;
    [[nodiscard]] double least_end(const KernelSpan& span, double start) const;
    /// Copies have the port for themselves until a cycle.
    void run_copies(double until);
    void end_copy(Copy& copy);

    // Rules of the target.
    double setup_, words_latency_, read_latency_, write_latency_;
    double chunk_ = 0;
    std::int32_t words_a_piece_;
    std::size_t pieces_ahead_, most_kernels_, most_copies_;

    double parser_ = 0;
    std::vector<double> piece_ends_;  ///< of the last pieces of commands, in turn
    std::size_t piece_ = 0;
    std::int32_t in_piece_ = 0;  ///< words of the present one that have been passed

    std::size_t kernels_ = 0;
    std::vector<Times> times_;
    bool is_pending_ = false;    ///< the last kernel's end is not known
    KernelSpan last_;            ///< the last kernel
    double now_ = 0, left_ = 0;  ///< up to which cycle it is known, and what is left of it then

    double port_ = 0;       ///< up to which cycle the off-chip port's work is known
    double share_ = 1;      ///< of it that copies had beside the last kernel
    double port_free_ = 0;  ///< end of the last copy's data
    std::vector<Copy> copies_;
    std::size_t next_ = 0;  ///< the first one that has not ended
};

}  // namespace u65sim::compiler::quick
