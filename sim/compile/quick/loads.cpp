#include "compile/quick/loads.hpp"

#include <algorithm>
#include <cstddef>

namespace u65sim::compiler::quick {

namespace {

void add_cascade(const QuickNetwork& network, const QuickRange& range, Load& load) {
    StripeWalk walk(network, range.last, range.height);
    double read = 0;
    for (std::size_t i = range.last;; --i) {
        const QuickOp& op = network.ops[i];
        load.size += op.weights;
        read += walk.stripes() *
                static_cast<double>(op.weights *
                                    op.times->stripe(network.program, *op.npu, walk.rows()).passes);
        if (i == range.first) break;
        walk.step();
    }
    if (load.size > 0) load.passes = static_cast<std::int64_t>(read) / load.size;
    load.passes = std::max<std::int64_t>(load.passes, 1);
}

}  // namespace

std::vector<Load> loads_of(const QuickNetwork& network, const PlacedMaps& maps) {
    std::vector<Load> loads;
    for (std::size_t p = 0; p < maps.positions.size(); ++p) {
        const Position& position = maps.positions[p];
        Load load;
        load.position = static_cast<std::int32_t>(p);
        load.fast = position.fast.total;
        load.direct = position.direct.total;
        if (position.range.is_cascade()) {
            add_cascade(network, position.range, load);
        } else {
            const QuickOp& op = network.ops[position.range.first];
            load.size = op.weights;
            if (load.size > 0) {
                load.passes = position.times->passes;
                if (op.npu->kernel.kind == stream::KernelKind::conv) load.sliceable = &op;
            }
        }
        if (load.size > 0) loads.push_back(load);
    }
    return loads;
}

}  // namespace u65sim::compiler::quick
