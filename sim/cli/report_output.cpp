#include "report_output.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

namespace u65sim::cli {

void ReportOutput::add_to(CLI::App& command, std::vector<std::string> formats,
                          const std::string& about, const std::string& file_flags) {
    formats_ = std::move(formats);
    command
        .add_option("-f,--format", format_,
                    about + ";\nwithout it FILE's name says which, and " + formats_.front() +
                        " is what other names get")
        ->check(CLI::IsMember(formats_))
        ->type_name("FORMAT");
    command.add_option(file_flags, file_, "Write to FILE instead of standard output (-)")
        ->type_name("FILE");
}

std::string ReportOutput::format() const {
    if (!format_.empty()) return format_;
    std::string ending = std::filesystem::path{file_}.extension().string();
    if (!ending.empty()) ending.erase(0, 1);
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    const bool is_known = std::find(formats_.begin(), formats_.end(), ending) != formats_.end();
    return is_known ? ending : formats_.front();
}

}  // namespace u65sim::cli
