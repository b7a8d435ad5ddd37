// Where a report goes and in which format: --format and -o of the commands that write one.
#pragma once

#include <string>
#include <vector>

#include <CLI/App.hpp>

namespace u65sim::cli {

class ReportOutput {
public:
    /// `formats`: the first is the default, and `about` says what each is. `file_flags`: how the
    /// file is given.
    void add_to(CLI::App& command, std::vector<std::string> formats, const std::string& about,
                const std::string& file_flags = "-o,--output");
    /// The format that was given; else the one that the file's name ends with; else the default.
    [[nodiscard]] std::string format() const;
    /// "-" or empty: standard output.
    [[nodiscard]] const std::string& file() const { return file_; }

private:
    std::vector<std::string> formats_{"text"};
    std::string format_, file_;
};

}  // namespace u65sim::cli
