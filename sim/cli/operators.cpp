// u65sim operators: what the NPU runs, and why it leaves the rest to the CPU.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>
#include <u65sim/compile.hpp>
#include <u65sim/network.hpp>
#include <u65sim/operator_support.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "report_output.hpp"

namespace u65sim::cli {

namespace {

using Json = nlohmann::ordered_json;

/// Words of `text` in lines of at most 96 characters behind an indent.
std::string wrapped(std::string_view text, std::size_t indent) {
    constexpr std::size_t width = 96;
    std::string out, line;
    const auto flush = [&] {
        if (!line.empty()) out += std::string(indent, ' ') + line + '\n';
        line.clear();
    };
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (!line.empty() && indent + line.size() + 1 + end > width) flush();
        line += (line.empty() ? "" : " ") + std::string{text.substr(0, end)};
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    flush();
    return out;
}

struct Operators {
    NetworkOption network;
    TargetOptions target;
    ReportOutput output;

    /// What the compiler knows, whatever the network.
    void list() const {
        require_writable({output.file()});
        const bool json = output.format() == "json";
        Json rows = Json::array();
        std::string text =
            "Operators of TensorFlow Lite with a form on the NPU, on every target; all others are\n"
            "left to the CPU. 'u65sim operators NET' says where those of a network run.\n";
        for (const OperatorSupport& row : operator_support()) {
            rows.push_back({{"operators", row.operators},
                            {"types", row.types},
                            {"form", row.form},
                            {"left_to_cpu", row.left_to_cpu}});
            text += '\n' + wrapped(row.operators, 0) + wrapped(row.types, 4);
            text += wrapped(row.form, 4);
            if (!row.left_to_cpu.empty()) text += wrapped("CPU: " + row.left_to_cpu, 4);
        }
        write(output.file(), json ? rows.dump(2) + '\n' : text);
    }

    /// Where each operator of the network runs.
    void place() const {
        require_writable({output.file()});
        const Target resolved = target.resolve();
        const Graph graph = network.read();
        const CompiledNetwork compiled =
            is_compiled(graph) ? import_compiled(graph, resolved) : compile(graph, resolved);
        const auto reason_of = [&](const std::string& name) -> const CpuOperator* {
            const auto& all = compiled.cpu_operators;
            const auto found = std::find_if(all.begin(), all.end(),
                                            [&](const auto& op) { return op.name == name; });
            return found != all.end() ? &*found : nullptr;
        };
        Json rows = Json::array();
        std::string text =
            fmt::format("{} on {}: {} of {} operators on the NPU\n\n", compiled.name, resolved.name,
                        compiled.graph.operators.size() - compiled.cpu_operators.size(),
                        compiled.graph.operators.size());
        for (const Operator& op : compiled.graph.operators) {
            const CpuOperator* cpu = reason_of(op.name);
            const std::string type{cpu != nullptr ? cpu->type : to_string(op.type)};
            rows.push_back({{"name", op.name},
                            {"type", type},
                            {"runs_on", cpu != nullptr ? "cpu" : "npu"},
                            {"reason", cpu != nullptr ? cpu->reason : ""}});
            text += fmt::format("{}  {} ({}){}\n", cpu != nullptr ? "CPU" : "NPU", op.name, type,
                                cpu != nullptr ? ": " + cpu->reason : "");
        }
        write(output.file(), output.format() == "json"
                                 ? rows.dump(2, ' ', false, Json::error_handler_t::replace) + '\n'
                                 : text);
    }
};

}  // namespace

void add_operators(CLI::App& app) {
    auto operators = std::make_shared<Operators>();
    CLI::App* command = app.add_subcommand(
        "operators", "What runs on the NPU and why the rest does not: in general, or of NET");
    CLI::Option* net = operators->network.add_to(*command)->required(false);
    operators->target.add_to(*command);
    operators->output.add_to(*command, {"text", "json"}, "text or json");
    command->footer(
        "Examples:\n"
        "  u65sim operators\n"
        "  u65sim operators net.tflite --target u55-128\n"
        "  u65sim operators net.tflite -o operators.json");
    command->callback([operators, net] {
        if (net->count() == 0) {
            operators->list();
        } else {
            operators->place();
        }
    });
}

}  // namespace u65sim::cli
