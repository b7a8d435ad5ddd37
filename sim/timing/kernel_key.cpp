#include "timing/kernel_key.hpp"

#include <algorithm>

namespace u65sim::timing {

namespace {

__extension__ typedef unsigned __int128 WideNatural;

/// Both halves of the product of two words, mixed.
std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
    const WideNatural product = WideNatural{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

KernelKey::KernelKey(const stream::KernelOp& op, std::uint64_t period) {
    const bool two_maps = op.is_binary() && !op.broadcast.scalar;
    std::uint64_t small = 0;
    const auto put = [&](auto value, int bits) {
        small = small << bits | static_cast<std::uint64_t>(value);
    };
    put(op.kind, 2);
    put(op.pool_mode, 2);
    put(op.elementwise_mode, 4);
    put(op.upscale, 2);
    put(op.acc_format, 2);
    put(op.activation.function != 0, 1);
    put(op.broadcast.scalar, 1);
    put(op.broadcast.height, 1);
    put(op.broadcast.width, 1);
    put(op.broadcast.depth, 1);
    put(op.kernel.part_kernel_first, 1);
    for (const stream::FeatureMap* map : {&op.ifm, &op.ofm, &op.ifm2}) {
        put(map->type, 3);
        put(map->layout, 1);
    }
    add(small);
    add(op.ifm, period);
    add(op.ofm, period);
    add(op.kernel.height, op.kernel.width);
    add(op.kernel.stride_y, op.kernel.stride_x);
    add(op.kernel.dilation_y, op.kernel.dilation_x);
    add(op.pad.top, op.pad.left);
    add(op.block.height, op.block.width);
    add(op.block.depth, op.ib_end);
    if (two_maps) add(op.ifm2, period);
    // One more word than there are may be read: it is zero.
    std::uint64_t salt = 0x9E3779B97F4A7C15ULL;
    for (std::size_t i = 0; i < count_; i += 2) {
        hash_ ^= mixed(words_[i] ^ salt, words_[i + 1] ^ (salt >> 1));
        salt += 0xD1B54A32D192ED03ULL;
    }
}

void KernelKey::add(const stream::FeatureMap& map, std::uint64_t period) {
    const std::uint64_t mask = period - 1;
    add((map.base[0] & mask) << 32 | (map.base[1] & mask));
    add((map.base[2] & mask) << 32 | (map.base[3] & mask));
    add(map.height, map.width);
    add(map.depth, map.width0);
    add(map.height0, map.height1);
    add(static_cast<std::uint64_t>(map.stride_y));
    add(static_cast<std::uint64_t>(map.stride_x));
    add(static_cast<std::uint64_t>(map.stride_c));
}

bool KernelKey::operator==(const KernelKey& other) const {
    return hash_ == other.hash_ && count_ == other.count_ &&
           std::equal(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(count_),
                      other.words_.begin());
}

}  // namespace u65sim::timing
