// A file under way: nothing is seen of it until it is complete.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace u65sim::base {

/// A file that stands beside its final place until it is complete, and is removed at the end of the
/// process at the latest (remove_unfinished_files).
class TemporaryFile {
public:
    /// A name in `folder` that nothing has yet; the file itself is made by whoever writes it.
    explicit TemporaryFile(const std::filesystem::path& folder, std::string_view extension = "");
    ~TemporaryFile();
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    /// Moves the file to `place`, over a regular file that is there. Throws FileError.
    void rename_to(const std::filesystem::path& place);

private:
    std::filesystem::path path_;
    int slot_ = -1;
    bool renamed_ = false;
};

/// Where a file's bytes go, by what its name stands for.
struct OutputPlace {
    std::filesystem::path path;  ///< behind all symbolic links
    int descriptor = -1;         ///< of this process, when the name means one (/dev/stdout)
    bool regular = true;         ///< a regular file, or none yet: appears by a rename
};

/// Throws FileError for a folder and for links without end.
OutputPlace output_place(const std::filesystem::path& file);

/// Writes a file piece by piece, as write_file() does at once.
class OutputFile {
public:
    /// Throws FileError when nothing can be written there.
    explicit OutputFile(const std::filesystem::path& file);
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    /// Throws FileError.
    void write(std::string_view bytes);
    /// Ends the file: now it is seen under its name. Throws FileError.
    void finish();
    /// Where other files may be put while this one is written.
    [[nodiscard]] std::filesystem::path folder() const;

private:
    void flush();
    [[noreturn]] void fail(int code) const;

    std::string name_;  ///< as the caller gave it
    OutputPlace place_;
    std::unique_ptr<TemporaryFile> temporary_;  ///< of a regular file
    int descriptor_ = -1;
    std::string pending_;
};

}  // namespace u65sim::base
