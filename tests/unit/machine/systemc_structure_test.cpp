// What SystemC shows of the machine: modules, ports, channels, and which ports are bound to which.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "machine/systemc/engine.hpp"
#include "machine/systemc/machine_module.hpp"
#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

/// Objects of the hierarchy of one kind, by name.
std::vector<std::string> names(const std::vector<sc_core::sc_object*>& objects,
                               const std::string& kind) {
    std::vector<std::string> result;
    for (const sc_core::sc_object* object : objects) {
        if (object->kind() == kind) result.emplace_back(object->basename());
    }
    return result;
}

/// "port -> channel" of a module, in the order of declaration.
std::vector<std::string> bindings(const std::string& module) {
    std::vector<std::string> result;
    for (sc_core::sc_object* object :
         sc_core::sc_find_object(module.c_str())->get_child_objects()) {
        auto* port = dynamic_cast<sc_core::sc_port_base*>(object);
        if (port == nullptr || object->kind() == std::string{"tlm_initiator_socket"}) continue;
        const auto* channel = dynamic_cast<sc_core::sc_object*>(port->get_interface());
        REQUIRE(channel != nullptr);
        result.push_back(std::string{object->basename()} + " -> " + channel->basename());
    }
    return result;
}

}  // namespace

TEST_CASE("SystemC's hierarchy shows the units, the channels, and how they are joined") {
    const auto commands = timing_test::commands({convolution(1, 0), stream::Stop{}});
    machine::run_on_systemc(commands, 80, target(), {});
    const sc_core::sc_object* npu = sc_core::sc_find_object("npu");
    REQUIRE(npu != nullptr);
    CHECK(names(npu->get_child_objects(), "sc_module") ==
          std::vector<std::string>{"command_parser", "ifm_loader", "weight_loader", "scale_loader",
                                   "mac_array", "output_unit", "ofm_writer", "dma", "axi0",
                                   "axi1"});
    CHECK(names(npu->get_child_objects(), "u65sim_channel") ==
          std::vector<std::string>{"axi0_requests", "axi1_requests", "memory_ports", "kernel_queue",
                                   "dma_queue", "ifm_buffer", "weight_buffer", "accumulators",
                                   "block_queue", "scale_buffer", "ofm_staging"});
    using Lines = std::vector<std::string>;
    CHECK(bindings("npu.command_parser") ==
          Lines{"memory -> memory_ports", "kernels -> kernel_queue", "dmas -> dma_queue"});
    CHECK(bindings("npu.ifm_loader") ==
          Lines{"memory -> memory_ports", "kernels -> kernel_queue", "buffer -> ifm_buffer"});
    CHECK(bindings("npu.weight_loader") ==
          Lines{"memory -> memory_ports", "kernels -> kernel_queue", "scales -> scale_buffer",
                "buffer -> weight_buffer"});
    CHECK(bindings("npu.scale_loader") ==
          Lines{"memory -> memory_ports", "kernels -> kernel_queue", "buffer -> scale_buffer"});
    CHECK(bindings("npu.mac_array") ==
          Lines{"kernels -> kernel_queue", "input -> ifm_buffer", "weights -> weight_buffer",
                "accumulators -> accumulators", "output -> block_queue"});
    CHECK(bindings("npu.output_unit") == Lines{"memory -> memory_ports", "kernels -> kernel_queue",
                                               "blocks -> block_queue", "scales -> scale_buffer",
                                               "input -> ifm_buffer", "staging -> ofm_staging"});
    CHECK(bindings("npu.ofm_writer") == Lines{"kernels -> kernel_queue", "staging -> ofm_staging"});
    CHECK(bindings("npu.dma") == Lines{"memory -> memory_ports", "queue -> dma_queue"});
    CHECK(bindings("npu.axi0") == Lines{"requests -> axi0_requests"});
    CHECK(bindings("npu.axi1") == Lines{"requests -> axi1_requests"});
}

TEST_CASE("SystemC's hierarchy shows the memories behind the ports, and their sockets") {
    const auto commands = timing_test::commands({convolution(1, 0), stream::Stop{}});
    SimulateOptions options;
    options.backend = SimulationBackend::systemc_tlm;
    machine::run_on_systemc(commands, 80, target(), options);
    const sc_core::sc_object* platform = sc_core::sc_find_object("platform");
    REQUIRE(platform != nullptr);
    using Lines = std::vector<std::string>;
    CHECK(names(platform->get_child_objects(), "sc_module") == Lines{"npu", "sram", "dram"});
    const sc_core::sc_object* npu = sc_core::sc_find_object("platform.npu");
    const sc_core::sc_object* alone = sc_core::sc_find_object("npu");
    for (const char* kind : {"sc_module", "u65sim_channel"}) {
        CHECK(names(npu->get_child_objects(), kind) == names(alone->get_child_objects(), kind));
    }
    for (const char* port : {"axi0", "axi1"}) {
        const sc_core::sc_object* module =
            sc_core::sc_find_object((std::string{"platform.npu."} + port).c_str());
        CHECK(names(module->get_child_objects(), "tlm_initiator_socket") == Lines{"socket"});
        CHECK(bindings(module->name()) == Lines{std::string{"requests -> "} + port + "_requests"});
    }
    for (const char* memory : {"sram", "dram"}) {
        const sc_core::sc_object* module =
            sc_core::sc_find_object((std::string{"platform."} + memory).c_str());
        const sc_core::sc_object* socket =
            sc_core::sc_find_object((std::string{"platform."} + memory + ".socket").c_str());
        REQUIRE(socket != nullptr);
        CHECK(socket->get_parent_object() == module);
    }
}
