#include <cstddef>
#include <numeric>
#include <vector>

#include "compile/plan/make_plan.hpp"

namespace u65sim::compiler {

void merge_in_place(Program& program) {
    std::vector<int> moved(program.buffers.size());
    std::iota(moved.begin(), moved.end(), 0);
    const auto owner = [&](int buffer) {
        while (moved[static_cast<std::size_t>(buffer)] != buffer) {
            buffer = moved[static_cast<std::size_t>(buffer)];
        }
        return buffer;
    };
    for_each_op(program, [&](NpuOp& op) {
        if (!op.may_overwrite_ifm || !op.ifm.whole() || !op.ofm.whole()) return;
        const int from = owner(op.ifm.buffer);
        const int to = owner(op.ofm.buffer);
        Buffer& input = program.buffers[static_cast<std::size_t>(from)];
        Buffer& output = program.buffers[static_cast<std::size_t>(to)];
        if (from == to || input.kind != Placement::Kind::feature_map || input.pinned ||
            output.pinned || output.kind != Placement::Kind::feature_map ||
            input.last_use != op.time || output.first_use != op.time || input.size != output.size ||
            input.layout != output.layout || input.extent != output.extent ||
            (op.ifm2.valid() && owner(op.ifm2.buffer) == from)) {
            return;
        }
        input.last_use = output.last_use;
        input.consumers.insert(input.consumers.end(), output.consumers.begin(),
                               output.consumers.end());
        output.first_use = output.last_use = no_time;
        moved[static_cast<std::size_t>(to)] = from;
    });
    for_each_op(program, [&](NpuOp& op) {
        for (View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
            if (view->valid()) view->buffer = owner(view->buffer);
        }
    });
    for (auto& view : program.views) {
        if (view.valid()) view.buffer = owner(view.buffer);
    }
}

}  // namespace u65sim::compiler
