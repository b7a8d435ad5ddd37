#include "machine/functional/weight_loader.hpp"

#include <algorithm>
#include <cstring>
#include <list>
#include <mutex>
#include <span>
#include <utility>

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

/// What was decoded last, newest first.
class DecodedWeights {
public:
    struct Key {
        KernelOp meaning;
        BlockShape ofm_ublock, ifm_ublock;
        std::vector<std::uint8_t> encoded;
        bool operator==(const Key&) const = default;
    };

    std::shared_ptr<const Weights> find(const Key& key) {
        const std::lock_guard lock{mutex_};
        const auto found = std::find_if(recent_.begin(), recent_.end(),
                                        [&](const Entry& entry) { return entry.key == key; });
        if (found == recent_.end()) return nullptr;
        recent_.splice(recent_.begin(), recent_, found);
        return recent_.front().weights;
    }
    void keep(Key key, std::shared_ptr<const Weights> weights) {
        constexpr std::size_t limit = std::size_t{256} << 20;
        const std::lock_guard lock{mutex_};
        recent_.push_front({std::move(key), std::move(weights)});
        bytes_ += size_of(recent_.front());
        while (bytes_ > limit && recent_.size() > 1) {
            bytes_ -= size_of(recent_.back());
            recent_.pop_back();
        }
    }

private:
    struct Entry {
        Key key;
        std::shared_ptr<const Weights> weights;
    };
    static std::size_t size_of(const Entry& entry) {
        return entry.weights->size() * sizeof(std::int16_t) + entry.key.encoded.size();
    }

    std::mutex mutex_;
    std::list<Entry> recent_;
    std::size_t bytes_ = 0;
};

}  // namespace

std::shared_ptr<const Weights> load_weights(const KernelOp& op, const Architecture& arch,
                                            Memory& memory) {
    static DecodedWeights decoded;
    DecodedWeights::Key key{meaning_of(op), arch.ofm_ublock, arch.ifm_ublock, {}};
    for (int core = 0; core < core_count(op); ++core) {
        const auto& range = op.weights[static_cast<std::size_t>(core)];
        const std::uint8_t* from = memory.read(op.weight_region, range.base, range.length);
        key.encoded.insert(key.encoded.end(), from, from + range.length);
    }
    if (auto known = decoded.find(key)) return known;
    auto weights = std::make_shared<const Weights>(decode_all(op, arch, key.encoded, memory));
    decoded.keep(std::move(key), weights);
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
