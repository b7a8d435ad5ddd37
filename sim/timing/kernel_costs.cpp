#include "timing/kernel_costs.hpp"

#include <algorithm>

#include "timing/block_boxes.hpp"
#include "timing/ifm_store.hpp"
#include "timing/kernel_fields.hpp"

namespace u65sim::timing {

using stream::KernelOp;

namespace {

constexpr std::int64_t chunk_bytes = 1024;  ///< of the OFM writer (machine rule)

/// Whether boxes of `step` channels next to each other cost what their union does.
bool joins(const stream::FeatureMap& map, int step) {
    return map.layout == stream::Layout::nhcwb16 && step % 16 == 0;
}

}  // namespace

KernelCosts::KernelCosts(const KernelOp& op, const Target& target, const Architecture& arch,
                         const std::array<PortRules, 2>& rules)
    : op_(op),
      rules_(rules),
      traversal_(op_, arch),
      compute_(traversal_, arch, target),
      store_(work_out_store(target.accelerator.cores)) {}

/// A box that stays the same while only the OFM depth advances is read once, and so are the
/// two of an input's two depth blocks.
bool KernelCosts::is_reused() const {
    return traversal_.depth_block_size() > 0 && traversal_.sub_kernels() == 1 &&
           traversal_.depth_blocks() <= 2;
}

/// Sum over a map that every OFM block reads or writes a box of.
template <class Cost, class BoxOf>
auto KernelCosts::over_blocks(const stream::FeatureMap& map, const Cost& cost,
                              const BoxOf& box_of) const {
    const bool joined = joins(map, op_.block.depth) && map.depth == op_.ofm.depth;
    const BlockBoxes boxes = block_boxes(traversal_, map.height, map.width, box_of);
    decltype(cost(BoxGroup{})) sum{};
    for (int z = 0; z < (joined ? 1 : traversal_.blocks_z()); ++z) {
        Box block = traversal_.block(0, 0, z);
        if (joined) block.depth = map.depth;
        sum += cost_of(boxes, box_of(block), cost);
    }
    return sum;
}

/// Sum over the IFM's loads.
template <class Cost>
auto KernelCosts::over_first(const Cost& cost) const {
    const int size = traversal_.depth_block_size();
    decltype(cost(BoxGroup{})) sum{};
    for (int s = 0; s < traversal_.sub_kernels(); ++s) {
        const SubKernel sub = traversal_.sub_kernel(s);
        const auto box_of = [&](const Box& block) { return traversal_.ifm_box(block, 0, sub); };
        if (size == 0) {
            sum += over_blocks(op_.ifm, cost, box_of);
            continue;
        }
        const bool joined = joins(op_.ifm, size);
        const BlockBoxes boxes = block_boxes(traversal_, op_.ifm.height, op_.ifm.width, box_of);
        for (int d = 0; d < (joined ? 1 : traversal_.depth_blocks()); ++d) {
            Box depth;
            traversal_.set_ifm_depth(depth, {}, d);
            if (joined) depth.depth = op_.ifm.depth;
            sum += cost_of(boxes, depth, cost);
        }
    }
    return sum * (size == 0 || is_reused() ? 1 : traversal_.blocks_z());
}

template <class Cost>
auto KernelCosts::over_second(const Cost& cost) const {
    return over_blocks(op_.ifm2, cost,
                       [&](const Box& block) { return traversal_.ifm2_box(block); });
}

std::int64_t KernelCosts::load_cycles(const PortRules& rules, const Access& all) const {
    const std::int64_t loads = traversal_.blocks() * traversal_.jobs_per_block();
    return ceil_div(transfer_cycles(all, rules, false) * loads_a_box(), loads);
}

std::size_t KernelCosts::bus_of(std::size_t port) const {
    return rules_[1].map_bus == rules_[0].map_bus ? 0 : port;
}

Access KernelCosts::work_out(Map map, const BusShape& bus) const {
    const stream::FeatureMap& moved = map == first_in    ? op_.ifm
                                      : map == second_in ? op_.ifm2
                                                         : op_.ofm;
    const auto traffic = [&](const BoxGroup& group) {
        return repeated_access(moved, group.box, group.times, group.step, bus);
    };
    return map == first_in    ? over_first(traffic)
           : map == second_in ? over_second(traffic)
                              : over_blocks(op_.ofm, traffic, [](const Box& box) { return box; });
}

KernelCosts::StoreCycles KernelCosts::work_out_store(int cores) const {
    const auto first = [&](const BoxGroup& group) {
        return store_cycles(op_, op_.ifm, group.box, cores) * group.times;
    };
    const auto second = [&](const BoxGroup& group) {
        return store_cycles(op_, op_.ifm2, group.box, cores) * group.times;
    };
    const Box block = traversal_.block(0, 0, 0);
    StoreCycles result;
    result.first = first({traversal_.ifm_box(block, 0, traversal_.sub_kernel(0))});
    std::int64_t all = over_first(first);
    if (has_second_map(op_)) {
        result.first += second({traversal_.ifm2_box(block)});
        all += over_second(second);
    }
    result.block = ceil_div(all, traversal_.blocks());
    return result;
}

std::int64_t KernelCosts::first_load(const PortRules& rules, bool second) const {
    const stream::FeatureMap& map = second ? op_.ifm2 : op_.ifm;
    const Box block = traversal_.block(0, 0, 0);
    const Box box = second ? traversal_.ifm2_box(block)
                           : traversal_.ifm_box(block, 0, traversal_.sub_kernel(0));
    return first_cycles(box_access(map, box, rules.map_bus), rules, false);
}

KernelCosts::PieceCycles KernelCosts::chunk_cycles(const PortRules& rules,
                                                   const Access& ofm) const {
    const std::int64_t chunks =
        traversal_.blocks() *
        std::max<std::int64_t>(1, ceil_div(ofm.bytes, traversal_.blocks() * chunk_bytes));
    const Access chunk{ceil_div(ofm.bytes, chunks), ceil_div(ofm.beats, chunks),
                       ceil_div(ofm.bursts, chunks)};
    return {ceil_div(transfer_cycles(ofm, rules, true), chunks), first_cycles(chunk, rules, true)};
}

const Access& KernelCosts::access(Map map, std::size_t port) const {
    std::optional<Access>& known = access_[map][bus_of(port)];
    if (!known) known = work_out(map, rules_[port].map_bus);
    return *known;
}

const KernelCosts::PieceCycles& KernelCosts::piece(Map map, std::size_t port) const {
    std::optional<PieceCycles>& known = pieces_[map][port];
    if (!known) {
        const PortRules& rules = rules_[port];
        if (map == out) {
            known = chunk_cycles(rules, access(map, port));
        } else {
            known = {load_cycles(rules, access(map, port)), first_load(rules, map == second_in)};
        }
    }
    return *known;
}

}  // namespace u65sim::timing
