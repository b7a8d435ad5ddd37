// Compiled networks: making, storing, simulating them.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/bare_stream.hpp>
#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>
#include <u65sim/simulate.hpp>

#include "message.hpp"

namespace u65sim::python {

namespace {

Json spill_rows(const CompiledNetwork& network) {
    Json rows = Json::array();
    for (const SpilledMap& spill : network.spills) {
        rows.push_back({{"tensor", spill.tensor},
                        {"bytes", spill.size.count()},
                        {"reason", spill.reason},
                        {"producer", spill.producer},
                        {"consumers", spill.consumers}});
    }
    return rows;
}

Json placement_rows(const CompiledNetwork& network) {
    Json rows = Json::array();
    for (const Placement& place : network.placements) {
        rows.push_back({{"name", place.name},
                        {"kind", to_string(place.kind)},
                        {"region", place.region},
                        {"offset", place.offset.count()},
                        {"bytes", place.size.count()},
                        {"first_use", place.first_use},
                        {"last_use", place.last_use}});
    }
    return rows;
}

Json cpu_operator_rows(const CompiledNetwork& network) {
    Json rows = Json::array();
    for (const CpuOperator& op : network.cpu_operators) {
        rows.push_back({{"name", op.name},
                        {"type", op.type},
                        {"reason", op.reason},
                        {"operand_bytes", op.operand_bytes.count()},
                        {"macs", op.macs.count()}});
    }
    return rows;
}

Json segment_rows(const CompiledNetwork& network) {
    Json rows = Json::array();
    for (const NpuSegment& segment : network.segments) {
        rows.push_back({{"name", segment.name},
                        {"words", segment.stream.words.size()},
                        {"inputs", segment.inputs},
                        {"outputs", segment.outputs}});
    }
    return rows;
}

Json tensor_rows(const CompiledNetwork& network, const std::vector<TensorId>& ids) {
    Json rows = Json::array();
    for (const TensorId id : ids) {
        const Tensor& tensor = network.graph.tensors.at(static_cast<std::size_t>(id));
        rows.push_back({{"name", tensor.name},
                        {"shape", tensor.shape},
                        {"type", to_string(tensor.type)},
                        {"bytes", stored_bytes(tensor)}});
    }
    return rows;
}

Reply network_reply(CompiledNetwork network) {
    Reply reply;
    reply.value = {{"name", network.name},
                   {"producer", network.producer},
                   {"arena_bytes", network.arena_size.count()},
                   {"fast_bytes", network.fast_size.count()},
                   {"constant_bytes", network.constants.size()},
                   {"encoded_weight_bytes", network.encoded_weight_bytes.count()},
                   {"macs", network.macs.count()},
                   {"parameters", network.parameters},
                   {"pass_dump", network.pass_dump},
                   {"segments", segment_rows(network)},
                   {"cpu_operators", cpu_operator_rows(network)},
                   {"spills", spill_rows(network)},
                   {"inputs", tensor_rows(network, network.graph.inputs)},
                   {"outputs", tensor_rows(network, network.graph.outputs)}};
    reply.objects.push_back(hold(std::move(network)));
    return reply;
}

const CompiledNetwork& network_of(const Request& request) {
    return request.object<const CompiledNetwork>(0);
}

Reply compile_graph(const Request& request) {
    const Graph& graph = request.graph(0);
    if (is_compiled(graph)) return network_reply(import_compiled(graph, request.target(1)));
    return network_reply(compile(graph, request.target(1), compile_options(request.arguments),
                                 effort_of(request.arguments)));
}

Reply placements(const Request& request) { return {placement_rows(network_of(request)), {}, {}}; }
Reply constants(const Request& request) { return bytes_reply(network_of(request).constants); }

const NpuSegment& segment_of(const Request& request) {
    const CompiledNetwork& network = network_of(request);
    const std::int32_t index = request.arguments.integer("segment");
    if (index < 0 || static_cast<std::size_t>(index) >= network.segments.size()) {
        throw InvalidStream("segment = " + std::to_string(index) + ": the network has " +
                            std::to_string(network.segments.size()));
    }
    return network.segments[static_cast<std::size_t>(index)];
}

Reply listing(const Request& request) {
    return text_reply(disassemble(segment_of(request).stream));
}
Reply payload(const Request& request) {
    return bytes_reply(make_payload(segment_of(request).stream));
}
Reply exported(const Request& request) { return graph_reply(export_compiled(network_of(request))); }
Reply arena(const Request& request) { return text_reply(arena_svg(network_of(request))); }

Json port_row(const PortTraffic& port) {
    Json row;
    for (std::size_t i = 0; i < channel_count; ++i) {
        row[std::string{to_string(static_cast<Channel>(i))}] = {
            {"bytes", port.bytes[i].count()}, {"beats", port.beats[i]}, {"bursts", port.bursts[i]}};
    }
    return row;
}

Json cause_row(const CauseCycles& causes) {
    Json row = Json::object();
    for (std::size_t i = 0; i < cause_count; ++i) {
        row[std::string{to_string(static_cast<Cause>(i))}] = causes[i].count();
    }
    return row;
}

Reply simulation(const Request& request) {
    const Arguments& given = request.arguments;
    SimulateOptions options;
    options.timeline = given.flag("timeline");
    options.cycle_limit = Cycles{given.long_integer("cycle_limit")};
    options.backend = given.one_of(
        "backend",
        {SimulationBackend::direct, SimulationBackend::systemc, SimulationBackend::systemc_tlm});
    Simulation result = simulate(network_of(request), request.target(1), options);
    Json pmu = Json::object();
    for (const auto& [name, value] : result.pmu) pmu[name] = value;
    Json busy = Json::object();
    for (std::size_t i = 0; i < result.units.size(); ++i) {
        busy[result.units[i]] = result.unit_busy[i].count();
    }
    Reply reply;
    reply.value = {{"cycles", result.total.count()},
                   {"stalls", cause_row(result.causes)},
                   {"pmu", std::move(pmu)},
                   {"unit_busy", std::move(busy)},
                   {"ports", {port_row(result.ports[0]), port_row(result.ports[1])}}};
    reply.objects.push_back(hold(std::move(result)));
    return reply;
}

/// A text as payloads, one a stream.
Reply assembled(const Request& request) {
    Reply reply;
    for (const CommandStream& stream : assemble_streams(request.arguments.text("text"))) {
        const std::vector<std::uint8_t> bytes = make_payload(stream);
        reply.buffers.emplace_back(bytes.begin(), bytes.end());
    }
    return reply;
}

Reply lists(const Request&) {
    return {{{"passes", pass_names()}, {"optional_steps", optional_steps()}}, {}, {}};
}

}  // namespace

CompileOptions compile_options(const Arguments& given) {
    CompileOptions options;
    const std::string optimise = given.text("optimise");
    if (optimise != "performance" && optimise != "size") {
        throw InvalidConfig("optimise = '" + optimise + "': must be 'performance' or 'size'");
    }
    options.optimise = optimise == "size" ? Optimise::size : Optimise::performance;
    options.max_blockdep = given.integer("max_blockdep");
    const std::int32_t threads = given.integer("threads");
    if (threads < 0) throw InvalidConfig("threads = " + std::to_string(threads) + ": below 0");
    options.threads = static_cast<unsigned>(threads);
    options.dump_after = given.text("dump_after");
    options.without = given.texts("without");
    const std::string version = given.text("vela_version");
    if (!set_like_vela(options, version) || version != to_string(options.vela_version)) {
        throw InvalidConfig("vela_version = '" + version + "': must be '5.0' or '5.2'");
    }
    options.like_vela = given.flag("like_vela");
    return options;
}

Effort effort_of(const Arguments& given) {
    const std::string name = given.text("effort");
    const auto effort = parse_effort(name);
    if (!effort) throw InvalidConfig("effort = '" + name + "': there is no such effort");
    return *effort;
}

std::span<const Function> compile_functions() {
    static constexpr std::array functions{
        Function{"compile.graph", compile_graph}, Function{"compile.placements", placements},
        Function{"compile.constants", constants}, Function{"compile.disassemble", listing},
        Function{"compile.payload", payload},     Function{"compile.export", exported},
        Function{"compile.arena_svg", arena},     Function{"compile.simulate", simulation},
        Function{"compile.lists", lists},         Function{"compile.assemble", assembled},
    };
    return functions;
}

}  // namespace u65sim::python
