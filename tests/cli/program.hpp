// Runs the u65sim program as a user does, and keeps what it said.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

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

/// The same for a tool of the machine, by its name or path. Exit code 127: there is none.
Outcome run_tool(const std::string& program, const std::vector<std::string>& arguments);

/// A fresh folder, removed with everything in it at the end.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] std::string file(const std::string& name) const {
        return (path_ / name).string();
    }
    [[nodiscard]] std::size_t files() const;

private:
    std::filesystem::path path_;
};

std::string read(const std::string& file);
void write(const std::string& file, const std::string& content);

}  // namespace u65sim::cli_test
