#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>

#include "compile/cpu_operators.hpp"
#include "compile/emit/command_kinds.hpp"
#include "compile/emit/hazards.hpp"
#include "compile/foreign/bind_maps.hpp"
#include "ir/builtins.hpp"
#include "ir/npu_operator.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim {
namespace {

using namespace ir;
using compiler::add_note;
using compiler::bind_maps;
using compiler::find_metadata;
using compiler::kind_of;

/// Bytes covered by any of the ranges added.
class CoveredBytes {
public:
    void add(std::uint64_t base, std::uint64_t length) {
        if (length > 0) {
            std::uint64_t& known = ranges_[base];
            known = std::max(known, length);
        }
    }
    [[nodiscard]] Bytes total() const {
        std::uint64_t sum = 0;
        std::uint64_t end = 0;
        for (const auto& [base, length] : ranges_) {
            const std::uint64_t begin = std::max(base, end);
            if (base + length > begin) {
                sum += base + length - begin;
                end = base + length;
            }
        }
        return Bytes{static_cast<std::int64_t>(sum)};
    }

private:
    std::map<std::uint64_t, std::uint64_t> ranges_;  ///< base -> longest length
};

std::string text_of(const std::vector<std::uint8_t>& bytes) {
    std::string text{bytes.begin(), bytes.end()};
    return text.substr(0, text.find('\0'));
}

class Importer {
public:
    Importer(const Graph& graph, const Target& target) : graph_(graph) { network_.target = target; }

    CompiledNetwork run() {
        verify(graph_);
        network_.target.validate();
        network_.name = graph_.name;
        network_.graph = graph_;
        network_.producer = producer();
        network_.parameters = count_parameters(graph_);
        for (std::size_t index = 0; index < graph_.operators.size(); ++index) {
            const Operator& op = graph_.operators[index];
            if (is_npu_operator(op)) {
                read_segment(op);
            } else {
                read_cpu_operator(op, index);
            }
        }
        if (network_.segments.empty()) {
            throw InvalidModel(fmt::format("network '{}': must hold an {} operator", graph_.name,
                                           npu_operator_code));
        }
        if (!uses_fast_) network_.fast_size = Bytes{0};
        compare_memory_mode();
        note_missing_constants();
        note_missing_outputs();
        network_.encoded_weight_bytes = weights_.total();
        bind_maps(network_);
        describe_memory();
        check_fit();
        return std::move(network_);
    }

private:
    [[noreturn]] void fail(const Operator& op, const std::string& message) const {
        throw InvalidModel(
            fmt::format("operator '{}' ({}): {}", op.name, npu_operator_code, message));
    }

    [[nodiscard]] std::string producer() const {
        if (const Metadata* own = find_metadata(graph_, own_metadata)) {
            return "u65sim " + text_of(own->bytes);
        }
        if (const Metadata* vela = find_metadata(graph_, vela_metadata)) {
            return "Vela " + text_of(vela->bytes);
        }
        return graph_.description.empty() ? "unknown" : graph_.description;
    }

    [[nodiscard]] const Tensor& operand(const Operator& op, std::size_t position) const {
        if (op.inputs[position] < 0) fail(op, fmt::format("operand {} is left out", position));
        return graph_.tensors[static_cast<std::size_t>(op.inputs[position])];
    }

    static Bytes size_of(const Tensor& tensor) { return Bytes{stored_bytes(tensor)}; }

    /// Memory that a writer left out has no bytes.
    [[nodiscard]] Bytes size_of_operand(const Operator& op, std::size_t position) const {
        return op.inputs[position] < 0 ? Bytes{0} : size_of(operand(op, position));
    }

