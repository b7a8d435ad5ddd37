#include "config/text_file.hpp"

#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::config {

std::string read_text_file(const std::filesystem::path& file) {
    std::error_code code;
    if (!std::filesystem::is_regular_file(file, code)) {
        throw FileError(fmt::format("{}: cannot be read: no such file", file.string()));
    }
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw FileError(fmt::format("{}: cannot be opened", file.string()));
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (stream.bad()) throw FileError(fmt::format("{}: cannot be read to its end", file.string()));
    return text;
}

}  // namespace u65sim::config
