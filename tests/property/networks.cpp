#include "property/networks.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include <u65sim/network.hpp>
#include <u65sim/zoo.hpp>

#include "support/environment.hpp"
#include "support/skip.hpp"

namespace u65sim::property {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> model_files() {
    std::vector<std::string> files;
    const fs::path folder = test::models_folder();
    if (!fs::is_directory(folder)) {
        test::skip("the models' networks, no folder " + folder.string());
        return files;
    }
    for (const auto& entry : fs::directory_iterator{folder}) {
        if (entry.path().extension() == ".tflite") files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

Graph load(const std::string& name) {
    return name.ends_with(".tflite") ? read_network(name) : zoo(name);
}

/// The preset whose accelerator a compiled file was made for; the default for the others.
Target target_for(const Graph& graph) {
    if (!is_compiled(graph)) return Target::preset("u65-256");
    for (const std::string& preset : Target::preset_names()) {
        const Target target = Target::preset(preset);
        try {
            import_compiled(graph, target);
            return target;
        } catch (const std::exception&) {
            continue;  // another accelerator's
        }
    }
    throw std::runtime_error(graph.name + ": no preset has its accelerator");
}

}  // namespace

const std::vector<std::string>& source_names() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> result;
        for (const std::string& file : model_files()) {
            if (!is_compiled(read_network(file))) result.push_back(file);
        }
        for (const ZooEntry& entry : zoo_list()) {
            // The one that is there to show what does not fit.
            if (entry.name != "vgg19_224") result.push_back(entry.name);
        }
        return result;
    }();
    return all;
}

const std::vector<std::string>& names() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> result = source_names();
        for (const std::string& file : model_files()) {
            if (is_compiled(read_network(file))) result.push_back(file);
        }
        return result;
    }();
    return all;
}

CompiledNetwork lower(const Graph& graph, const Target& target) {
    return is_compiled(graph) ? import_compiled(graph, target) : compile(graph, target);
}

const Run& run(const std::string& name) {
    static std::map<std::string, std::unique_ptr<const Run>> runs;
    auto& kept = runs[name];
    if (!kept) {
        Graph graph = load(name);
        Target target = target_for(graph);
        CompiledNetwork network = lower(graph, target);
        Simulation simulation = simulate(network, target);
        kept = std::make_unique<const Run>(Run{name, std::move(graph), std::move(target),
                                               std::move(network), std::move(simulation)});
    }
    return *kept;
}

}  // namespace u65sim::property
