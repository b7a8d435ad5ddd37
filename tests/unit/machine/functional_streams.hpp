// Small operations and memories for tests of functional execution.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "machine/functional/executor.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"
#include "weights/codec.hpp"
#include "weights/order.hpp"
#include "weights/scale_record.hpp"

namespace functional_test {

using namespace u65sim;
using namespace u65sim::stream;

inline const Accelerator one_core{Product::u65, 256, 1, Hertz{1'000'000'000}};
inline const Accelerator two_cores{Product::u65, 256, 2, Hertz{1'000'000'000}};

inline Command command_of(Action action, std::uint32_t word = 0) {
    return Command{.word_index = word, .words = 1, .action = std::move(action)};
}

inline FeatureMap make_map(int region, std::uint64_t base, int height, int width, int depth,
                           DataType type, Layout layout) {
    FeatureMap map;
    map.region = region;
    map.base[0] = base;
    map.width0 = map.width = width;
    map.height0 = map.height1 = map.height = height;
    map.depth = depth;
    map.type = type;
    map.layout = layout;
    const int bytes = bytes_of(type);
    if (layout == Layout::nhwc) {
        map.stride_c = bytes;
        map.stride_x = std::int64_t{depth} * bytes;
        map.stride_y = map.stride_x * width;
    } else {
        map.stride_x = 16 * bytes;
        map.stride_c = map.stride_x * width;
        map.stride_y = map.stride_c * ((depth + 15) / 16);
    }
    return map;
}

inline std::uint64_t bytes_of_map(const FeatureMap& map) {
    return static_cast<std::uint64_t>(map.stride_y) * static_cast<std::uint64_t>(map.height);
}

inline std::int64_t load(const std::vector<std::uint8_t>& memory, const FeatureMap& map, int y,
                         int x, int c) {
    const std::uint64_t at = map.address(y, x, c);
    std::int64_t value = 0;
    const int bytes = bytes_of(map.type);
    for (int i = 0; i < bytes; ++i) {
        value |= std::int64_t{memory.at(at + static_cast<std::uint64_t>(i))} << (8 * i);
    }
    const std::int64_t sign = std::int64_t{1} << (8 * bytes - 1);
    if (is_signed(map.type) && (value & sign) != 0) value -= 2 * sign;
    return value;
}

/// Puts encoded weights and scale records for `op` into `memory` from `base` on.
inline void store_weights(KernelOp& op, const Architecture& arch,
                          const std::vector<std::int16_t>& ohwi,
                          const std::vector<weights::ScaleRecord>& records,
                          std::vector<std::uint8_t>& memory, std::uint64_t base) {
    const int cores = op.parallel_mode != 0 ? 2 : 1;
    const int inputs = op.kind == KernelKind::depthwise ? 1 : op.ifm.depth;
    const auto filter = static_cast<std::size_t>(op.kernel.height * op.kernel.width * inputs);
    const auto append = [&](const std::vector<std::uint8_t>& bytes) {
        memory.resize(base);
        memory.insert(memory.end(), bytes.begin(), bytes.end());
        const ByteRange range{base, static_cast<std::uint32_t>(bytes.size())};
        base += bytes.size();
        return range;
    };
    for (int core = 0; core < cores; ++core) {
        std::vector<std::int16_t> own;
        std::vector<weights::ScaleRecord> scales;
        for (const int channel : weights::channels_of_core(0, op.ofm.depth, core, cores)) {
            const auto first = ohwi.begin() + static_cast<std::ptrdiff_t>(
                                                  static_cast<std::size_t>(channel) * filter);
            own.insert(own.end(), first, first + static_cast<std::ptrdiff_t>(filter));
            scales.push_back(records[static_cast<std::size_t>(channel)]);
        }
        weights::Order order;
        order.traversal = op.kind == KernelKind::depthwise ? weights::Traversal::depthwise
                          : op.kernel.part_kernel_first    ? weights::Traversal::part_kernel_first
                                                           : weights::Traversal::depth_first;
        order.block_depth = weights::block_depth_of_core(op.block.depth, core, cores);
        order.ifm_bits = 8 * bytes_of(op.ifm.type);
        order.dilation_y = op.kernel.dilation_y;
        order.dilation_x = op.kernel.dilation_x;
        order.ofm_ublock_depth = arch.ofm_ublock.depth;
        order.ifm_ublock_depth = arch.ifm_ublock.depth;
        const weights::Volume volume{static_cast<std::int32_t>(scales.size()), op.kernel.height,
                                     op.kernel.width, inputs, own};
        const auto index = static_cast<std::size_t>(core);
        if (scales.empty()) continue;
        op.weights[index] = append(weights::encode(weights::to_stream_order(volume, order)));
        op.scales[index] = append(weights::pack_all(scales));
    }
}

}  // namespace functional_test
