// Members of a zip archive in memory (PKWARE's APPNOTE 6.3, without encryption, several disks and
// sizes beyond 32 bits).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace u65sim::frontend {

/// Whether bytes begin as an archive does.
bool is_zip(std::span<const std::uint8_t> bytes);

class ZipArchive {
public:
    /// Reads the directory. `bytes` must outlive the archive. Throws InvalidModel with `name`.
    ZipArchive(std::span<const std::uint8_t> bytes, std::string_view name);

    [[nodiscard]] bool holds(const std::string& member) const { return members_.contains(member); }
    /// The unpacked bytes of a member. Throws InvalidModel when there is none of this name, when
    /// its size or checksum is wrong, or when it is packed otherwise than stored or deflated.
    [[nodiscard]] std::vector<std::uint8_t> read(const std::string& member) const;
    [[nodiscard]] std::vector<std::string> members() const;

private:
    struct Member {
        std::uint16_t method = 0;
        std::uint32_t checksum = 0, packed = 0, size = 0, header = 0;
    };
    [[noreturn]] void fail(const std::string& what) const;
    void read_directory();

    std::span<const std::uint8_t> bytes_;
    std::string name_;
    std::map<std::string, Member> members_;
};

}  // namespace u65sim::frontend
