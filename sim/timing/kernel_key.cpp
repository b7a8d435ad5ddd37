#include "timing/kernel_key.hpp"

#include <algorithm>
#include <type_traits>

#include "base/hash.hpp"
#include "timing/kernel_fields.hpp"

namespace u65sim::timing {

class KernelKey::Packer {
public:
    Packer(KernelKey& key, std::uint64_t period) : key_(key), mask_(period - 1) {}

    void counts(const char* /*name*/, bool value) { put(value ? 1 : 0, 1); }
    template <class Enum>
    requires std::is_enum_v<Enum>
    void counts(const char* /*name*/, Enum value) {
        put(static_cast<std::uint64_t>(value), 8 * sizeof value);
    }
    void counts(const char* /*name*/, std::int32_t value) {
        put(static_cast<std::uint32_t>(value), 32);
    }
    void counts(const char* /*name*/, std::int64_t value) {
        key_.words_[key_.count_++] = static_cast<std::uint64_t>(value);
    }
    void address(const char* /*name*/, const std::array<std::uint64_t, 4>& bases) {
        for (const std::uint64_t base : bases) put(base & mask_, 32);
    }
    void part(const char* /*name*/, const auto& value) { visit_members(value, *this); }
    // What depends on places and neighbours is not a part of the key.
    void region(const char* /*name*/, int /*region*/) {}
    void ranges(const char* /*name*/, int /*region*/, const auto& /*ranges*/) {}
    void between(const char* /*name*/, int /*value*/) {}
    void ignored(const char* /*name*/, const auto& /*value*/, const char* /*why*/) {}
    void absent(const char* /*name*/, const auto& /*value*/, const char* /*why*/) {}
    /// The bits that did not fill a word.
    void finish() {
        if (used_ > 0) key_.words_[key_.count_++] = word_;
        word_ = 0;
        used_ = 0;
    }

private:
    void put(std::uint64_t value, unsigned bits) {
        if (used_ + bits > 64) finish();
        word_ = word_ << bits | value;
        used_ += bits;
    }

    KernelKey& key_;
    std::uint64_t mask_;
    std::uint64_t word_ = 0;
    unsigned used_ = 0;
};

KernelKey::KernelKey(const stream::KernelOp& op, std::uint64_t period) {
    Packer packer{*this, period};
    visit_members(op, packer);
    packer.finish();
    hash_ = hash_words(words());
}

bool KernelKey::operator==(const KernelKey& other) const {
    return hash_ == other.hash_ && count_ == other.count_ &&
           std::equal(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(count_),
                      other.words_.begin());
}

}  // namespace u65sim::timing
