// The device without SystemC beside NpuModule: the same registers, cycles, counters and bytes.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <u65sim/u65sim.h>
#include <u65sim/compile.hpp>
#include <u65sim/device.hpp>
#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/simulate.hpp>
#include <u65sim/zoo.hpp>

#include "behaviour/npu_platform.hpp"

using namespace npu_test;

namespace {

const Target& target() {
    static const Target preset = Target::preset("u65-256");
    return preset;
}

const CompiledNetwork& network() {
    static const CompiledNetwork compiled = compile(zoo("ds_cnn"), target());
    return compiled;
}

Image input() {
    Image bytes(490);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(37 * i);
    return bytes;
}
constexpr std::size_t outputs = 12;

/// A device whose two ports see one image of memory.
class DeviceRig {
public:
    explicit DeviceRig(const Target& wanted = target()) : device(wanted, platform()) {}

    void prepare() {
        const auto& words = network().segments.front().stream.words;
        std::memcpy(image.data() + queue, words.data(), words.size() * 4);
        std::memcpy(image.data() + bases[0], network().constants.data(),
                    network().constants.size());
        std::memcpy(image.data() + place(network().graph.inputs.front()), input().data(), 490);
        device.write(NpuDevice::qbase, queue);
        device.write(NpuDevice::qsize, static_cast<std::uint32_t>(words.size() * 4));
        device.write(NpuDevice::qconfig, 2);
        device.write(NpuDevice::region_config, 0b10'00'10'10);
        for (unsigned region = 0; region < bases.size(); ++region) {
            device.write(NpuDevice::base_pointer + 8 * region,
                         static_cast<std::uint32_t>(bases[region]));
        }
    }
    [[nodiscard]] static std::uint64_t place(TensorId tensor) {
        for (const Binding& each : network().bindings) {
            if (each.tensor != tensor) continue;
            return bases[static_cast<std::size_t>(each.region)] +
                   static_cast<std::uint64_t>(each.offset.count());
        }
        return 0;
    }
    [[nodiscard]] Image output() const {
        const auto begin =
            image.begin() + static_cast<std::ptrdiff_t>(place(network().graph.outputs.front()));
        return {begin, begin + outputs};
    }
    void start() { device.write(NpuDevice::cmd, NpuDevice::start); }

    Image image = Image(memory_size);
    std::vector<bool> line;        ///< each change of the interrupt
    std::int64_t refused_at = -1;  ///< address of a read that fails
    std::vector<int> ports;        ///< of reads
    NpuDevice device;

private:
    NpuDevice::Platform platform() {
        NpuDevice::Platform given;
        given.read = [this](int port, std::uint64_t address, std::uint8_t* bytes,
                            std::size_t count) {
            ports.push_back(port);
            if (static_cast<std::int64_t>(address) == refused_at) return false;
            if (address > image.size() || count > image.size() - address) return false;
            std::memcpy(bytes, image.data() + address, count);
            return true;
        };
        given.write = [this](int, std::uint64_t address, const std::uint8_t* bytes,
                             std::size_t count) {
            if (address > image.size() || count > image.size() - address) return false;
            std::memcpy(image.data() + address, bytes, count);
            return true;
        };
        given.irq = [this](bool raised) { line.push_back(raised); };
        return given;
    }
};

constexpr std::uint32_t done = NpuDevice::irq_raised | NpuDevice::stream_end;

/// The cycle counter, counting NPU_ACTIVE, and two events.
template <class Write>
void set_up_monitor(Write write) {
    write(NpuRegisterMap::pmevtyper, 0x030U);      // MAC_ACTIVE
    write(NpuRegisterMap::pmevtyper + 4, 0x182U);  // data beats read on AXI1
    write(NpuRegisterMap::pmccntr_cfg, 0x023U);
    write(NpuRegisterMap::pmcntenset, 0x8000'0003U);
    write(NpuRegisterMap::pmcr, 1U);
}

}  // namespace

TEST_CASE("A device gives the cycles, counters and bytes of the TLM module") {
    NpuModule::Settings settings;
    settings.axi[0].style = settings.axi[1].style = AxiProtocol::Style::annotated;
    Platform<DefaultMemories> module{network(), target(), settings};
    module.prepare(input());
    set_up_monitor([&](unsigned at, std::uint32_t value) { module.write(at, value); });
    module.run();

    DeviceRig rig;
    rig.prepare();
    set_up_monitor([&](unsigned at, std::uint32_t value) { rig.device.write(at, value); });
    rig.start();
    REQUIRE(rig.device.next_event());
    rig.device.advance(*rig.device.next_event());

    Simulation wanted = module.npu.last_run();
    wanted.events = rig.device.last_run().events;
    CHECK(rig.device.last_run() == wanted);
    CHECK(rig.device.now() == wanted.total);
    CHECK(rig.output() == module.output(outputs));
    CHECK(rig.output() == execute(network(), target(), {input()}).outputs.front());
    for (const unsigned at :
         {NpuRegisterMap::id, NpuRegisterMap::status, NpuRegisterMap::qread, NpuRegisterMap::config,
          NpuRegisterMap::qsize, NpuRegisterMap::pmccntr, NpuRegisterMap::pmevcntr}) {
        CAPTURE(at);
        CHECK(rig.device.read(at) == module.read(at));
        CHECK(rig.device.read(at + 4) == module.read(at + 4));
    }
    CHECK(rig.device.read(NpuDevice::pmccntr) == wanted.total.count());
    CHECK(rig.device.read(NpuDevice::pmevcntr) > 0);
}

TEST_CASE("A device's interrupt and results come in the cycle in which the run ends") {
    DeviceRig rig;
    rig.prepare();
    const Image before = rig.image;
    rig.device.advance(Cycles{1000});
    rig.start();
    const Cycles end = rig.device.next_event().value();
    CHECK(end > Cycles{1000});
    rig.device.advance(end - rig.device.now() - Cycles{1});
    CHECK(rig.device.read(NpuDevice::status) == NpuDevice::running);
    CHECK(rig.line.empty());
    CHECK(rig.image == before);
    rig.device.advance(Cycles{500});
    CHECK(rig.device.read(NpuDevice::status) == done);
    CHECK(rig.line == std::vector<bool>{true});
    CHECK(rig.device.irq());
    CHECK(rig.device.now() == end + Cycles{499});
    CHECK_FALSE(rig.device.next_event());
    rig.device.write(NpuDevice::cmd, NpuDevice::clear_irq);
    CHECK(rig.line == std::vector<bool>{true, false});
    CHECK(rig.device.read(NpuDevice::status) == NpuDevice::stream_end);
    // Commands and weights came over AXI1, fast memory over AXI0.
    CHECK(rig.ports.front() == 1);
    CHECK(std::count(rig.ports.begin(), rig.ports.end(), 0) == 1);
}

TEST_CASE("A device's counters are those of a run that has come as far") {
    NpuModule::Settings settings;
    settings.axi[0].style = settings.axi[1].style = AxiProtocol::Style::annotated;
    Platform<DefaultMemories> module{network(), target(), settings};
    module.prepare(input());
    DeviceRig rig;
    rig.prepare();
    for (const unsigned at : {0x030U, 0x182U, 0x023U}) {
        CAPTURE(at);
        const auto set_up = [at](const auto& write) {
            write(NpuRegisterMap::pmevtyper, at);
            write(NpuRegisterMap::pmcntenset, 1U);
            write(NpuRegisterMap::pmcr, 3U);  // from zero on
        };
        set_up([&](unsigned address, std::uint32_t value) { rig.device.write(address, value); });
        rig.start();
        rig.device.advance(Cycles{20'000});
        const std::uint32_t counted = rig.device.read(NpuDevice::pmevcntr);
        CHECK(counted > 0);
        rig.device.write(NpuDevice::cmd, NpuDevice::stop);
        CHECK(rig.device.read(NpuDevice::status) == 0);
        CHECK(rig.device.read(NpuDevice::pmevcntr) == counted);
        CHECK_FALSE(rig.device.next_event());
        if (at == 0x023U) CHECK(counted == 20'000);
        if (at != 0x030U) continue;
        set_up([&](unsigned address, std::uint32_t value) { module.write(address, value); });
        module.run_for(20'000);
        CHECK(module.read(NpuDevice::pmevcntr) == counted);
    }
    CHECK(rig.line.empty());
}

TEST_CASE("A device runs again, and resets, as the driver says") {
    DeviceRig rig;
    rig.prepare();
    rig.start();
    rig.device.advance(Cycles{100});
    rig.start();  // while one is under way: nothing
    const Cycles end = rig.device.next_event().value();
    rig.device.advance(end);
    const Simulation first = rig.device.last_run();
    CHECK(end == first.total);
    rig.device.write(NpuDevice::cmd, NpuDevice::clear_irq | NpuDevice::start);
    CHECK(rig.device.next_event() == rig.device.now() + first.total);
    rig.device.write(NpuDevice::reset, 0);
    CHECK_FALSE(rig.device.next_event());
    CHECK(rig.device.read(NpuDevice::status) == 0);
    CHECK(rig.device.read(NpuDevice::qsize) == 0);
    rig.prepare();
    rig.start();
    rig.device.advance(first.total);
    CHECK(rig.device.last_run() == first);
    CHECK(rig.line == std::vector<bool>{true, false, true});
}

TEST_CASE("A device says what ended a run early, with the interrupt") {
    DeviceRig rig;
    rig.prepare();
    SECTION("a stream that cannot be decoded") {
        std::memset(rig.image.data() + queue, 0xFF, 16);
        rig.start();
        CHECK(rig.device.next_event() == Cycles{0});
        CHECK(rig.line.empty());
        rig.device.advance(Cycles{0});
        CHECK(rig.device.read(NpuDevice::status) ==
              (NpuDevice::irq_raised | NpuDevice::parse_error));
        CHECK(rig.device.last_error().find("word") != std::string::npos);
    }
    SECTION("a queue that the platform does not have") {
        rig.device.write(NpuDevice::qbase, static_cast<std::uint32_t>(memory_size));
        rig.start();
        rig.device.advance(Cycles{0});
        CHECK(rig.device.read(NpuDevice::status) ==
              (NpuDevice::irq_raised | NpuDevice::bus_abort | NpuDevice::fault_on_axi1));
    }
    SECTION("memory that refuses the data") {
        rig.refused_at = static_cast<std::int64_t>(bases[2]);
        rig.start();
        const Image before = rig.image;
        rig.device.advance(rig.device.next_event().value());
        CHECK(rig.device.read(NpuDevice::status) == (NpuDevice::irq_raised | NpuDevice::bus_abort));
        CHECK(rig.device.last_error().find("AXI0: read of") != std::string::npos);
        CHECK(rig.image == before);
    }
    CHECK(rig.line == std::vector<bool>{true});
    CHECK(rig.device.last_run().operations.empty());
}

TEST_CASE("A device refuses addresses that are no register") {
    DeviceRig rig;
    CHECK_THROWS_AS(rig.device.read(2), InvalidConfig);
    CHECK_THROWS_AS(rig.device.write(0x1000, 0), InvalidConfig);
    CHECK_THROWS_AS(NpuDevice(target(), {}), InvalidConfig);
}

TEST_CASE("Devices and programs of the C interface are those of C++") {
    u65sim_target* const c_target = u65sim_target_preset("u65-256");
    u65sim_graph* const graph = u65sim_graph_zoo("ds_cnn");
    u65sim_program* const program = u65sim_program_new(c_target, graph);
    REQUIRE(program != nullptr);
    REQUIRE(u65sim_program_segments(program) == 1);
    std::size_t count = 0;
    const std::uint32_t* const words = u65sim_program_stream(program, 0, &count);
    const auto& stream = network().segments[0].stream.words;
    CHECK(std::vector<std::uint32_t>(words, words + count) == stream);
    CHECK(u65sim_program_stream(program, 1, &count) == nullptr);
    const std::uint8_t* const constants = u65sim_program_constants(program, 0, &count);
    CHECK(Image(constants, constants + count) == network().constants);
    CHECK(u65sim_program_region_bytes(program, 1) ==
          static_cast<std::size_t>(network().arena_size.count()));
    u65sim_place place{};
    REQUIRE(u65sim_program_inputs(program, 0) == 1);
    REQUIRE(u65sim_program_input(program, 0, 0, &place) == U65SIM_OK);
    CHECK(place.bytes == 490);
    CHECK(u65sim_program_output(program, 0, 5, &place) == U65SIM_BAD_INPUT);
    CHECK(std::string{u65sim_last_error()}.find("must be below 1") != std::string::npos);
    CHECK(u65sim_target_region_port(c_target, 2) == 0);

    struct Memory {
        Image image = Image(memory_size);
        int raised = 0;
    } memory;
    std::memcpy(memory.image.data() + queue, stream.data(), stream.size() * 4);
    std::memcpy(memory.image.data() + bases[0], constants, network().constants.size());
    u65sim_platform platform{};
    platform.user = &memory;
    platform.read = [](void* user, int, std::uint64_t address, void* bytes, std::size_t size) {
        const Image& image = static_cast<Memory*>(user)->image;
        if (address > image.size() || size > image.size() - address) return 1;
        std::memcpy(bytes, image.data() + address, size);
        return 0;
    };
    platform.write = [](void* user, int, std::uint64_t address, const void* bytes,
                        std::size_t size) {
        std::memcpy(static_cast<Memory*>(user)->image.data() + address, bytes, size);
        return 0;
    };
    platform.irq = [](void* user, int raised) { static_cast<Memory*>(user)->raised = raised; };
    CHECK(u65sim_device_new(c_target, nullptr) == nullptr);
    u65sim_device* const device = u65sim_device_new(c_target, &platform);
    REQUIRE(device != nullptr);
    CHECK(u65sim_device_next_event(device) == -1);
    const auto write = [&](std::uint32_t at, std::uint32_t value) {
        CHECK(u65sim_device_write(device, at, value) == U65SIM_OK);
    };
    write(NpuDevice::qsize, static_cast<std::uint32_t>(stream.size() * 4));
    write(NpuDevice::qconfig, 2);
    write(NpuDevice::region_config, 0b10'00'10'10);
    for (unsigned i = 0; i < 3; ++i) {
        write(NpuDevice::base_pointer + 8 * i, static_cast<std::uint32_t>(bases[i]));
    }
    write(NpuDevice::cmd, NpuDevice::start);
    const std::int64_t cycles = u65sim_device_next_event(device);
    CHECK(u65sim_device_advance(device, cycles) == U65SIM_OK);
    CHECK(memory.raised == 1);
    CHECK(u65sim_device_irq(device) == 1);
    CHECK(u65sim_device_now(device) == cycles);
    CHECK(u65sim_device_last_run_cycles(device) == cycles);
    CHECK(std::string{u65sim_device_last_run_error(device)}.empty());
    std::uint32_t status = 0;
    CHECK(u65sim_device_read(device, NpuDevice::status, &status) == U65SIM_OK);
    CHECK(status == done);
    CHECK(u65sim_device_read(device, 0x1002, &status) == U65SIM_BAD_INPUT);
    CHECK(u65sim_device_advance(device, -1) == U65SIM_BAD_INPUT);
    u65sim_device_free(device);
    u65sim_program_free(program);
    u65sim_graph_free(graph);
    u65sim_target_free(c_target);
}
