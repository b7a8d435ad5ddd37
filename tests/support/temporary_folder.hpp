// Files of a test, where no other process writes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace u65sim::test {

/// A fresh folder, removed with everything in it at the end.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const {
        return (path_ / name).string();
    }
    /// How many files and folders are in it.
    [[nodiscard]] std::size_t files() const;

private:
    std::filesystem::path path_;
};

}  // namespace u65sim::test
