#include "frontend/npz/zip_archive.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/files.hpp>
#include <u65sim/text.hpp>

#include "frontend/little_endian.hpp"
#include "frontend/npz/inflate.hpp"

namespace u65sim::frontend {
namespace {

constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::uint32_t directory_signature = 0x02014b50;
constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::size_t local_bytes = 30, directory_bytes = 46, end_bytes = 22;
constexpr std::size_t longest_comment = 65535;
constexpr std::uint16_t stored = 0, deflated = 8;
constexpr std::uint16_t encrypted = 1;
constexpr std::uint32_t in_extra_field = 0xFFFFFFFF;

std::uint32_t checksum_of(std::span<const std::uint8_t> bytes) {
    static const auto table = [] {
        std::array<std::uint32_t, 256> entries{};
        for (std::uint32_t i = 0; i < entries.size(); ++i) {
            std::uint32_t value = i;
            for (int bit = 0; bit < 8; ++bit) {
                value = (value >> 1) ^ ((value & 1U) != 0 ? 0xEDB88320U : 0U);
            }
            entries[i] = value;
        }
        return entries;
    }();
    std::uint32_t value = ~0U;
    for (const std::uint8_t byte : bytes) value = table[(value ^ byte) & 0xFFU] ^ value >> 8;
    return ~value;
}

/// Where the record at the archive's end begins, behind which a comment may stand.
std::optional<std::size_t> find_end(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < end_bytes) return std::nullopt;
    const std::size_t last = bytes.size() - end_bytes;
    for (std::size_t back = 0; back <= std::min(last, longest_comment); ++back) {
        if (number_at<std::uint32_t>(bytes, last - back) == end_signature) return last - back;
    }
    return std::nullopt;
}

}  // namespace

bool is_zip(std::span<const std::uint8_t> bytes) {
    return bytes.size() >= sizeof(local_signature) &&
           (number_at<std::uint32_t>(bytes, 0) == local_signature ||
            number_at<std::uint32_t>(bytes, 0) == end_signature);
}

ZipArchive::ZipArchive(std::span<const std::uint8_t> bytes, std::string_view name)
    : bytes_(bytes), name_(name) {
    read_directory();
}

void ZipArchive::fail(const std::string& what) const {
    throw InvalidModel(fmt::format("{}: {}", name_, what));
}

void ZipArchive::read_directory() {
    const auto end = find_end(bytes_);
    if (!end) fail("the archive has no directory (truncated or damaged)");
    const auto count = number_at<std::uint16_t>(bytes_, *end + 10);
    std::size_t at = number_at<std::uint32_t>(bytes_, *end + 16);
    for (std::uint16_t i = 0; i < count; ++i) {
        if (at > bytes_.size() || bytes_.size() - at < directory_bytes ||
            number_at<std::uint32_t>(bytes_, at) != directory_signature) {
            fail(fmt::format("entry {} of the archive's directory does not lie in the file", i));
        }
        const auto flags = number_at<std::uint16_t>(bytes_, at + 8);
        Member member;
        member.method = number_at<std::uint16_t>(bytes_, at + 10);
        member.checksum = number_at<std::uint32_t>(bytes_, at + 16);
        member.packed = number_at<std::uint32_t>(bytes_, at + 20);
        member.size = number_at<std::uint32_t>(bytes_, at + 24);
        const std::size_t name_bytes = number_at<std::uint16_t>(bytes_, at + 28);
        const std::size_t more = std::size_t{number_at<std::uint16_t>(bytes_, at + 30)} +
                                 number_at<std::uint16_t>(bytes_, at + 32);
        member.header = number_at<std::uint32_t>(bytes_, at + 42);
        at += directory_bytes;
        if (bytes_.size() - at < name_bytes + more) {
            fail(fmt::format("entry {} of the archive's directory leaves the file", i));
        }
        const auto name = bytes_.subspan(at, name_bytes);
        at += name_bytes + more;
        const std::string text{name.begin(), name.end()};
        if ((flags & encrypted) != 0) {
            fail(fmt::format("'{}' is encrypted: must not be", printable(text)));
        }
        members_[text] = member;
    }
}

std::vector<std::uint8_t> ZipArchive::read(const std::string& name) const {
    const auto found = members_.find(name);
    if (found == members_.end()) fail(fmt::format("holds no '{}'", printable(name)));
    const Member& member = found->second;
    const auto refuse = [&](const std::string& what) {
        fail(fmt::format("'{}' {}", printable(name), what));
    };
    if (member.packed == in_extra_field || member.size == in_extra_field) {
        refuse("has 4 GiB or more: must be below");
    }
    if (member.header > bytes_.size() || bytes_.size() - member.header < local_bytes ||
        number_at<std::uint32_t>(bytes_, member.header) != local_signature) {
        refuse("does not lie in the file");
    }
    const std::size_t begin = std::size_t{member.header} + local_bytes +
                              number_at<std::uint16_t>(bytes_, member.header + 26) +
                              number_at<std::uint16_t>(bytes_, member.header + 28);
    if (begin > bytes_.size() || bytes_.size() - begin < member.packed) {
        refuse(fmt::format("has {} bytes, which leave the file", member.packed));
    }
    const auto packed = bytes_.subspan(begin, member.packed);
    std::vector<std::uint8_t> content;
    if (member.method == stored) {
        content.assign(packed.begin(), packed.end());
    } else if (member.method == deflated) {
        if (member.size > largest_flow) {
            refuse(
                fmt::format("unpacks to {} bytes: must be at most {}", member.size, largest_flow));
        }
        content = inflate(packed, member.size);
    } else {
        refuse(fmt::format("is packed by method {}: must be stored (0) or deflated (8)",
                           member.method));
    }
    if (content.size() != member.size) {
        refuse(fmt::format("unpacks to {} bytes, must be {}", content.size(), member.size));
    }
    if (checksum_of(content) != member.checksum) refuse("is damaged: its checksum is wrong");
    return content;
}

std::vector<std::string> ZipArchive::members() const {
    std::vector<std::string> names;
    for (const auto& [name, member] : members_) names.push_back(name);
    return names;
}

}  // namespace u65sim::frontend
