#include "config/text_file.hpp"

#include <u65sim/files.hpp>

namespace u65sim::config {

std::string read_text_file(const std::filesystem::path& file) {
    return std::string{read_file(file, largest_text).text()};
}

}  // namespace u65sim::config
