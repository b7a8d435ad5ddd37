// Where results go: standard output, or a file that appears whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace u65sim::cli {

/// Writes `text` to standard output; throws FileError when that fails (a full disk, say).
void print(std::string_view text);

/// Writes `text` to `file`, or to standard output where `file` is empty or "-". A regular file is
/// written beside its place and renamed. Throws FileError.
void write(const std::string& file, std::string_view text);

/// Throws FileError when a file at this place could not be created: better before a long run than
/// behind it.
void require_writable(const std::string& file);

/// Everything a file holds; throws FileError.
std::string read_all(const std::filesystem::path& file);

}  // namespace u65sim::cli
