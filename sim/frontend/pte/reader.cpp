#include "frontend/pte/reader.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "frontend/compiled_graph.hpp"
#include "frontend/pte/kernel_calls.hpp"
#include "frontend/pte/program_file.hpp"
#include "frontend/pte/values.hpp"
#include "frontend/pte/vela_blocks.hpp"

namespace u65sim::frontend {
namespace {

constexpr const char* npu_backend = "EthosUBackend";

class Reader {
public:
    Reader(std::span<const std::uint8_t> bytes, std::string_view name, const NamedData& external)
        : program_(bytes, name, external), values_(program_, graph_), compiled_(graph_) {}

    Graph read() {
        graph_.name = program_.file().name();
        graph_.description = "ExecuTorch";
        const pte::MethodTable& method = program_.method();
        for (const std::int32_t value : list(method.inputs())) {
            // Numbers are inputs too where a method takes them; they are taken as the file has
            // them.
            if (!values_.is_tensor(value)) continue;
            graph_.inputs.push_back(
                values_.write(value, fmt::format("input_{}", graph_.inputs.size())));
        }
        read_instructions(method);
        read_outputs(method);
        if (!has_npu_) {
            program_.file().fail("holds no delegate of {}{}", npu_backend, other_backends());
        }
        compiled_.finish();
        if (program_.method_count() > 1) {
            graph_.notes.push_back(
                fmt::format("the file holds {} further methods that this network "
                            "does not run",
                            program_.method_count() - 1));
        }
        return std::move(graph_);
    }

private:
    std::vector<std::int32_t> list(const flatbuffers::Vector<std::int32_t>* vector) {
        return program_.file().list(vector);
    }

    void read_instructions(const pte::MethodTable& method) {
        const auto* chains = method.chains();
        if (chains == nullptr || chains->size() != 1) {
            program_.file().fail("the method has {} chains of instructions, must have 1",
                                 chains == nullptr ? 0 : chains->size());
        }
        const auto* instructions = chains->Get(0)->instructions();
        if (instructions == nullptr) return;
        for (const pte::InstructionTable* instruction : *instructions) {
            if (const auto* kernel = instruction->call_as_kernel()) {
                read_kernel(method, *kernel);
            } else if (const auto* delegate = instruction->call_as_delegate()) {
                read_delegate(method, *delegate);
            } else if (const auto* move = instruction->call_as_move()) {
                values_.move(move->from(), move->to());
            } else if (instruction->call_type() != pte::AnyCall::free) {
                program_.file().fail(
                    "an instruction of kind {}: must call a kernel or a delegate, move or free "
                    "(programs with branches are not read)",
                    static_cast<int>(instruction->call_type()));
            }
        }
    }

    void read_kernel(const pte::MethodTable& method, const pte::KernelCallTable& call) {
        const auto* operators = method.operators();
        const std::int32_t index = call.op();
        if (operators == nullptr || index < 0 ||
            static_cast<flatbuffers::uoffset_t>(index) >= operators->size()) {
            program_.file().fail("operator {}: must be below {}", index,
                                 operators == nullptr ? 0 : operators->size());
        }
        const pte::OperatorTable& table =
            *operators->Get(static_cast<flatbuffers::uoffset_t>(index));
        const std::string name = program_.file().text(table.name());
        const std::string overload = program_.file().text(table.overload());
        const auto colon = name.rfind(':');
        const std::string short_name = colon == std::string::npos ? name : name.substr(colon + 1);
        graph_.operators.push_back(read_kernel_call(values_,
                                                    overload.empty() ? name : name + "." + overload,
                                                    list(call.args()), unique(short_name)));
    }

    void read_delegate(const pte::MethodTable& method, const pte::DelegateCallTable& call) {
        const auto* delegates = method.delegates();
        const std::int32_t index = call.delegate();
        if (delegates == nullptr || index < 0 ||
            static_cast<flatbuffers::uoffset_t>(index) >= delegates->size()) {
            program_.file().fail("delegate {}: must be below {}", index,
                                 delegates == nullptr ? 0 : delegates->size());
        }
        const pte::DelegateTable& table =
            *delegates->Get(static_cast<flatbuffers::uoffset_t>(index));
        const std::string backend = program_.file().text(table.backend());
        const std::string name = unique("delegate");
        const auto args = list(call.args());
        if (backend == npu_backend) {
            read_npu_delegate(table, name, args);
        } else {
            backends_.push_back(backend);
            read_other_delegate(backend, name, args);
        }
    }

