#include "machine/units/npu.hpp"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "machine/units/state.hpp"

namespace u65sim::machine {

using stream::KernelKind;
using stream::KernelOp;

namespace {

std::string_view name_of(stream::ElementwiseMode mode) {
    constexpr std::array<std::string_view, 10> names{"MUL",   "ADD", "SUB", "MIN", "MAX",
                                                     "LRELU", "ABS", "CLZ", "SHR", "SHL"};
    return names[static_cast<std::size_t>(mode)];
}

std::string kind_of(const KernelOp& op) {
    switch (op.kind) {
        case KernelKind::conv:
            return "CONV";
        case KernelKind::depthwise:
            return "DEPTHWISE";
        case KernelKind::pool:
            return op.pool_mode == stream::PoolMode::max       ? "POOL MAX"
                   : op.pool_mode == stream::PoolMode::average ? "POOL AVERAGE"
                                                               : "POOL REDUCE_SUM";
        case KernelKind::elementwise:
            break;
    }
    return fmt::format("ELEMENTWISE {}", name_of(op.elementwise_mode));
}

RegionTraffic traffic_of(const stream::FeatureMap& map) {
    return {map.region, Bytes{static_cast<std::int64_t>(map.base[0])}, Bytes{0}, Bytes{0}};
}

}  // namespace

Npu::Npu(Scheduler& carrier)
    : scheduler(&carrier),
      parser(*this),
      ifm_loader(*this),
      weight_loader(*this),
      scale_loader(*this),
      mac_array(*this),
      output_unit(*this),
      ofm_writer(*this),
      dma(*this),
      axi0(UnitId::axi0, carrier, observer),
      axi1(UnitId::axi1, carrier, observer) {}

void Npu::add_record(const stream::Command& command, std::uint32_t index) {
    OperationRecord record;
    record.command_index = index;
    if (const auto* op = std::get_if<KernelOp>(&command.action)) {
        record.kind = kind_of(*op);
        record.block = fmt::format("{}x{}x{}", op->block.height, op->block.width, op->block.depth);
        record.macs = Macs{op->macs()};
        record.maps.push_back(traffic_of(op->ifm));
        if (op->is_binary() && !op->broadcast.scalar) record.maps.push_back(traffic_of(op->ifm2));
        record.maps.push_back(traffic_of(op->ofm));
        operation_of_kernel.push_back(static_cast<std::int64_t>(operations.size()));
    } else if (std::holds_alternative<stream::DmaOp>(command.action)) {
        record.kind = "DMA";
        record.is_dma = true;
        dma.count_traffic(std::get<stream::DmaOp>(command.action), record);
    } else {
        return;
    }
    operations.push_back(std::move(record));
}

void Npu::load(const std::vector<stream::Command>& commands, std::int64_t words,
               const Target& wanted, const SimulateOptions& options) {
    target = wanted;
    arch = architecture(target.accelerator);
    for (std::size_t region = 0; region < region_ports_.size(); ++region) {
        region_ports_[region] =
            u65sim::port_of_region(target.memory_mode, static_cast<int>(region));
    }
    axi0.reset(timing::port_rules(target, arch, 0), &operations);
    axi1.reset(timing::port_rules(target, arch, 1), &operations);
    commands_ = &commands;
    operations.clear();
    operation_of_kernel.clear();
    for (std::size_t i = 0; i < commands.size(); ++i) {
        add_record(commands[i], static_cast<std::uint32_t>(i));
    }
    kernels_issued = kernels_finished = 0;
    counters = {};
    observer.reset(options.timeline, &operations);
    ifm_loader.reset();
    weight_loader.reset();
    scale_loader.reset();
    mac_array.reset();
    output_unit.reset();
    ofm_writer.reset();
    dma.reset();
    parser.load(commands, words);
}

Time Npu::act(UnitId unit, Time now) {
    switch (unit) {
        case UnitId::command_parser:
            return parser.act(now);
        case UnitId::ifm_loader:
            return ifm_loader.act(now);
        case UnitId::weight_loader:
            return weight_loader.act(now);
        case UnitId::scale_loader:
            return scale_loader.act(now);
        case UnitId::mac_array:
            return mac_array.act(now);
        case UnitId::output_unit:
            return output_unit.act(now);
        case UnitId::ofm_writer:
            return ofm_writer.act(now);
        case UnitId::dma:
            return dma.act(now);
        case UnitId::axi0:
            return axi0.act(now);
        case UnitId::axi1:
            break;
    }
    return axi1.act(now);
}

const stream::Action& Npu::action_of(std::uint32_t operation) const {
    return (*commands_)[operations[operation].command_index].action;
}

const stream::DmaOp& Npu::dma_op(std::uint32_t operation) const {
    return std::get<stream::DmaOp>(action_of(operation));
}

void Npu::describe_run(KernelRun& run) const {
    const auto& op = std::get<KernelOp>(action_of(run.operation));
    run.op = &op;
    run.traversal = timing::Traversal{op, arch};
    run.blocks = run.traversal.blocks();
    if (!op.has_weights()) return;
    run.weight_pass = std::int64_t{op.weights[0].length} + std::int64_t{op.weights[1].length};
    run.uses_scales = op.scales[0].length > 0;
}

void Npu::count(std::uint32_t operation, int port, Channel channel, const timing::Access& access) {
    machine::count(operations[operation].ports[static_cast<std::size_t>(port)], channel, access);
}

void Npu::started(std::uint32_t operation, Time now) {
    OperationRecord& record = operations[operation];
    if (record.start.count() == 0) record.start = Cycles{now};
}

void Npu::kernel_finished(std::int64_t kernel, Time now) {
    operations[kernel_run(kernel).operation].end = Cycles{now};
    ++kernels_finished;
    observer.set_oldest(oldest_kernel(), now);
    scheduler->wake(UnitId::command_parser, now);
}

void Npu::finish_settled(Time now) {
    parser.finish(now);
    observer.restart(now);
}

std::int64_t Npu::oldest_kernel() const {
    if (kernels_issued == 0) return -1;
    const auto last = static_cast<std::int64_t>(operation_of_kernel.size()) - 1;
    return operation_of_kernel[static_cast<std::size_t>(std::min(kernels_finished, last))];
}

template <class State>
void Npu::pass(State& state) {
    std::int64_t oldest = std::min(
        {kernels_finished, ifm_loader.kernel(), weight_loader.kernel(), scale_loader.kernel()});
    state.kernel(kernels_finished);
    state.kernel(oldest);
    if constexpr (State::reading) {
        kernel_runs.fill({});
    } else if (kernels_issued - oldest > static_cast<std::int64_t>(kernel_runs.size())) {
        state.refuse();
    }
    for (std::int64_t kernel = oldest; kernel < kernels_issued; ++kernel) {
        KernelRun& run = kernel_run(kernel);
        state.operation(run.operation);
        state.content(run.operation);
        if constexpr (State::reading) describe_run(run);
        state.due(run.ready);
        state.number(run.blocks_done);
        state.weights(run.weight_base);
    }
    observer.pass(state);
    if constexpr (State::reading) observer.set_oldest(oldest_kernel(), state.base().now);
    parser.pass(state);
    ifm_loader.pass(state);
    weight_loader.pass(state);
    scale_loader.pass(state);
    mac_array.pass(state);
    output_unit.pass(state);
    ofm_writer.pass(state);
    dma.pass(state);
    axi0.pass(state);
    axi1.pass(state);
    for (std::size_t i = 0; i < unit_count; ++i) {
        const auto unit = static_cast<UnitId>(i);
        Time next = scheduler->time_of(unit);
        state.time(next);
        if (State::reading && next != never) scheduler->wake(unit, next);
    }
}

template void Npu::pass(StateWriter&);
template void Npu::pass(StateReader&);

std::string Npu::describe(Time now) const {
    std::string text = parser.describe();
    for (const std::string& line :
         {ifm_loader.describe(), weight_loader.describe(now), scale_loader.describe(),
          mac_array.describe(), output_unit.describe(), ofm_writer.describe(), dma.describe()}) {
        text += "; " + line;
    }
    if (const std::string line = axi0.describe(); !line.empty()) text += "; axi0 has " + line;
    if (const std::string line = axi1.describe(); !line.empty()) text += "; axi1 has " + line;
    return text;
}

}  // namespace u65sim::machine
