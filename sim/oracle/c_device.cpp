// The C interface's programs and devices.
#include "oracle/c_api.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/device.hpp>
#include <u65sim/oracle.hpp>

#include "target/architecture.hpp"

using u65sim::c_api::given;
using u65sim::c_api::guarded;
using u65sim::c_api::make;

struct u65sim_program {
    u65sim::CompiledNetwork value;
};
struct u65sim_device {
    u65sim::NpuDevice value;
};

namespace {

using u65sim::NpuSegment;
using u65sim::TensorId;

/// Null when there is none.
const NpuSegment* segment_of(const u65sim_program* program, size_t segment) {
    const auto& segments = program->value.segments;
    return segment < segments.size() ? &segments[segment] : nullptr;
}

u65sim_place place_of(const u65sim_program& program, size_t segment,
                      const std::vector<TensorId>& tensors, size_t index) {
    const auto& network = program.value;
    if (index >= tensors.size()) {
        throw u65sim::InvalidConfig("index = " + std::to_string(index) + ": must be below " +
                                    std::to_string(tensors.size()));
    }
    for (const u65sim::Binding& binding : network.bindings) {
        const bool is_here = binding.segment < 0 || static_cast<size_t>(binding.segment) == segment;
        if (binding.tensor != tensors[index] || !is_here) continue;
        const auto& tensor = network.graph.tensors[static_cast<size_t>(binding.tensor)];
        return {binding.region, static_cast<uint64_t>(binding.offset.count()),
                static_cast<uint64_t>(u65sim::stored_bytes(tensor))};
    }
    throw u65sim::InvalidModel("tensor " + std::to_string(index) + " has no place in memory");
}

u65sim_status find_place(const u65sim_program* program, size_t segment, size_t index,
                         std::vector<TensorId> NpuSegment::*tensors, u65sim_place* place) {
    return guarded([&] {
        const NpuSegment* found = segment_of(given(program, "program"), segment);
        if (found == nullptr) {
            throw u65sim::InvalidConfig("segment = " + std::to_string(segment) +
                                        ": must be below " +
                                        std::to_string(program->value.segments.size()));
        }
        *given(place, "place") = place_of(*program, segment, found->*tensors, index);
    });
}

u65sim::NpuDevice::Platform platform_of(const u65sim_platform& from) {
    given(from.read, "read");
    given(from.write, "write");
    u65sim::NpuDevice::Platform platform;
    platform.read = [from](int port, std::uint64_t address, std::uint8_t* bytes,
                           std::size_t count) {
        return from.read(from.user, port, address, bytes, count) == 0;
    };
    platform.write = [from](int port, std::uint64_t address, const std::uint8_t* bytes,
                            std::size_t count) {
        return from.write(from.user, port, address, bytes, count) == 0;
    };
    if (from.irq != nullptr) {
        platform.irq = [from](bool raised) { from.irq(from.user, raised ? 1 : 0); };
    }
    return platform;
}

}  // namespace

u65sim_program* u65sim_program_new(const u65sim_target* target, const u65sim_graph* graph) {
    return make<u65sim_program>([&] {
        const u65sim::Graph& network = given(graph, "graph")->value;
        const u65sim::Target& wanted = given(target, "target")->value;
        return u65sim::is_compiled(network)
                   ? u65sim::import_compiled(network, wanted)
                   : u65sim::compile(network, wanted, {}, u65sim::Effort::normal);
    });
}

size_t u65sim_program_segments(const u65sim_program* program) {
    return program->value.segments.size();
}

const uint32_t* u65sim_program_stream(const u65sim_program* program, size_t segment,
                                      size_t* words) {
    const NpuSegment* found = segment_of(program, segment);
    *words = found == nullptr ? 0 : found->stream.words.size();
    return found == nullptr ? nullptr : found->stream.words.data();
}

const uint8_t* u65sim_program_constants(const u65sim_program* program, size_t segment,
                                        size_t* bytes) {
    const NpuSegment* found = segment_of(program, segment);
    const auto& all = program->value.constants;
    const size_t begin =
        found == nullptr
            ? all.size()
            : std::min(all.size(), static_cast<size_t>(found->constants_begin.count()));
    *bytes = all.size() - begin;
    return found == nullptr ? nullptr : all.data() + begin;
}

size_t u65sim_program_region_bytes(const u65sim_program* program, int region) {
    switch (region) {
        case u65sim::region_arena:
            return static_cast<size_t>(program->value.arena_size.count());
        case u65sim::region_fast:
            return static_cast<size_t>(program->value.fast_size.count());
        default:
            return 0;
    }
}

size_t u65sim_program_inputs(const u65sim_program* program, size_t segment) {
    const NpuSegment* found = segment_of(program, segment);
    return found == nullptr ? 0 : found->inputs.size();
}

size_t u65sim_program_outputs(const u65sim_program* program, size_t segment) {
    const NpuSegment* found = segment_of(program, segment);
    return found == nullptr ? 0 : found->outputs.size();
}

u65sim_status u65sim_program_input(const u65sim_program* program, size_t segment, size_t index,
                                   u65sim_place* place) {
    return find_place(program, segment, index, &NpuSegment::inputs, place);
}

u65sim_status u65sim_program_output(const u65sim_program* program, size_t segment, size_t index,
                                    u65sim_place* place) {
    return find_place(program, segment, index, &NpuSegment::outputs, place);
}

void u65sim_program_free(u65sim_program* program) { delete program; }

int u65sim_target_region_port(const u65sim_target* target, int region) {
    return u65sim::port_of_region(target->value.memory_mode, region);
}

u65sim_device* u65sim_device_new(const u65sim_target* target, const u65sim_platform* platform) {
    return make<u65sim_device>([&] {
        return u65sim::NpuDevice{given(target, "target")->value,
                                 platform_of(*given(platform, "platform"))};
    });
}

u65sim_status u65sim_device_read(u65sim_device* device, uint32_t address, uint32_t* value) {
    return guarded([&] { *given(value, "value") = given(device, "device")->value.read(address); });
}

u65sim_status u65sim_device_write(u65sim_device* device, uint32_t address, uint32_t value) {
    return guarded([&] { given(device, "device")->value.write(address, value); });
}

u65sim_status u65sim_device_advance(u65sim_device* device, int64_t cycles) {
    return guarded([&] {
        if (cycles < 0) {
            throw u65sim::InvalidConfig("cycles = " + std::to_string(cycles) +
                                        ": must not be negative");
        }
        given(device, "device")->value.advance(u65sim::Cycles{cycles});
    });
}

int64_t u65sim_device_now(const u65sim_device* device) { return device->value.now().count(); }

int64_t u65sim_device_next_event(const u65sim_device* device) {
    const auto next = device->value.next_event();
    return next ? (*next - device->value.now()).count() : -1;
}

int u65sim_device_irq(const u65sim_device* device) { return device->value.irq() ? 1 : 0; }

int64_t u65sim_device_last_run_cycles(const u65sim_device* device) {
    return device->value.last_run().total.count();
}

const char* u65sim_device_last_run_error(const u65sim_device* device) {
    return device->value.last_error().c_str();
}

void u65sim_device_free(u65sim_device* device) { delete device; }