    /// Arguments are the inputs, then the outputs, as its blocks list them.
    void read_npu_delegate(const pte::DelegateTable& table, const std::string& name,
                           const std::vector<std::int32_t>& args) {
        FileBytes& file = program_.file();
        const std::string place = fmt::format("{}: {}", file.name(), name);
        const VelaBlocks blocks =
            read_vela_blocks(program_.delegate_data(table), program_.named(), place);
        if (args.size() != blocks.inputs.size() + blocks.outputs.size()) {
            file.fail("{}: is called with {} tensors, must have {} inputs and {} outputs", name,
                      args.size(), blocks.inputs.size(), blocks.outputs.size());
        }
        file.charge(blocks.commands.size() + blocks.weights.size());
        CompiledPart part;
        part.name = name;
        part.payload.assign(blocks.commands.begin(), blocks.commands.end());
        part.constants.assign(blocks.weights.begin(), blocks.weights.end());
        part.arena_bytes = blocks.scratch_bytes;
        part.has_one_memory = has_one_memory(table);
        std::size_t next = 0;
        for (const VelaMap& map : blocks.inputs) {
            part.inputs.push_back({values_.read(args[next]), map.place});
            compare(name, args[next++], part.inputs.back().tensor, map);
        }
        for (std::size_t i = 0; i < blocks.outputs.size(); ++i) {
            const VelaMap& map = blocks.outputs[i];
            part.outputs.push_back(
                {values_.write(args[next], i == 0 ? name : fmt::format("{}:{}", name, i)),
                 map.place});
            compare(name, args[next++], part.outputs.back().tensor, map);
        }
        compiled_.add(std::move(part));
        has_npu_ = true;
    }

    void compare(const std::string& name, std::int32_t value, TensorId id, const VelaMap& map) {
        const std::int64_t bytes = stored_bytes(values_.tensor(id));
        if (bytes != map.bytes()) {
            program_.file().fail("{}: value {} has {} bytes, must have {}", name, value, bytes,
                                 map.bytes());
        }
    }

    /// Vela keeps all feature maps in one memory unless the mode it was told has dedicated SRAM.
    bool has_one_memory(const pte::DelegateTable& table) {
        if (table.compile_specs() == nullptr) return false;
        for (const pte::CompileSpecTable* spec : *table.compile_specs()) {
            if (spec->key() == nullptr || spec->key()->str() != "compile_flags") continue;
            const auto bytes = program_.file().list(spec->value());
            const std::string flags{bytes.begin(), bytes.end()};
            return flags.find("--memory-mode=") != std::string::npos &&
                   flags.find("--memory-mode=Dedicated_Sram") == std::string::npos;
        }
        return false;
    }

    /// Results are the tensors that nothing wrote before.
    void read_other_delegate(const std::string& backend, const std::string& name,
                             const std::vector<std::int32_t>& args) {
        Operator op;
        op.name = name;
        op.type = OpType::custom;
        op.custom_code = backend;
        for (const std::int32_t value : args) {
            if (!values_.is_tensor(value)) continue;
            if (values_.is_known(value)) {
                op.inputs.push_back(values_.read(value));
            } else {
                op.outputs.push_back(
                    values_.write(value, fmt::format("{}:{}", name, op.outputs.size())));
            }
        }
        graph_.operators.push_back(std::move(op));
    }

    void read_outputs(const pte::MethodTable& method) {
        for (const std::int32_t value : list(method.outputs())) {
            if (values_.is_tensor(value)) graph_.outputs.push_back(values_.read(value));
        }
    }

    [[nodiscard]] std::string other_backends() const {
        if (backends_.empty()) return "";
        return fmt::format(", but of {}: must be exported for Ethos-U", backends_.front());
    }

    /// name_0, name_1 ...
    std::string unique(const std::string& name) {
        return fmt::format("{}_{}", name.empty() ? "operator" : name, numbers_[name]++);
    }

    ProgramFile program_;
    Graph graph_;
    Values values_;
    CompiledGraph compiled_;
    std::map<std::string, int> numbers_;
    std::vector<std::string> backends_;  ///< of other delegates
    bool has_npu_ = false;
};

}  // namespace

Graph read_pte(std::span<const std::uint8_t> bytes, std::string_view name,
               const NamedData& external) {
    Graph graph = Reader{bytes, name, external}.read();
    verify_file(graph, name);
    return graph;
}

}  // namespace u65sim::frontend
