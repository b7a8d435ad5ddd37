// What of a kernel operation decides its time, packed, so that equal ones are found fast.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "stream/operation.hpp"

namespace u65sim::timing {

/// Every register that blocks, jobs, compute time and accesses depend on (kernel_fields.hpp says
/// which). Regions, zero points, scales, weights and dependencies are not among them, and addresses
/// count modulo a period.
class KernelKey {
public:
    /// Words there is room for: at least one more than there are.
    static constexpr std::size_t capacity = 40;

    /// `period` is a power of two below 2^32, in bytes.
    KernelKey(const stream::KernelOp& op, std::uint64_t period);

    [[nodiscard]] std::size_t hash() const { return hash_; }
    /// All that it consists of.
    [[nodiscard]] std::span<const std::uint64_t> words() const { return {words_.data(), count_}; }
    bool operator==(const KernelKey& other) const;

private:
    class Packer;

    std::array<std::uint64_t, capacity> words_{};
    std::size_t count_ = 0;
    std::size_t hash_ = 0;
};

struct KernelKeyHash {
    std::size_t operator()(const KernelKey& key) const { return key.hash(); }
};

}  // namespace u65sim::timing
