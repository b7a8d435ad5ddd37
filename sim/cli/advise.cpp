// u65sim advise: what would make a network faster, tried out.
#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/oracle.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace u65sim::cli {

namespace {

struct Advise {
    NetworkOption network;
    TargetOptions target;
    OptimiseOption optimise;
    std::size_t most = 20;
    std::string output;

    void operator()() const {
        Oracle oracle{target.resolve(), optimise.resolve()};
        require_writable({output});
        const Graph graph = network.read();
        Report report;
        std::vector<Advice> advice;
        {
            const Progress progress{fmt::format("trying changes of {}", network.text())};
            report = oracle.estimate(graph);
            advice = oracle.advise(graph);
        }
        write(output, text(report, advice));
    }

    [[nodiscard]] std::string text(const Report& report, const std::vector<Advice>& advice) const {
        std::string all =
            fmt::format("{} on {}: {} cycles, {:.3f} ms\n", report.model.name, report.target.name,
                        report.total.cycles.count(), report.latency_ms());
        if (advice.empty()) return all + "No change that was tried makes it faster.\n";
        all += fmt::format("\n{:>12}  {:<15}  {}\n", "cycles", "change", "what it does");
        for (std::size_t i = 0; i < std::min(most, advice.size()); ++i) {
            all += fmt::format("{:>12}  {:<15}  {}\n", advice[i].saved.count(),
                               to_string(advice[i].kind), advice[i].text);
        }
        if (advice.size() > most) {
            all += fmt::format("... and {} more (--top {})\n", advice.size() - most, advice.size());
        }
        return all;
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
    command->add_option("--top", advise->most, "Show so many at most")
        ->check(whole_number(0, 1'000'000))
        ->capture_default_str()
        ->type_name("COUNT");
    command->add_option("-o,--output", advise->output, "Write to FILE instead of standard output")
        ->type_name("FILE");
    command->footer(
        "Tried one at a time: each spilled feature map in SRAM, the smallest SRAM at which it "
        "stays\n"
        "there, half of each operator's weights zero, and output channels at the multiples of 16\n"
        "below and above. Channels are tried on the operator alone; all else on the whole "
        "network.\n\n"
        "Examples:\n"
        "  u65sim advise mobilenet_v2_224\n"
        "  u65sim advise net.tflite --target u65-512 --top 50");
    command->callback([advise] { (*advise)(); });
}

}  // namespace u65sim::cli
