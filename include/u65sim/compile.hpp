// A network lowered to command streams, with everything needed to run, report on and store it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/command_stream.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

namespace u65sim {

enum class Optimise : std::uint8_t { performance, size };

/// Versions of Vela whose rules are known.
enum class VelaVersion : std::uint8_t { v5_0, v5_2 };
std::string_view to_string(VelaVersion version);  ///< "5.0", "5.2"

struct CompileOptions {
    Optimise optimise = Optimise::performance;
    int max_blockdep = 3;  ///< 0..3
    /// Threads that encode weights at the same time; the result does not depend on it.
    unsigned threads = 1;
    /// Stop behind this pass and keep its dump in CompiledNetwork::pass_dump ("" = run all).
    std::string dump_after;
    /// Steps to leave out, by their names in optional_steps(): to see what each one is good for.
    std::vector<std::string> without;
    /// Plan as Vela does where its rules are known and ours are faster (columns stay columns,
    /// weights come one operation ahead at most), to predict what a stream of its takes.
    bool like_vela = false;
    VelaVersion vela_version = VelaVersion::v5_2;  ///< whose rules `like_vela` takes
    bool operator==(const CompileOptions&) const = default;
};
/// Sets `like_vela`, and the version where the text is one: "true", "false", "5.0" or "5.2".
/// Returns false, and changes nothing, for any other text.
bool set_like_vela(CompileOptions& options, std::string_view text);

/// Base addresses an Ethos-U stream uses (reference 2.3).
inline constexpr int region_constants = 0;  ///< weights, scales, tables: "flash" tensor
inline constexpr int region_arena = 1;      ///< feature maps incl. network inputs and outputs
inline constexpr int region_fast = 2;       ///< dedicated SRAM (dedicated_sram mode only)

/// What one command of a stream was made for. Kernels that the compiler made for one operator
/// (slices, lowered steps) share `graph_operator` and `op_name`.
struct CommandLabel {
    std::uint32_t command_index = 0;  ///< index into stream::decode's result
    std::string name;                 ///< unique in the segment, e.g. "conv1" or "softmax/3"
    std::string op_name;              ///< Operator::name it came from
    std::string op_type;              ///< TensorFlow Lite's name, e.g. "CONV_2D", or "DMA"
    std::int32_t time = -1;  ///< position in execution order, as Placement counts; -1: unknown
    /// CompiledNetwork::placements of IFM (or map copied), IFM2, OFM (or copy); -1: none, unknown.
    std::array<std::int32_t, 3> maps{-1, -1, -1};
    std::int32_t graph_operator = -1;  ///< of CompiledNetwork::graph; -1: another's stream
    bool operator==(const CommandLabel&) const = default;
};

/// One `ethos-u` custom operator: a run of operators on the NPU.
struct NpuSegment {
    std::string name;
    CommandStream stream;
    std::vector<CommandLabel>
        labels;                    ///< ascending command_index; may be empty for foreign streams
    std::vector<TensorId> inputs;  ///< of CompiledNetwork::graph
    std::vector<TensorId> outputs;
    /// Where its region 0 begins in CompiledNetwork::constants: segments of some formats have
    /// constants of their own.
    Bytes constants_begin{0};
    bool operator==(const NpuSegment&) const = default;
};

/// One operator left to the CPU, and why.
struct CpuOperator {
    std::string name, type, reason;
    Bytes operand_bytes{0};     ///< inputs plus outputs, without constants
    Macs macs{0};               ///< of the network's, not done by the NPU
    std::int64_t elements = 0;  ///< of its largest input or output, constants aside
    std::string data_type;      ///< of the first of these
    bool operator==(const CpuOperator&) const = default;
};

/// Where a tensor or buffer lives. Times are positions in execution order, both ends included.
struct Placement {
    enum class Kind : std::uint8_t { feature_map, weight_buffer, constant, scratch, variable };
    std::string name;
    Kind kind = Kind::feature_map;
    int region = region_arena;
    Bytes offset{0}, size{0};
    std::int32_t first_use = 0, last_use = 0;
    bool operator==(const Placement&) const = default;
};

/// A feature map that lives in DRAM because the arena had no room.
struct SpilledMap {
    std::string tensor;
    Bytes size{0};
    std::string reason;  ///< e.g. "393,216 B arena full at conv_3: needs 512,000 B"
    std::string producer;
    std::vector<std::string> consumers;
    Bytes offset{0};              ///< in region_arena
    std::int32_t placement = -1;  ///< index into CompiledNetwork::placements
    bool operator==(const SpilledMap&) const = default;
};

/// A tensor of the network's interface, in memory.
struct Binding {
    TensorId tensor = no_tensor;  ///< of CompiledNetwork::graph
    int region = region_arena;
    Bytes offset{0};
    /// The one of CompiledNetwork::segments that has it there; -1: all of them.
    std::int32_t segment = -1;
    bool operator==(const Binding&) const = default;
};

struct CompiledNetwork {
    std::string name;
    std::string producer;  ///< "u65sim 0.1.0", "Vela 3.10.0" ...
    Target target;         ///< compiled for
    /// The network as it was, for foreign files the network around the custom operators.
    Graph graph;
    /// Execution order: each step is an NPU segment (segment >= 0) or a CPU operator.
    struct Step {
        std::int32_t segment = -1;
        std::int32_t cpu_operator = -1;    ///< index into cpu_operators
        std::int32_t graph_operator = -1;  ///< for CPU steps: index into graph.operators
        bool operator==(const Step&) const = default;
    };
    std::vector<Step> steps;
    std::vector<NpuSegment> segments;
    std::vector<CpuOperator> cpu_operators;
    /// Region 0, of all segments; empty when weights are modelled.
    std::vector<std::uint8_t> constants;
    Bytes modelled_constants{0};  ///< size of region 0 when weights are modelled
    /// Hash of what the constants were made from; 0: only `constants` tell, or weights are
    /// modelled.
    std::uint64_t constants_hash = 0;
    Bytes arena_size{0};  ///< region 1
    Bytes fast_size{0};   ///< region 2
    std::vector<Placement> placements;
    std::vector<SpilledMap> spills;
    std::vector<Binding> bindings;  ///< every tensor that crosses an NPU segment's border
    Macs macs{0};                   ///< of the source network; of the streams when foreign
    std::int64_t parameters = 0;
    Bytes file_size{0};             ///< of the source file; serialised size when built in code
    Bytes encoded_weight_bytes{0};  ///< compressed weights plus scale records
    std::string pass_dump;
    bool operator==(const CompiledNetwork&) const = default;
};

/// Names of the compiler's passes, in order, as `dump_after` takes them.
std::vector<std::string> pass_names();
/// Passes, and parts of passes, that `CompileOptions::without` may leave out. The network computes
/// the same without them, only slower or with more memory.
std::vector<std::string> optional_steps();

/// Lowers a graph for a target, by predictions alone (oracle.hpp has compile() with an Effort).
/// Modelled weights have sizes, no bytes: for simulation only. Throws InvalidModel for broken
/// graphs, DoesNotFit when model plus activations exceed the off-chip memory (or the arena, where
/// there is no spilling).
CompiledNetwork compile(const Graph& graph, const Target& target,
                        const CompileOptions& options = {});

/// The graph of a .tflite with `ethos-u` operators, as made by us or by Vela, back to something
/// that runs. `target` gives the memories; its accelerator must be the stream's. Throws
/// InvalidModel or InvalidStream.
CompiledNetwork import_compiled(const Graph& graph, const Target& target);
/// True when the graph holds an `ethos-u` custom operator.
bool is_compiled(const Graph& graph);
/// A graph with `ethos-u` custom operators in place of the NPU segments (reference 3.8).
Graph export_compiled(const CompiledNetwork& network);

}  // namespace u65sim
