#include "compile/lower/order_operators.hpp"

#include <functional>
#include <numeric>
#include <queue>
#include <utility>

#include "compile/lower/order_branches.hpp"

namespace u65sim::compiler {

namespace {

using Order = std::vector<std::int32_t>;

bool on_npu(const Program& program, std::int32_t op) {
    return program.decisions[static_cast<std::size_t>(op)].on_npu;
}

std::int32_t npu_runs(const Program& program, const Order& order) {
    std::int32_t runs = 0;
    bool open = false;
    for (const std::int32_t op : order) {
        if (on_npu(program, op) && !open) ++runs;
        open = on_npu(program, op);
    }
    return runs;
}

/// By turns all that the CPU and all that the NPU can do; operators of one turn in graph order.
Order by_turns(const Program& program, const Dependencies& dependencies) {
    std::vector<std::int32_t> missing = dependencies.missing();
    std::priority_queue<std::int32_t, Order, std::greater<>> ready[2];
    for (std::int32_t op = 0; op < static_cast<std::int32_t>(missing.size()); ++op) {
        if (missing[static_cast<std::size_t>(op)] == 0) ready[on_npu(program, op)].push(op);
    }
    Order order;
    order.reserve(missing.size());
    for (bool npu = false; !ready[0].empty() || !ready[1].empty(); npu = !npu) {
        while (!ready[npu].empty()) {
            const std::int32_t op = ready[npu].top();
            ready[npu].pop();
            order.push_back(op);
            for (const std::int32_t next : dependencies.dependents(op)) {
                if (--missing[static_cast<std::size_t>(next)] == 0) {
                    ready[on_npu(program, next)].push(next);
                }
            }
        }
    }
    return order;
}

}  // namespace

std::vector<std::int32_t> order_operators(const Program& program) {
    Order order(program.graph->operators.size());
    std::iota(order.begin(), order.end(), 0);
    const std::int32_t runs = npu_runs(program, order);
    const bool orders_branches = program.rules.orders_branches && !program.spilling() && runs > 0;
    if (runs < 2 && !orders_branches) return order;
    const Dependencies dependencies(program);
    if (runs > 1) {
        Order turns = by_turns(program, dependencies);
        const bool is_better = turns.size() == order.size() && npu_runs(program, turns) < runs;
        if (is_better) order = std::move(turns);
    }
    if (orders_branches) order_branches(program, dependencies, order);
    return order;
}

}  // namespace u65sim::compiler
