#include <cstddef>
#include <numeric>
#include <vector>

#include "compile/plan/make_plan.hpp"

namespace u65sim::compiler {

namespace {

/// Operations that read each buffer.
std::vector<int> readers_of(const Program& program) {
    std::vector<int> readers(program.buffers.size(), 0);
    for_each_op(program, [&](const NpuOp& op) {
        for (const View* view : {&op.ifm, &op.ifm2}) {
            if (view->valid()) ++readers[static_cast<std::size_t>(view->buffer)];
        }
    });
    return readers;
}

class InPlaceMerger {
public:
    explicit InPlaceMerger(Program& program)
        : program_(program), moved_(program.buffers.size()), readers_(readers_of(program)) {
        std::iota(moved_.begin(), moved_.end(), 0);
    }

    void run() {
        for_each_op(program_, [&](NpuOp& op) {
            if (!op.may_overwrite_ifm || !op.ofm.whole()) return;
            if (!program_.rules.overwrites_sole_reads) {
                merge(op, op.ifm, op.ifm2);
            } else if (!merge_sole(op, op.ifm, op.ifm2)) {
                merge_sole(op, op.ifm2, op.ifm);
            }
        });
        for_each_op(program_, [&](NpuOp& op) {
            for (View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
                if (view->valid()) view->buffer = owner(view->buffer);
            }
        });
        for (auto& view : program_.views) {
            if (view.valid()) view.buffer = owner(view.buffer);
        }
    }

private:
    [[nodiscard]] int owner(int buffer) const {
        while (moved_[static_cast<std::size_t>(buffer)] != buffer) {
            buffer = moved_[static_cast<std::size_t>(buffer)];
        }
        return buffer;
    }

    bool merge_sole(const NpuOp& op, const View& read, const View& other) {
        return read.valid() && readers_[static_cast<std::size_t>(read.buffer)] == 1 &&
               merge(op, read, other);
    }

    /// Lets an operation's result stand where one of its maps does that nobody reads later.
    bool merge(const NpuOp& op, const View& read, const View& other) {
        if (!read.whole()) return false;
        const int from = owner(read.buffer);
        const int to = owner(op.ofm.buffer);
        Buffer& input = program_.buffers[static_cast<std::size_t>(from)];
        Buffer& output = program_.buffers[static_cast<std::size_t>(to)];
        if (from == to || input.kind != Placement::Kind::feature_map || input.pinned ||
            output.pinned || output.kind != Placement::Kind::feature_map ||
            input.last_use != op.time || output.first_use != op.time || input.size != output.size ||
            input.layout != output.layout || input.extent != output.extent ||
            (other.valid() && owner(other.buffer) == from)) {
            return false;
        }
        input.last_use = output.last_use;
        input.consumers.insert(input.consumers.end(), output.consumers.begin(),
                               output.consumers.end());
        output.first_use = output.last_use = no_time;
        moved_[static_cast<std::size_t>(to)] = from;
        return true;
    }

    Program& program_;
    std::vector<int> moved_;
    const std::vector<int> readers_;
};

}  // namespace

void merge_in_place(Program& program) { InPlaceMerger{program}.run(); }

}  // namespace u65sim::compiler
