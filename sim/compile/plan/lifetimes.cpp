#include "compile/plan/lifetimes.hpp"

#include <algorithm>

namespace u65sim::compiler {

namespace {

void use(Buffer& buffer, std::int32_t time) {
    buffer.first_use = buffer.first_use == no_time ? time : std::min(buffer.first_use, time);
    buffer.last_use = std::max(buffer.last_use, time);
}

}  // namespace

bool must_be_linear(const View& view, const Buffer& buffer) {
    return view.storage != buffer.extent || view.stride_y || view.stride_x ||
           view.c % brick_channels != 0;
}

void choose_layouts(Program& program) {
    for_each_op(program, [&](NpuOp& op) {
        for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
            if (!view->valid()) continue;
            Buffer& buffer = program.buffer(*view);
            if (must_be_linear(*view, buffer)) buffer.linear = true;
        }
    });
    for (auto& buffer : program.buffers) {
        if (buffer.kind == Placement::Kind::constant) continue;
        buffer.layout = buffer.linear ? stream::Layout::nhwc : layout_for(program, buffer.extent);
        Extent stored = buffer.extent;
        if (buffer.rolling_rows > 0) stored.h = buffer.rolling_rows;
        buffer.size = storage_bytes(stored, buffer.type, buffer.layout);
    }
}

void find_lifetimes(Program& program) {
    for_each_op(program, [&](NpuOp& op) {
        for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
            if (view->valid()) use(program.buffer(*view), op.time);
        }
    });
    const Graph& graph = *program.graph;
    for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
        if (!program.bound[t] || !program.views[t].valid()) continue;
        Buffer& buffer = program.buffer(program.views[t]);
        if (program.producers[t] != no_operator) {
            const auto time = program.cpu_time[static_cast<std::size_t>(program.producers[t])];
            if (time != no_time) use(buffer, time);
        }
        for (const auto consumer : program.consumers[t]) {
            const auto time = program.cpu_time[static_cast<std::size_t>(consumer)];
            if (time != no_time) use(buffer, time);
        }
    }
    for (const auto id : graph.inputs) {
        const View& view = program.views[static_cast<std::size_t>(id)];
        if (view.valid()) use(program.buffer(view), 0);
    }
    for (const auto id : graph.outputs) {
        const View& view = program.views[static_cast<std::size_t>(id)];
        if (view.valid()) use(program.buffer(view), program.times);
    }
    for (auto& buffer : program.buffers) {
        if (!buffer.whole_life) continue;
        buffer.first_use = 0;
        buffer.last_use = program.times;
    }
}

}  // namespace u65sim::compiler
