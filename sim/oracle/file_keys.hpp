// Keys of files met before, so that an unchanged one need not be read again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include <u65sim/units.hpp>

#include "oracle/memo.hpp"

namespace u65sim::oracle {

/// What the file system says about a file.
struct FileState {
    Bytes size{0};
    std::filesystem::file_time_type changed;
    bool operator==(const FileState&) const = default;
};

/// Throws FileError when the file system refuses.
FileState state_of(const std::filesystem::path& file);

/// Safe from any thread.
class FileKeys {
public:
    /// The question this file was when it had this state.
    std::optional<Key> find(const std::filesystem::path& file, const FileState& state);
    /// Files changed within the last seconds are left out: a second change could have the same
    /// time.
    void insert(const std::filesystem::path& file, const FileState& state, const Key& key);

private:
    struct Entry {
        FileState state;
        Key key;
    };
    std::mutex mutex_;
    std::unordered_map<std::string, Entry> files_;
};

}  // namespace u65sim::oracle
