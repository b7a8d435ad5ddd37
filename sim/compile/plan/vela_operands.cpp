#include "compile/plan/vela_operands.hpp"

#include <algorithm>
#include <cstddef>

namespace u65sim::compiler {

namespace {

bool is_elementwise(const NpuOp& op) { return op.kernel.kind == stream::KernelKind::elementwise; }

bool reads(const NpuOp& op, int buffer) {
    return op.ifm.buffer == buffer || op.ifm2.buffer == buffer;
}

bool overwrites(const NpuOp& op, int buffer) {
    return op.ofm.buffer == buffer && reads(op, buffer);
}

class OperandKeeper {
public:
    OperandKeeper(Program& program, std::vector<bool>& is_fast)
        : program_(program), is_fast_(is_fast), users_(program.buffers.size()) {
        for_each_op(program, [&](NpuOp& op) {
            ops_.push_back(&op);
            for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
                if (!view->valid()) continue;
                auto& users = users_[static_cast<std::size_t>(view->buffer)];
                if (users.empty() || users.back() != &op) users.push_back(&op);
            }
        });
    }

    void run() {
        for (const NpuOp* op : ops_) {
            if (!is_elementwise(*op) || op->is_stripe() || !op->binary()) continue;
            const View& first = op->ifm;
            const View& second = op->ifm2;
            if (is_constant(first) || is_constant(second)) continue;
            if (!is_fast(first.buffer)) leave(second.buffer, *op);
            if (!is_fast(second.buffer)) leave(first.buffer, *op);
        }
    }

private:
    using Users = std::vector<NpuOp*>;  ///< of a buffer, in order
    /// Operations from the one that writes a map to the last one that reads it.
    struct Life {
        std::size_t first = 0, last = 0;
    };

    [[nodiscard]] bool is_fast(int buffer) const {
        return is_fast_[static_cast<std::size_t>(buffer)];
    }
    [[nodiscard]] bool is_constant(const View& view) const {
        return program_.buffer(view).kind == Placement::Kind::constant;
    }

    void leave(int buffer, const NpuOp& op) {
        const Buffer& map = program_.buffers[static_cast<std::size_t>(buffer)];
        if (!is_fast(buffer) || map.rolling_rows > 0 || map.copy_of != no_buffer) return;
        const Life life = life_of(buffer, op);
        const Users& users = users_[static_cast<std::size_t>(buffer)];
        for (std::size_t i = life.first; i <= life.last; ++i) {
            if (reads(*users[i], buffer) && i > life.first && !is_elementwise(*users[i])) return;
        }
        const NpuOp& writer = *users[life.first];
        if (life.last > life.first && overwrites(*users[life.last], buffer)) {
            split_behind(buffer, life.last);
        }
        const int left = overwrites(writer, buffer) ? split_behind(buffer, life.first) : buffer;
        is_fast_[static_cast<std::size_t>(left)] = false;
    }

    /// Of the map that an operation reads.
    [[nodiscard]] Life life_of(int buffer, const NpuOp& op) const {
        const Users& users = users_[static_cast<std::size_t>(buffer)];
        const auto at =
            static_cast<std::size_t>(std::find(users.begin(), users.end(), &op) - users.begin());
        Life life{at, at};
        while (life.first > 0 && (life.first == at || !overwrites(*users[life.first], buffer))) {
            --life.first;
        }
        while (life.last + 1 < users.size() && !overwrites(*users[life.last], buffer)) ++life.last;
        return life;
    }

    /// Gives what the user at this index of a buffer writes over it a buffer of its own.
    int split_behind(int buffer, std::size_t at) {
        const auto index = static_cast<std::size_t>(buffer);
        const auto added = static_cast<int>(program_.buffers.size());
        Users& users = users_[index];
        Users later{users.begin() + static_cast<std::ptrdiff_t>(at), users.end()};
        users.resize(at + 1);
        NpuOp& writer = *later.front();
        writer.ofm.buffer = added;
        for (std::size_t i = 1; i < later.size(); ++i) {
            for (View* view : {&later[i]->ifm, &later[i]->ifm2, &later[i]->ofm}) {
                if (view->buffer == buffer) view->buffer = added;
            }
        }
        Buffer rest = program_.buffers[index];
        rest.name = writer.name;
        rest.producer = writer.graph_operator;
        rest.first_use = program_.buffers[index].last_use = writer.time;
        program_.buffers.push_back(std::move(rest));
        is_fast_.push_back(is_fast_[index]);
        users_.push_back(std::move(later));
        return added;
    }

    Program& program_;
    std::vector<bool>& is_fast_;
    std::vector<NpuOp*> ops_;
    std::vector<Users> users_;
};

}  // namespace

void keep_operands_together(Program& program, std::vector<bool>& is_fast) {
    OperandKeeper{program, is_fast}.run();
}

}  // namespace u65sim::compiler
