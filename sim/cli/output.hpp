// Where results go: standard output, or a file that appears whole or not at all.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/files.hpp>

namespace u65sim::cli {

/// Writes `text` to standard output, printable; throws FileError when that fails (a full disk,
/// say).
void print(std::string_view text);

/// Tells the user on standard error; a standard error that cannot be written is no failure.
void tell(std::string_view text) noexcept;

/// Whether `file`, as a user gave it, stands for standard output: empty or "-".
bool is_standard_output(std::string_view file);

/// Writes to `file`, or to standard output where that is meant, as write_file() does; text is made
/// printable before.
void write(const std::string& file, std::string_view text);
void write(const std::string& file, const std::vector<std::uint8_t>& bytes);

/// Throws FileError when one of these files could not be created, or two are the same: better
/// before a long run than behind it. Empty names are skipped.
void require_writable(std::initializer_list<std::string> files);

/// Makes the folder that several results go into. Throws FileError where it cannot be made, and for
/// what names standard output or a file ("results.html").
void make_folder(const std::string& folder);

/// Whether `file` is a pipe or a device, which can be read once.
bool is_flow(const std::string& file);

/// Everything a file holds, read once and kept; throws FileError.
const FileContent& read_all(const std::string& file);

/// Ends the process on a signal without leaving files that are half written.
void clean_up_on_signals();

}  // namespace u65sim::cli
