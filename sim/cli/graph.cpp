// u65sim graph: what was read, as text or for GraphViz.
#include <memory>

#include <CLI/Option.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/network.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"

namespace u65sim::cli {

void add_graph(CLI::App& app) {
    struct Show {
        NetworkOption network;
        bool dot = false;
        bool tflite = false;
        std::string output;
    };
    auto options = std::make_shared<Show>();
    CLI::App* command = app.add_subcommand("graph", "Print the operators and tensors of NET");
    options->network.add_to(*command);
    command->add_flag("--dot", options->dot, "As a GraphViz description");
    command->add_flag("--tflite", options->tflite, "As a .tflite for other tools; needs -o")
        ->excludes("--dot");
    command->add_option("-o,--output", options->output, "Write to FILE instead of standard output")
        ->type_name("FILE");
    command->footer("Example:\n  u65sim graph ds_cnn --dot | dot -Tsvg -o ds_cnn.svg");
    command->callback([options] {
        if (options->tflite && options->output.empty()) {
            throw CLI::RequiredError("graph --tflite: -o FILE");
        }
        require_writable({options->output});
        const Graph graph = options->network.read();
        if (options->tflite) {
            write(options->output, write_tflite(graph));
            return;
        }
        write(options->output, options->dot ? to_dot(graph) : dump(graph));
    });
}

}  // namespace u65sim::cli
