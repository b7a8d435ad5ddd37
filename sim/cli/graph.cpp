// u65sim graph: what was read, as text or for GraphViz.
#include <memory>

#include <CLI/Option.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/graph_json.hpp>
#include <u65sim/network.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "report_output.hpp"

namespace u65sim::cli {

void add_graph(CLI::App& app) {
    struct Show {
        NetworkOption network;
        bool dot = false;
        bool tflite = false;
        ReportOutput output;
    };
    auto options = std::make_shared<Show>();
    CLI::App* command = app.add_subcommand("graph", "Print the operators and tensors of NET");
    options->network.add_to(*command);
    command->add_flag("--dot", options->dot, "As a GraphViz description");
    command->add_flag("--tflite", options->tflite, "As a .tflite for other tools; needs -o")
        ->excludes("--dot");
    options->output.add_to(*command, {"text", "json"},
                           "text or json (operators and tensors, without constants)");
    command->footer(
        "Examples:\n  u65sim graph ds_cnn\n  u65sim graph ds_cnn -o ds_cnn.json\n"
        "  u65sim graph ds_cnn --dot | dot -Tsvg -o ds_cnn.svg");
    command->callback([options] {
        const std::string& file = options->output.file();
        if (options->tflite && file.empty()) {
            throw CLI::RequiredError("graph --tflite: -o FILE");
        }
        require_writable({file});
        const Graph graph = options->network.read();
        if (options->tflite) {
            write(file, write_tflite(graph));
            return;
        }
        write(file, options->dot                         ? to_dot(graph)
                    : options->output.format() == "json" ? to_json(graph)
                                                         : dump(graph));
    });
}

}  // namespace u65sim::cli
