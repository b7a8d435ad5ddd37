// Entry point: parses the command line and turns every failure into one line and an exit code.
#include <algorithm>
#include <exception>
#include <iterator>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <u65sim/error.hpp>
#include <u65sim/report.hpp>
#include <u65sim/text.hpp>
#include <u65sim/units.hpp>

#include "commands.hpp"
#include "output.hpp"

namespace {

enum ExitCode : int { done = 0, own_failure = 1, bad_input = 2, does_not_fit = 3, missed = 4 };

int complain(std::string_view message, ExitCode code) {
    u65sim::cli::tell(fmt::format("u65sim: error: {}\n", u65sim::printable_lines(message)));
    return code;
}

struct Command {
    std::string_view name;
    void (*add)(CLI::App&);
};

/// In the order of the help.
constexpr Command commands[] = {
    {"run", u65sim::cli::add_run},           {"compile", u65sim::cli::add_compile},
    {"disasm", u65sim::cli::add_disasm},     {"asm", u65sim::cli::add_asm},
    {"zoo", u65sim::cli::add_zoo},           {"targets", u65sim::cli::add_targets},
    {"graph", u65sim::cli::add_graph},       {"passes", u65sim::cli::add_passes},
    {"validate", u65sim::cli::add_validate}, {"blocks", u65sim::cli::add_blocks},
    {"compare", u65sim::cli::add_compare},   {"study", u65sim::cli::add_study},
    {"advise", u65sim::cli::add_advise},     {"operators", u65sim::cli::add_operators},
    {"fit", u65sim::cli::add_fit},
};

/// All subcommands, or only the one that comes first: the others' options take longer to describe
/// than a small network takes to simulate.
void add_commands(CLI::App& app, std::string_view first) {
    const auto asked = std::find_if(std::begin(commands), std::end(commands),
                                    [&](const Command& c) { return c.name == first; });
    if (asked != std::end(commands)) return asked->add(app);
    for (const Command& command : commands) command.add(app);
}

std::string suggested(std::string_view word, const std::vector<std::string>& known) {
    const std::string nearest = u65sim::nearest_of(word, known);
    return nearest.empty() ? "" : fmt::format("; the nearest known one is {}", nearest);
}

/// What is wrong with the command line, with what may have been meant, and where to read on.
std::string misuse(const CLI::App& app, std::string_view first, const CLI::ParseError& error) {
    if (!first.empty() && first[0] != '-' && app.get_subcommands().empty()) {
        std::vector<std::string> names;
        for (const Command& command : commands) names.emplace_back(command.name);
        return fmt::format("{}: no such subcommand{} (see u65sim --help)", first,
                           suggested(first, names));
    }
    const CLI::App* last = &app;
    std::string called = "u65sim";
    while (!last->get_subcommands().empty()) {
        last = last->get_subcommands().front();
        called += ' ' + last->get_name();
    }
    std::vector<std::string> names;
    for (const CLI::Option* option : last->get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    std::string text = error.what();
    for (const std::string& word : last->remaining()) {
        if (!word.starts_with("--")) continue;
        text = fmt::format("{}: no such option{}", word,
                           suggested(word.substr(0, word.find('=')), names));
        break;
    }
    return fmt::format("{} (see {} --help)", text, called);
}

int run(int argc, char** argv) {
    CLI::App app{
        "Simulates the Arm Ethos-U65 and U55 NPUs: a quantised network goes in; cycles, bandwidth "
        "and spill events come out.",
        "u65sim"};
    app.set_version_flag("--version",
                         fmt::format("u65sim {} ({})", u65sim::version(), u65sim::build_info()));
    app.require_subcommand(1);
    app.get_formatter()->column_width(34);
    add_commands(app, argc > 1 ? argv[1] : "");
    // Behind the commands, which would take it for their own.
    app.footer(
        "NET is a .tflite file, a YAML graph, or a network of the zoo.\n"
        "Exit codes: 0 done, 1 our own failure, 2 bad usage or bad input, 3 does not fit,\n"
        "4 less runs on the NPU than --require-npu asks for.\n\n"
        "Examples:\n"
        "  u65sim run mobilenet_v2_224\n"
        "  u65sim run net.tflite --set sram.size=512KiB -o report.json\n"
        "  u65sim compile net.tflite -o net_npu.tflite && u65sim disasm net_npu.tflite\n"
        "  u65sim zoo list\n"
        "  u65sim targets fields");
    try {
        app.parse(argc, argv);
        return done;
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
            std::ostringstream text;  // --help and --version
            app.exit(error, text, text);
            u65sim::cli::print(text.str());
            return done;
        }
        return complain(misuse(app, argc > 1 ? argv[1] : "", error), bad_input);
    }
}

/// Standard files that were closed would come back as the next ones to be opened, and take what is
/// printed. In their place stands what cannot be used the wrong way.
void keep_standard_files() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) != -1) continue;
        static_cast<void>(::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY));
    }
}

}  // namespace

int main(int argc, char** argv) {
    keep_standard_files();
    u65sim::cli::clean_up_on_signals();
    try {
        return run(argc, argv);
    } catch (const u65sim::DoesNotFit& error) {
        return complain(error.what(), does_not_fit);
    } catch (const u65sim::cli::RequirementMissed& error) {
        return complain(error.what(), missed);
    } catch (const u65sim::CycleLimitReached& error) {
        return complain(error.what(), bad_input);
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
