#include "machine/systemc/npu_loosely_timed.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

#include "machine/functional/executor.hpp"
#include "machine/functional/footprint.hpp"

namespace u65sim::machine {

namespace {

void write_changes(const BusAccess& bus, int port, std::uint64_t base,
                   const std::vector<std::uint8_t>& before, std::vector<std::uint8_t>& after) {
    std::size_t at = 0;
    while (at < after.size()) {
        if (after[at] == before[at]) {
            ++at;
            continue;
        }
        std::size_t end = at + 1;
        while (end < after.size() && after[end] != before[end]) ++end;
        bus.transport(tlm::TLM_WRITE_COMMAND, port, base + at, after.data() + at, end - at);
        at = end;
    }
}

}  // namespace

void compute_loosely_timed(const BusAccess& bus, const std::vector<stream::Command>& commands,
                           const Accelerator& accelerator, const NpuRegisters& registers) {
    functional::Executor executor(accelerator);
    functional::Memory& memory = executor.memory();
    const auto sizes = functional::footprint(commands);
    const PortMap ports = registers.ports();
    std::array<std::vector<std::uint8_t>, functional::region_count> before;
    for (std::size_t region = 0; region < sizes.size(); ++region) {
        before[region].resize(sizes[region]);
        bus.transport(tlm::TLM_READ_COMMAND, ports.regions[region], registers.base(region),
                      before[region].data(), sizes[region]);
        memory.assign(static_cast<int>(region), before[region]);
    }
    executor.run(commands);
    for (std::size_t region = 0; region < sizes.size(); ++region) {
        write_changes(bus, ports.regions[region], registers.base(region), before[region],
                      memory.bytes(static_cast<int>(region)));
    }
}

}  // namespace u65sim::machine
