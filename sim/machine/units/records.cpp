#include "machine/units/records.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include <fmt/format.h>

#include "machine/operation_name.hpp"
#include "machine/units/dma.hpp"
#include "timing/dma_access.hpp"

namespace u65sim::machine {

using stream::DmaOp;
using stream::KernelOp;

namespace {

RegionTraffic traffic_of(const stream::FeatureMap& map) {
    return {map.region, Bytes{static_cast<std::int64_t>(map.base[0])}, Bytes{0}, Bytes{0}};
}

OperationRecord record_of(const KernelOp& op) {
    OperationRecord record;
    record.kind = operation_name(op);
    record.block = fmt::format("{}x{}x{}", op.block.height, op.block.width, op.block.depth);
    record.macs = Macs{op.macs()};
    record.maps.push_back(traffic_of(op.ifm));
    if (op.is_binary() && !op.broadcast.scalar) record.maps.push_back(traffic_of(op.ifm2));
    record.maps.push_back(traffic_of(op.ofm));
    return record;
}

OperationRecord record_of(const DmaOp& op, const MemoryPorts& memory) {
    OperationRecord record;
    record.kind = "DMA";
    record.is_dma = true;
    const auto add = [&](const stream::DmaEnd& end, Channel channel) {
        if (end.internal) return;
        const int port = memory.index(end.region);
        const timing::Access access = timing::dma_access(op, end, memory.at(port).rules().bus);
        count(record.ports[static_cast<std::size_t>(port)], channel, access);
        RegionTraffic traffic{end.region, Bytes{static_cast<std::int64_t>(end.address)}, Bytes{0},
                              Bytes{0}};
        (is_write(channel) ? traffic.write_bytes : traffic.read_bytes) = Bytes{access.bytes};
        record.maps.push_back(traffic);
    };
    add(op.source, Channel::dma_read);
    add(op.destination, Channel::dma_write);
    return record;
}

}  // namespace

std::vector<OperationRecord> records_of(const std::vector<stream::Command>& commands,
                                        const MemoryPorts& memory) {
    std::vector<OperationRecord> records;
    records.reserve(commands.size());
    for (std::size_t i = 0; i < commands.size(); ++i) {
        if (const auto* op = std::get_if<KernelOp>(&commands[i].action)) {
            records.push_back(record_of(*op));
        } else if (const auto* copy = std::get_if<DmaOp>(&commands[i].action)) {
            records.push_back(record_of(*copy, memory));
        } else {
            continue;
        }
        records.back().command_index = static_cast<std::uint32_t>(i);
    }
    return records;
}

}  // namespace u65sim::machine
