#include "stream_memory.hpp"

#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <u65sim/error.hpp>
#include <u65sim/units.hpp>

#include "output.hpp"

namespace u65sim::cli {

namespace {

std::vector<std::uint8_t> bytes_of(const std::string& file) {
    const auto content = read_all(file).bytes();
    return {content.begin(), content.end()};
}

/// Nothing for a text that is no whole number.
std::optional<std::int64_t> whole(const std::string& text) {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || value < 0) return std::nullopt;
    return value;
}

}  // namespace

void StreamMemory::add_to(CLI::App& command) {
    command
        .add_option("--weights", weights_,
                    "NET is a bare command stream (a driver payload, or its words alone): FILE "
                    "holds the constants of its region 0; a payload without them has a time only. "
                    "For an ExecuTorch program: the .ptd files with its data")
        ->allow_extra_args(false)
        ->type_name("FILE");
    command
        .add_option(
            "--region", regions_,
            "NET is a bare command stream: region N (0 constants, 1 arena, 2 fast memory) "
            "holds what FILE holds, or has so many BYTES; may be repeated. FILE of region 1 "
            "holds the inputs where the stream reads them")
        ->allow_extra_args(false)
        ->type_name("N=FILE|BYTES");
}

std::vector<std::filesystem::path> StreamMemory::data_files() const {
    if (!regions_.empty()) {
        throw InvalidConfig(
            fmt::format("--region {}: only a bare command stream takes it", regions_.front()));
    }
    return {weights_.begin(), weights_.end()};
}

std::array<StreamMemory::Region, 3> StreamMemory::regions() const {
    std::array<Region, 3> all;
    if (weights_.size() > 1) {
        throw InvalidConfig("--weights: a bare command stream takes it once");
    }
    if (!weights_.empty()) all[0].file = weights_.front();
    for (const std::string& text : regions_) {
        const auto equals = text.find('=');
        const auto number = whole(text.substr(0, equals));
        if (equals == std::string::npos || equals + 1 == text.size() || !number ||
            *number >= static_cast<std::int64_t>(all.size())) {
            throw InvalidConfig(fmt::format(
                "--region {}: must be N=FILE or N=BYTES, with N 0 (constants), 1 (arena) or 2 "
                "(fast memory)",
                text));
        }
        Region& region = all.at(static_cast<std::size_t>(*number));
        if (region.size || !region.file.empty()) {
            throw InvalidConfig(
                fmt::format("--region {}: region {} is given already", text, *number));
        }
        const std::string value = text.substr(equals + 1);
        if (const auto size = whole(value)) {
            region.size = Bytes{*size};
        } else {
            region.file = value;
        }
    }
    return all;
}

std::vector<std::uint8_t> StreamMemory::constants() const {
    const Region region = regions()[0];
    return region.file.empty() ? std::vector<std::uint8_t>{} : bytes_of(region.file);
}

std::vector<std::uint8_t> StreamMemory::arena() const {
    const Region region = regions()[1];
    return region.file.empty() ? std::vector<std::uint8_t>{} : bytes_of(region.file);
}

RegionSizes StreamMemory::sizes() const {
    RegionSizes sizes;
    const auto all = regions();
    for (std::size_t i = 0; i < all.size(); ++i) {
        sizes.at(i) = all.at(i).size;
        // payload_network() compares constants that are given by itself.
        if (i > 0 && !all.at(i).file.empty()) {
            sizes.at(i) = Bytes{static_cast<std::int64_t>(read_all(all.at(i).file).size())};
        }
    }
    return sizes;
}

}  // namespace u65sim::cli
