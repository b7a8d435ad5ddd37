#include "machine/device/memory_bus.hpp"

#include <array>
#include <cstddef>

#include <fmt/format.h>

#include <u65sim/npu_registers.hpp>

#include "machine/functional/executor.hpp"
#include "machine/functional/footprint.hpp"

namespace u65sim::machine {

namespace {

constexpr std::uint64_t largest_stream = 16U << 20;

void write_changes(const MemoryBus& bus, int port, std::uint64_t base,
                   const std::vector<std::uint8_t>& before,
                   const std::vector<std::uint8_t>& after) {
    std::size_t at = 0;
    while (at < after.size()) {
        if (after[at] == before[at]) {
            ++at;
            continue;
        }
        std::size_t end = at + 1;
        while (end < after.size() && after[end] != before[end]) ++end;
        bus.write(port, base + at, after.data() + at, end - at);
        at = end;
    }
}

}  // namespace

std::vector<std::uint32_t> fetch_stream(const MemoryBus& bus, const NpuRegisters& registers) {
    const std::uint64_t size = registers.word(NpuRegisterMap::qsize);
    if (size % 4 != 0 || size > largest_stream) {
        throw InvalidStream(
            fmt::format("QSIZE = {}: must be a multiple of 4 up to {}", size, largest_stream));
    }
    std::vector<std::uint8_t> stream(size);
    bus.read(registers.ports().commands, registers.address40(NpuRegisterMap::qbase), stream.data(),
             size);
    std::vector<std::uint32_t> words(size / 4);
    for (std::size_t i = 0; i < words.size(); ++i) {
        for (std::size_t byte = 4; byte-- > 0;) words[i] = words[i] << 8 | stream[4 * i + byte];
    }
    return words;
}

void compute_run(const MemoryBus& bus, const std::vector<stream::Command>& commands,
                 const Accelerator& accelerator, const NpuRegisters& registers) {
    functional::Executor executor(accelerator);
    functional::Memory& memory = executor.memory();
    const auto sizes = functional::footprint(commands);
    const PortMap ports = registers.ports();
    std::array<std::vector<std::uint8_t>, functional::region_count> before;
    for (std::size_t region = 0; region < sizes.size(); ++region) {
        before[region].resize(sizes[region]);
        bus.read(ports.regions[region], registers.base(region), before[region].data(),
                 sizes[region]);
        memory.assign(static_cast<int>(region), before[region]);
    }
    executor.run(commands);
    for (std::size_t region = 0; region < sizes.size(); ++region) {
        write_changes(bus, ports.regions[region], registers.base(region), before[region],
                      memory.bytes(static_cast<int>(region)));
    }
}

}  // namespace u65sim::machine
