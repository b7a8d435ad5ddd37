// u65sim fit: the numbers of a board from measurements of it.
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/fit.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace u65sim::cli {

namespace {

struct FitCommand {
    TargetOptions board;
    std::vector<std::string> files;
    FitOptions options;
    std::string format = "text", output;

    void operator()() const {
        const Target start = board.resolve();
        const ValidationPlan rows =
            read_validation(std::vector<std::filesystem::path>(files.begin(), files.end()));
        require_writable({output.empty() ? "-" : output});
        FitOptions with_progress = options;
        std::optional<Progress> progress;
        with_progress.progress = [&](std::size_t done) {
            if (done % 50 != 0) return;
            progress.reset();
            progress.emplace(fmt::format("fitting: {} simulations", done));
        };
        const Fit result = fit(start, rows, with_progress);
        progress.reset();
        write(output, format == "json"   ? result.to_json()
                      : format == "yaml" ? result.board.to_yaml()
                                         : result.to_text());
    }
};

}  // namespace

void add_fit(CLI::App& app) {
    auto fit = std::make_shared<FitCommand>();
    CLI::App* command = app.add_subcommand(
        "fit", "Find the numbers of a board that nobody published from measurements of it");
    fit->board.add_to(*command, "BOARD,-t,--target");
    command->add_option("ROWS", fit->files, "Files of measurements, as 'validate' reads them")
        ->required()
        ->type_name("");
    command
        ->add_option("--free", fit->options.free,
                     "A field to find and its bounds; may be repeated. Without it: every assumed "
                     "field of BOARD that has a range")
        ->allow_extra_args(false)
        ->type_name("KEY[=LOW..HIGH]");
    command
        ->add_option("--noise", fit->options.noise_percent,
                     "Standard deviation of the measurements; without it, what they scatter")
        ->type_name("PERCENT");
    command->add_option("--seed", fit->options.seed, "Of the points that the search begins at")
        ->capture_default_str()
        ->type_name("NUMBER");
    command->add_option("--format", fit->format, "text, json, or yaml (BOARD with what was found)")
        ->check(CLI::IsMember({"text", "json", "yaml"}))
        ->capture_default_str()
        ->type_name("FORMAT");
    command->add_option("-o,--output", fit->output, "Write to FILE instead of standard output")
        ->type_name("FILE");
    command->footer(
        "The rows' target is BOARD. Their settings, such as memory.mode=sram_only, count for the\n"
        "compiler too. Intervals hold the value in 99 of 100 cases where the noise is as said.\n\n"
        "Examples:\n"
        "  u65sim fit board.yaml rows.yaml\n"
        "  u65sim fit u55-128 rows.yaml --free sram.bandwidth=1..8 --free dram.bandwidth=0.1..2 "
        "\\\n"
        "      --free host.driver_call_us=0..200 --noise 2 --format yaml -o fitted.yaml");
    command->callback([fit] { (*fit)(); });
}

}  // namespace u65sim::cli
