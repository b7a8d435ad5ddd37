// u65sim compile: a network in, a .tflite with `ethos-u` operators out.
#include <memory>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>

#include "commands.hpp"
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

    void operator()() const {
        const Target resolved = target.resolve();
        CompileOptions options = optimise.resolve();
        options.dump_after = dump_after;
        if (!dump_after.empty()) {
            write(output, compiled(resolved, options).pass_dump);
            return;
        }
        require_writable(output);
        const CompiledNetwork result = compiled(resolved, options);
        save_tflite(export_compiled(result), output);
        print(fmt::format("{}: {} on the NPU in {} segment{}, {} on the CPU\n", output,
                          result.graph.operators.size() - result.cpu_operators.size(),
                          result.segments.size(), result.segments.size() == 1 ? "" : "s",
                          result.cpu_operators.size()));
    }

    CompiledNetwork compiled(const Target& resolved, const CompileOptions& options) const {
        const Progress progress{fmt::format("compiling {}", network.text())};
        const Graph graph = network.read();
        if (is_compiled(graph)) {
            throw InvalidModel(fmt::format(
                "{}: is compiled already (it holds an ethos-u operator): give the network as it "
                "was before",
                network.text()));
        }
        return u65sim::compile(graph, resolved, options);
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
    auto* output =
        command->add_option("-o,--output", compile->output, "The .tflite to write (or the dump)")
            ->type_name("FILE");
    auto* dump = command
                     ->add_option("--dump-after", compile->dump_after,
                                  "Stop behind PASS and print what it left, instead of compiling "
                                  "to the end; passes are listed by 'u65sim passes'")
                     ->check(CLI::IsMember(pass_names()))
                     ->type_name("PASS");
    command->footer(
        "Examples:\n"
        "  u65sim compile net.tflite -o net_npu.tflite --target u65-256\n"
        "  u65sim compile rnnoise --dump-after lower");
    command->callback([compile, output, dump] {
        if (output->count() + dump->count() == 0) {
            throw CLI::RequiredError("compile: one of -o FILE and --dump-after PASS");
        }
        (*compile)();
    });
}

void add_passes(CLI::App& app) {
    app.add_subcommand("passes", "List the compiler's passes in order")->callback([] {
        std::string text;
        for (const std::string& name : pass_names()) text += name + '\n';
        print(text);
    });
}

}  // namespace u65sim::cli
