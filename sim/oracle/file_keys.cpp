#include "oracle/file_keys.hpp"

#include <chrono>
#include <system_error>

#include <fmt/format.h>
#include <u65sim/error.hpp>

namespace u65sim::oracle {

namespace {

constexpr std::size_t most_files = 4096;
/// File systems keep times this exactly at least.
constexpr std::chrono::seconds settled{2};

}  // namespace

FileState state_of(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (!error) {
        const auto changed = std::filesystem::last_write_time(file, error);
        if (!error) return {Bytes{static_cast<std::int64_t>(size)}, changed};
    }
    throw FileError(fmt::format("{}: cannot read: {}", file.string(), error.message()));
}

std::optional<Key> FileKeys::find(const std::filesystem::path& file, const FileState& state) {
    const std::lock_guard lock{mutex_};
    const auto at = files_.find(file.string());
    if (at == files_.end() || at->second.state != state) return std::nullopt;
    return at->second.key;
}

void FileKeys::insert(const std::filesystem::path& file, const FileState& state, const Key& key) {
    const std::lock_guard lock{mutex_};
    if (std::filesystem::file_time_type::clock::now() - state.changed < settled) {
        files_.erase(file.string());
        return;
    }
    if (files_.size() >= most_files) files_.clear();
    files_.insert_or_assign(file.string(), Entry{state, key});
}

}  // namespace u65sim::oracle
