// u65sim compile: a network in, a .tflite with `ethos-u` operators out.
#include <memory>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/report.hpp>

#include "commands.hpp"
#include "explain.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace u65sim::cli {

namespace {

struct Compile {
    NetworkOption network;
    TargetOptions target;
    OptimiseOption optimise;
    std::string output;
    std::string dump_after;
    bool explain = false;
    std::string arena;

    void operator()() const {
        const Target resolved = target.resolve();
        CompileOptions options = optimise.resolve();
        options.dump_after = dump_after;
        if (explain) {
            options.dump_after = "place";
            write(output, explained(compiled(resolved, options).pass_dump));
            return;
        }
        if (!dump_after.empty()) {
            write(output, compiled(resolved, options).pass_dump);
            return;
        }
        require_writable({output, arena});
        const CompiledNetwork result = compiled(resolved, options);
        if (!arena.empty()) write(arena, arena_svg(result));
        if (output.empty()) return;
        write(output, write_tflite(export_compiled(result)));
        if (output == "-") return;
        print(fmt::format("{}: {} on the NPU in {} segment{}, {} on the CPU\n", output,
                          result.graph.operators.size() - result.cpu_operators.size(),
                          result.segments.size(), result.segments.size() == 1 ? "" : "s",
                          result.cpu_operators.size()));
    }

    CompiledNetwork compiled(const Target& resolved, const CompileOptions& options) const {
        const bool in_many_ways = optimise.effort() == Effort::high;
        const Progress progress{
            fmt::format("compiling {}{}", network.text(), in_many_ways ? " in many ways" : "")};
        return u65sim::compile(read(), resolved, options, optimise.effort());
    }

    Graph read() const {
        Graph graph = network.read();
        if (is_compiled(graph)) {
            throw InvalidModel(fmt::format(
                "{}: is compiled already (it holds an ethos-u operator): give the network as it "
                "was before",
                network.text()));
        }
        return graph;
    }
};

}  // namespace

void add_compile(CLI::App& app) {
    auto compile = std::make_shared<Compile>();
    CLI::App* command = app.add_subcommand(
        "compile", "Compile NET into a .tflite with ethos-u operators, or show it behind a pass");
    compile->network.add_to(*command);
    compile->target.add_to(*command);
    compile->optimise.add_to(*command);
    CLI::Option* effort = compile->optimise.add_effort_to(*command);
    auto* output =
        command->add_option("-o,--output", compile->output, "The .tflite to write (or the dump)")
            ->type_name("FILE");
    auto* dump = command
                     ->add_option("--dump-after", compile->dump_after,
                                  "Stop behind PASS and print what it left, instead of compiling "
                                  "to the end; passes are listed by 'u65sim passes'")
                     ->check(CLI::IsMember(pass_names()))
                     ->type_name("PASS");
    auto* explain = command->add_flag("--explain", compile->explain,
                                      "Print why maps, weights and cascades are as they are: "
                                      "alternatives with their predicted cycles, what most is at "
                                      "stake in first, and a conclusion");
    dump->excludes(effort);
    explain->excludes(effort);
    auto* arena =
        command
            ->add_option("--arena", compile->arena,
                         "Draw what lives in SRAM when and at which address, as SVG into FILE")
            ->type_name("FILE");
    command->footer(
        "Examples:\n"
        "  u65sim compile net.tflite -o net_npu.tflite --target u65-256\n"
        "  u65sim compile rnnoise --dump-after lower\n"
        "  u65sim compile mobilenet_v2_224 --explain\n"
        "  u65sim compile mobilenet_v2_224 --arena arena.svg\n"
        "  u65sim compile net.tflite -o net_npu.tflite --effort high");
    command->callback([compile, output, dump, explain, arena] {
        if (output->count() + dump->count() + explain->count() + arena->count() == 0) {
            throw CLI::RequiredError(
                "compile: one of -o FILE, --arena FILE, --explain and --dump-after PASS");
        }
        (*compile)();
    });
}

}  // namespace u65sim::cli
