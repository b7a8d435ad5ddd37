// u65sim targets: the hardware descriptions that --target and --set take.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>
#include <u65sim/host.hpp>
#include <u65sim/target.hpp>
#include <u65sim/validate.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "report_output.hpp"

namespace u65sim::cli {

namespace {

using Json = nlohmann::ordered_json;

/// One object for every target of `names`, with what `group` they belong to.
void append(Json& json, std::string_view group, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        const Target target = Target::preset(name);
        json.push_back({{"name", name},
                        {"group", group},
                        {"product", to_string(target.accelerator.product)},
                        {"macs_per_cycle", target.peak_macs_per_cycle()},
                        {"cores", target.accelerator.cores},
                        {"clock_hz", target.accelerator.clock.count()},
                        {"memory_mode", to_string(target.memory_mode)},
                        {"sram_bytes", target.sram.size.count()},
                        {"off_chip_kind", target.off_chip.kind},
                        {"off_chip_bytes", target.off_chip.size.count()}});
    }
}

std::string list_json() {
    Json json = Json::array();
    append(json, "preset", Target::preset_names());
    append(json, "board", Target::board_names());
    return json.dump(2) + '\n';
}

std::string group(std::string_view heading, const std::vector<std::string>& names) {
    std::string text = fmt::format("{}\n", heading);
    for (const std::string& name : names) {
        const Target target = Target::preset(name);
        const Accelerator& npu = target.accelerator;
        text += fmt::format(
            "  {:<22}{} x {} MACs a cycle at {:g} MHz, {}{}{}\n", name, npu.cores,
            npu.macs_per_cycle, static_cast<double>(npu.clock.count()) / 1e6,
            to_string(target.memory_mode), target.memory_mode == MemoryMode::sram_only ? "" : ", ",
            target.memory_mode == MemoryMode::sram_only ? "" : target.off_chip.kind);
    }
    return text;
}

void list(const ReportOutput& output) {
    require_writable({output.file()});
    if (output.format() == "json") return write(output.file(), list_json());
    write(output.file(),
          group("accelerators with Arm's published memories", Target::preset_names()) +
              group("boards: numbers with their sources ('targets show NAME')",
                    Target::board_names()));
}

/// A value in its field's unit: 524288 for "512KiB". Texts and truth values stay as they are.
Json in_its_unit(const TargetField& field) {
    if (field.value == "true" || field.value == "false") return field.value == "true";
    if (!field.number) return field.value;
    if (*field.number != std::floor(*field.number)) return *field.number;
    return static_cast<std::int64_t>(*field.number);
}

std::string fields_json(const Target& target) {
    Json json = Json::array();
    for (const TargetField& field : describe_fields(target)) {
        Json entry = {{"key", field.key},         {"value", in_its_unit(field)},
                      {"text", field.value},      {"unit", field.unit},
                      {"summary", field.summary}, {"range", field.range},
                      {"source", field.source}};
        if (field.stated) {
            entry["kind"] = to_string(field.stated->kind);
            entry["low"] = field.stated->low;
            entry["high"] = field.stated->high;
        }
        json.push_back(std::move(entry));
    }
    return json.dump(2) + '\n';
}

/// "(8 to 32)"; empty where the number has no range.
std::string range_of(const FieldSource& source) {
    return source.low.empty() ? "" : fmt::format(" ({} to {})", source.low, source.high);
}

std::string fields(const Target& target) {
    std::string text;
    for (const TargetField& field : describe_fields(target)) {
        text += fmt::format("{} = {}{}{}{}\n    {}\n    accepted: {}; source: {}\n", field.key,
                            field.value, field.stated ? range_of(*field.stated) : "",
                            field.unit.empty() ? "" : "  # ", field.unit, field.summary,
                            field.range, field.source);
    }
    return text;
}

/// What a board's numbers rest on, as comments of its YAML; empty for other targets.
std::string knowledge(const Target& target) {
    if (target.sources.empty()) return {};
    std::map<FieldSource::Kind, std::string> numbers;
    for (const TargetField& field : describe_fields(target)) {
        if (!field.stated) continue;
        const FieldSource& source = *field.stated;
        numbers[source.kind] += fmt::format("#   {} = {}{}: {}\n", field.key, source.value,
                                            range_of(source), source.text);
    }
    using Kind = FieldSource::Kind;
    constexpr std::array headings{
        std::pair{Kind::vendor, "known from the vendor"}, std::pair{Kind::published, "published"},
        std::pair{Kind::measured, "from measurements"},
        std::pair{Kind::assumed, "ASSUMED, with the range if it has one"}};
    std::string text;
    for (const auto& [kind, heading] : headings) {
        if (const auto found = numbers.find(kind); found != numbers.end()) {
            text += fmt::format("# {}:\n{}", heading, found->second);
        }
    }
    return text;
}

/// How measurements of this board came out, as comments.
std::string rows(const Target& target) {
    if (target.sources.empty()) return {};
    std::string text;
    for (const RecordedRow& row : recorded_rows(target.name)) {
        const bool bound = row.kind != ReferenceKind::figure;
        text += fmt::format(
            "#   {}, {}: {:.6g}{}, measured {}{:.6g}{}\n", row.network, row.counter, row.ours,
            row.low && *row.low != *row.high
                ? fmt::format(" ({:.6g} to {:.6g})", *row.low, *row.high)
                : "",
            row.kind == ReferenceKind::upper_bound   ? "at most "
            : row.kind == ReferenceKind::lower_bound ? "at least "
                                                     : "",
            row.reference,
            bound ? std::string{}
                  : fmt::format(", {:+.1f} %", 100.0 * (row.ours / row.reference - 1.0)));
    }
    if (text.empty()) text = "#   none: no measurement of this board is public\n";
    return fmt::format(
               "# measurements (configs/validation/boards.yaml), ranges of the numbers above and "
               "{:g} "
               "% that\n# the simulator itself may be off:\n",
               100.0 * simulator_error) +
           text;
}

constexpr std::array known_cpus{Cpu::cortex_m55, Cpu::cortex_m85, Cpu::cortex_a55};

std::string cpus_json() {
    Json json = Json::array();
    for (const Cpu cpu : known_cpus) {
        for (const CpuCost& cost : cpu_costs(cpu)) {
            json.push_back({{"cpu", to_string(cpu)},
                            {"work", cost.work},
                            {"unit", cost.unit},
                            {"cycles", cost.typical},
                            {"low_cycles", cost.low},
                            {"high_cycles", cost.high},
                            {"kind", to_string(cost.kind)},
                            {"source", cost.source}});
        }
    }
    return json.dump(2) + '\n';
}

std::string cpus() {
    std::string text;
    for (const Cpu cpu : known_cpus) {
        text += fmt::format("{}, cycles of 8-bit work on one thread\n", to_string(cpu));
        for (const CpuCost& cost : cpu_costs(cpu)) {
            text += fmt::format("  {:<12}{:>8} ({} to {}) a {}\n      {}: {}\n", cost.work,
                                cost.typical, cost.low, cost.high, cost.unit, to_string(cost.kind),
                                cost.source);
        }
    }
    return text;
}

void add_show(CLI::App& targets) {
    auto options = std::make_shared<TargetOptions>();
    CLI::App* show =
        targets.add_subcommand("show", "A target with every field, as YAML that --target reads");
    options->add_to(*show, "NAME,-t,--target");
    show->footer(
        "Of a board, comments say what is known, what is assumed, and how its measurements come\n"
        "out.\n\nExamples:\n"
        "  u65sim targets show u65-256 --set sram.size=512KiB > mine.yaml\n"
        "  u65sim targets show ra8p1");
    show->callback([options] {
        const Target target = options->resolve();
        print(knowledge(target) + rows(target) + target.to_yaml());
    });
}

void add_export(CLI::App& targets) {
    auto options = std::make_shared<TargetOptions>();
    auto vela = std::make_shared<bool>(false);
    auto file = std::make_shared<std::string>();
    CLI::App* command = targets.add_subcommand("export", "A target for other tools");
    options->add_to(*command, "NAME,-t,--target");
    command->add_flag("--vela-ini", *vela, "Vela's .ini, for its --config")->required();
    command->add_option("-o,--output", *file, "Write to FILE instead of standard output")
        ->type_name("FILE");
    command->footer(
        "Its first line says how Vela takes it. What Vela has no key for is left out: periods of\n"
        "the bandwidth, the size of the memory behind AXI1, time outside the NPU.\n\nExample:\n"
        "  u65sim targets export alif-e7-hp --vela-ini -o alif.ini");
    // The flag is written to while the line is read: it lives as long as the command.
    command->callback([options, vela, file] { write(*file, options->resolve().to_vela_config()); });
}

}  // namespace

