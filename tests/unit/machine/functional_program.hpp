// A small correct program: two copies and two kernels.
#pragma once

#include "machine/functional/checker.hpp"
#include "unit/machine/functional_streams.hpp"

namespace functional_test {

using machine::functional::Checker;
using machine::functional::Executor;

/// Copies weights to fast memory, convolves with them, pools the result, copies that out.
struct Program {
    std::vector<Action> actions;
    std::vector<std::uint8_t> constants;

    Program() {
        KernelOp conv;
        conv.ifm = make_map(1, 0, 4, 4, 8, DataType::s8, Layout::nhwc);
        conv.ofm = make_map(1, 256, 4, 4, 8, DataType::s8, Layout::nhwc);
        conv.block = {2, 4, 8};
        conv.ib_end = 10;
        conv.ab_start = 26;
        const std::vector<std::int16_t> weights(64, 3);
        const std::vector<weights::ScaleRecord> records(8, {0, 1U << 30, 35});
        store_weights(conv, architecture(one_core), weights, records, constants, 0);
        conv.weight_region = conv.scale_region = 2;
        DmaOp load_weights;
        load_weights.source = {0, false, 0};
        load_weights.destination = {2, false, 0};
        load_weights.length = constants.size();
        KernelOp second;
        second.kind = KernelKind::pool;
        second.pool_mode = PoolMode::max;
        second.ifm = conv.ofm;
        second.ofm = make_map(1, 512, 4, 4, 8, DataType::s8, Layout::nhwc);
        second.block = {2, 4, 8};
        second.ib_end = 10;
        second.ab_start = 26;
        second.blockdep = 1;
        DmaOp copy_out;
        copy_out.source = {1, false, 512};
        copy_out.destination = {1, false, 768};
        copy_out.length = 128;
        actions = {load_weights,  DmaWait{0}, conv,       second,
                   KernelWait{0}, copy_out,   DmaWait{0}, Stop{}};
    }

    template <class T>
    T& get(int index) {
        return std::get<T>(actions[static_cast<std::size_t>(index)]);
    }

    std::vector<Finding> check() const {
        Executor executor{one_core};
        executor.memory().assign(0, constants);
        executor.memory().resize(1, 1024);
        executor.memory().resize(2, 1024);
        Checker checker{executor.memory(), architecture(one_core)};
        checker.written(0, 0, constants.size());
        checker.written(1, 0, 128);
        const std::vector<CommandLabel> labels{{2, "conv1", "conv1", "CONV_2D"}};
        checker.begin_segment(0, labels);
        std::vector<Command> commands;
        for (const Action& action : actions) {
            commands.push_back(
                command_of(action, 10 * static_cast<std::uint32_t>(commands.size())));
        }
        checker.run(executor, commands);
        return checker.take_findings();
    }
};

}  // namespace functional_test
