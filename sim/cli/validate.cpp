// u65sim validate: reference rows against our figures.
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/error.hpp>
#include <u65sim/validate.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "report_output.hpp"

namespace u65sim::cli {

namespace {

struct Validate {
    std::vector<std::string> files;
    ValidateOptions options;
    ReportOutput output;
    bool check = false;

    void operator()() const {
        const ValidationPlan plan =
            read_validation(std::vector<std::filesystem::path>(files.begin(), files.end()));
        require_writable({output.file()});
        const Validation validation = run(plan);
        write(output.file(), render(validation));
        if (validation.failures() > 0) {
            throw std::runtime_error(fmt::format("{} of {} rows could not be compiled or simulated",
                                                 validation.failures(), validation.results.size()));
        }
        if (check) require_goals(validation);
    }

    Validation run(const ValidationPlan& plan) const {
        ValidateOptions with_progress = options;
        std::optional<Progress> progress;
        with_progress.progress = [&](std::size_t done, std::size_t total, const std::string& what) {
            progress.reset();
            progress.emplace(fmt::format("{} of {}: {}", done + 1, total, what));
        };
        return validate(plan, with_progress);
    }

    std::string render(const Validation& validation) const {
        const std::string format = output.format();
        if (format == "csv") return validation.to_csv();
        if (format == "json") return validation.to_json();
        if (format == "md") return validation.to_markdown();
        if (format == "html") return validation.to_html();
        return validation.to_text();
    }

    static void require_goals(const Validation& validation) {
        for (const auto& summaries : {validation.summaries(), validation.summaries_by_target()}) {
            for (const ValidationSummary& each : summaries) {
                if (each.meets_goal().value_or(true)) continue;
                throw std::runtime_error(fmt::format("group {}, stream by {}{}{}: goal missed",
                                                     each.group, each.producer,
                                                     each.target.empty() ? "" : ", ", each.target));
            }
        }
    }
};

}  // namespace

void add_validate(CLI::App& app) {
    auto validate = std::make_shared<Validate>();
    CLI::App* command =
        app.add_subcommand("validate", "Compare with measurements, row by row and group by group");
    command->add_option("FILE", validate->files, "Files of reference rows")
        ->required()
        ->type_name("");
    validate->output.add_to(*command, {"text", "csv", "json", "md", "html"},
                            "text, csv (a line a row), json, md, or html (with a plot)");
    command
        ->add_option("--set", validate->options.settings,
                     "Overrides one field of every row's target; may be repeated")
        ->allow_extra_args(false)
        ->type_name("KEY=VALUE");
    command
        ->add_option("--only", validate->options.only,
                     "Only rows whose group, network, target, producer or counter holds TEXT; may "
                     "be repeated")
        ->allow_extra_args(false)
        ->type_name("TEXT");
    command->add_flag("--check", validate->check, "Fail when a goal of the files is missed");
    command->footer(
        "Rows name files through variables, such as ${U65SIM_MODELS} and ${U65SIM_STREAMS}: set\n"
        "them in the environment. A row whose files are absent is skipped, never met.\n\n"
        "Examples:\n"
        "  u65sim validate configs/validation/*.yaml\n"
        "  u65sim validate configs/validation/*.yaml -o validation.html\n"
        "  u65sim validate mine.yaml --only u65-256 --set timing.kernel_setup=40");
    command->callback([validate] { (*validate)(); });
}

}  // namespace u65sim::cli
