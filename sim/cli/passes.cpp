// u65sim passes: the compiler's passes, and what the optional ones bring to a network.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/report.hpp>
#include <u65sim/simulate.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace u65sim::cli {

namespace {

namespace fs = std::filesystem;

struct Passes {
    NetworkOption network;
    TargetOptions target;
    OptimiseOption optimise;
    std::string arenas;

    /// The names alone.
    static void list() {
        std::string text;
        for (const std::string& name : pass_names()) text += name + '\n';
        print(text);
    }

    void operator()() const {
        const Target resolved = target.resolve();
        const Graph graph = network.read();
        if (is_compiled(graph)) {
            throw InvalidModel(fmt::format(
                "{}: is compiled already: give the network as it was before", network.text()));
        }
        if (!arenas.empty()) make_folder(arenas);
        const Measured all = measure(graph, resolved, {}, "all");
        std::string text = fmt::format("{} on {}\n\n{:<18} {:>12} {:>8} {:>12} {:>12} {:>7}\n",
                                       graph.name, resolved.name, "without", "cycles", "more",
                                       "DRAM bytes", "SRAM peak", "spills");
        text += row("nothing", all, all);
        const std::vector<std::string> steps = optional_steps();
        for (const std::string& step : steps) {
            text += row(step, measure(graph, resolved, {step}, "without-" + step), all);
        }
        text += row("all of them", measure(graph, resolved, steps, "none"), all);
        print(text);
    }

private:
    struct Measured {
        std::int64_t cycles = 0, dram = 0, peak = 0;
        std::size_t spills = 0;
    };

    Measured measure(const Graph& graph, const Target& resolved,
                     const std::vector<std::string>& without, const std::string& picture) const {
        const Progress progress{fmt::format("{}: {}", network.text(), picture)};
        CompileOptions options = optimise.resolve();
        options.without.insert(options.without.end(), without.begin(), without.end());
        const CompiledNetwork compiled = compile(graph, resolved, options, Effort::normal);
        if (!arenas.empty()) {
            write((fs::path{arenas} / (picture + ".svg")).string(), arena_svg(compiled));
        }
        SimulateOptions direct;
        direct.backend = SimulationBackend::direct;
        const Report report = make_report(compiled, resolved, simulate(compiled, resolved, direct));
        return {report.total.cycles.count(), (report.dram.read + report.dram.write).count(),
                report.sram.peak.count(), report.spills.size()};
    }

    static std::string row(const std::string& name, const Measured& measured, const Measured& all) {
        const double more = 100.0 * static_cast<double>(measured.cycles - all.cycles) /
                            static_cast<double>(std::max<std::int64_t>(all.cycles, 1));
        return fmt::format("{:<18} {:>12} {:>7.1f}% {:>12} {:>12} {:>7}\n", name, measured.cycles,
                           more, measured.dram, measured.peak, measured.spills);
    }
};

}  // namespace

void add_passes(CLI::App& app) {
    auto passes = std::make_shared<Passes>();
    CLI::App* command = app.add_subcommand(
        "passes", "List the compiler's passes in order, or show what they bring to NET");
    CLI::Option* net = passes->network.add_to(*command)->required(false);
    passes->target.add_to(*command);
    passes->optimise.add_to(*command);
    command
        ->add_option("--arenas", passes->arenas,
                     "Draw the SRAM over time of every row of the table, as SVG files in FOLDER")
        ->needs(net)
        ->type_name("FOLDER");
    command->footer(
        "With NET, it is compiled and simulated with every step, without each of those that may\n"
        "be left out, and without all of them. Its results are the same each time.\n\n"
        "Examples:\n"
        "  u65sim passes\n"
        "  u65sim passes mobilenet_v2_224\n"
        "  u65sim passes net.tflite --set sram.size=128KiB --arenas pictures");
    command->callback([passes, net] {
        if (net->count() == 0) {
            Passes::list();
        } else {
            (*passes)();
        }
    });
}

}  // namespace u65sim::cli
