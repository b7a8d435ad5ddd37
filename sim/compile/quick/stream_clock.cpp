#include "compile/quick/stream_clock.hpp"

#include <algorithm>
#include <limits>

#include "compile/quick/crowded_port.hpp"
#include "target/memory_rate.hpp"
#include "timing/axi.hpp"

namespace u65sim::compiler::quick {

namespace {

/// Of a port that a kernel and copies both want in turn, the kernel's part at least: pieces of maps
/// are as long as those of copies, weights are asked for 16 beats at a time (machine rules).
constexpr double share_of_maps = 0.5;
constexpr double weight_beats = 16, copy_beats = 64;
/// Jobs that the IFM buffer holds: so far may loads be ahead of the array.
constexpr double jobs_ahead = 4;
/// Cycles below which nothing is left.
constexpr double nothing = 1e-3;

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
      port_wait_(static_cast<double>(wait_for_port(*program.target).count())),
      share_of_weights_(weight_beats * program.target->accelerator.cores /
                        (weight_beats * program.target->accelerator.cores + copy_beats)),
      piece_ends_(pieces_ahead_, 0) {
    const auto of_a_chunk = [&](int port, bool write) {
        const timing::PortRules rules = timing::port_rules(*program.target, program.arch, port);
        const std::int64_t bytes = chunk_beats * rules.bus.beat_bytes;
        return static_cast<double>(
            timing::transfer_cycles(timing::run_access(0, bytes, rules.bus), rules, write));
    };
    copy_sram_ = of_a_chunk(0, true) / std::max(of_a_chunk(1, false), 1.0);
    const timing::PortRules rules = timing::port_rules(*program.target, program.arch, 1);
    const timing::Access piece = timing::run_access(0, std::int64_t{4} * words_a_piece_, rules.bus);
    word_ = static_cast<double>(timing::transfer_cycles(piece, rules, false)) / words_a_piece_;
}

/// A piece of commands is asked for when the one that had its place in the window has been passed.
void StreamClock::pass(std::int32_t words) {
    while (words > 0) {
        double& turn = piece_ends_[piece_];
        if (in_piece_ == 0) {
            double come = turn + words_latency_;
            if (piece_ == 0 && come + port_wait_ > parser_) {  // once a window
                advance(turn);
                come += port_wait(turn);
            }
            parser_ = std::max(parser_, come);
        }
        const std::int32_t passed = std::min(words, words_a_piece_ - in_piece_);
        words -= passed;
        in_piece_ += passed;
        if (in_piece_ < words_a_piece_) return;
        in_piece_ = 0;
        turn = parser_;
        piece_ = (piece_ + 1) % pieces_ahead_;
    }
}

/// What is asked for while a copy asks for its data comes later.
double StreamClock::port_wait(double asked) const {
    const double comes = asked + read_latency_;
    double until = asked;
    for (std::size_t i = copied_; i < copies_.size() && until < comes + port_wait_; ++i) {
        if (copies_[i].from >= comes) break;
        until = std::max(until, copies_[i].from) + copies_[i].left;
    }
    return std::clamp(until - comes, 0.0, port_wait_);
}

/// The port is shared in turns, reads that come one by one wait for it, and a copy takes of the
/// SRAM's what a kernel may want.
StreamClock::Rates StreamClock::rates() const {
    const KernelSpan& span = kernels_[ended_].span;
    if (span.total <= 0) return {};
    const double wanted = std::min(1.0, span.off_chip / span.total);
    const double granted = std::min(wanted, span.reads_weights ? share_of_weights_ : share_of_maps);
    Rates rates{wanted > 0 ? granted / wanted : 1, 1 - granted};
    const double sram = span.sram / span.total;
    const double left = std::max(0.0, 1 - copy_sram_ * rates.copy);
    if (sram > left) rates.kernel = std::min(rates.kernel, left / sram);
    if (span.crowded > 0) rates.kernel = std::min(rates.kernel, span.total / span.crowded);
    return rates;
}

/// The loads of a kernel's first job wait for blocks of the kernel before.
double StreamClock::start_of(const KernelSpan& span, double ready) const {
    if (ended_ == 0) return ready;
    const Times& before = kernels_[ended_ - 1].times;
    const KernelSpan& last = kernels_[ended_ - 1].span;
    if (span.blockdep == 0) return std::max(ready, before.end);
    const double busy = std::max(0.0, last.total - last.head - last.tail);
    const double may =
        span.blockdep < last.blocks
            ? before.end - span.blockdep * busy / static_cast<double>(last.blocks)
            : before.end - last.tail - jobs_ahead * busy / static_cast<double>(last.jobs);
    return std::max({ready, std::min(may, before.end), before.start});
}

/// Its first block follows the last one of the kernel before through the array, and the job that
/// must not overtake any block of that waits for its end.
double StreamClock::least_end(const KernelSpan& span, double start) const {
    const double work = span.total - setup_;
    double end = start + work;
    if (ended_ == 0 || span.blockdep == 0) return end;
    const Times& before = kernels_[ended_ - 1].times;
    const KernelSpan& last = kernels_[ended_ - 1].span;
    const double head = span.head - setup_;
    end = std::max(end, before.end - last.tail + work - head);
    if (span.jobs > span.blockdep) {
        const double busy = std::max(0.0, span.total - span.head - span.tail);
        end = std::max(end,
                       before.end + work - span.blockdep * busy / static_cast<double>(span.jobs));
    }
    return end;
}

/// The oldest kernel that has not ended, once the one before has.
void StreamClock::begin_kernel() {
    Kernel& kernel = kernels_[ended_];
    runs_ = true;
    kernel.times.start = start_of(kernel.span, kernel.ready);
    work_from_ = std::max(kernel.times.start, now_);
    const double waits = kernel.span.trips * port_wait(work_from_);
    expected_ = std::max(work_from_, least_end(kernel.span, kernel.times.start + waits));
    if (kernel.span.off_chip > 0) {
        // Kernels before, and commands, have the port too.
        const double idle = std::max(0.0, kernel.times.start - port_until_);
        port_until_ = std::max(port_until_, kernel.times.start) -
                      std::min(idle / 2, kernel.span.early) + kernel.span.off_chip +
                      word_ * kernel.span.words;
        expected_ = std::max(expected_, port_until_);
    }
    left_ = expected_ - work_from_;
}

/// To the next time at which anything begins or ends.
void StreamClock::step(double limit) {
    const bool next = !runs_ && ended_ < kernels_.size();
    if (next && kernels_[ended_].ready <= now_) begin_kernel();
    Copy* const copy = copied_ < copies_.size() ? &copies_[copied_] : nullptr;
    const bool works = runs_ && work_from_ <= now_;
    const bool copies = copy != nullptr && copy->from <= now_;
    const Rates rate = works && copies ? rates() : Rates{};
    double until = limit;
    if (next && !runs_) until = std::min(until, kernels_[ended_].ready);
    if (runs_) until = std::min(until, works ? now_ + left_ / rate.kernel : work_from_);
    if (copy != nullptr) {
        until = std::min(until, copies ? now_ + copy->left / rate.copy : copy->from);
    }
    if (works) left_ -= (until - now_) * rate.kernel;
    if (copies) copy->left -= (until - now_) * rate.copy;
    now_ = until;
    if (works && left_ <= nothing) {
        kernels_[ended_++].times.end = now_;
        runs_ = false;
        port_until_ = std::min(port_until_ + now_ - expected_, now_);
    }
    if (copies && copy->left <= nothing) {
        copy->done = now_ + write_latency_;
        ++copied_;
    }
}

void StreamClock::advance(double limit) {
    while (now_ < limit) step(limit);
}

void StreamClock::wait_for_kernels(std::size_t count) {
    while (ended_ < count) step(std::numeric_limits<double>::max());
    if (count > 0) parser_ = std::max(parser_, kernels_[count - 1].times.end);
}

void StreamClock::wait_for_copies(std::size_t count) {
    while (copied_ < count) step(std::numeric_limits<double>::max());
    if (count > 0) parser_ = std::max(parser_, copies_[count - 1].done);
}

void StreamClock::finish() { wait_for_kernels(kernels_.size()); }

void StreamClock::kernel(const KernelSpan& span, std::size_t copies) {
    pass(span.words);
    wait_for_copies(copies);
    if (kernels_.size() >= most_kernels_) wait_for_kernels(kernels_.size() - most_kernels_ + 1);
    advance(parser_);
    kernels_.push_back({span, parser_ + setup_, {}});
}

void StreamClock::copy(double busy, std::int32_t words, std::size_t kernels) {
    pass(words);
    wait_for_kernels(kernels);
    // With one copy at a time operations of both kinds leave in order.
    if (most_copies_ == 1 && kernels_.size() > 1) wait_for_kernels(kernels_.size() - 1);
    if (copies_.size() >= most_copies_) wait_for_copies(copies_.size() - most_copies_ + 1);
    advance(parser_);
    copies_.push_back({parser_ + read_latency_, busy, 0});
}

}  // namespace u65sim::compiler::quick
