// Traverses kernels into jobs and loads their input boxes into the IFM buffer, ahead of the MACs.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "machine/units/kernel_run.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"
#include "timing/feature_map_access.hpp"

namespace u65sim::machine {

class Npu;

/// The IFM buffer is a ring of (IB_END - 2) KiB: each job takes its box, rounded up to whole KiB,
/// and at most four jobs are in it (chosen against public measurements). A job whose box equals
/// the one loaded just before it in the same kernel does not load again. Nor do an input's two
/// depth blocks when only the OFM's depth advances: each half of the double buffer still holds its
/// one (deduced: exact against public beat counts). Sub-kernels' boxes are always loaded again.
/// Boxes enter the buffer one behind the other (timing::store_cycles), each while its port brings
/// it: the next job's is asked for when the buffer could have put this one away.
class IfmLoader {
public:
    static constexpr std::size_t max_jobs = 4;

    explicit IfmLoader(Npu& npu) : npu_(&npu) {}
    void reset();
    Time act(Time now);
    [[nodiscard]] std::string describe() const;
    /// Number of the kernel it works on, or is to work on next.
    [[nodiscard]] std::int64_t kernel() const { return kernel_; }
    /// The first job of that kernel is, or was, in the buffer.
    [[nodiscard]] bool has_begun(std::int64_t kernel) const {
        return kernel < kernel_ || (kernel == kernel_ && active_ && job_number_ > 0);
    }
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

    /// Jobs in order. The MAC array takes them from `next_job()`, and frees the oldest.
    [[nodiscard]] bool has_job() const { return taken_ < jobs_.size(); }
    Job& next_job() { return jobs_[taken_]; }
    void take_job() { ++taken_; }
    Job& oldest_job() { return jobs_.front(); }
    /// The oldest job has been consumed: its place is free.
    void free_job(Time now);

private:
    /// What one kernel's feature map costs to move, and where that is counted.
    struct Map {
        AxiPort* port = nullptr;
        PortTraffic* counted = nullptr;
        Bytes* moved = nullptr;
        timing::BoxTraffic traffic;
    };
    /// What follows from the sizes of a job's block.
    struct JobCost {
        timing::Box block;  ///< sizes alone
        int sub = -1;
        bool last_depth = false;
        std::int64_t mac_cycles = 0, weight_volume = 0;
    };
    [[nodiscard]] bool may_start(const KernelRun& run, Time now);
    void begin_kernel();
    void open_kernel();
    void begin_map(Map& map, const stream::FeatureMap& feature_map, Bytes& moved);
    void next_position();
    void prepare();
    [[nodiscard]] Job* inherited();
    void submit(Time now);
    [[nodiscard]] std::int64_t store_cycles() const;
    void load(Map& map, const timing::Box& box, bool again, Job& job, std::size_t which, Time now);
    const JobCost& cost_of_job();
    static timing::Access count(Map& map, Channel channel, const timing::Box& box);

    Npu* npu_;
    Ring<Job, 8> jobs_;
    std::size_t taken_ = 0;  ///< jobs at the front that the MAC array has taken
    std::int64_t kib_used_ = 0;
    Time store_free_ = 0;      ///< boxes asked for so far can be in the buffer by then
    std::int64_t kernel_ = 0;  ///< next or current
    bool active_ = false;
    // Position of the next job in the current kernel.
    int by_ = 0, bx_ = 0, bz_ = 0, depth_block_ = 0, sub_ = 0;
    std::int64_t job_number_ = 0;
    std::int64_t weight_seen_ = 0;  ///< brick volume passed in this block position
    std::int64_t position_ = 0;     ///< block positions passed
    bool prepared_ = false;
    // Of the current kernel.
    const KernelRun* run_ = nullptr;
    OperationRecord* record_ = nullptr;
    Map ifm_, ifm2_, ofm_;
    timing::SubKernel sub_kernel_;
    std::array<JobCost, 8> costs_;
    std::int64_t weight_place_ = 0;  ///< in the sequence, where the job before ends
    timing::Box block_, box_, box2_, last_box_, last_box2_;
    timing::Box other_box_;  ///< of the job before the last: the other half of the double buffer
    std::int64_t kib_ = 0;   ///< of the next job
    bool reuse_ = false, reuse2_ = false;
    std::size_t reuse_distance_ = 1;  ///< jobs back to the one whose box it is
};

}  // namespace u65sim::machine