    void read_segment(const Operator& op) {
        if (op.inputs.size() < first_map_operand) {
            fail(op, fmt::format("has {} operands, must have command stream, constants, arena, "
                                 "fast memory and then its inputs",
                                 op.inputs.size()));
        }
        NpuSegment segment;
        segment.name = op.name;
        segment.stream = read_stream(op);
        segment.inputs.assign(op.inputs.begin() + first_map_operand, op.inputs.end());
        segment.outputs = op.outputs;
        for (const TensorId id : segment.inputs) {
            if (id < 0) fail(op, "an input is left out");
        }
        read_constants(op, segment);
        const TensorId arena = op.inputs[arena_operand], fast = op.inputs[fast_operand];
        is_one_tensor_ = is_one_tensor_ && arena == fast;
        are_alike_ = are_alike_ && size_of_operand(op, arena_operand).count() > 0 &&
                     size_of_operand(op, arena_operand) == size_of_operand(op, fast_operand);
        network_.arena_size = std::max(network_.arena_size, size_of_operand(op, arena_operand));
        network_.fast_size = std::max(network_.fast_size, size_of_operand(op, fast_operand));
        is_fast_unknown_ = fast < 0;
        read_commands(op, segment);
        network_.steps.push_back({static_cast<std::int32_t>(network_.segments.size()), -1, -1});
        network_.segments.push_back(std::move(segment));
    }

    [[nodiscard]] CommandStream read_stream(const Operator& op) const {
        const Tensor& tensor = operand(op, command_stream_operand);
        if (!tensor.data) fail(op, "its command stream must be a constant");
        CommandStream stream;
        try {
            stream = parse_payload(tensor.data.bytes());
        } catch (const InvalidStream& error) {
            throw InvalidStream(fmt::format("operator '{}': {}", op.name, error.what()));
        }
        const Accelerator& wanted = network_.target.accelerator;
        stream.accelerator.clock = wanted.clock;
        if (stream.accelerator != wanted) {
            const std::string made_for = accelerator_name(stream.accelerator);
            throw InvalidStream(fmt::format(
                "operator '{}': its command stream is for {} (CONFIG {:#010x}), the target is {}: "
                "choose the target {}, or one based on it",
                op.name, made_for, config_word(stream.accelerator), accelerator_name(wanted),
                made_for));
        }
        return stream;
    }

    /// Segments share one tensor of constants, which some writers leave empty behind the first, or
    /// each brings its own: then they stand one behind the other.
    void read_constants(const Operator& op, NpuSegment& segment) {
        if (op.inputs[constants_operand] < 0) return;
        const Tensor& tensor = operand(op, constants_operand);
        if (!tensor.data) {
            network_.modelled_constants = std::max(network_.modelled_constants, size_of(tensor));
            return;
        }
        if (tensor.data.bytes().empty()) return;
        for (const auto& [data, begin] : constants_) {
            segment.constants_begin = begin;
            if (data == tensor.data) return;
        }
        constexpr std::size_t alignment = 16;
        auto& all = network_.constants;
        all.resize((all.size() + alignment - 1) / alignment * alignment);
        segment.constants_begin = Bytes{static_cast<std::int64_t>(all.size())};
        all.insert(all.end(), tensor.data.bytes().begin(), tensor.data.bytes().end());
        constants_.emplace_back(tensor.data, segment.constants_begin);
    }

    void read_commands(const Operator& op, NpuSegment& segment) {
        std::vector<stream::Command> commands;
        try {
            commands = stream::decode(segment.stream.words, segment.stream.accelerator);
        } catch (const InvalidStream& error) {
            throw InvalidStream(fmt::format("operator '{}': {}", op.name, error.what()));
        }
        for (std::size_t index = 0; index < commands.size(); ++index) {
            std::string_view word = "DMA";
            std::string type = "DMA";
            if (const auto* kernel = std::get_if<stream::KernelOp>(&commands[index].action)) {
                std::tie(word, type) = kind_of(*kernel);
                network_.macs += Macs{kernel->macs()};
                note_kernel(*kernel);
            } else if (const auto* dma = std::get_if<stream::DmaOp>(&commands[index].action)) {
                note_dma(*dma);
            } else {
                continue;
            }
            const std::string name = fmt::format("{}@{}", word, index);
            segment.labels.push_back({static_cast<std::uint32_t>(index), name, name, type});
        }
    }

