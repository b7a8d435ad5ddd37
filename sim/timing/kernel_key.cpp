#include "timing/kernel_key.hpp"

#include <algorithm>
#include <type_traits>

#include "base/hash.hpp"
#include "timing/kernel_fields.hpp"

namespace u65sim::timing {

class KernelKey::Packer {
public:
    /// Writes to `words`, of which there are enough.
    Packer(std::uint64_t* words, std::uint64_t period) : next_(words), mask_(period - 1) {}

    [[gnu::always_inline]] void counts(const char* /*name*/, bool value) { put(value ? 1 : 0, 1); }
    template <class Enum>
    requires std::is_enum_v<Enum>
    [[gnu::always_inline]] void counts(const char* /*name*/, Enum value) {
        put(static_cast<std::uint64_t>(value), 8 * sizeof value);
    }
    [[gnu::always_inline]] void counts(const char* /*name*/, std::int32_t value) {
        put(static_cast<std::uint32_t>(value), 32);
    }
    [[gnu::always_inline]] void counts(const char* /*name*/, std::int64_t value) {
        *next_++ = static_cast<std::uint64_t>(value);
    }
    [[gnu::always_inline]] void address(const char* /*name*/,
                                        const std::array<std::uint64_t, 4>& bases) {
        for (const std::uint64_t base : bases) put(base & mask_, 32);
    }
    [[gnu::always_inline]] void part(const char* /*name*/, const auto& value) {
        visit_members(value, *this);
    }
    // What depends on places and neighbours is not a part of the key.
    void region(const char* /*name*/, int /*region*/) {}
    void ranges(const char* /*name*/, int /*region*/, const auto& /*ranges*/) {}
    void between(const char* /*name*/, int /*value*/) {}
    void ignored(const char* /*name*/, const auto& /*value*/, const char* /*why*/) {}
    void absent(const char* /*name*/, const auto& /*value*/, const char* /*why*/) {}
    /// The bits that did not fill a word. Returns the end of what was written.
    [[gnu::always_inline]] std::uint64_t* finish() {
        if (used_ > 0) *next_++ = word_;
        word_ = 0;
        used_ = 0;
        return next_;
    }

private:
    [[gnu::always_inline]] void put(std::uint64_t value, unsigned bits) {
        if (used_ + bits > 64) finish();
        word_ = word_ << bits | value;
        used_ += bits;
    }

    std::uint64_t* next_;
    std::uint64_t mask_;
    std::uint64_t word_ = 0;
    unsigned used_ = 0;
};

KernelKey::KernelKey(const stream::KernelOp& op, std::uint64_t period) {
    Packer packer{words_.data(), period};
    visit_members(op, packer);
    count_ = static_cast<std::size_t>(packer.finish() - words_.data());
    hash_ = hash_words(words());
}

bool KernelKey::operator==(const KernelKey& other) const {
    return hash_ == other.hash_ && count_ == other.count_ &&
           std::equal(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(count_),
                      other.words_.begin());
}

}  // namespace u65sim::timing
