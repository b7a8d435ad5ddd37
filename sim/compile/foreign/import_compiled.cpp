#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>

#include "compile/emit/command_kinds.hpp"
#include "compile/lower/npu_operator.hpp"
#include "ir/builtins.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim {
namespace {

using namespace compiler;

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

const Metadata* find_metadata(const Graph& graph, std::string_view name) {
    const auto found = std::find_if(graph.metadata.begin(), graph.metadata.end(),
                                    [&](const Metadata& each) { return each.name == name; });
    return found == graph.metadata.end() ? nullptr : &*found;
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
        read_bindings();
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
        read_constants(op);
        const TensorId arena = op.inputs[arena_operand], fast = op.inputs[fast_operand];
        is_one_tensor_ = is_one_tensor_ && arena == fast;
        are_alike_ = are_alike_ && size_of_operand(op, arena_operand).count() > 0 &&
                     size_of_operand(op, arena_operand) == size_of_operand(op, fast_operand);
        network_.arena_size = std::max(network_.arena_size, size_of_operand(op, arena_operand));
        network_.fast_size = std::max(network_.fast_size, size_of_operand(op, fast_operand));
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

    /// Segments share one tensor of constants; some writers leave it empty behind the first.
    void read_constants(const Operator& op) {
        if (op.inputs[constants_operand] < 0) return;
        const Tensor& tensor = operand(op, constants_operand);
        if (!tensor.data) {
            network_.modelled_constants = std::max(network_.modelled_constants, size_of(tensor));
            return;
        }
        if (tensor.data.bytes().empty()) return;
        if (!constants_) {
            constants_ = tensor.data;
            network_.constants = tensor.data.bytes();
        } else if (!(*constants_ == tensor.data)) {
            fail(op, "its constants must be those of the operators before");
        }
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
        for (const stream::DmaEnd* end : {&op.source, &op.destination}) {
            uses_fast_ = uses_fast_ || (!end->internal && end->region == region_fast);
        }
        if (!op.source.internal && op.source.region == region_constants &&
            !op.destination.internal) {
            weights_.add(op.source.address, op.total_bytes());
        }
    }

    void read_cpu_operator(const Operator& op, std::size_t index) {
        CpuOperator cpu;
        cpu.name = op.name;
        cpu.type = op.type == OpType::custom ? op.custom_code : ir::kind_name(op);
        cpu.reason = "left to the CPU by " + network_.producer;
        cpu.macs = count_macs(graph_, op);
        network_.macs += cpu.macs;
        for (const auto* ids : {&op.inputs, &op.outputs}) {
            for (const TensorId id : *ids) {
                if (id < 0) continue;
                const Tensor& tensor = graph_.tensors[static_cast<std::size_t>(id)];
                if (tensor.data) continue;
                cpu.operand_bytes += size_of(tensor);
                cpu.elements = std::max(cpu.elements, element_count(tensor.shape));
                if (cpu.data_type.empty()) cpu.data_type = to_string(tensor.type);
            }
        }
        network_.steps.push_back({-1, static_cast<std::int32_t>(network_.cpu_operators.size()),
                                  static_cast<std::int32_t>(index)});
        network_.cpu_operators.push_back(std::move(cpu));
    }

    /// What no operator brought is known by its size alone.
    void note_missing_constants() {
        if (constants_) network_.modelled_constants = Bytes{0};
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

    /// The arena offset of every tensor, -1 for none; empty when the file does not say.
    [[nodiscard]] std::vector<std::int32_t> read_offsets() {
        const Metadata* metadata = find_metadata(graph_, offsets_metadata);
        if (!metadata) {
            note(
                fmt::format("the file lacks the metadata {}, which says where its tensors lie: "
                            "the network has a time, but cannot compute",
                            offsets_metadata));
            return {};
        }
        const std::vector<std::uint8_t>& bytes = metadata->bytes;
        std::vector<std::int32_t> values;
        for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
            std::uint32_t value = 0;
            for (std::size_t i = 4; i-- > 0;) value = value << 8 | bytes[at + i];
            values.push_back(static_cast<std::int32_t>(value));
        }
        // Version and number (others: index) of subgraphs, which runtimes do not look at; number
        // of offsets; then those of the first subgraph's tensors, of the second's and so on.
        constexpr std::ptrdiff_t head = 3;
        const auto count = static_cast<std::int64_t>(graph_.tensors.size());
        const auto known = static_cast<std::int64_t>(values.size()) - head;
        if (known < count || values[2] < count || values[2] > known ||
            (values[1] <= 1 && graph_.subgraphs.empty() && values[2] != count)) {
            note(
                fmt::format("the metadata {} does not give one offset to each tensor of each "
                            "subgraph ({} to the first one's): the network has a time, but "
                            "cannot compute",
                            offsets_metadata, count));
            return {};
        }
        return {values.begin() + head, values.begin() + head + count};
    }

    /// An operand that the runtime may put anywhere, as that of a TRANSPOSE_CONV's output shape, is
    /// none of the stream's.
    void drop_unplaced(NpuSegment& segment, const std::vector<std::int32_t>& offsets) {
        const auto is_placed = [&](TensorId id) {
            return offsets[static_cast<std::size_t>(id)] >= 0;
        };
        if (std::none_of(segment.outputs.begin(), segment.outputs.end(), is_placed)) return;
        std::erase_if(segment.inputs, [&](TensorId id) {
            if (is_placed(id)) return false;
            note(
                fmt::format("operator '{}': its input '{}' has no place in the arena, so its "
                            "command stream does not read it",
                            segment.name, graph_.tensors[static_cast<std::size_t>(id)].name));
            return true;
        });
    }

    /// A runtime's arena takes all tensors, also those behind the end of the operator's own.
    void widen_arena(const Tensor& tensor, Bytes end) {
        const Target& target = network_.target;
        const bool in_sram = port_of_region(target.memory_mode, region_arena) == 0;
        if (end <= network_.arena_size) return;
        if (end > (in_sram ? target.sram.size : target.off_chip.size)) return;
        note(
            fmt::format("tensor '{}' ends at byte {} of an arena of {}: the arena is taken as wide",
                        tensor.name, end.count(), network_.arena_size.count()));
        network_.arena_size = end;
    }

    void read_bindings() {
        const std::vector<std::int32_t> offsets = read_offsets();
        if (offsets.empty()) return;
        for (NpuSegment& segment : network_.segments) drop_unplaced(segment, offsets);
        std::vector<TensorId> crossing;
        for (const NpuSegment& segment : network_.segments) {
            crossing.insert(crossing.end(), segment.inputs.begin(), segment.inputs.end());
            crossing.insert(crossing.end(), segment.outputs.begin(), segment.outputs.end());
        }
        std::sort(crossing.begin(), crossing.end());
        crossing.erase(std::unique(crossing.begin(), crossing.end()), crossing.end());
        for (const TensorId id : crossing) {
            const Tensor& tensor = graph_.tensors[static_cast<std::size_t>(id)];
            const std::int64_t offset = offsets[static_cast<std::size_t>(id)];
            if (offset >= 0) widen_arena(tensor, Bytes{offset} + size_of(tensor));
            if (offset < 0 || Bytes{offset} + size_of(tensor) > network_.arena_size) {
                note(fmt::format(
                    "tensor '{}': {} bytes at offset {} do not lie within the arena of "
                    "{} bytes: the network has a time, but cannot compute",
                    tensor.name, size_of(tensor).count(), offset, network_.arena_size.count()));
                continue;
            }
            network_.bindings.push_back({id, region_arena, Bytes{offset}});
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

    /// Once, also where an imported network is exported and imported again.
    void note(std::string text) {
        auto& notes = network_.graph.notes;
        if (std::find(notes.begin(), notes.end(), text) == notes.end()) {
            notes.push_back(std::move(text));
        }
    }

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
    std::optional<ConstantData> constants_;
    CoveredBytes weights_;
    bool uses_fast_ = false;
    bool is_one_tensor_ = true;  ///< arena and fast memory are, in every operator
    bool are_alike_ = true;      ///< they have as many bytes, in every operator
};

}  // namespace

bool is_compiled(const Graph& graph) {
    return std::any_of(graph.operators.begin(), graph.operators.end(), compiler::is_npu_operator);
}

CompiledNetwork import_compiled(const Graph& graph, const Target& target) {
    return Importer(graph, target).run();
}

}  // namespace u65sim
