// Entry point: parses the command line and turns every failure into one line and an exit code.
#include <exception>
#include <new>
#include <string>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <u65sim/error.hpp>
#include <u65sim/report.hpp>
#include <u65sim/units.hpp>

#include "commands.hpp"

namespace {

enum ExitCode : int { done = 0, own_failure = 1, bad_input = 2, does_not_fit = 3 };

int complain(std::string_view message, ExitCode code) {
    fmt::print(stderr, "u65sim: error: {}\n", message);
    return code;
}

int run(int argc, char** argv) {
    CLI::App app{
        "Simulates the Arm Ethos-U65 and U55 NPUs: a quantised network goes in; cycles, bandwidth "
        "and spill events come out.",
        "u65sim"};
    app.set_version_flag("--version", fmt::format("u65sim {}", u65sim::version()));
    app.require_subcommand(1);
    app.get_formatter()->column_width(34);
    app.footer(
        "NET is a .tflite file, a YAML graph, or a network of the zoo.\n"
        "Exit codes: 0 done, 2 bad usage or bad input, 3 does not fit, 1 our own failure.\n\n"
        "Examples:\n"
        "  u65sim run mobilenet_v2_224\n"
        "  u65sim run net.tflite --set sram.size=512KiB --format json -o report.json\n"
        "  u65sim compile net.tflite -o net_npu.tflite && u65sim disasm net_npu.tflite\n"
        "  u65sim zoo list\n"
        "  u65sim targets fields");
    u65sim::cli::add_run(app);
    u65sim::cli::add_compile(app);
    u65sim::cli::add_disasm(app);
    u65sim::cli::add_asm(app);
    u65sim::cli::add_zoo(app);
    u65sim::cli::add_targets(app);
    u65sim::cli::add_graph(app);
    u65sim::cli::add_passes(app);
    u65sim::cli::add_validate(app);
    u65sim::cli::add_blocks(app);
    u65sim::cli::add_compare(app);
    u65sim::cli::add_study(app);
    u65sim::cli::add_advise(app);
    try {
        app.parse(argc, argv);
        return done;
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
            return app.exit(error);  // --help and --version
        }
        if (argc > 1 && argv[1][0] != '-' && app.get_subcommands().empty()) {
            return complain(fmt::format("{}: no such subcommand (see u65sim --help)", argv[1]),
                            bad_input);
        }
        return complain(fmt::format("{} (see u65sim --help)", error.what()), bad_input);
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const u65sim::DoesNotFit& error) {
        return complain(error.what(), does_not_fit);
    } catch (const u65sim::SimulationStuck& error) {
        return complain(error.what(), own_failure);
    } catch (const u65sim::Error& error) {
        return complain(error.what(), bad_input);
    } catch (const u65sim::QuantityOverflow& error) {
        return complain(error.what(), bad_input);
    } catch (const std::bad_alloc&) {
        return complain("out of memory", own_failure);
    } catch (const std::exception& error) {
        return complain(error.what(), own_failure);
    }
}
