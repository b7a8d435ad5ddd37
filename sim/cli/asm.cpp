// u65sim asm: the text of disasm back to command streams.
#include <memory>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <u65sim/bare_stream.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "streams.hpp"

namespace u65sim::cli {

namespace {

struct Assemble {
    std::string file, output, into;
    bool words = false;

    void operator()() const {
        require_writable({output});
        const std::vector<CommandStream> streams = read();
        if (!into.empty()) {
            write(output, replaced(streams));
            return;
        }
        if (streams.size() != 1) {
            throw InvalidStream(fmt::format(
                "{}: {} streams: there must be one, or --into with the network they belong to",
                file, streams.size()));
        }
        write(output, words ? write_words(streams.front()) : make_payload(streams.front()));
    }

    [[nodiscard]] std::vector<CommandStream> read() const {
        const std::string_view text = read_all(file).text();
        try {
            return assemble_streams(text);
        } catch (const InvalidStream& error) {
            throw InvalidStream(fmt::format("{}: {}", file, error.what()));
        }
    }

    /// The compiled network with other streams.
    [[nodiscard]] std::vector<std::uint8_t> replaced(
        const std::vector<CommandStream>& streams) const {
        Graph graph = read_network(read_all(into), into);
        const std::vector<StreamPlace> places = stream_places(graph, into);
        if (places.size() != streams.size()) {
            throw InvalidStream(fmt::format("{}: {} streams: must be {}, as {} holds", file,
                                            streams.size(), places.size(), into));
        }
        for (std::size_t i = 0; i < places.size(); ++i) {
            Tensor& payload = graph.tensors[static_cast<std::size_t>(places[i].payload)];
            std::vector<std::uint8_t> bytes = make_payload(streams[i]);
            payload.shape = {static_cast<std::int32_t>(bytes.size())};
            payload.data = ConstantData{std::move(bytes)};
        }
        return write_tflite(graph);
    }
};

}  // namespace

void add_asm(CLI::App& app) {
    auto assemble = std::make_shared<Assemble>();
    CLI::App* command =
        app.add_subcommand("asm", "Assemble the text of disasm to a driver payload or network");
    command->add_option("TEXT", assemble->file, "Register commands as disasm prints them")
        ->required()
        ->type_name("");
    command
        ->add_option("-o,--output", assemble->output,
                     "The file to write: a driver payload unless told otherwise")
        ->required()
        ->type_name("FILE");
    auto* words = command->add_flag("--words", assemble->words,
                                    "Write the stream's little-endian words alone");
    command
        ->add_option("--into", assemble->into,
                     "Write this compiled .tflite with the text's streams, in order, in place of "
                     "its own")
        ->type_name("FILE")
        ->excludes(words);
    command->footer(
        "A line is a command and its operand; numbers before it and text behind ';' or '#' at the "
        "line's start are skipped. '.word 0x...' is any word.\n\n"
        "Example:\n"
        "  u65sim disasm net_vela.tflite -o net.txt\n"
        "  u65sim asm net.txt --into net_vela.tflite -o changed.tflite && u65sim run "
        "changed.tflite");
    command->callback([assemble] { (*assemble)(); });
}

}  // namespace u65sim::cli
