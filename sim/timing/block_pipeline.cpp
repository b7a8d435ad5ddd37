#include "timing/block_pipeline.hpp"

#include <algorithm>

#include "timing/mac_array.hpp"
#include "timing/output_unit.hpp"

namespace u65sim::timing {

using stream::KernelOp;

namespace {

/// Buffers and stages a block passes (machine rules).
constexpr std::int64_t most_jobs = 4;
constexpr std::int64_t accumulator_buffers = 2;

/// Sizes that occur along one axis: all but the last are equal.
struct AxisSize {
    int index;
    std::int64_t times;
};
std::array<AxisSize, 2> axis_sizes(int count) { return {{{0, count - 1}, {count - 1, 1}}}; }

/// Jobs that find room in the IFM buffer at a time.
std::int64_t jobs_in_buffer(const Traversal& traversal) {
    const KernelOp& op = traversal.op();
    const Box block =
        traversal.block(traversal.blocks_y() > 2 ? 1 : 0, traversal.blocks_x() > 2 ? 1 : 0, 0);
    const auto bytes = [](const stream::FeatureMap& map, const Box& box) {
        if (box.empty()) return std::int64_t{0};
        return std::int64_t{box.height} * box.width *
               round_up(std::int64_t{box.depth} * bytes_of(map.type), 8);
    };
    const std::int64_t job = bytes(op.ifm, traversal.ifm_box(block, 0, traversal.sub_kernel(0))) +
                             bytes(op.ifm2, traversal.ifm2_box(block));
    const std::int64_t kib = std::max<std::int64_t>(1, ceil_div(job, 1024));
    return std::clamp<std::int64_t>((op.ib_end - 2) / kib, 1, most_jobs);
}

/// Of all jobs of `block`.
std::int64_t mac_cycles_of(const Traversal& traversal, const Box& block, const Architecture& arch,
                           const Accelerator& accelerator) {
    std::int64_t cycles = 0;
    for (const AxisSize& d : axis_sizes(traversal.depth_blocks())) {
        if (d.times == 0) continue;
        for (int s = 0; s < traversal.sub_kernels(); ++s) {
            cycles += d.times * mac_cycles(traversal, block, d.index, traversal.sub_kernel(s), arch,
                                           accelerator)
                                    .count();
        }
    }
    return cycles;
}

}  // namespace

BlockPipeline::BlockPipeline(const Traversal& traversal, const Architecture& arch,
                             const Target& target)
    : jobs(traversal.jobs_per_block()), in_buffer(jobs_in_buffer(traversal)) {
    const KernelOp& op = traversal.op();
    const bool elementwise = op.kind == stream::KernelKind::elementwise;
    const std::int64_t start = block_start_cycles(op, target.timing).count();
    count_y = traversal.blocks_y();
    count_x = traversal.blocks_x();
    count_z = traversal.blocks_z();
    for (std::size_t place = 0; place < classes_.size(); ++place) {
        const AxisSize y = axis_sizes(traversal.blocks_y())[place / 4];
        const AxisSize x = axis_sizes(traversal.blocks_x())[place / 2 % 2];
        const AxisSize z = axis_sizes(traversal.blocks_z())[place % 2];
        const std::int64_t times = y.times * x.times * z.times;
        if (times == 0) continue;
        const Box block = traversal.block(y.index, x.index, z.index);
        const std::int64_t work = mac_cycles_of(traversal, block, arch, target.accelerator);
        // An elementwise block passes the output unit only, and keeps its input until then.
        BlockClass& same = classes_[place];
        same.array = elementwise ? 0 : start + work;
        same.output = output_cycles(op, block, arch, target.accelerator).count();
        same.held = elementwise ? start + same.output : ceil_div(same.array, jobs);
        mac += work * times;
        output += same.output * times;
        if (first_array == 0) first_array = same.array;
        last_job = ceil_div(same.array, jobs);
        last_output = same.output;
    }
}

/// From one job's input to the next one's, in the room that jobs leave.
std::int64_t BlockPipeline::load_of(const BlockClass& block, const BlockSupply& supply) const {
    return ceil_div(supply.load + block.held, in_buffer);
}

std::int64_t BlockPipeline::weights_of(const BlockClass& block, const BlockSupply& supply) {
    const WeightSupply& from = supply.weights;
    return std::max(from.least, from.wait + block.array * from.beyond / from.bytes);
}

/// From one block's end in the array to the next one's.
std::int64_t BlockPipeline::step(const BlockClass& before, const BlockClass& block,
                                 const BlockSupply& supply) const {
    // Accumulators are free again when the port has taken the block's last chunk.
    const std::int64_t kept =
        block.array == 0
            ? 0
            : ceil_div(block.array + before.output + supply.write, accumulator_buffers);
    return std::max({block.array, before.output, kept, jobs * load_of(block, supply), supply.store,
                     weights_of(block, supply)});
}

std::int64_t BlockPipeline::cycles(const BlockSupply& supply) const {
    // Inside an axis and at its end: blocks, and steps from one to the next that end there.
    const auto blocks = [](std::int64_t count) { return std::array{count - 1, std::int64_t{1}}; };
    const auto steps = [](std::int64_t count) {
        return std::array{std::max<std::int64_t>(count - 2, 0), std::int64_t{count > 1}};
    };
    const auto first = [](std::int64_t count) { return static_cast<std::size_t>(count == 1); };
    const auto in_y = blocks(count_y), in_x = blocks(count_x);
    const auto step_y = steps(count_y), step_x = steps(count_x), step_z = steps(count_z);
    const std::size_t x0 = first(count_x), z0 = first(count_z);
    const BlockClass& begin = at({first(count_y), x0, z0});
    // From the last block of an axis to the next one, and of three blocks with it in the middle:
    // what the third one waits for the first one's accumulators beyond both steps.
    const auto turn = [&](const BlockClass& inside, const BlockClass& last,
                          const BlockClass& next) {
        const std::int64_t on = step(last, next, supply);
        if (next.array == 0 || inside.array == 0) return on;
        return std::max(on, next.array + inside.output + supply.write - step(inside, last, supply));
    };
    // The first job's inputs are waited for before the first block, and asked for together with
    // those of as many jobs as find room.
    const std::int64_t inputs = std::max(supply.store, weights_of(begin, supply));
    const std::int64_t behind = std::max<std::int64_t>(0, jobs - in_buffer);
    std::int64_t sum =
        std::max({begin.array, inputs * (jobs - 1) / jobs, behind * load_of(begin, supply)});
    for (std::size_t y = 0; y < 2; ++y) {
        for (std::size_t x = 0; x < 2; ++x) {
            for (std::size_t z = 0; z < 2; ++z) {
                const std::int64_t times = in_y[y] * in_x[x] * step_z[z];
                if (times > 0) sum += times * step(at({y, x, 0}), at({y, x, z}), supply);
            }
            const std::int64_t times = in_y[y] * step_x[x];
            if (times > 0) sum += times * turn(at({y, 0, 0}), at({y, 0, 1}), at({y, x, z0}));
        }
        if (step_y[y] == 0) continue;
        const BlockClass& inside = count_z > 1 ? at({0, 1, 0}) : at({0, 0, 1});
        sum += step_y[y] * turn(inside, at({0, 1, 1}), at({y, x0, z0}));
    }
    return sum;
}

}  // namespace u65sim::timing
