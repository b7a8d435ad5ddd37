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

    /// The operators that take the most time, and what they spend it on.
    [[nodiscard]] static std::string largest(const Report& report) {
        constexpr std::size_t shown = 3;
        std::vector<const OperatorReport*> order;
        for (const OperatorReport& op : report.operators) order.push_back(&op);
        std::stable_sort(order.begin(), order.end(),
                         [](const auto* a, const auto* b) { return a->cycles > b->cycles; });
        if (order.size() > shown) order.resize(shown);
        std::string text = "\nThe largest operators\n";
        for (const OperatorReport* op : order) {
            text += fmt::format("{:>12}  {} ({}): {:.1f} % of the time", op->cycles.count(),
                                op->name, op->type,
                                100.0 * static_cast<double>(op->cycles.count()) /
                                    static_cast<double>(report.total.cycles.count()));
            if (op->macs > Macs{0}) {
                text += fmt::format(", {:.0f} % of the array in use", 100.0 * op->mac_utilization);
            }
            text += op->bound_by ? fmt::format(", bound by {}\n", to_string(*op->bound_by)) : "\n";
        }
        return text;
    }

    [[nodiscard]] static std::string left_to_cpu(const Report& report) {
        if (report.model.cpu_operators.empty()) return {};
        std::string text = "\nLeft to the CPU, whose time is not simulated\n";
        for (const CpuOperator& op : report.model.cpu_operators) {
            text += fmt::format("              {} ({}): {}\n", op.name, op.type, op.reason);
        }
        return text;
    }

    [[nodiscard]] std::string text(const Report& report, const std::vector<Advice>& advice) const {
        std::string all =
            fmt::format("{} on {}: {} cycles, {:.3f} ms\n", report.model.name, report.target.name,
                        report.total.cycles.count(), report.latency_ms());
        all += largest(report) + left_to_cpu(report);
        if (advice.empty()) return all + "\nNo change that was tried makes it faster.\n";
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
        "there, each number of the memories twice as good, a last SOFTMAX left to the host, other\n"
        "kinds of blocks for depthwise ones, half of each operator's weights zero, and output\n"
        "channels at the multiples of 16 below and above. Channels are tried on the operator "
        "alone;\n"
        "all else on the whole network.\n\n"
        "Examples:\n"
        "  u65sim advise mobilenet_v2_224\n"
        "  u65sim advise net.tflite --target u65-512 --top 50");
    command->callback([advise] { (*advise)(); });
}

}  // namespace u65sim::cli
