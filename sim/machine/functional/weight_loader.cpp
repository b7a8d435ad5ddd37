#include "machine/functional/weight_loader.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "weights/codec.hpp"
#include "weights/order.hpp"

namespace u65sim::machine::functional {
namespace {

using stream::KernelKind;
using stream::KernelOp;

int core_count(const KernelOp& op) { return op.parallel_mode != 0 ? 2 : 1; }

weights::Order order_of(const KernelOp& op, const Architecture& arch, int core) {
    weights::Order order;
    order.traversal = op.kind == KernelKind::depthwise ? weights::Traversal::depthwise
                      : op.kernel.part_kernel_first    ? weights::Traversal::part_kernel_first
                                                       : weights::Traversal::depth_first;
    order.block_depth = weights::block_depth_of_core(op.block.depth, core, core_count(op));
    order.ifm_bits = 8 * stream::bytes_of(op.ifm.type);
    order.dilation_y = op.kernel.dilation_y;
    order.dilation_x = op.kernel.dilation_x;
    order.ofm_ublock_depth = arch.ofm_ublock.depth;
    order.ifm_ublock_depth = arch.ifm_ublock.depth;
    return order;
}

/// What decides the meaning of the bytes, with everything else at its default.
KernelOp meaning_of(const KernelOp& op) {
    KernelOp key;
    key.kind = op.kind;
    key.kernel = op.kernel;
    key.block.depth = op.block.depth;
    key.ifm.depth = op.ifm.depth;
    key.ifm.type = op.ifm.type;
    key.ofm.depth = op.ofm.depth;
    key.parallel_mode = op.parallel_mode;
    key.weights[0].length = op.weights[0].length;
    key.weights[1].length = op.weights[1].length;
    return key;
}

Weights decode_all(const KernelOp& op, const Architecture& arch,
                   std::span<const std::uint8_t> encoded, const Memory& memory) {
    const std::int32_t input_depth = op.kind == KernelKind::depthwise ? 1 : op.ifm.depth;
    const std::int32_t height = op.kernel.height;
    const std::int32_t width = op.kernel.width;
    const std::size_t filter = static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
                               static_cast<std::size_t>(input_depth);
    Weights all(filter * static_cast<std::size_t>(op.ofm.depth));
    const int cores = core_count(op);
    for (int core = 0; core < cores; ++core) {
        const auto channels = weights::channels_of_core(0, op.ofm.depth, core, cores);
        const std::size_t length = op.weights[static_cast<std::size_t>(core)].length;
        const auto bytes = encoded.subspan(core == 0 ? 0 : op.weights[0].length, length);
        if (channels.empty()) continue;
        const weights::Order order = order_of(op, arch, core);
        const auto depth = static_cast<std::int32_t>(channels.size());
        try {
            const std::size_t wanted =
                weights::stream_length(depth, height, width, input_depth, order);
            const auto stored = weights::decode(bytes, wanted);
            const auto volume =
                weights::from_stream_order(stored, depth, height, width, input_depth, order);
            for (std::size_t i = 0; i < channels.size(); ++i) {
                std::copy_n(volume.begin() + static_cast<std::ptrdiff_t>(i * filter), filter,
                            all.begin() + static_cast<std::ptrdiff_t>(
                                              static_cast<std::size_t>(channels[i]) * filter));
            }
        } catch (const InvalidStream& error) {
            throw InvalidStream(fmt::format("{}: weights of core {}: {}", memory.place().text(),
                                            core, error.what()));
        }
    }
    return all;
}

}  // namespace

std::shared_ptr<const Weights> WeightLoader::load(const KernelOp& op, const Architecture& arch,
                                                  Memory& memory) {
    std::vector<std::uint8_t> encoded;
    for (int core = 0; core < core_count(op); ++core) {
        const auto& range = op.weights[static_cast<std::size_t>(core)];
        const std::uint8_t* from = memory.read(op.weight_region, range.base, range.length);
        encoded.insert(encoded.end(), from, from + range.length);
    }
    const KernelOp key = meaning_of(op);
    for (auto entry = recent_.begin(); entry != recent_.end(); ++entry) {
        if (entry->key == key && entry->encoded == encoded) {
            recent_.splice(recent_.begin(), recent_, entry);
            return recent_.front().weights;
        }
    }
    constexpr std::size_t limit = std::size_t{256} << 20;
    auto weights = std::make_shared<const Weights>(decode_all(op, arch, encoded, memory));
    kept_bytes_ += weights->size() * sizeof(std::int16_t);
    recent_.push_front({key, std::move(encoded), weights});
    while (kept_bytes_ > limit && recent_.size() > 1) {
        kept_bytes_ -= recent_.back().weights->size() * sizeof(std::int16_t);
        recent_.pop_back();
    }
    return weights;
}

std::vector<weights::ScaleRecord> load_scales(const KernelOp& op, Memory& memory) {
    constexpr std::size_t record = weights::scale_record_bytes;
    std::vector<weights::ScaleRecord> records(static_cast<std::size_t>(op.ofm.depth));
    const int cores = core_count(op);
    for (int core = 0; core < cores; ++core) {
        const auto channels = weights::channels_of_core(0, op.ofm.depth, core, cores);
        const auto& range = op.scales[static_cast<std::size_t>(core)];
        if (channels.size() * record > range.length) {
            throw InvalidStream(
                fmt::format("{}: {} bytes of scale records for {} channels of core {}: must be {}",
                            memory.place().text(), range.length, channels.size(), core,
                            channels.size() * record));
        }
        if (channels.empty()) continue;
        const std::uint8_t* from =
            memory.read(op.scale_region, range.base, channels.size() * record);
        for (std::size_t i = 0; i < channels.size(); ++i) {
            const std::span<const std::uint8_t, record> bytes{from + i * record, record};
            records[static_cast<std::size_t>(channels[i])] = weights::unpack(bytes);
        }
    }
    return records;
}

}  // namespace u65sim::machine::functional
