#include "compile/encode/encode_weights.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "base/hash.hpp"
#include "compile/cache.hpp"
#include "compile/encode/estimate_weights.hpp"
#include "weights/codec.hpp"
#include "weights/order.hpp"

namespace u65sim::compiler {

namespace {

std::uint64_t content_key(const WeightSource& source, const weights::Order& order,
                          weights::Coding coding, std::int32_t first, std::int32_t count,
                          std::int32_t core, std::int32_t cores) {
    Hasher hasher;
    // Ones are the same from whichever channel on.
    const bool ones = source.form == WeightSource::Form::ones;
    if (!ones) {
        hasher.add(source.content_hash ? source.content_hash : source.data.content_hash());
    }
    const auto add = [&](std::int64_t value) { hasher.add(static_cast<std::uint64_t>(value)); };
    for (const std::int64_t value : {std::int64_t{static_cast<int>(source.form)},
                                     std::int64_t{ones ? 0 : source.outputs},
                                     std::int64_t{source.height},
                                     std::int64_t{source.width},
                                     std::int64_t{source.inputs},
                                     std::int64_t{source.is_unsigned},
                                     std::int64_t{ones ? 0 : source.first_output},
                                     std::int64_t{source.spread_y},
                                     std::int64_t{source.spread_x},
                                     std::int64_t{ones ? 0 : first},
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
    hasher.add(std::span{reinterpret_cast<const std::uint8_t*>(source.zero_points.data()),
                         source.zero_points.size() * sizeof source.zero_points[0]});
    if (coding != weights::Coding::smallest) add(static_cast<int>(coding));
    return hasher.digest();
}

/// One core's share of a slice.
struct CoreWeights {
    std::int32_t first, step, count;  ///< channels first, first + step, ...: count of them
    weights::Order order;
    weights::Coding coding;
    std::uint64_t key = 0;  ///< of the content; 0: modelled, or no channels

    CoreWeights(const NpuOp& op, std::int32_t slice_first, std::int32_t slice_channels,
                std::int32_t core, const CompileContext& context)
        : first(slice_first + core),
          step(context.target->accelerator.cores),
          count(weights::block_depth_of_core(slice_channels, core, step)),
          coding(context.rules.coding) {
        order.traversal =
            op.kernel.kind == stream::KernelKind::depthwise ? weights::Traversal::depthwise
            : op.kernel.kernel.part_kernel_first            ? weights::Traversal::part_kernel_first
                                                            : weights::Traversal::depth_first;
        order.block_depth = weights::block_depth_of_core(op.kernel.block.depth, core, step);
        order.ifm_bits = op.ifm_bits();
        order.dilation_y = op.kernel.kernel.dilation_y;
        order.dilation_x = op.kernel.kernel.dilation_x;
        order.ofm_ublock_depth = context.arch.ofm_ublock.depth;
        order.ifm_ublock_depth = context.arch.ifm_ublock.depth;
        const bool modelled = op.weights->data && op.weights->data.model() != nullptr;
        if (modelled || count == 0) return;
        key = content_key(*op.weights, order, coding, slice_first, slice_channels, core, step);
    }

    [[nodiscard]] StoredWeights stored(const WeightSource& source) const {
        return {source, first, step, count};
    }
    /// Of the encoded weights, from the cache, where it is afterwards; and whether it was before.
    [[nodiscard]] std::pair<std::uint32_t, bool> size(const WeightSource& source, Sizing sizing,
                                                      WeightCache& cache) const {
        const bool sampled = sizing == Sizing::sampled;
        const std::uint64_t size_key = sampled ? ~key : key;
        if (const auto known = cache.sizes.find(size_key)) return {*known, true};
        const std::size_t size = sampled
                                     ? weights::estimated_size(stored(source).volume, order, coding)
                                 : sizing == Sizing::encoded
                                     ? encoded(source, cache)->size()
                                     : weights::encoded_size(stored(source).volume, order, coding);
        cache.sizes.insert(size_key, static_cast<std::uint32_t>(size));
        return {static_cast<std::uint32_t>(size), false};
    }
    /// From the cache, where they are afterwards.
    [[nodiscard]] EncodedWeights encoded(const WeightSource& source, WeightCache& cache) const {
        if (const auto known = cache.encoded.find(key)) return *known;
        const auto bytes = std::make_shared<const std::vector<std::uint8_t>>(
            weights::encode(stored(source).volume, order, coding));
        cache.encoded.insert(key, bytes, static_cast<std::int64_t>(bytes->size()));
        return bytes;
    }
    [[nodiscard]] std::vector<weights::ScaleRecord> records(const NpuOp& op) const {
        std::vector<weights::ScaleRecord> own;
        own.reserve(static_cast<std::size_t>(count));
        for (std::int32_t i = 0; i < count; ++i) {
            own.push_back(op.scales[static_cast<std::size_t>(first + i * step)]);
        }
        return own;
    }
};

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

SliceLayout lay_out_slice(const NpuOp& op, std::int32_t first, std::int32_t count,
                          const CompileContext& context, Sizing sizing) {
    const Accelerator& accelerator = context.target->accelerator;
    WeightCache& cache = context.cache->weights;
    const WeightSource& source = *op.weights;
    const bool modelled = source.data && source.data.model() != nullptr;
    SliceLayout result;
    Hasher content;
    for (std::int32_t core = 0; core < accelerator.cores; ++core) {
        const CoreWeights own{op, first, count, core, context};
        const auto c = static_cast<std::size_t>(core);
        if (own.count == 0) {
            // A core without work points at core 0's ranges with nothing in them.
            result.scales[c] = {result.scales[0].base, 0};
            result.weights[c] = {result.weights[0].base, 0};
            continue;
        }
        const auto packed =
            static_cast<std::uint32_t>(weights::packed_size(static_cast<std::size_t>(own.count)));
        std::int64_t size = 0;
        if (modelled) {
            const auto [estimate, known] =
                estimate_encoded(source, own.order, own.coding, own.count, cache);
            result.known = result.known && known;
            size = estimate;
        } else {
            content.add(own.key);
            content.add(std::span<const std::uint8_t>{weights::pack_all(own.records(op))});
            const auto [found, known] = own.size(source, sizing, cache);
            result.known = result.known && known;
            size = found;
        }
        result.scales[c] = {static_cast<std::uint64_t>(result.size), packed};
        result.weights[c] = {static_cast<std::uint64_t>(result.size) + packed,
                             static_cast<std::uint32_t>(size)};
        result.size += packed + size;
    }
    if (!modelled) result.content = content.digest();
    return result;
}

void encode_slice(const NpuOp& op, const WeightSlice& slice, const CompileContext& context,
                  std::span<std::uint8_t> to) {
    const Accelerator& accelerator = context.target->accelerator;
    for (std::int32_t core = 0; core < accelerator.cores; ++core) {
        const CoreWeights own{op, slice.first, slice.count, core, context};
        if (own.count == 0) continue;
        const EncodedWeights encoded = own.encoded(*op.weights, context.cache->weights);
        const auto put = [&](const stream::ByteRange& range,
                             const std::vector<std::uint8_t>& bytes) {
            std::copy(bytes.begin(), bytes.end(),
                      to.subspan(static_cast<std::size_t>(range.base), range.length).begin());
        };
        const auto c = static_cast<std::size_t>(core);
        put(slice.scales[c], weights::pack_all(own.records(op)));
        put(slice.weights[c], *encoded);
    }
}

}  // namespace u65sim::compiler
