// The answer: cycles, bandwidth and spill events of one network on one target, as data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <u65sim/bound.hpp>
#include <u65sim/compile.hpp>
#include <u65sim/host.hpp>
#include <u65sim/simulate.hpp>
#include <u65sim/target.hpp>

namespace u65sim {

struct SpillEvent {
    std::string tensor;
    Bytes bytes{0};
    std::string reason;
    std::string producer;
    std::vector<std::string> consumers;
    Cycles start_cycle{0};  ///< when its first byte goes to DRAM
    Bytes dram_read_bytes{0}, dram_write_bytes{0};
    bool operator==(const SpillEvent&) const = default;
};

/// One operator of the network (all its kernels together), or one kernel of a foreign stream.
struct OperatorReport {
    std::string name;
    std::string type;
    Cycles start_cycle{0}, end_cycle{0};
    Cycles cycles{0};  ///< of the network's total, what this operator accounts for
    Macs macs{0};
    double mac_utilization = 0.0;   ///< macs / (peak x cycles)
    std::optional<Cause> bound_by;  ///< the largest of `stalls`; none where there are no cycles
    std::string block;              ///< OFM block H x W x D of its largest kernel
    Bytes sram_bytes{0}, dram_bytes{0};
    std::int32_t kernels = 0, dmas = 0;
    CauseCycles stalls{};              ///< adds up to `cycles`
    std::int32_t graph_operator = -1;  ///< of CompiledNetwork::graph; -1: another's stream
    Cycles bound{0};                   ///< the least it takes by itself; zero: not known
    Limit limit = Limit::none;         ///< what sets `bound`
    std::optional<Cause> kept_by;      ///< where most of what it takes beyond `bound` goes
    bool operator==(const OperatorReport&) const = default;
};

/// Where a buffer lay in memory, and between which cycles the place was its own.
struct LiveRange {
    enum class Memory : std::uint8_t {
        sram,  ///< behind AXI0
        dram,  ///< behind AXI1
    };
    std::string name;
    Placement::Kind kind = Placement::Kind::feature_map;
    Memory memory = Memory::sram;
    Bytes offset{0}, size{0};
    Cycles start_cycle{0}, end_cycle{0};
    bool spilled = false;  ///< in DRAM because the arena had no room
    bool operator==(const LiveRange&) const = default;
};
std::string_view to_string(LiveRange::Memory memory);
/// "feature_map", "weight_buffer", "constant", "scratch" or "variable".
std::string_view to_string(Placement::Kind kind);

/// What each unit did when.
struct Timeline {
    struct Track {
        std::string name;     ///< "operators", "mac_array", "axi0 read" ...
        std::string meaning;  ///< of its spans, as a sentence
        bool operator==(const Track&) const = default;
    };
    /// Spans of one track follow each other.
    struct Span {
        std::uint16_t track = 0;
        Channel channel = Channel::command;  ///< ports: who moved data
        std::int32_t row = -1;               ///< index into Report::operators
        std::int32_t block = -1;  ///< OFM block of the kernel, in order of traversal; -1: not known
        Cycles start{0}, end{0};
        Bytes bytes{0};  ///< ports: payload
        bool operator==(const Span&) const = default;
    };
    std::vector<Track> tracks;
    std::vector<Span> spans;  ///< by track and start
    bool operator==(const Timeline&) const = default;
};

/// What the target's traffic costs: the run beside the same one without it. Both go through
/// memories that several initiators share.
struct Contention {
    Cycles alone{0};                ///< of the run without it
    std::vector<Cycles> operators;  ///< what it adds to each of Report::operators; below 0: spares
    std::vector<Bytes> traffic;     ///< what each of Target::traffic moved meanwhile
    bool operator==(const Contention&) const = default;
};

/// Where the cycles of a simulation are, for an answer that was not simulated.
struct CycleInterval {
    /// Held the simulated cycles of at least `coverage` of the networks kept out of its
    /// calibration.
    Cycles low{0}, high{0};
    double coverage = 0.0;  ///< 0 to 1
    /// Held those of nearly all networks that were measured, with a margin: what a search relies
    /// on.
    Cycles least{0}, most{0};
    std::string source;  ///< the networks it was measured on, for people
    bool operator==(const CycleInterval&) const = default;
};

/// What keeps a port from moving more payload a cycle, for the traffic of a run as it was mixed:
/// reads beside writes, long bursts beside short ones.
struct PortCeiling {
    enum class Kind : std::uint8_t {
        width,             ///< of the port's data buses
        bandwidth,         ///< of the memory
        reads_in_flight,   ///< bursts read at a time, each held for its latency
        writes_in_flight,  ///< the same for writes
    };
    Kind kind = Kind::width;
    double bytes_per_cycle = 0.0;  ///< payload of reads and writes together
    double burst_bytes = 0.0;      ///< ..._in_flight: mean payload of a burst
    double held_cycles = 0.0;      ///< ..._in_flight: mean time that a burst keeps its place
    /// ..._in_flight of one channel, while nothing else moves; none: all of the traffic as mixed.
    std::optional<Channel> channel{};
    bool operator==(const PortCeiling&) const = default;
};
std::string_view to_string(PortCeiling::Kind kind);

struct Report {
    static constexpr int schema_version = 1;
    std::string u65sim_version;
    struct Model {
        std::string name, producer;
        Macs macs{0};
        Macs npu_macs{0};  ///< of `macs`, those of operators on the NPU
        std::int64_t parameters = 0;
        Bytes file_bytes{0};
        std::int32_t npu_operators = 0;
        std::vector<CpuOperator> cpu_operators;
        std::uint64_t content_hash = 0;
        bool operator==(const Model&) const = default;
    } model;
    Target target;
    struct Total {
        Cycles cycles{0};      ///< NPU_ACTIVE
        double host_ms = 0.0;  ///< driver and CPU operators, as the target assumes
        double mac_utilization = 0.0;
        Cycles bound{0};  ///< no stream takes fewer; zero: not known
        Limit limit = Limit::none;
        bool operator==(const Total&) const = default;
    } total;
    struct MemoryUse {
        Bytes capacity{0};
        Bytes peak{0};  ///< SRAM: highest byte used; DRAM: model plus activations
        Bytes read{0}, write{0};
        /// Of all traffic, the lowest first: it binds. Then of each channel but commands that moves
        /// a tenth of the bytes or more. None of an idle port.
        std::vector<PortCeiling> ceilings;
        bool operator==(const MemoryUse&) const = default;
    } sram, dram;
    Bytes dram_model_bytes{0}, dram_activation_bytes{0}, encoded_weight_bytes{0};
    std::vector<std::pair<std::string, std::int64_t>> pmu;
    CauseCycles stalls{};  ///< adds up to total.cycles
    std::vector<SpillEvent> spills;
    std::vector<OperatorReport> operators;
    std::vector<LiveRange> live_ranges;    ///< by start
    std::optional<Contention> contention;  ///< of a target with traffic
    /// Of an answer with effort quick, which has no counters, causes, live ranges, bounds and
    /// content hash; none where the network was simulated.
    std::optional<CycleInterval> interval;
    /// Of a target that says what the rest of an inference takes, or whose numbers have ranges.
    std::optional<WholeInference> inference;
    Timeline timeline;  ///< empty unless the simulation kept one
    std::vector<std::string> assumptions;
    bool operator==(const Report&) const = default;

