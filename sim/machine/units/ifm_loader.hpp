// Traverses kernels into jobs and loads their input boxes into the IFM buffer, ahead of the MACs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "machine/channels/ifm_buffer.hpp"
#include "machine/channels/kernel_queue.hpp"
#include "machine/channels/request_port.hpp"
#include "machine/units/hardware.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/scheduler.hpp"
#include "timing/feature_map_access.hpp"

namespace u65sim::machine {

/// The IFM buffer is a ring of (IB_END - 2) KiB: each job takes its box, rounded up to whole KiB,
/// and at most four jobs are in it (chosen against public measurements). A job whose box equals
/// the one loaded just before it in the same kernel does not load again. Nor do an input's two
/// depth blocks when only the OFM's depth advances: each half of the double buffer still holds its
/// one (deduced: exact against public beat counts). Sub-kernels' boxes are always loaded again.
/// Boxes enter the buffer one behind the other (timing::store_cycles), each while its port brings
/// it: the next job's is asked for when the buffer could have put this one away.
class IfmLoader {
public:
    struct Ports {
        const Hardware& hardware;
        Probe& probe;
        const MemoryPorts& memory;
        KernelQueue& kernels;
        IfmBuffer& buffer;
    };
    explicit IfmLoader(const Ports& ports) : ports_(ports) {}
    void reset();
    Time act(Time now);
    [[nodiscard]] std::string describe() const;
    /// Number of the kernel it works on, or is to work on next.
    [[nodiscard]] std::int64_t kernel() const { return kernel_; }
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

private:
    /// What one kernel's feature map costs to move, and where that is counted.
    struct Map {
        RequestPort* port = nullptr;
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
    void take_weights(Job& job);
    void describe_block(Job& job);
    [[nodiscard]] std::int64_t store_cycles() const;
    void load(Map& map, const timing::Box& box, bool again, Job& job, std::size_t which, Time now);
    const JobCost& cost_of_job();
    static timing::Access count(Map& map, Channel channel, const timing::Box& box);

    Ports ports_;
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
