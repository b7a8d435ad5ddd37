#include "timing/hypothetical.hpp"

#include <algorithm>

namespace u65sim::timing {

using stream::KernelKind;
using stream::KernelOp;

namespace {

/// Tile sizes and counts of a Winograd algorithm for 3x3 filters. Multiplications: direct over
/// transformed, as a fraction. Additions of each transform for one tile and channel: the counts
/// published with the algorithm (Lavin and Gray, "Fast algorithms for convolutional neural
/// networks", 2015); of the complex-domain form the multiplications (Meng and Brothers, "Efficient
/// Winograd convolution via integer arithmetic", 2019), its additions assumed as for F(4x4).
struct Algorithm {
    int outputs;                       ///< along each axis of a tile
    std::int64_t transformed, direct;  ///< multiplications for one tile
    std::int64_t input_additions, filter_additions, output_additions;
};

Algorithm algorithm_of(Winograd kind) {
    switch (kind) {
        case Winograd::f4x4:
            return {4, 36, 144, 156, 72, 90};
        case Winograd::f4x4_complex:
            return {4, 46, 144, 156, 72, 90};
        case Winograd::f2x2:
        case Winograd::none:
            break;
    }
    return {2, 16, 36, 32, 28, 24};
}

/// Fewer multiplications and a faster decoder, by what the weights are taken to be.
MacWork lightened(const MacWork& real, const KernelOp& op, const Hypothetical& hypothetical) {
    MacWork work = real;
    if (hypothetical.four_bit_weights && bytes_of(op.ifm.type) == 1) {
        work.multiply = ceil_div(work.multiply, 2);
        work.decode = ceil_div(work.decode, 2);
    }
    if (op.kind != KernelKind::conv) return work;
    switch (hypothetical.zero_skipping) {
        case ZeroSkipping::pattern_2_4:
            work.multiply = ceil_div(work.multiply, 2);
            work.decode = ceil_div(work.decode, 2);
            break;
        case ZeroSkipping::unstructured:
            work.multiply = static_cast<std::int64_t>(
                static_cast<double>(work.multiply) * hypothetical.weight_density + 0.5);
            break;
        case ZeroSkipping::none:
            break;
    }
    return work;
}

/// Additions of a job's transforms, in cycles.
std::int64_t transform_cycles(const Algorithm& algorithm, const Box& block, std::int64_t channels,
                              bool is_last, const Accelerator& accelerator) {
    const std::int64_t tiles =
        ceil_div(block.height, algorithm.outputs) * ceil_div(block.width, algorithm.outputs);
    const std::int64_t filters = ceil_div(block.depth, accelerator.cores);
    std::int64_t additions = tiles * channels * algorithm.input_additions +
                             filters * channels * algorithm.filter_additions;
    if (is_last) additions += tiles * filters * algorithm.output_additions;
    return ceil_div(additions,
                    std::int64_t{accelerator.macs_per_cycle} * accelerator.hypothetical.ublocks);
}

bool runs_as_winograd(const KernelOp& op, const Accelerator& accelerator) {
    return accelerator.hypothetical.winograd != Winograd::none && op.kind == KernelKind::conv &&
           bytes_of(op.ifm.type) == 1 && op.kernel.height == 3 && op.kernel.width == 3 &&
           op.kernel.stride_y == 1 && op.kernel.stride_x == 1 && op.kernel.dilation_y == 1 &&
           op.kernel.dilation_x == 1;
}

}  // namespace

std::int64_t hypothetical_cycles(const MacWork& real, const Traversal& traversal, const Box& block,
                                 std::int64_t channels, bool is_last,
                                 const Accelerator& accelerator) {
    const MacWork work = lightened(real, traversal.op(), accelerator.hypothetical);
    const std::int64_t direct = std::max(work.multiply, work.decode);
    if (!runs_as_winograd(traversal.op(), accelerator)) return direct;
    const Algorithm algorithm = algorithm_of(accelerator.hypothetical.winograd);
    const std::int64_t multiply = ceil_div(work.multiply * algorithm.transformed, algorithm.direct);
    const std::int64_t winograd =
        std::max(multiply, work.decode) +
        transform_cycles(algorithm, block, channels, is_last, accelerator);
    return std::min(direct, winograd);
}

}  // namespace u65sim::timing
