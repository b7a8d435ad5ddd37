// Memory that belongs to a bare command stream, or data of a program, in files of their own.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <u65sim/bare_stream.hpp>

namespace u65sim::cli {

/// --weights and --region.
class StreamMemory {
public:
    void add_to(CLI::App& command);
    [[nodiscard]] bool is_given() const { return !weights_.empty() || !regions_.empty(); }
    /// The option that was given, for messages.
    [[nodiscard]] std::string option() const { return regions_.empty() ? "--weights" : "--region"; }
    /// The files of --weights, as data of a program. Throws InvalidConfig where --region is given.
    [[nodiscard]] std::vector<std::filesystem::path> data_files() const;
    /// Content of region 0; empty where it is not known. Throws InvalidConfig or FileError, as all
    /// below.
    [[nodiscard]] std::vector<std::uint8_t> constants() const;
    /// Content of region 1 at the start.
    [[nodiscard]] std::vector<std::uint8_t> arena() const;
    [[nodiscard]] RegionSizes sizes() const;

private:
    /// N=FILE or N=BYTES.
    struct Region {
        std::string file;
        std::optional<Bytes> size;
    };
    [[nodiscard]] std::array<Region, 3> regions() const;

    std::vector<std::string> weights_, regions_;
};

}  // namespace u65sim::cli
