#include "compile/emit/timeline.hpp"

#include <algorithm>

#include "compile/plan/tuning.hpp"

namespace u65sim::compiler {

using timing::KernelTimes;

namespace {

/// A part of a value: value x part / whole, of which the product may be too large for a word.
std::int64_t scaled(std::int64_t value, std::int64_t part, std::int64_t whole) {
    constexpr std::int64_t half_a_word = std::int64_t{1} << 31;
    if (std::max(value, part) < half_a_word) return value * part / whole;
    return static_cast<std::int64_t>(static_cast<double>(value) * static_cast<double>(part) /
                                     static_cast<double>(whole));
}

}  // namespace

Timeline::Kernel::Kernel(const KernelTimes& times)
    : total(std::max<std::int64_t>(1, times.total.count())),
      reads(std::min(total, times.port_cycles[1].count())) {}

/// While the parser waits, commands arrive no further than their window.
void Timeline::parse(std::int64_t words) { parser_ += estimator_.command_fetch(words).count(); }

void Timeline::kernel_wait(int outstanding) {
    const auto left = static_cast<std::size_t>(outstanding);
    if (kernels_.size() <= left) return;
    parser_ = std::max(parser_, kernels_[kernels_.size() - 1 - left].end);
}

void Timeline::dma_wait(int outstanding) {
    const auto left = static_cast<std::size_t>(outstanding);
    if (copies_.size() <= left) return;
    parser_ = std::max(parser_, copies_[copies_.size() - 1 - left]);
}

void Timeline::kernel(const KernelTimes& times, bool overlaps, std::int64_t hidden) {
    parse(tuning::kernel_words);
    kernel_wait(arch_.max_outstanding_kernels - 1);
    Kernel kernel(times);
    std::int64_t start = kernels_end();
    hidden_ += std::clamp<std::int64_t>(start - parser_, 0, hidden);
    if (overlaps) start = std::max(parser_, start - times.fill.count());
    const Overlap overlap = beside(dma_free_ - start, kernel.total, kernel);
    kernel.end = start + kernel.total + overlap.taken;
    const std::int64_t later = overlap.time - overlap.copied;
    for (auto copy = copies_.rbegin(); copy != copies_.rend() && *copy > start; ++copy) {
        *copy += later;
    }
    dma_free_ += later;
    kernels_.push_back(kernel);
}

void Timeline::copy(const timing::KernelEstimator::CopyTimes& times) {
    parse(tuning::copy_words);
    dma_wait(arch_.max_outstanding_dmas - 1);
    // Where one copy is outstanding at a time, it does not overtake a kernel that has not begun.
    if (arch_.max_outstanding_dmas == 1) kernel_wait(1);
    std::int64_t left = times.busy.count();
    std::int64_t at = copies_from();
    std::int64_t taken = 0;
    for (std::size_t k = first_behind(at); k < kernels_.size(); ++k) {
        Kernel& kernel = kernels_[k];
        kernel.end += taken;
        const Overlap overlap = beside(left, kernel.end - at, kernel);
        kernel.end += overlap.taken;
        taken += overlap.taken;
        left -= overlap.copied;
        at += overlap.time;
    }
    dma_free_ = at + left;
    copies_.push_back(dma_free_ + times.latency.count());
}

/// A copy has twice as many bursts in flight as what a kernel reads (measured): it takes half of
/// the time longer beside one that keeps the port busy, and what this reads meanwhile comes as much
/// later as the copy would take alone.
Timeline::Overlap Timeline::beside(std::int64_t copies, std::int64_t rest, const Kernel& kernel) {
    Overlap overlap;
    const std::int64_t most = scaled(rest, 2 * kernel.total, 2 * kernel.total - kernel.reads);
    overlap.copied = std::clamp<std::int64_t>(copies, 0, most);
    overlap.taken = scaled(overlap.copied, kernel.reads, kernel.total);
    overlap.time = overlap.copied + overlap.taken / 2;
    return overlap;
}

bool Timeline::has_slot() const {
    const auto most = static_cast<std::size_t>(arch_.max_outstanding_dmas);
    if (copies_.size() < most) return true;
    const std::int64_t free = copies_[copies_.size() - most];
    return free <= parser_ || free + tuning::slot_slack <= kernels_end();
}

std::int64_t Timeline::hidden_bytes(const timing::KernelEstimator::CopyTimes& times,
                                    std::int64_t length) const {
    const std::int64_t start = copies_from() + times.latency.count();
    const std::int64_t hidden = kernels_end() - tuning::slot_slack - start;
    const std::int64_t cycles = std::max<std::int64_t>(times.busy.count(), 1);
    return scaled(length, std::clamp<std::int64_t>(hidden, 0, cycles), cycles);
}

Timeline::Begin Timeline::best_begin(const timing::KernelEstimator::CopyTimes& copy,
                                     std::span<const KernelTimes> next) const {
    const std::int64_t now = copies_from();
    std::int64_t least =
        cost(copy, now, next) - std::min(tuning::least_wait, copy.busy.count() / 2);
    if (least <= 0) return Begin::at_once;
    Begin best = Begin::at_once;
    const auto compare = [&](std::int64_t begin, Begin when, std::int64_t late = 0) {
        const std::int64_t other = cost(copy, std::max(begin, now), next) + late;
        if (other >= least) return;
        least = other;
        best = when;
    };
    if (kernels_.size() > 1) {
        // The parser waits for the kernel before, and takes the next one only then.
        const std::int64_t start = std::max(parser_, kernels_[kernels_.size() - 2].end);
        const std::int64_t words =
            estimator_.command_fetch(tuning::copy_words + tuning::kernel_words).count();
        compare(start, Begin::with_last, std::max<std::int64_t>(0, start + words - kernels_end()));
    }
    std::int64_t begin = kernels_end();
    for (const KernelTimes& times : next) {
        if (least <= 0) break;
        compare(begin, Begin::later);
        begin += times.total.count();
    }
    return best;
}

/// Cycles that a copy which begins at `begin` takes from kernels, those in flight and `next`, and
/// those that the kernel behind these waits for it.
std::int64_t Timeline::cost(const timing::KernelEstimator::CopyTimes& copy, std::int64_t begin,
                            std::span<const KernelTimes> next) const {
    std::int64_t left = copy.busy.count();
    std::int64_t at = begin;
    std::int64_t taken = 0;
    const auto run_beside = [&](std::int64_t end, const Kernel& kernel) {
        if (end <= at) return;
        const Overlap overlap = beside(left, end - at, kernel);
        taken += overlap.taken;
        left -= overlap.copied;
        at += overlap.time - overlap.taken;
    };
    for (std::size_t k = first_behind(begin); k < kernels_.size(); ++k) {
        run_beside(kernels_[k].end, kernels_[k]);
    }
    std::int64_t end = kernels_end();
    for (const KernelTimes& times : next) {
        if (left == 0) return taken;
        end += times.total.count();
        run_beside(end, Kernel(times));
    }
    const std::int64_t there = at + left + copy.latency.count() + tuning::slot_slack;
    return taken + std::max<std::int64_t>(0, there - end);
}

/// The first kernel that is not over at a time.
std::size_t Timeline::first_behind(std::int64_t time) const {
    std::size_t kernel = kernels_.size();
    while (kernel > 0 && kernels_[kernel - 1].end > time) --kernel;
    return kernel;
}

std::int64_t Timeline::copies_from() const { return std::max(parser_, dma_free_); }

std::int64_t Timeline::kernels_end() const {
    return kernels_.empty() ? parser_ : std::max(parser_, kernels_.back().end);
}

std::int64_t Timeline::end() const {
    return std::max(kernels_end(), copies_.empty() ? 0 : copies_.back()) - hidden_;
}

}  // namespace u65sim::compiler
