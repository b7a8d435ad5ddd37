// The subcommands of the program. Each adds itself to the application and runs from its callback.
#pragma once

#include <CLI/App.hpp>
#include <u65sim/error.hpp>

namespace u65sim::cli {

/// The run itself went well, but its result is not what an option asked for: exit code 4.
class RequirementMissed : public Error {
public:
    using Error::Error;
};

void add_run(CLI::App& app);
void add_compile(CLI::App& app);
void add_disasm(CLI::App& app);
void add_asm(CLI::App& app);
void add_zoo(CLI::App& app);
void add_targets(CLI::App& app);
void add_graph(CLI::App& app);
void add_passes(CLI::App& app);
void add_validate(CLI::App& app);
void add_fit(CLI::App& app);
void add_blocks(CLI::App& app);
void add_compare(CLI::App& app);
void add_study(CLI::App& app);
void add_advise(CLI::App& app);
void add_operators(CLI::App& app);

}  // namespace u65sim::cli
