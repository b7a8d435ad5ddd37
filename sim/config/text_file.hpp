// Files as text.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace u65sim::config {

/// More is no text that somebody wrote, nor the results of a study that fits a memory.
inline constexpr std::size_t largest_text = std::size_t{256} << 20U;

/// The whole file, of at most largest_text bytes. Throws FileError.
std::string read_text_file(const std::filesystem::path& file);

}  // namespace u65sim::config
