// The bytes a stream works on: its regions, and the part of SHRAM that streams can address.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace u65sim::machine::functional {

inline constexpr int region_count = 8;
/// SHRAM as a region of its own, behind the eight that base pointers name.
inline constexpr int shram_region = region_count;

enum class Access : std::uint8_t { read, write };

/// Sees every access before it happens. Ranges are in bounds.
class AccessObserver {
public:
    virtual ~AccessObserver() = default;
    virtual void access(Access kind, int region, std::uint64_t offset, std::uint64_t length) = 0;
};

/// Where in a stream the machine stands, for messages.
struct Place {
    std::uint32_t command_index = 0;
    std::uint32_t word_index = 0;
    /// "command 3 (word 41): CONV"
    std::string operation;
    [[nodiscard]] std::string text() const;
};

/// Eight regions and SHRAM. Every access is checked against the region's size and throws
/// InvalidStream with the command's place when it leaves it.
class Memory {
public:
    void resize(int region, std::uint64_t bytes);
    void assign(int region, std::vector<std::uint8_t> bytes);
    [[nodiscard]] std::vector<std::uint8_t>& bytes(int region) { return regions_.at(region); }
    [[nodiscard]] const std::vector<std::uint8_t>& bytes(int region) const {
        return regions_.at(region);
    }

    /// Pointers to `length` bytes; valid until the region is resized.
    const std::uint8_t* read(int region, std::uint64_t offset, std::uint64_t length) {
        check(region, offset, length);
        if (observer_ != nullptr) observer_->access(Access::read, region, offset, length);
        return regions_[region].data() + offset;
    }
    std::uint8_t* write(int region, std::uint64_t offset, std::uint64_t length) {
        check(region, offset, length);
        if (observer_ != nullptr) observer_->access(Access::write, region, offset, length);
        return regions_[region].data() + offset;
    }

    void set_place(Place place) { place_ = std::move(place); }
    [[nodiscard]] const Place& place() const { return place_; }
    /// `observer` must outlive the accesses; null removes it.
    void observe(AccessObserver* observer) { observer_ = observer; }
    [[nodiscard]] bool is_observed() const { return observer_ != nullptr; }

private:
    void check(int region, std::uint64_t offset, std::uint64_t length) const {
        if (region < 0 || region > region_count || offset > regions_[region].size() ||
            length > regions_[region].size() - offset) {
            refuse(region, offset, length);
        }
    }
    [[noreturn]] void refuse(int region, std::uint64_t offset, std::uint64_t length) const;

    std::array<std::vector<std::uint8_t>, region_count + 1> regions_;
    Place place_;
    AccessObserver* observer_ = nullptr;
};

}  // namespace u65sim::machine::functional
