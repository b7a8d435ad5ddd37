// u65sim run: a network in, its report out.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/error.hpp>
#include <u65sim/model_explorer.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/room.hpp>

#include "commands.hpp"
#include "execute.hpp"
#include "heap.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "report_output.hpp"

namespace u65sim::cli {

namespace {

constexpr std::string_view model_explorer = "model-explorer";

/// "model-explorer" is that of cycles, "model-explorer:dram_bytes" that of another figure.
std::string format_of(NodeMeasure measure) {
    std::string format{model_explorer};
    if (measure != NodeMeasure::cycles) (format += ':') += to_string(measure);
    return format;
}

std::optional<NodeMeasure> node_measure(std::string_view format) {
    for (const NodeMeasure measure : node_measures()) {
        if (format == format_of(measure)) return measure;
    }
    return std::nullopt;
}

std::vector<std::string> formats() {
    std::vector<std::string> all{"text", "json", "csv", "html"};
    for (const NodeMeasure measure : node_measures()) all.push_back(format_of(measure));
    return all;
}

struct Run {
    NetworkOption network;
    TargetOptions target;
    OptimiseOption optimise;
    ExecuteOption data;
    std::string backend = "direct";
    ReportOutput output;
    std::string trace, vcd;
    std::optional<double> required_share;  ///< --require-npu
    bool timeline = false;
    std::int64_t cycle_limit = SimulateOptions{}.cycle_limit.count();

    [[nodiscard]] SimulationBackend resolve_backend() const {
        for (std::size_t i = 0; i < simulation_backend_count; ++i) {
            const auto candidate = static_cast<SimulationBackend>(i);
            if (backend == to_string(candidate)) return candidate;
        }
        return SimulationBackend::direct;
    }
    void operator()() const {
        share_heap();
        OracleOptions options;
        options.compile = optimise.resolve();
        options.effort = optimise.effort();
        options.backend = vcd.empty() ? resolve_backend() : SimulationBackend::systemc;
        const std::string format = output.format();
        options.timeline = timeline || format == "html" || !trace.empty();
        options.cycle_limit = Cycles{cycle_limit};
        options.ranges = true;
        options.vcd_file = vcd == "-" ? "/dev/stdout" : vcd;
        // What it keeps goes with the process: taking that apart is a hundredth of a run. The
        // pointer is for leak checkers.
        static Oracle* const kept = new Oracle{target.resolve(), options};
        Oracle& oracle = *kept;
        require_writable({output.file().empty() ? "-" : output.file(), trace, vcd});
        if (data.wanted()) {
            const Progress progress{fmt::format("executing {}", network.text())};
            data.execute(graph(oracle.target()), oracle.target(), optimise, network.arena());
        }
        const Report report = estimated(oracle, format);
        if (!trace.empty()) write(trace, report.to_trace());
        if (format == "html") {
            write(output.file(), report.to_html());
        } else if (format == "json") {
            write(output.file(), report.to_json());
        } else if (format == "csv") {
            write(output.file(), report.to_csv());
        } else if (const auto measure = node_measure(format)) {
            write(output.file(), model_explorer_data(report, *measure));
        } else {
            write(output.file(), report.to_text());
        }
        if (required_share) require(report, *required_share);
    }

    static void require(const Report& report, double share) {
        if (report.runs_on_npu() && report.npu_share() >= share) return;
        throw RequirementMissed(
            fmt::format("{:.1f} % of {} runs on the NPU{}: --require-npu asks for {}",
                        100.0 * report.npu_share(), report.model.name,
                        report.model.macs.count() > 0 ? " (of its MACs)" : "",
                        share > 0.0 ? fmt::format("{:.1f} %", 100.0 * share) : "some of it"));
    }

    Graph graph(const Target& for_target) const {
        return network.is_stream() ? network.read_stream_network(for_target.accelerator)
                                   : network.read();
    }

