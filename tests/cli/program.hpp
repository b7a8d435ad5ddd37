// Runs the u65sim program as a user does, and keeps what it said.
#pragma once

#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace u65sim::cli_test {

struct Outcome {
    int exit_code = -1;
    std::string out, err;
};

/// Runs the program that U65SIM_PROGRAM names with these arguments and no input.
Outcome run(const std::vector<std::string>& arguments);

/// The program started by a shell, for what the shell does to its files or grants it: `script` runs
/// "$@".
Outcome run_in_shell(const std::string& script, const std::vector<std::string>& arguments);

/// The program with at most `mebibytes` of addresses and `seconds` of CPU time. Under
/// AddressSanitizer, which reserves terabytes and takes several times as long, addresses are
/// unlimited and the time is tenfold.
Outcome run_bounded(int mebibytes, int seconds, const std::vector<std::string>& arguments);

/// The same for a tool of the machine, by its name or path. Exit code 127: there is none.
Outcome run_tool(const std::string& program, const std::vector<std::string>& arguments);

using Folder = test::TemporaryFolder;

std::string read(const std::string& file);
void write(const std::string& file, const std::string& content);

}  // namespace u65sim::cli_test
