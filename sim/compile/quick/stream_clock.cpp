#include "compile/quick/stream_clock.hpp"

#include <algorithm>
#include <limits>

#include "target/memory_rate.hpp"
#include "timing/axi.hpp"

namespace u65sim::compiler::quick {

namespace {

/// Of a port that a kernel and copies both want in turn, the kernel's part at least: pieces of maps
/// are as long as those of copies, weights are asked for 16 beats at a time (machine rules).
constexpr double share_of_maps = 0.5, share_of_weights = 16.0 / (16 + 64);
/// Jobs that the IFM buffer holds: so far may loads be ahead of the array.
constexpr double jobs_ahead = 4;
/// Beats of a copy that have the port at a time (machine rule).
constexpr std::int64_t chunk_beats = 64;
/// Cycles below which nothing is left.
constexpr double nothing = 1e-6;

double off_chip_latency(const Program& program) {
    return static_cast<double>(
        read_latency(program.target->off_chip, program.target->accelerator).count());
}

}  // namespace

StreamClock::StreamClock(const Program& program)
    : setup_(static_cast<double>(program.target->timing.kernel_setup.count())),
      words_latency_(off_chip_latency(program) + 4),
      read_latency_(off_chip_latency(program)),
      write_latency_(static_cast<double>(
          write_latency(program.target->sram, program.target->accelerator).count())),
      words_a_piece_(std::max<std::int32_t>(
          1, static_cast<std::int32_t>(program.target->timing.command_prefetch.count() / 4))),
      pieces_ahead_(std::max<std::size_t>(
          1, static_cast<std::size_t>(program.target->timing.command_window.count() / 4 /
                                      words_a_piece_))),
      most_kernels_(static_cast<std::size_t>(program.arch.max_outstanding_kernels)),
      most_copies_(static_cast<std::size_t>(program.arch.max_outstanding_dmas)),
      piece_ends_(pieces_ahead_, 0) {
    const timing::PortRules rules = timing::port_rules(*program.target, program.arch, 1);
    timing::Access chunk = timing::run_access(0, chunk_beats * rules.bus.beat_bytes, rules.bus);
    chunk_ = static_cast<double>(timing::transfer_cycles(chunk, rules, false));
}

/// A piece of commands is asked for when the one that had its place in the window has been passed.
void StreamClock::pass(std::int32_t words) {
    while (words > 0) {
        double& turn = piece_ends_[piece_];
        if (in_piece_ == 0) parser_ = std::max(parser_, turn + words_latency_ + chunk_wait(turn));
        const std::int32_t passed = std::min(words, words_a_piece_ - in_piece_);
        words -= passed;
        in_piece_ += passed;
        if (in_piece_ < words_a_piece_) return;
        in_piece_ = 0;
        turn = parser_;
        piece_ = (piece_ + 1) % pieces_ahead_;
    }
}

/// Commands wait for the chunk that a copy has on the port: for half of one, as they come anytime.
double StreamClock::chunk_wait(double asked) const {
    if (piece_ != 0 || next_ == copies_.size()) return 0;  // once a window
    const Copy& copy = copies_[next_];
    return copy.from <= asked + words_latency_ ? std::min(chunk_ / 2, copy.left) : 0;
}

void StreamClock::end_copy(Copy& copy) {
    port_free_ = port_;
    copy.left = 0;
    copy.done = port_ + write_latency_;
    ++next_;
}

void StreamClock::run_copies(double until) {
    while (next_ < copies_.size() && port_ < until) {
        Copy& copy = copies_[next_];
        const double start = std::max(port_, copy.from);
        if (start >= until) break;
        port_ = std::min(until, start + copy.left);
        copy.left -= port_ - start;
        if (copy.left <= nothing) end_copy(copy);
    }
    port_ = std::max(port_, until);
}

void StreamClock::progress(std::size_t copies) {
    if (!is_pending_) return;
    if (port_ < now_) run_copies(now_);
    const double wanted = last_.total > 0 ? std::min(1.0, last_.off_chip / last_.total) : 0;
    const double granted = std::min(wanted, last_.reads_weights ? share_of_weights : share_of_maps);
    share_ = 1 - granted;
    const double slowed = wanted > 0 ? granted / wanted : 1;
    const auto pass_time = [&](double cycles, double work) {
        now_ += cycles;
        left_ -= work;
        port_ = std::max(port_, now_);
    };
    // The port's work beside the kernel before is known already.
    const double known = std::min(left_, std::max(0.0, port_ - now_));
    pass_time(known, known);
    while (left_ > nothing && next_ < copies) {
        const bool has_copy = next_ < copies_.size();
        const double from = has_copy ? copies_[next_].from : 0;
        if (!has_copy || from > now_ + nothing) {
            const double alone = has_copy ? std::min(left_, from - now_) : left_;
            pass_time(alone, alone);
            continue;
        }
        Copy& copy = copies_[next_];
        const double both = std::min(left_ / slowed, copy.left / share_);
        pass_time(both, both * slowed);
        copy.left -= both * share_;
        if (copy.left <= nothing) end_copy(copy);
    }
    if (left_ > nothing) return;
    is_pending_ = false;
    times_.back().end = now_;
}

void StreamClock::resolve() { progress(std::numeric_limits<std::size_t>::max()); }

/// The loads of a kernel's first job wait for blocks of the kernel before.
double StreamClock::start_of(const KernelSpan& span, double ready) const {
    if (times_.empty()) return ready;
    const Times& before = times_.back();
    if (span.blockdep == 0) return std::max(ready, before.end);
    const double busy = std::max(0.0, last_.total - last_.head - last_.tail);
    const double may =
        span.blockdep < last_.blocks
            ? before.end - span.blockdep * busy / static_cast<double>(last_.blocks)
            : before.end - last_.tail - jobs_ahead * busy / static_cast<double>(last_.jobs);
    return std::max({ready, std::min(may, before.end), before.start});
}

/// Its first block follows the last one of the kernel before through the array, and the job that
/// must not overtake any block of that waits for its end.
double StreamClock::least_end(const KernelSpan& span, double start) const {
    const double work = span.total - setup_;
    double end = start + work;
    if (times_.empty() || span.blockdep == 0) return end;
    const Times& before = times_.back();
    const double head = span.head - setup_;
    end = std::max(end, before.end - last_.tail + work - head);
    if (span.jobs > span.blockdep) {
        const double busy = std::max(0.0, span.total - span.head - span.tail);
        end = std::max(end,
                       before.end + work - span.blockdep * busy / static_cast<double>(span.jobs));
    }
    return end;
}

void StreamClock::kernel(const KernelSpan& span, std::size_t copies) {
    pass(span.words);
    wait_for_copies(copies);
    if (kernels_ >= most_kernels_) wait_for_kernels(kernels_ - most_kernels_ + 1);
    resolve();
    Times times;
    times.start = start_of(span, parser_ + setup_);
    now_ = times.start;
    left_ = least_end(span, times.start) - times.start;
    times_.push_back(times);
    last_ = span;
    is_pending_ = true;
    ++kernels_;
}

void StreamClock::wait_for_kernels(std::size_t count) {
    if (count == 0) return;
    if (count == kernels_) resolve();
    parser_ = std::max(parser_, times_[count - 1].end);
}

void StreamClock::wait_for_copies(std::size_t count) {
    if (count == 0) return;
    if (count > next_) progress(count);
    while (count > next_) {
        Copy& copy = copies_[next_];
        port_ = std::max(port_, copy.from) + copy.left;
        end_copy(copy);
    }
    parser_ = std::max(parser_, copies_[count - 1].done);
}

void StreamClock::copy(double busy, std::int32_t words) {
    pass(words);
    // With one copy at a time operations of both kinds leave in order.
    if (most_copies_ == 1 && kernels_ > 1) wait_for_kernels(kernels_ - 1);
    if (copies_.size() >= most_copies_) wait_for_copies(copies_.size() - most_copies_ + 1);
    Copy copy;
    copy.from = parser_ + read_latency_;
    copy.left = busy;
    // What of it has come beside kernels whose times are known.
    const double since = std::max(copy.from, port_free_);
    if (next_ == copies_.size() && since < port_) {
        const double passed = std::min(busy, (port_ - since) * share_);
        copy.left -= passed;
        if (copy.left <= nothing) {
            port_free_ = since + passed / share_;
            copy.left = 0;
            copy.done = port_free_ + write_latency_;
            ++next_;
        }
    }
    copies_.push_back(copy);
}

}  // namespace u65sim::compiler::quick
