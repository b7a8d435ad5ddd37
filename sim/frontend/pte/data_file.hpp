// What ExecuTorch's files share: segments behind the tables, and data with names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pte_schema_generated.h>

#include "frontend/file_bytes.hpp"

namespace u65sim::frontend {

namespace pte = u65sim::pte_schema;

/// Data by name, of a program and of the .ptd files given with it.
class NamedData {
public:
    /// All of a .ptd. Throws InvalidModel for other files.
    void add_file(std::span<const std::uint8_t> bytes, std::string_view name);
    void add(const std::string& key, std::span<const std::uint8_t> bytes) { data_[key] = bytes; }
    /// Nothing when there is none of this name. The bytes are the file's own.
    [[nodiscard]] std::optional<std::span<const std::uint8_t>> find(const std::string& key) const;

private:
    std::map<std::string, std::span<const std::uint8_t>> data_;
};

using SegmentTables = flatbuffers::Vector<flatbuffers::Offset<pte::DataSegmentTable>>;
using NamedTables = flatbuffers::Vector<flatbuffers::Offset<pte::NamedDataTable>>;

/// Where a file's segments lie.
class Segments {
public:
    Segments(const FileBytes& file, const SegmentTables* tables, std::uint64_t base)
        : file_(file), tables_(tables), base_(base) {}
    /// Throws InvalidModel when there is no such segment, or it leaves the file.
    [[nodiscard]] std::span<const std::uint8_t> at(std::uint32_t index) const;
    /// Puts all that `tables` names into `data`.
    void add_named(const NamedTables* tables, NamedData& data) const;

private:
    const FileBytes& file_;
    const SegmentTables* tables_;
    std::uint64_t base_;
};

/// Throws InvalidModel unless all tables lie within the first `size` bytes of the file.
template <class Root>
const Root& verified_root(const FileBytes& file, std::uint64_t size, const char* identifier) {
    constexpr int deepest_nesting = 32;
    constexpr int most_tables = 2'000'000;
    const auto bytes = file.bytes();
    if (size > bytes.size()) {
        file.fail("its tables end at byte {} of a file of {}", size, bytes.size());
    }
    flatbuffers::Verifier verifier(bytes.data(), static_cast<std::size_t>(size), deepest_nesting,
                                   most_tables);
    if (!verifier.VerifyBuffer<Root>(identifier)) {
        file.fail("an offset leaves the {} bytes of its tables (truncated or damaged)", size);
    }
    return *flatbuffers::GetRoot<Root>(bytes.data());
}

}  // namespace u65sim::frontend