void add_targets(CLI::App& app) {
    CLI::App* targets =
        app.add_subcommand("targets", "Hardware descriptions: presets, and what can be set");
    targets->require_subcommand(0, 1);
    targets->footer(
        "Examples:\n  u65sim targets list\n  u65sim targets show u65-512\n"
        "  u65sim targets fields --target u65-256-imx93");
    auto list_output = std::make_shared<ReportOutput>();
    CLI::App* names =
        targets->add_subcommand("list", "Name and one line of every preset and board");
    list_output->add_to(*names, {"text", "json"}, "text or json");
    names->footer("Examples:\n  u65sim targets list\n  u65sim targets list --format json");
    names->callback([list_output] { list(*list_output); });
    auto own_output = std::make_shared<ReportOutput>();
    own_output->add_to(*targets, {"text", "json"}, "Of the list: text or json");
    targets->callback([targets, own_output] {
        if (targets->get_subcommands().empty()) list(*own_output);
    });
    add_show(*targets);
    add_export(*targets);
    CLI::App* costs = targets->add_subcommand(
        "cpus", "What operators cost on the CPUs of host.cpu, with sources");
    auto cost_output = std::make_shared<ReportOutput>();
    cost_output->add_to(*costs, {"text", "json"}, "text or json");
    costs->footer("Examples:\n  u65sim targets cpus\n  u65sim targets cpus --format json");
    costs->callback([cost_output] {
        require_writable({cost_output->file()});
        write(cost_output->file(), cost_output->format() == "json" ? cpus_json() : cpus());
    });

    auto field_options = std::make_shared<TargetOptions>();
    CLI::App* describe = targets->add_subcommand(
        "fields", "Every field: value, unit, meaning, accepted range, and source of the default");
    field_options->add_to(*describe);
    auto field_output = std::make_shared<ReportOutput>();
    field_output->add_to(*describe, {"text", "json"}, "text or json");
    describe->footer(
        "Examples:\n  u65sim targets fields\n  u65sim targets fields -t u55-128 -o fields.json");
    describe->callback([field_options, field_output] {
        require_writable({field_output->file()});
        const Target target = field_options->resolve();
        write(field_output->file(),
              field_output->format() == "json" ? fields_json(target) : fields(target));
    });
    for (CLI::App* each : targets->get_subcommands(nullptr)) {
        for (const char* own : {"--format", "--output"}) each->excludes(targets->get_option(own));
    }
}

}  // namespace u65sim::cli