    /// Whether the NPU does any of the network's work. Without any there is no latency.
    [[nodiscard]] bool runs_on_npu() const { return !operators.empty(); }
    /// The part of the network that runs on the NPU, 0 to 1: of its multiply-accumulates, or of its
    /// operators where it has none.
    [[nodiscard]] double npu_share() const;
    /// NPU time plus host time, milliseconds. Throws NothingOnNpu where !runs_on_npu().
    [[nodiscard]] double latency_ms() const;
    /// The NPU's cycles at its clock, milliseconds.
    [[nodiscard]] double npu_ms() const;
    /// All of `inference`, or latency_ms() where there is none.
    [[nodiscard]] double inference_ms() const;
    /// A summary, where the time goes, spills, and a table of the operators; at most 100 columns.
    [[nodiscard]] std::string to_text() const;
    /// Everything, under the keys of docs/report.md. Equal reports give equal bytes.
    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] std::string to_csv() const;  ///< the per-operator table
    /// One page that needs nothing else: what the JSON holds, drawn.
    [[nodiscard]] std::string to_html() const;
    /// The timeline in Chrome's trace event format, a thread a unit, which Perfetto opens.
    /// Throws InvalidConfig when the report has none.
    [[nodiscard]] std::string to_trace() const;
};

/// Joins what the compiler knows with what the machine measured, and with lower_bound() where it
/// is given.
Report make_report(const CompiledNetwork& network, const Target& target,
                   const Simulation& simulation, const LowerBound& bound = {});

/// "0.1.0"
std::string_view version();
/// Commit, compiler and build type, for people: "commit 1a2b3c4d, GNU 12.2.0, Release".
std::string_view build_info();

/// An SVG drawing of what lives in a compiled network's SRAM: positions in execution order to the
/// right, addresses upwards.
std::string arena_svg(const CompiledNetwork& network);

}  // namespace u65sim
