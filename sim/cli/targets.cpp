// u65sim targets: the hardware descriptions that --target and --set take.
#include <memory>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <u65sim/target.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"

namespace u65sim::cli {

namespace {

void list() {
    std::string text;
    for (const std::string& name : Target::preset_names()) {
        const Target target = Target::preset(name);
        text += fmt::format("{:<16}{} x {} MACs a cycle, {}, {}\n", name, target.accelerator.cores,
                            target.accelerator.macs_per_cycle, to_string(target.memory_mode),
                            target.off_chip.kind);
    }
    print(text);
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
    targets->add_subcommand("list", "Name and one line of every preset")->callback(list);
    targets->callback([targets] {
        if (targets->get_subcommands().empty()) list();
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
    describe->callback([field_options] { print(fields(field_options->resolve())); });
}

}  // namespace u65sim::cli
