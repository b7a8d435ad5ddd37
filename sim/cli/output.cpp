#include "output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>
#include <u65sim/error.hpp>

namespace u65sim::cli {

namespace {

namespace fs = std::filesystem;

bool is_standard_output(const std::string& file) { return file.empty() || file == "-"; }

void write_stream(const fs::path& file, std::string_view text) {
    errno = 0;
    std::ofstream out{file, std::ios::binary | std::ios::trunc};
    if (out) out.write(text.data(), static_cast<std::streamsize>(text.size())).flush();
    if (!out) {
        throw FileError(fmt::format("{}: cannot write: {}", file.string(),
                                    std::strerror(errno != 0 ? errno : EIO)));
    }
}

}  // namespace

void print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
        throw FileError(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
    }
}

void write(const std::string& file, std::string_view text) {
    if (is_standard_output(file)) {
        print(text);
        return;
    }
    const fs::path path{file};
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    // Devices and pipes are written to, never replaced.
    if (fs::exists(status) && !fs::is_regular_file(status)) {
        write_stream(path, text);
        return;
    }
    fs::path temporary = path;
    temporary += fmt::format(".{}.tmp", ::getpid());
    try {
        write_stream(temporary, text);
        fs::rename(temporary, path);
    } catch (const fs::filesystem_error& failure) {
        fs::remove(temporary, error);
        throw FileError(fmt::format("{}: cannot write: {}", file, failure.code().message()));
    } catch (...) {
        fs::remove(temporary, error);
        throw;
    }
}

void require_writable(const std::string& file) {
    if (is_standard_output(file)) return;
    const fs::path path{file};
    std::error_code error;
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path{"."};
    if (!fs::is_directory(folder, error)) {
        throw FileError(fmt::format("{}: no such folder: {}", file, folder.string()));
    }
    if (fs::is_directory(path, error)) {
        throw FileError(fmt::format("{}: is a folder: name a file", file));
    }
    if (::access(folder.c_str(), W_OK) != 0 && !fs::exists(path, error)) {
        throw FileError(fmt::format("{}: cannot write into {}", file, folder.string()));
    }
}

std::string read_all(const fs::path& file) {
    errno = 0;
    std::ifstream in{file, std::ios::binary};
    std::error_code error;
    if (!in || fs::is_directory(file, error)) {
        throw FileError(fmt::format("{}: cannot read: {}", file.string(),
                                    std::strerror(errno != 0 ? errno : EISDIR)));
    }
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

}  // namespace u65sim::cli
