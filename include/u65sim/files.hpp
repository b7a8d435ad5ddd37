// Files as the library and the program read and write them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace u65sim {

/// What a file holds.
class FileContent {
public:
    FileContent() = default;
    /// The first `size` bytes behind `data`.
    FileContent(std::unique_ptr<std::uint8_t[]> data, std::size_t size)
        : data_(std::move(data)), size_(size) {}

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {data_.get(), size_}; }
    [[nodiscard]] std::string_view text() const {
        return {reinterpret_cast<const char*>(data_.get()), size_};
    }

private:
    std::unique_ptr<std::uint8_t[]> data_;
    std::size_t size_ = 0;
};

/// A .tflite cannot hold more: its offsets are of 32 bits, signed.
inline constexpr std::size_t largest_file = std::size_t{1} << 31U;
/// The most that is taken from a pipe or device, which do not say how much is to come.
inline constexpr std::size_t largest_flow = std::size_t{256} << 20U;

/// All bytes of a file of at most `most` bytes; of a pipe or a device, to its end, at most
/// `largest_flow`. Throws FileError when there are more.
FileContent read_file(const std::filesystem::path& file, std::size_t most = largest_file);

/// Writes `content` as the file's whole content. A regular file is written beside its place and
/// renamed, so that it appears whole or not at all, with the permissions of the one it replaces;
/// a symbolic link goes on pointing to it. A pipe or device is written into. Throws FileError.
void write_file(const std::filesystem::path& file, std::string_view content);

/// Throws FileError when write_file could not write there: better before a long run than behind it.
void require_writable(const std::filesystem::path& file);

/// Removes what files under way have written so far, for a process that is about to end. May be
/// called in a signal handler.
void remove_unfinished_files() noexcept;

}  // namespace u65sim