    void note_kernel(const stream::KernelOp& op) {
        if (is_fast_unknown_) {
            widen_fast(compiler::accesses_of(op, architecture(network_.target.accelerator)));
        }
        for (const stream::FeatureMap* map : {&op.ifm, &op.ofm, &op.ifm2}) {
            uses_fast_ = uses_fast_ || map->region == region_fast;
        }
        if (!op.has_weights()) return;
        uses_fast_ =
            uses_fast_ || op.weight_region == region_fast || op.scale_region == region_fast;
        for (std::size_t core = 0; core < op.weights.size(); ++core) {
            if (op.weight_region == region_constants) {
                weights_.add(op.weights[core].base, op.weights[core].length);
            }
            if (op.scale_region == region_constants) {
                weights_.add(op.scales[core].base, op.scales[core].length);
            }
        }
    }

    /// Copies of constants to memory are buffered weights; those to SHRAM are tables.
    void note_dma(const stream::DmaOp& op) {
        if (is_fast_unknown_) widen_fast(compiler::accesses_of(op));
        for (const stream::DmaEnd* end : {&op.source, &op.destination}) {
            uses_fast_ = uses_fast_ || (!end->internal && end->region == region_fast);
        }
        if (!op.source.internal && op.source.region == region_constants &&
            !op.destination.internal) {
            weights_.add(op.source.address, op.total_bytes());
        }
    }

    /// Fast memory that an operator does not have as an operand is as large as its stream needs.
    void widen_fast(const compiler::Accesses& accesses) {
        for (const auto* ranges : {&accesses.reads, &accesses.writes}) {
            for (const compiler::MemoryRange& range : *ranges) {
                if (range.region != region_fast) continue;
                const auto most = static_cast<std::uint64_t>(network_.target.sram.size.count());
                if (range.end > most) {
                    throw DoesNotFit(fmt::format(
                        "network '{}': needs {} B of fast memory: sram.size is {}: must be "
                        "compiled for that size, or the target needs more",
                        graph_.name, range.end, most));
                }
                network_.fast_size =
                    std::max(network_.fast_size, Bytes{static_cast<std::int64_t>(range.end)});
            }
        }
    }

    void read_cpu_operator(const Operator& op, std::size_t index) {
        CpuOperator cpu =
            compiler::cpu_operator_of(graph_, op, "left to the CPU by " + network_.producer);
        network_.macs += cpu.macs;
        network_.steps.push_back({-1, static_cast<std::int32_t>(network_.cpu_operators.size()),
                                  static_cast<std::int32_t>(index)});
        network_.cpu_operators.push_back(std::move(cpu));
    }

    /// What no operator brought is known by its size alone.
    void note_missing_constants() {
        if (!constants_.empty()) network_.modelled_constants = Bytes{0};
        if (network_.modelled_constants.count() == 0) return;
        note(
            fmt::format("its constants ({} bytes of region {}) were not given: the network has a "
                        "time, but cannot compute (--weights FILE gives those of a bare stream)",
                        network_.modelled_constants.count(), region_constants));
    }

    /// Compilers may drop the bytes of an output that is a constant.
    void note_missing_outputs() {
        std::vector<TensorId> made = graph_.inputs;
        for (const Operator& op : graph_.operators) {
            made.insert(made.end(), op.outputs.begin(), op.outputs.end());
        }
        for (const TensorId id : graph_.outputs) {
            const Tensor& tensor = graph_.tensors[static_cast<std::size_t>(id)];
            const bool is_made = std::find(made.begin(), made.end(), id) != made.end();
            if (is_made || tensor.data || tensor.is_variable) continue;
            note(fmt::format("network output '{}' is made by no operator: it has no value",
                             tensor.name));
        }
    }

