#include "output.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <u65sim/error.hpp>
#include <u65sim/text.hpp>

namespace u65sim::cli {

namespace {

extern "C" void end_on_signal(int signal) {
    remove_unfinished_files();
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

}  // namespace

bool is_flow(const std::string& file) {
    std::error_code error;
    return std::filesystem::is_other(file, error);
}

namespace {

void write_standard_output(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size() ||
        std::fflush(stdout) != 0) {
        throw FileError(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
    }
}

}  // namespace

void print(std::string_view text) { write_standard_output(printable_lines(text)); }

void tell(std::string_view text) noexcept {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
    static_cast<void>(std::fflush(stderr));
}

bool is_standard_output(std::string_view file) { return file.empty() || file == "-"; }

void write(const std::string& file, std::string_view text) {
    if (is_standard_output(file)) {
        print(text);
    } else {
        write_file(file, printable_lines(text));
    }
}

void write(const std::string& file, const std::vector<std::uint8_t>& bytes) {
    const std::string_view all{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    if (is_standard_output(file)) {
        write_standard_output(all);
    } else {
        write_file(file, all);
    }
}

namespace {

/// The same for all ways to name a file: `a`, `./a`, links. `-` is none.
std::string one_name(const std::string& file) {
    if (file == "-") return file;
    std::error_code error;
    const auto path = std::filesystem::weakly_canonical(file, error);
    return error ? file : path.string();
}

}  // namespace

void require_writable(std::initializer_list<std::string> files) {
    std::set<std::string> seen;
    for (const std::string& file : files) {
        if (file.empty()) continue;
        if (file != "-") u65sim::require_writable(std::filesystem::path{file});
        if (!is_flow(file) && !seen.insert(one_name(file)).second) {
            throw FileError(fmt::format("{}: two results cannot go into one file", file));
        }
    }
}

void make_folder(const std::string& folder) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error) && folder != "-") return;
    constexpr std::array<std::string_view, 7> of_files{".html", ".csv",  ".json",  ".svg",
                                                       ".md",   ".yaml", ".tflite"};
    const std::string ending = std::filesystem::path{folder}.extension().string();
    if (folder == "-" || std::find(of_files.begin(), of_files.end(), ending) != of_files.end()) {
        throw FileError(
            fmt::format("{}: must be a folder: several files are written into it", folder));
    }
    std::filesystem::create_directories(folder, error);
    if (error || !std::filesystem::is_directory(folder, error)) {
        throw FileError(fmt::format("{}: cannot create this folder: {}", folder,
                                    error ? error.message() : "a file of this name exists"));
    }
}

const FileContent& read_all(const std::string& file) {
    static std::map<std::string, FileContent> kept;
    auto content = kept.find(file);
    if (content == kept.end()) content = kept.emplace(file, read_file(file)).first;
    return content->second;
}

void clean_up_on_signals() {
    // A file that grows too large is a failed write, told like any other.
    std::signal(SIGXFSZ, SIG_IGN);
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGXCPU}) {
        if (std::signal(signal, end_on_signal) == SIG_IGN) std::signal(signal, SIG_IGN);
    }
}

}  // namespace u65sim::cli