    /// Where a page was asked for, one says what does not fit; the error says so in any case.
    Report estimated(Oracle& oracle, const std::string& format) const {
        try {
            return estimate(oracle);
        } catch (const DoesNotFit& error) {
            if (format == "html" && !is_standard_output(output.file())) {
                write(output.file(), does_not_fit_html(network.text(), oracle.target(), error));
            }
            throw;
        }
    }

    Report estimate(Oracle& oracle) const {
        const Progress progress{fmt::format("simulating {}", network.text())};
        if (network.is_stream()) return oracle.estimate(graph(oracle.target()));
        const auto file = network.file();
        if (file && !is_flow(network.text()) && !network.has_memory())
            return oracle.estimate(*file);
        return oracle.estimate(network.read());
    }
};

/// How the network is simulated and what becomes of the report.
void add_simulation_options(CLI::App& command, const std::shared_ptr<Run>& run) {
    command
        .add_option("--backend,--kernel", run->backend,
                    "What carries the machine's units: direct (fast), systemc (the reference)\n"
                    "or systemc-tlm (memories behind TLM-2.0 sockets); the report is the same")
        ->check(CLI::IsMember({"direct", "systemc", "systemc-tlm"}))
        ->capture_default_str()
        ->type_name("BACKEND");
    run->output.add_to(
        command, formats(),
        "text, json (the whole report), csv (a row an operator), html (one page to look at) or\n"
        "model-explorer (cycles as node data for Model Explorer; behind a colon another figure)",
        "-o,--report");
    command
        .add_option("--trace", run->trace,
                    "Write what each unit did when to FILE, for Perfetto or chrome://tracing")
        ->type_name("FILE");
    command
        .add_option("--vcd", run->vcd,
                    "Write the units' states as a value change dump to FILE, for GTKWave")
        ->type_name("FILE");
    command
        .add_option_function<std::vector<double>>(
            "--require-npu",
            [run](const std::vector<double>& share) {
                run->required_share = share.empty() ? 0.0 : share.front();
            },
            "End with exit code 4 where nothing runs on the NPU, or less than SHARE (0 to 1) of\n"
            "the network's multiply-accumulates; the report is written all the same")
        ->expected(0, 1)
        ->check(share())
        ->type_name("[SHARE]");
    command.add_flag("--timeline", run->timeline,
                     "Keep the timeline in a json report too (html always has it)");
    command
        .add_option("--cycle-limit", run->cycle_limit,
                    "Give up a network that takes more cycles than that")
        ->check(whole_number(1, std::uint64_t{1} << 60U))
        ->capture_default_str()
        ->type_name("CYCLES");
}

}  // namespace

void add_run(CLI::App& app) {
    auto run = std::make_shared<Run>();
    CLI::App* command = app.add_subcommand(
        "run", "Simulate one inference of NET and report cycles, bandwidth and spills");
    run->network.add_to(*command);
    run->network.add_memory_to(*command);
    run->target.add_to(*command);
    run->optimise.add_to(*command);
    run->optimise.add_effort_to(*command);
    run->data.add_to(*command);
    add_simulation_options(*command, run);
    command->footer(
        "NET may be compiled already (by u65sim or by Vela for an Ethos-U, a .tflite, Vela's raw\n"
        ".npz, an ExecuTorch .pte): then its command streams run as they are. So does a bare "
        "stream\n"
        "with --weights or --region; its inputs are the bytes it reads before it writes them, its\n"
        "outputs the maps that nothing reads.\n"
        "Cycles are the same with and without data.\n\n"
        "Examples:\n"
        "  u65sim run mobilenet_v2_224\n"
        "  u65sim run net.tflite --target u65-512 --set memory.ideal=true\n"
        "  u65sim run net.tflite -o report.json\n"
        "  u65sim run net.tflite -o report.html --trace trace.json\n"
        "  u65sim run ds_cnn --input audio.bin --output results --check\n"
        "  u65sim run payload.bin --weights constants.bin --target u65-512\n"
        "  u65sim run net.tflite --target u55-128 --vela-config vela.ini \\\n"
        "      --system-config Ethos_U55_High_End_Embedded --memory-mode Shared_Sram");
    command->callback([run] { (*run)(); });
}

}  // namespace u65sim::cli
