#include "frontend/pte/data_file.hpp"

#include "frontend/little_endian.hpp"

namespace u65sim::frontend {
namespace {

constexpr std::size_t identifier_offset = 4, header_offset = 8, header_bytes = 40;
constexpr const char* identifier = "FT01";
constexpr std::string_view header_magic = "FH01";

std::string_view text_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return {reinterpret_cast<const char*>(bytes.data()) + at, 4};
}

}  // namespace

void NamedData::add_file(std::span<const std::uint8_t> bytes, std::string_view name) {
    const FileBytes file{bytes, name};
    if (bytes.size() < header_offset + header_bytes ||
        text_at(bytes, identifier_offset) != identifier ||
        text_at(bytes, header_offset) != header_magic) {
        file.fail("is no ExecuTorch data file (.ptd)");
    }
    const auto begin = number_at<std::uint64_t>(bytes, header_offset + 8);
    const auto size = number_at<std::uint64_t>(bytes, header_offset + 16);
    const auto base = number_at<std::uint64_t>(bytes, header_offset + 24);
    if (begin > bytes.size() || size > bytes.size() - begin) {
        file.fail("its {} bytes of tables behind byte {} leave the file of {}", size, begin,
                  bytes.size());
    }
    // Behind the header, which stands between the offset of the root and the tables.
    const auto& root = verified_root<pte::DataFileTable>(file, begin + size, identifier);
    Segments{file, root.segments(), base}.add_named(root.named_data(), *this);
}

std::optional<std::span<const std::uint8_t>> NamedData::find(const std::string& key) const {
    const auto found = data_.find(key);
    if (found == data_.end()) return std::nullopt;
    return found->second;
}

std::span<const std::uint8_t> Segments::at(std::uint32_t index) const {
    const auto bytes = file_.bytes();
    if (tables_ == nullptr || index >= tables_->size()) {
        file_.fail("segment {}: must be below {}", index, tables_ == nullptr ? 0 : tables_->size());
    }
    const pte::DataSegmentTable& table = *tables_->Get(index);
    if (base_ > bytes.size() || table.offset() > bytes.size() - base_ ||
        table.size() > bytes.size() - base_ - table.offset()) {
        file_.fail("segment {}: {} bytes at {} behind byte {} leave the file of {} bytes", index,
                   table.size(), table.offset(), base_, bytes.size());
    }
    return bytes.subspan(static_cast<std::size_t>(base_ + table.offset()),
                         static_cast<std::size_t>(table.size()));
}

void Segments::add_named(const NamedTables* tables, NamedData& data) const {
    if (tables == nullptr) return;
    for (const pte::NamedDataTable* table : *tables) {
        if (table->key() != nullptr) data.add(table->key()->str(), at(table->segment()));
    }
}

}  // namespace u65sim::frontend
