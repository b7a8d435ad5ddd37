// u65sim zoo: networks built in code, listed and written as .tflite.
#include <filesystem>
#include <limits>
#include <memory>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>
#include <u65sim/zoo.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "report_output.hpp"

namespace u65sim::cli {

namespace {

struct Write {
    std::vector<std::string> names;
    std::string folder;
    ZooWeights weights;

    void operator()() const {
        std::vector<std::string> chosen = names;
        if (chosen.empty()) {
            for (const ZooEntry& entry : zoo_list()) chosen.push_back(entry.name);
        }
        if (folder == "-" && chosen.size() == 1) {
            return cli::write(folder, write_tflite(zoo(chosen.front(), weights)));
        }
        for (const std::string& name : chosen) {
            const Graph graph = zoo(name, weights);  // refuses what it does not know
            make_folder(folder);
            const auto file = std::filesystem::path{folder} / (graph.name + ".tflite");
            save_tflite(graph, file);
            print(file.string() + '\n');
        }
    }
};

void list(const ReportOutput& output) {
    require_writable({output.file()});
    if (output.format() == "json") {
        auto json = nlohmann::ordered_json::array();
        for (const ZooEntry& entry : zoo_list()) {
            json.push_back({{"name", entry.name}, {"summary", entry.summary}});
        }
        return write(output.file(), json.dump(2) + '\n');
    }
    std::string text;
    for (const ZooEntry& entry : zoo_list()) {
        text += fmt::format("{:<24}{}\n", entry.name, entry.summary);
    }
    write(output.file(), text);
}

}  // namespace

void add_zoo(CLI::App& app) {
    CLI::App* zoo = app.add_subcommand("zoo", "Networks built in code: list them, or write them");
    zoo->require_subcommand(0, 1);
    zoo->footer("Examples:\n  u65sim zoo list\n  u65sim zoo write rnnoise -o nets");
    auto output = std::make_shared<ReportOutput>();
    CLI::App* names = zoo->add_subcommand("list", "Name and one line of every network");
    output->add_to(*names, {"text", "json"}, "text or json");
    names->footer("Examples:\n  u65sim zoo list\n  u65sim zoo list --format json");
    names->callback([output] { list(*output); });
    auto own_output = std::make_shared<ReportOutput>();
    own_output->add_to(*zoo, {"text", "json"}, "Of the list: text or json");
    zoo->callback([zoo, own_output] {
        if (zoo->get_subcommands().empty()) list(*own_output);
    });
    auto write = std::make_shared<Write>();
    CLI::App* command =
        zoo->add_subcommand("write", "Write networks as DIR/NAME.tflite; all of them by default");
    command->add_option("NAME", write->names, "Names of 'u65sim zoo list'")->type_name("");
    command
        ->add_option("-o,--output", write->folder,
                     "Folder, created when missing; - for one network to standard output")
        ->required()
        ->type_name("DIR");
    command->add_option("--seed", write->weights.seed, "Seed of the weights")
        ->check(whole_number(0, std::numeric_limits<std::uint64_t>::max()))
        ->capture_default_str()
        ->type_name("N");
    command->add_option("--sparsity", write->weights.sparsity, "Share of weights that are zero")
        ->check(share())
        ->capture_default_str()
        ->type_name("0..1");
    command
        ->add_option("--clusters", write->weights.clusters,
                     "Distinct weight values a layer; 0: no clustering")
        ->check(whole_number(0, 255))
        ->capture_default_str()
        ->type_name("N");
    command->footer(
        "Example:\n  u65sim zoo write vgg19_cifar100 rnnoise -o nets --seed 7 --sparsity 0.5");
    command->callback([write] { (*write)(); });
    for (CLI::App* each : {names, command}) {
        for (const char* own : {"--format", "--output"}) each->excludes(zoo->get_option(own));
    }
}

}  // namespace u65sim::cli
