// u65sim targets: the hardware descriptions that --target and --set take.
#include <memory>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>
#include <u65sim/target.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "report_output.hpp"

namespace u65sim::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string list_json() {
    Json json = Json::array();
    for (const std::string& name : Target::preset_names()) {
        const Target target = Target::preset(name);
        json.push_back({{"name", name},
                        {"product", to_string(target.accelerator.product)},
                        {"macs_per_cycle", target.peak_macs_per_cycle()},
                        {"cores", target.accelerator.cores},
                        {"clock_hz", target.accelerator.clock.count()},
                        {"memory_mode", to_string(target.memory_mode)},
                        {"sram_bytes", target.sram.size.count()},
                        {"off_chip_kind", target.off_chip.kind},
                        {"off_chip_bytes", target.off_chip.size.count()}});
    }
    return json.dump(2) + '\n';
}

void list(const ReportOutput& output) {
    require_writable({output.file()});
    if (output.format() == "json") return write(output.file(), list_json());
    std::string text;
    for (const std::string& name : Target::preset_names()) {
        const Target target = Target::preset(name);
        text += fmt::format("{:<16}{} x {} MACs a cycle, {}, {}\n", name, target.accelerator.cores,
                            target.accelerator.macs_per_cycle, to_string(target.memory_mode),
                            target.off_chip.kind);
    }
    write(output.file(), text);
}

std::string fields_json(const Target& target) {
    Json json = Json::array();
    for (const TargetField& field : describe_fields(target)) {
        json.push_back({{"key", field.key},
                        {"value", field.value},
                        {"unit", field.unit},
                        {"summary", field.summary},
                        {"range", field.range},
                        {"source", field.source}});
    }
    return json.dump(2) + '\n';
}

std::string fields(const Target& target) {
    std::string text;
    for (const TargetField& field : describe_fields(target)) {
        text += fmt::format("{} = {}{}{}\n    {}\n    accepted: {}; source: {}\n", field.key,
                            field.value, field.unit.empty() ? "" : "  # ", field.unit,
                            field.summary, field.range, field.source);
    }
    return text;
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
    CLI::App* names = targets->add_subcommand("list", "Name and one line of every preset");
    list_output->add_to(*names, {"text", "json"}, "text or json");
    names->footer("Examples:\n  u65sim targets list\n  u65sim targets list --format json");
    names->callback([list_output] { list(*list_output); });
    targets->callback([targets] {
        if (targets->get_subcommands().empty()) list({});
    });

    auto show_options = std::make_shared<TargetOptions>();
    CLI::App* show =
        targets->add_subcommand("show", "A target with every field, as YAML that --target reads");
    show_options->add_to(*show, "NAME,-t,--target");
    show->footer("Example:\n  u65sim targets show u65-256 --set sram.size=512KiB > mine.yaml");
    show->callback([show_options] { print(show_options->resolve().to_yaml()); });

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
}

}  // namespace u65sim::cli
