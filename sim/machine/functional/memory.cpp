#include "machine/functional/memory.hpp"

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::machine::functional {

std::string Place::text() const {
    return fmt::format("command {} (word {}): {}", command_index, word_index, operation);
}

void Memory::resize(int region, std::uint64_t bytes) {
    regions_.at(static_cast<std::size_t>(region)).assign(bytes, 0);
}

void Memory::assign(int region, std::vector<std::uint8_t> bytes) {
    regions_.at(static_cast<std::size_t>(region)) = std::move(bytes);
}

void Memory::refuse(int region, std::uint64_t offset, std::uint64_t length) const {
    if (region < 0 || region > region_count) {
        throw InvalidStream(
            fmt::format("{}: region {}: must be 0 to {}", place_.text(), region, region_count - 1));
    }
    const std::string name = region == shram_region ? "SHRAM" : fmt::format("region {}", region);
    throw InvalidStream(fmt::format("{}: accesses bytes {} to {} of {}, which has {} bytes",
                                    place_.text(), offset, offset + length, name,
                                    regions_[region].size()));
}

}  // namespace u65sim::machine::functional
