#include "compile/encode_weights.hpp"

#include <algorithm>
#include <bit>
#include <mutex>
#include <unordered_map>

#include <fmt/format.h>

#include <u65sim/error.hpp>

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

StoredWeights::StoredWeights(const WeightSource& source, std::int32_t first, std::int32_t step,
                             std::int32_t count) {
    using Form = WeightSource::Form;
    volume.output_depth = count;
    volume.height = spread_height(source);
    volume.width = spread_width(source);
    volume.input_depth = source.inputs;
    volume.spread_y = source.spread_y;
    volume.spread_x = source.spread_x;
    volume.is_unsigned = source.is_unsigned;
    if (source.form == Form::ones) return;
    const std::ptrdiff_t height = source.height, width = source.width, inputs = source.inputs;
    const std::ptrdiff_t start = std::ptrdiff_t{first} + source.first_output;
    const std::uint8_t* data = source.data.bytes().data();
    if (source.form == Form::channels || source.form == Form::single) {
        volume.output_step = step;
        volume.column_step = source.outputs;
        volume.row_step = width * volume.column_step;
        volume.input_step = 1;
        volume.data = data + start;
    } else {
        volume.input_step = 1;
        volume.column_step = inputs;
        volume.row_step = width * inputs;
        const std::ptrdiff_t output = height * volume.row_step;
        volume.output_step = step * output;
        volume.data = data + start * output;
        if (source.form == Form::flipped) {
            volume.data += (height - 1) * volume.row_step + (width - 1) * volume.column_step;
            volume.row_step = -volume.row_step;
            volume.column_step = -volume.column_step;
        }
    }
    const std::int32_t lowest = source.is_unsigned ? 0 : -128;
    zero_points_.reserve(static_cast<std::size_t>(count));
    for (std::int32_t n = 0; n < count; ++n) {
        const auto channel = static_cast<std::size_t>(start + std::ptrdiff_t{n} * step);
        const std::int32_t zero = source.zero_points[source.zero_points.size() > 1 ? channel : 0];
        if (zero < lowest || zero > lowest + 255) {
            throw InvalidModel(fmt::format("weights' zero point = {}: must lie in {} .. {}", zero,
                                           lowest, lowest + 255));
        }
        zero_points_.push_back(static_cast<std::int16_t>(zero));
    }
    volume.zero_points = zero_points_;
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
            const auto [size, known] = estimate_encoded(source, order, own);
            result.known = result.known && known;
            result.weights[c] = {static_cast<std::uint64_t>(weights_at),
                                 static_cast<std::uint32_t>(size)};
            result.size = weights_at + size;
            continue;
        }
        const auto key = content_key(source, order, first, count, core, accelerator.cores);
        Encoded encoded = cache().find(key);
        if (!encoded) {
            result.known = false;
            const StoredWeights stored{source, channels[0], accelerator.cores,
                                       static_cast<std::int32_t>(channels.size())};
            encoded = std::make_shared<const std::vector<std::uint8_t>>(
                weights::encode(stored.volume, order));
            cache().keep(key, encoded);
        }
        std::vector<weights::ScaleRecord> records;
        records.reserve(channels.size());
        for (const auto channel : channels) {
            records.push_back(op.scales[static_cast<std::size_t>(channel)]);
        }
        result.bytes.push_back(
            std::make_shared<const std::vector<std::uint8_t>>(weights::pack_all(records)));
        result.bytes.push_back(encoded);
        result.weights[c] = {static_cast<std::uint64_t>(weights_at),
                             static_cast<std::uint32_t>(encoded->size())};
        result.size = weights_at + static_cast<std::int64_t>(encoded->size());
    }
    return result;
}

}  // namespace u65sim::compiler
