// What lies between the units: queues and buffers, memory ports, the probe and the hardware's
// numbers. A machine has one of it, and so has a test of a single unit.
#pragma once

#include <cstdint>
#include <vector>

#include <u65sim/target.hpp>

#include "machine/channels/accumulators.hpp"
#include "machine/channels/block_queue.hpp"
#include "machine/channels/dma_queue.hpp"
#include "machine/channels/ifm_buffer.hpp"
#include "machine/channels/kernel_queue.hpp"
#include "machine/channels/ofm_staging.hpp"
#include "machine/channels/operation_list.hpp"
#include "machine/channels/request_port.hpp"
#include "machine/channels/scale_buffer.hpp"
#include "machine/channels/weight_buffer.hpp"
#include "machine/units/hardware.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/scheduler.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

struct Channels {
    explicit Channels(Scheduler& scheduler);
    Channels(const Channels&) = delete;
    Channels& operator=(const Channels&) = delete;

    /// Empties all for a run of `commands`, which must outlive it. `ports`: which port each region
    /// is behind; null: as the target's memory mode has it. Throws InvalidConfig.
    void reset(const std::vector<stream::Command>& commands, const Target& target, bool timeline,
               const PortMap* ports = nullptr);
    /// All that its future depends on, for writing or reading. Loaders still look at kernel
    /// `oldest` and those behind it; not given when reading.
    template <class State>
    void pass(State& state, std::int64_t oldest);

    Hardware hardware;
    Probe probe;
    OperationList operations;

    RequestPort requests0, requests1;  ///< of AXI0 and AXI1
    MemoryPorts memory;
    KernelQueue kernels;
    DmaQueue dmas;
    IfmBuffer ifm;
    WeightBuffer weights;
    Accumulators accumulators;
    BlockQueue blocks;
    ScaleBuffer scales;
    OfmStaging staging;
};

}  // namespace u65sim::machine
