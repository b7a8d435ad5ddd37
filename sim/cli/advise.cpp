// u65sim advise: what would make a network faster, tried out.
#include <memory>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/advice.hpp>
#include <u65sim/oracle.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "report_output.hpp"

namespace u65sim::cli {

namespace {

struct Advise {
    NetworkOption network;
    TargetOptions target;
    OptimiseOption optimise;
    std::size_t most = 20;
    ReportOutput output;

    void operator()() const {
        Oracle oracle{target.resolve(), optimise.resolve()};
        require_writable({output.file()});
        const Graph graph = network.read();
        AdviceReport result;
        {
            const Progress progress{fmt::format("trying changes of {}", network.text())};
            result.report = oracle.estimate(graph);
            result.advice = oracle.advise(graph);
        }
        const std::string format = output.format();
        write(output.file(), format == "json"   ? result.to_json()
                             : format == "html" ? result.to_html()
                                                : result.to_text(most));
    }
};

}  // namespace

void add_advise(CLI::App& app) {
    auto advise = std::make_shared<Advise>();
    CLI::App* command = app.add_subcommand(
        "advise", "Try changes of NET and list what each would save, the largest first");
    advise->network.add_to(*command);
    advise->target.add_to(*command);
    advise->optimise.add_to(*command);
    command->add_option("--top", advise->most, "Show so many at most, as text")
        ->check(whole_number(0, 1'000'000))
        ->capture_default_str()
        ->type_name("COUNT");
    advise->output.add_to(*command, {"text", "json", "html"},
                          "text, json or html (one page whose table sorts)");
    command->footer(
        "Tried one at a time: each spilled feature map in SRAM, the smallest SRAM at which it "
        "stays\n"
        "there, each number of the memories twice as good, a last SOFTMAX left to the host, other\n"
        "kinds of blocks for depthwise ones, half of each operator's weights zero, and output\n"
        "channels at the multiples of 16 below and above. Channels are tried on the operator "
        "alone;\n"
        "all else on the whole network.\n\n"
        "Examples:\n"
        "  u65sim advise mobilenet_v2_224\n"
        "  u65sim advise net.tflite --target u65-512 --top 50\n"
        "  u65sim advise net.tflite -o advice.html");
    command->callback([advise] { (*advise)(); });
}

}  // namespace u65sim::cli
