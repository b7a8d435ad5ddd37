// The IFM buffer in SHRAM: jobs whose input is there or on its way, oldest first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "machine/channels/kernel_run.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// The IFM loader adds jobs; the MAC array takes them in order, and frees the oldest when it, or
/// for elementwise blocks the output unit, has read its input.
class IfmBuffer {
public:
    static constexpr std::size_t max_jobs = 4;

    explicit IfmBuffer(Scheduler& scheduler)
        : loader_(scheduler, UnitId::ifm_loader), mac_array_(scheduler, UnitId::mac_array) {}
    void reset() {
        jobs_.clear();
        taken_ = 0;
        kib_used_ = 0;
        mac_busy_ = false;
    }

    // The IFM loader's side.
    [[nodiscard]] std::size_t size() const { return jobs_.size(); }
    [[nodiscard]] std::int64_t kib_used() const { return kib_used_; }
    /// A further job of `kib` has a place in a buffer of `most` KiB; an empty one takes any.
    [[nodiscard]] bool has_room(std::int64_t kib, std::int64_t most) const {
        return jobs_.size() < max_jobs && (kib_used_ == 0 || kib_used_ + kib <= most);
    }
    /// The job added `back` before the next one; null: it is gone.
    Job* recent(std::size_t back) {
        return jobs_.size() < back ? nullptr : &jobs_[jobs_.size() - back];
    }
    /// Adds a job of `kib`, which takes over the place of `before` unless that is null.
    Job& add(std::int64_t kib, Job* before) {
        Job& job = jobs_.push();
        job.shram_kib = kib;
        if (before != nullptr) {
            // The data has arrived when the job's turn comes, as `before` has had its turn.
            kib_used_ -= before->shram_kib;
            before->shram_kib = 0;
        }
        kib_used_ += kib;
        return job;
    }
    /// The job added last is complete.
    void announce(Time now) {
        if (!mac_busy_) mac_array_.raise(now);
    }

    // The MAC array's side.
    [[nodiscard]] bool has_job() const { return taken_ < jobs_.size(); }
    Job& next_job() { return jobs_[taken_]; }
    void take_job() { ++taken_; }
    Job& oldest_job() { return jobs_.front(); }
    /// The oldest job has been consumed: its place is free.
    void free_job(Time now) {
        kib_used_ -= jobs_.front().shram_kib;
        jobs_.pop();
        --taken_;
        loader_.raise(now);
    }
    /// The MAC array is in a job: new ones need not wake it.
    void set_mac_busy(bool busy) { mac_busy_ = busy; }

    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

private:
    WakeLine loader_, mac_array_;
    Ring<Job, 8> jobs_;
    std::size_t taken_ = 0;  ///< jobs at the front that the MAC array has taken
    std::int64_t kib_used_ = 0;
    bool mac_busy_ = false;
};

}  // namespace u65sim::machine
