// u65sim disasm: the command streams of a file as text.
#include <memory>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <u65sim/bare_stream.hpp>
#include <u65sim/command_stream.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "streams.hpp"

namespace u65sim::cli {

namespace {

std::string disassembled(const std::string& file, const std::string& target) {
    const std::span<const std::uint8_t> all = read_all(file).bytes();
    const std::string_view content = read_all(file).text();
    const std::vector<std::uint8_t> bytes{all.begin(), all.end()};
    if (content.starts_with("COP1")) return disassemble(parse_payload(bytes));
    if (!target.empty()) return disassemble(read_stream(bytes, Target::preset(target).accelerator));
    if (network_format(all, file) == NetworkFormat::unknown) {
        throw InvalidModel(
            fmt::format("{}: is neither a compiled network nor a driver payload (COP1): words "
                        "alone need --target",
                        file));
    }

    const Graph graph = read_network(read_all(file), file);
    std::string text;
    for (const StreamPlace& place : stream_places(graph, file)) {
        const Tensor& payload = graph.tensors[static_cast<std::size_t>(place.payload)];
        text += fmt::format("# {}\n", place.operator_name);
        text += disassemble(parse_payload(payload.data.bytes()));
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
        ->add_option(
            "FILE", disasm->file,
            "A compiled network (.tflite, Vela's .npz, ExecuTorch's .pte) or a raw payload")
        ->required()
        ->type_name("");
    command
        ->add_option("-t,--target", disasm->target,
                     "FILE holds the words of a stream alone, for this preset's accelerator")
        ->type_name("NAME");
    command->add_option("-o,--output", disasm->output, "Write to FILE instead of standard output")
        ->type_name("FILE");
    command->footer(
        "'u65sim asm' reads the text back to the same words.\n\nExamples:\n  u65sim disasm "
        "net_npu.tflite\n  u65sim disasm words.bin --target u65-256 -o net.txt");
    command->callback([disasm] {
        require_writable({disasm->output});
        write(disasm->output, disassembled(disasm->file, disasm->target));
    });
}

}  // namespace u65sim::cli
