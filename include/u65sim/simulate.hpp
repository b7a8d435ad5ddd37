// What the machine measured while it ran a compiled network.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/target.hpp>
#include <u65sim/units.hpp>

namespace u65sim {

/// Why a cycle passed. Every cycle of a run has exactly one cause: the most useful thing that the
/// machine did in it, in this order.
enum class Cause : std::uint8_t {
    mac,           ///< the MAC array computed
    output,        ///< the output/elementwise unit computed while the MAC array had nothing to do
    weight_fetch,  ///< waiting for weights or scales from memory
    ifm_fetch,     ///< waiting for input feature map data
    ofm_write,     ///< waiting for output data to be accepted or answered
    block_dependency,  ///< a block held back by BLOCKDEP or the limit of outstanding kernels
    shram_reconfig,    ///< waiting for a drain because the SHRAM layout changes
    dma_wait,          ///< NPU_OP_DMA_WAIT
    kernel_wait,       ///< NPU_OP_KERNEL_WAIT with nothing else to do
    command_fetch,     ///< command stream words on their way
    pipeline,          ///< set-up, fill and drain of the block pipeline
};
inline constexpr std::size_t cause_count = static_cast<std::size_t>(Cause::pipeline) + 1;
std::string_view to_string(Cause cause);
using CauseCycles = std::array<Cycles, cause_count>;

/// Who moves data over a port.
enum class Channel : std::uint8_t { command, ifm, weights, scales, dma_read, ofm, dma_write };
inline constexpr std::size_t channel_count = static_cast<std::size_t>(Channel::dma_write) + 1;
std::string_view to_string(Channel channel);
constexpr bool is_write(Channel channel) { return channel >= Channel::ofm; }

struct PortTraffic {
    std::array<std::int64_t, channel_count> beats{};  ///< bus beats (16 B on U65, 8 B on U55)
    std::array<Bytes, channel_count> bytes{};         ///< payload that was wanted
    std::array<std::int64_t, channel_count> bursts{};
    [[nodiscard]] std::int64_t read_beats() const;
    [[nodiscard]] std::int64_t write_beats() const;
    [[nodiscard]] Bytes read_bytes() const;
    [[nodiscard]] Bytes write_bytes() const;
    PortTraffic& operator+=(const PortTraffic& other);
    bool operator==(const PortTraffic&) const = default;
};

/// Traffic of one feature map in memory, for pricing spills.
struct RegionTraffic {
    int region = 0;
    Bytes offset{0};  ///< FeatureMap base of tile 0
    Bytes read_bytes{0}, write_bytes{0};
    bool operator==(const RegionTraffic&) const = default;
};

/// One kernel operation or DMA.
struct OperationRecord {
    std::uint32_t segment = 0;
    std::uint32_t command_index = 0;
    bool is_dma = false;
    std::string kind;   ///< "CONV", "DEPTHWISE", "POOL AVERAGE", "ELEMENTWISE ADD", "DMA" ...
    std::string block;  ///< "8x16x32" (H x W x D), empty for DMA
    Cycles issue{0};    ///< left the command processor
    Cycles start{0};    ///< first data moved
    Cycles end{0};      ///< last write answered
    Macs macs{0};
    Cycles mac_busy{0}, output_busy{0};
    std::int64_t blocks = 0;
    std::array<PortTraffic, 2> ports{};
    /// Of the network's cycles, those in which this operation was the oldest unfinished kernel
    /// (DMA: none). Adds up over all kernels to the total but for the time before the first.
    CauseCycles causes{};
    Cause bound_by = Cause::pipeline;  ///< the largest of `causes`
    std::vector<RegionTraffic> maps;   ///< kernels: IFM, IFM2 where it is a map, OFM
    bool operator==(const OperationRecord&) const = default;
};

/// A unit at work, for timelines. Intervals of one unit (of a port: in one direction) never
/// overlap. Computing units: cycles in which they computed; the others: a request was under way.
struct Interval {
    std::uint16_t unit = 0;              ///< index into Simulation::units
    Channel channel = Channel::command;  ///< ports: who moved data
    std::uint32_t operation = 0;         ///< index into Simulation::operations
    std::int32_t block = -1;  ///< OFM block of the kernel, in order of traversal; -1: not known
    Cycles start{0}, end{0};
    Bytes bytes{0};  ///< ports: payload that passed
    bool operator==(const Interval&) const = default;
};

struct Simulation {
    Cycles total{0};       ///< NPU_ACTIVE: all segments, back to back
    CauseCycles causes{};  ///< adds up to `total`
    std::array<PortTraffic, 2> ports{};
    /// PMU events of the register description that mean something here, by name, in event order.
    std::vector<std::pair<std::string, std::int64_t>> pmu;
    std::vector<OperationRecord> operations;  ///< in stream order, over all segments
    std::vector<Cycles> segment_start;
    std::vector<std::string> units;
    std::vector<Cycles> unit_busy;   ///< same order as `units`
    std::vector<Interval> timeline;  ///< only when asked for; by unit, direction, start
    std::uint64_t events = 0;        ///< kernel activations, for benches
    bool operator==(const Simulation&) const = default;
};

/// What carries the machine's units. All give equal simulations but for `Simulation::events`.
enum class SimulationBackend : std::uint8_t {
    systemc,      ///< the reference: SystemC modules, one run at a time in a process
    direct,       ///< a bare event queue without globals: faster, and one in every thread
    systemc_tlm,  ///< as systemc, each burst a TLM-2.0 payload to SramModule or DramModule: slower
};
inline constexpr std::size_t simulation_backend_count = 3;
std::string_view to_string(SimulationBackend backend);

struct SimulateOptions {
    bool timeline = false;  ///< keep Simulation::timeline; cycles are the same
    /// Write the units' states as a value change dump to this file ("": none), one time unit a
    /// cycle. Throws FileError when that fails.
    std::string vcd_file;
    Cycles cycle_limit{100'000'000'000};  ///< CycleLimitReached beyond it
    SimulationBackend backend = SimulationBackend::systemc;
    bool operator==(const SimulateOptions&) const = default;
};

/// Runs every NPU segment, one after the other. Safe from any thread; on the SystemC kernel one run
/// waits for the other (one SystemC context a process). Throws InvalidStream or SimulationStuck.
Simulation simulate(const CompiledNetwork& network, const Target& target,
                    const SimulateOptions& options = {});

}  // namespace u65sim
