#include "compile/encode_weights.hpp"

#include <algorithm>
#include <bit>
#include <mutex>
#include <unordered_map>

#include "base/hash.hpp"
#include "compile/estimate_weights.hpp"
#include "weights/codec.hpp"
#include "weights/order.hpp"

namespace u65sim::compiler {

namespace {

using Encoded = std::shared_ptr<const std::vector<std::uint8_t>>;

class EncodingCache {
public:
    Encoded find(std::uint64_t key) {
        const std::lock_guard lock(mutex_);
        const auto it = known_.find(key);
        return it == known_.end() ? nullptr : it->second;
    }
    void keep(std::uint64_t key, Encoded bytes) {
        const std::lock_guard lock(mutex_);
        size_ += bytes->size();
        if (size_ > limit) {
            known_.clear();
            size_ = bytes->size();
        }
        known_.emplace(key, std::move(bytes));
    }

private:
    static constexpr std::size_t limit = std::size_t{256} << 20;
    std::mutex mutex_;
    std::unordered_map<std::uint64_t, Encoded> known_;
    std::size_t size_ = 0;
};

EncodingCache& cache() {
    static EncodingCache instance;
    return instance;
}

std::uint64_t content_key(const WeightSource& source, const weights::Order& order,
                          std::int32_t first, std::int32_t count, std::int32_t core,
                          std::int32_t cores) {
    Hasher hasher;
    if (source.data) {
        hasher.add(source.content_hash ? source.content_hash : source.data.content_hash());
    }
    const auto add = [&](std::int64_t value) { hasher.add(static_cast<std::uint64_t>(value)); };
    for (const std::int64_t value : {std::int64_t{static_cast<int>(source.form)},
                                     std::int64_t{source.outputs},
                                     std::int64_t{source.height},
                                     std::int64_t{source.width},
                                     std::int64_t{source.inputs},
                                     std::int64_t{source.is_unsigned},
                                     std::int64_t{source.first_output},
                                     std::int64_t{source.spread_y},
                                     std::int64_t{source.spread_x},
                                     std::int64_t{first},
                                     std::int64_t{count},
                                     std::int64_t{core},
                                     std::int64_t{cores},
                                     std::int64_t{static_cast<int>(order.traversal)},
                                     std::int64_t{order.block_depth},
                                     std::int64_t{order.ifm_bits},
                                     std::int64_t{order.dilation_y},
                                     std::int64_t{order.dilation_x},
                                     std::int64_t{order.ofm_ublock_depth},
                                     std::int64_t{order.ifm_ublock_depth}}) {
        add(value);
    }
    for (const auto z : source.zero_points) add(z);
    return hasher.digest();
}

}  // namespace

std::vector<std::int16_t> materialise(const WeightSource& source,
                                      const std::vector<std::int32_t>& channels) {
    const auto h = static_cast<std::size_t>(source.height);
    const auto w = static_cast<std::size_t>(source.width);
    const auto depth = static_cast<std::size_t>(source.inputs);
    const std::size_t full_h = (h - 1) * static_cast<std::size_t>(source.spread_y) + 1;
    const std::size_t full_w = (w - 1) * static_cast<std::size_t>(source.spread_x) + 1;
    std::vector<std::int16_t> values(channels.size() * full_h * full_w * depth, 0);
    const std::uint8_t* data = source.data ? source.data.bytes().data() : nullptr;
    const bool by_channel =
        source.form == WeightSource::Form::channels || source.form == WeightSource::Form::single;
    const bool flipped = source.form == WeightSource::Form::flipped;
    const auto outputs = static_cast<std::size_t>(source.outputs);
    for (std::size_t n = 0; n < channels.size(); ++n) {
        const auto o = static_cast<std::size_t>(channels[n] + source.first_output);
        const int zero =
            source.zero_points.size() > 1 ? source.zero_points[o] : source.zero_points[0];
        for (std::size_t y = 0; y < h; ++y) {
            for (std::size_t x = 0; x < w; ++x) {
                const std::size_t sy = flipped ? h - 1 - y : y;
                const std::size_t sx = flipped ? w - 1 - x : x;
                std::int16_t* to =
                    &values[((n * full_h + y * static_cast<std::size_t>(source.spread_y)) * full_w +
                             x * static_cast<std::size_t>(source.spread_x)) *
                            depth];
                if (source.form == WeightSource::Form::ones) {
                    std::fill_n(to, depth, std::int16_t{1});
                    continue;
                }
                const std::uint8_t* from = by_channel ? data + (sy * w + sx) * outputs + o
                                                      : data + ((o * h + sy) * w + sx) * depth;
                for (std::size_t i = 0; i < depth; ++i) {
                    const int raw =
                        source.is_unsigned ? from[i] : static_cast<std::int8_t>(from[i]);
                    to[i] = static_cast<std::int16_t>(raw - zero);
                }
            }
        }
    }
    return values;
}

EncodedSlice encode_slice(const NpuOp& op, std::int32_t first, std::int32_t count,
                          const Accelerator& accelerator, const Architecture& arch) {
    const WeightSource& source = *op.weights;
    const bool modelled = source.data && source.data.model() != nullptr;
    EncodedSlice result;
    for (std::int32_t core = 0; core < accelerator.cores; ++core) {
        const auto channels = weights::channels_of_core(first, count, core, accelerator.cores);
        const auto c = static_cast<std::size_t>(core);
        if (channels.empty()) {
            // A core without work points at core 0's ranges with nothing in them.
            result.scales[c] = {result.scales[0].base, 0};
            result.weights[c] = {result.weights[0].base, 0};
            continue;
        }
        weights::Order order;
        order.traversal =
            op.kernel.kind == stream::KernelKind::depthwise ? weights::Traversal::depthwise
            : op.kernel.kernel.part_kernel_first            ? weights::Traversal::part_kernel_first
                                                            : weights::Traversal::depth_first;
        order.block_depth =
            weights::block_depth_of_core(op.kernel.block.depth, core, accelerator.cores);
        order.ifm_bits = op.ifm_bits();
        order.dilation_y = op.kernel.kernel.dilation_y;
        order.dilation_x = op.kernel.kernel.dilation_x;
        order.ofm_ublock_depth = arch.ofm_ublock.depth;
        order.ifm_ublock_depth = arch.ifm_ublock.depth;
        result.scales[c] = {static_cast<std::uint64_t>(result.size),
                            static_cast<std::uint32_t>(weights::packed_size(channels.size()))};
        const std::int64_t weights_at = result.size + result.scales[c].length;
        if (modelled) {
            const auto own = static_cast<std::int32_t>(channels.size());
            const std::int64_t size = estimate_encoded(source, order, own);
            result.weights[c] = {static_cast<std::uint64_t>(weights_at),
                                 static_cast<std::uint32_t>(size)};
            result.size = weights_at + size;
            continue;
        }
        const auto key = content_key(source, order, first, count, core, accelerator.cores);
        Encoded encoded = cache().find(key);
        if (!encoded) {
            const auto values = materialise(source, channels);
            const weights::Volume volume{static_cast<std::int32_t>(channels.size()),
                                         op.kernel.kernel.height, op.kernel.kernel.width,
                                         source.inputs, values};
            encoded = std::make_shared<const std::vector<std::uint8_t>>(
                weights::encode(weights::to_stream_order(volume, order)));
            cache().keep(key, encoded);
        }
        std::vector<weights::ScaleRecord> records;
        records.reserve(channels.size());
        for (const auto channel : channels) {
            records.push_back(op.scales[static_cast<std::size_t>(channel)]);
        }
        const auto packed = weights::pack_all(records);
        result.bytes.insert(result.bytes.end(), packed.begin(), packed.end());
        result.bytes.insert(result.bytes.end(), encoded->begin(), encoded->end());
        result.weights[c] = {static_cast<std::uint64_t>(weights_at),
                             static_cast<std::uint32_t>(encoded->size())};
        result.size = static_cast<std::int64_t>(result.bytes.size());
    }
    return result;
}

}  // namespace u65sim::compiler
