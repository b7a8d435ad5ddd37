// Files as text.
#pragma once

#include <filesystem>
#include <string>

namespace u65sim::config {

/// The whole file. Throws FileError.
std::string read_text_file(const std::filesystem::path& file);

}  // namespace u65sim::config
