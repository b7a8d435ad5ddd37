// Which look-up tables stand in the shared buffer while a segment runs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "target/architecture.hpp"

namespace u65sim::compiler {

/// Eight slots of 256 bytes; tables of several slots are aligned to their size.
class LutSlots {
public:
    static constexpr int slots = 8;
    static constexpr int slot_bytes = 256;
    static constexpr int first_function = 16;  ///< of the activation that reads slot 0

    explicit LutSlots(const Architecture& arch) : base_(arch.lut_address()) { clear(); }

    struct Place {
        int slot = 0;
        bool resident = false;
    };

    /// Where a table of `size` bytes goes; the place used longest ago among the aligned ones.
    Place place(std::int64_t constant_offset, int size) {
        ++clock_;
        const int span = size / slot_bytes;
        for (int slot = 0; slot < slots; slot += span) {
            if (content_[index(slot)] == constant_offset && spans_[index(slot)] == span) {
                touch(slot, span);
                return {slot, true};
            }
        }
        int best = 0;
        std::int64_t oldest = clock_;
        for (int slot = 0; slot < slots; slot += span) {
            std::int64_t newest = 0;
            for (int i = 0; i < span; ++i) newest = std::max(newest, used_[index(slot + i)]);
            if (newest < oldest) {
                oldest = newest;
                best = slot;
            }
        }
        for (int slot = 0; slot < slots; ++slot) {
            const int end = slot + spans_[index(slot)];
            if (slot < best + span && best < end) forget(slot);
        }
        content_[index(best)] = constant_offset;
        spans_[index(best)] = span;
        touch(best, span);
        return {best, false};
    }

    /// A kernel without tables may use these banks for itself on small devices.
    void clear() {
        content_.fill(no_table);
        spans_.fill(0);
    }

    [[nodiscard]] std::uint64_t address(int slot) const {
        return static_cast<std::uint64_t>(std::int64_t{base_} + std::int64_t{slot} * slot_bytes);
    }

private:
    static constexpr std::int64_t no_table = -1;
    static std::size_t index(int slot) { return static_cast<std::size_t>(slot); }
    void forget(int slot) {
        content_[index(slot)] = no_table;
        spans_[index(slot)] = 0;
    }
    void touch(int slot, int span) {
        for (int i = 0; i < span; ++i) used_[index(slot + i)] = clock_;
    }

    int base_;
    std::int64_t clock_ = 0;
    std::array<std::int64_t, slots> content_;  ///< offset of the table in the constants
    std::array<int, slots> spans_{};
    std::array<std::int64_t, slots> used_{};
};

}  // namespace u65sim::compiler