    /// Where the writer put feature maps: in the modes with one memory for them, arena and fast
    /// memory are one tensor (Vela 5), or two of one size of which the second is not used (Vela 3
    /// and 4). Streams of all modes run on all targets, with times of their own.
    void compare_memory_mode() {
        const bool dedicated = network_.target.memory_mode == MemoryMode::dedicated_sram;
        const bool made_for_one = is_one_tensor_ || (are_alike_ && !uses_fast_);
        if (made_for_one && dedicated) {
            note(fmt::format(
                "the stream was compiled for shared_sram or sram_only, the target is {}: all its "
                "feature maps are charged to DRAM; memory.mode=shared_sram charges them to SRAM",
                to_string(network_.target.memory_mode)));
        }
        // A writer that has no mode to tell, as of a bare stream, gives two tensors as well.
        const bool told = uses_fast_ || network_.producer.starts_with("Vela");
        if (!made_for_one && !dedicated && told) {
            note(fmt::format(
                "the stream was compiled for dedicated_sram, the target is {}: the feature maps it "
                "keeps in DRAM are charged to SRAM; memory.mode=dedicated_sram charges them to "
                "DRAM",
                to_string(network_.target.memory_mode)));
        }
    }

    void note(std::string text) { add_note(network_.graph, std::move(text)); }

    void describe_memory() {
        const auto last = static_cast<std::int32_t>(network_.steps.size());
        const auto add = [&](const char* name, Placement::Kind kind, int region, Bytes size) {
            if (size.count() > 0) {
                network_.placements.push_back({name, kind, region, Bytes{0}, size, 0, last});
            }
        };
        add("constants", Placement::Kind::constant, region_constants, constants_size());
        add("arena", Placement::Kind::scratch, region_arena, network_.arena_size);
        add("fast", Placement::Kind::scratch, region_fast, network_.fast_size);
    }

    [[nodiscard]] Bytes constants_size() const {
        return Bytes{static_cast<std::int64_t>(network_.constants.size())} +
               network_.modelled_constants;
    }

    void check_fit() const {
        const Target& target = network_.target;
        const Bytes constants = constants_size();
        Bytes in_sram = network_.fast_size;
        Bytes off_chip{0};
        for (const auto& [region, size] : {std::pair{region_constants, constants},
                                           std::pair{region_arena, network_.arena_size}}) {
            (port_of_region(target.memory_mode, region) == 0 ? in_sram : off_chip) += size;
        }
        const auto check = [&](const char* key, Bytes needed, Bytes size) {
            if (needed > size) {
                throw DoesNotFit(fmt::format(
                    "network '{}': needs {} B of {}.size = {} B (constants {} B, arena {} B, fast "
                    "memory {} B, {}): must be compiled for that size, or the target needs more",
                    graph_.name, needed.count(), key, size.count(), constants.count(),
                    network_.arena_size.count(), network_.fast_size.count(),
                    to_string(target.memory_mode)));
            }
        };
        check("sram", in_sram, target.sram.size);
        check("dram", off_chip, target.off_chip.size);
    }

    const Graph& graph_;
    CompiledNetwork network_;
    std::vector<std::pair<ConstantData, Bytes>> constants_;  ///< apart; where each begins
    CoveredBytes weights_;
    bool uses_fast_ = false;
    bool is_fast_unknown_ = false;  ///< the current operator's has no size
    bool is_one_tensor_ = true;     ///< arena and fast memory are, in every operator
    bool are_alike_ = true;         ///< they have as many bytes, in every operator
};

}  // namespace

bool is_compiled(const Graph& graph) {
    return std::any_of(graph.operators.begin(), graph.operators.end(), ir::is_npu_operator);
}

CompiledNetwork import_compiled(const Graph& graph, const Target& target) {
    return Importer(graph, target).run();
}

}  // namespace u65sim
