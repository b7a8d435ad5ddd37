// u65sim disasm: the command streams of a file as text.
#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <u65sim/bare_stream.hpp>
#include <u65sim/command_stream.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>

#include "commands.hpp"
#include "output.hpp"

namespace u65sim::cli {

namespace {

std::string disassembled(const std::string& file, const std::string& target) {
    const std::string content = read_all(file);
    const std::vector<std::uint8_t> bytes{content.begin(), content.end()};
    if (content.starts_with("COP1")) return disassemble(parse_payload(bytes));
    if (!target.empty()) return disassemble(read_stream(bytes, Target::preset(target).accelerator));
    constexpr std::size_t identifier_offset = 4;
    if (content.compare(std::min(identifier_offset, content.size()), 4, "TFL3") != 0) {
        throw InvalidModel(
            fmt::format("{}: is neither a .tflite nor a driver payload (COP1): words alone need "
                        "--target",
                        file));
    }

    const Graph graph = read_tflite(bytes, file);
    std::string text;
    for (const Operator& op : graph.operators) {
        if (op.type != OpType::custom || op.custom_code != "ethos-u") continue;
        // The first operand of an ethos-u operator is its driver payload.
        const TensorId payload = op.inputs.empty() ? no_tensor : op.inputs.front();
        if (payload < 0 || static_cast<std::size_t>(payload) >= graph.tensors.size() ||
            !graph.tensors[static_cast<std::size_t>(payload)].data) {
            throw InvalidModel(
                fmt::format("{}: {}: its first operand must be a constant, the "
                            "driver payload",
                            file, op.name));
        }
        const Tensor& tensor = graph.tensors[static_cast<std::size_t>(payload)];
        text += fmt::format("# {}\n", op.name);
        text += disassemble(parse_payload(tensor.data.bytes()));
    }
    if (text.empty()) {
        throw InvalidModel(
            fmt::format("{}: holds no ethos-u operator: compile it first (u65sim compile)", file));
    }
    return text;
}

}  // namespace

void add_disasm(CLI::App& app) {
    struct Disasm {
        std::string file, target, output;
    };
    auto disasm = std::make_shared<Disasm>();
    CLI::App* command =
        app.add_subcommand("disasm", "Print the register command streams of a compiled file");
    command
        ->add_option("FILE", disasm->file, "A compiled .tflite (ours or Vela's) or a raw payload")
        ->required()
        ->type_name("");
    command
        ->add_option("-t,--target", disasm->target,
                     "FILE holds the words of a stream alone, for this preset's accelerator")
        ->type_name("NAME");
    command->add_option("-o,--output", disasm->output, "Write to FILE instead of standard output")
        ->type_name("FILE");
    command->callback([disasm] {
        require_writable(disasm->output);
        write(disasm->output, disassembled(disasm->file, disasm->target));
    });
}

}  // namespace u65sim::cli
