#include <catch2/catch.hpp>

#include <u65sim/bare_stream.hpp>
#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>

#include "unit/compile/networks.hpp"

using namespace u65sim;

namespace {

CompiledNetwork two_layers() {
    GraphBuilder builder{"two"};
    const Value x = builder.input({1, 8, 8, 4});
    builder.output(builder.max_pool(builder.conv2d(x, 6, Window::square(3)), Window::square(2, 2)));
    return compile(builder.build(), test::target());
}

}  // namespace

TEST_CASE("A bare stream's inputs and outputs are those of the network it came from") {
    const CompiledNetwork source = two_layers();
    const CommandStream& stream = source.segments.at(0).stream;
    const Graph graph = payload_network(stream, source.constants, "bare");
    CHECK(is_compiled(graph));
    const CompiledNetwork again = import_compiled(graph, source.target);
    REQUIRE(again.segments.size() == 1);
    CHECK(again.segments[0].stream == stream);
    CHECK(again.constants == source.constants);
    CHECK(again.producer == "unknown");
    REQUIRE(graph.inputs.size() == 1);
    REQUIRE(graph.outputs.size() == 1);
    const auto binding_of = [](const CompiledNetwork& network, TensorId id) {
        for (const Binding& binding : network.bindings) {
            if (binding.tensor == id) return binding.offset;
        }
        return Bytes{-1};
    };
    CHECK(binding_of(again, graph.inputs[0]) == binding_of(source, source.graph.inputs[0]));
    CHECK(binding_of(again, graph.outputs[0]) == binding_of(source, source.graph.outputs[0]));
    CHECK(graph.tensors[static_cast<std::size_t>(graph.inputs[0])].shape == Shape{8 * 8 * 4});
    CHECK(graph.tensors[static_cast<std::size_t>(graph.outputs[0])].shape == Shape{4 * 4 * 6});
}

TEST_CASE("A payload and its words alone are the same stream") {
    const CommandStream stream = two_layers().segments.at(0).stream;
    std::vector<std::uint8_t> words;
    for (const std::uint32_t word : stream.words) {
        for (int shift = 0; shift < 32; shift += 8) {
            words.push_back(static_cast<std::uint8_t>(word >> shift));
        }
    }
    CHECK(read_stream(make_payload(stream), stream.accelerator) == stream);
    CHECK(read_stream(words, stream.accelerator) == stream);
    words.pop_back();
    CHECK_THROWS_AS(read_stream(words, stream.accelerator), InvalidStream);
    CHECK_THROWS_AS(read_stream({}, stream.accelerator), InvalidStream);
}

TEST_CASE("Constants that a bare stream reads must be there") {
    const CompiledNetwork source = two_layers();
    auto constants = source.constants;
    constants.resize(constants.size() / 2);
    CHECK_THROWS_WITH(payload_network(source.segments.at(0).stream, constants, "bare"),
                      Catch::Contains("reads constants (region 0) up to byte"));
}

TEST_CASE("A bare stream without constants is timed, not computed") {
    const CompiledNetwork source = two_layers();
    const CommandStream& stream = source.segments.at(0).stream;
    const auto imported = [&](const std::vector<std::uint8_t>& constants) {
        return import_compiled(payload_network(stream, constants, "bare"), source.target);
    };
    const CompiledNetwork with = imported(source.constants), without = imported({});
    CHECK(without.modelled_constants.count() <= static_cast<std::int64_t>(source.constants.size()));
    CHECK(without.modelled_constants.count() > 0);
    CHECK(without.segments == with.segments);
    REQUIRE(without.graph.notes.size() == 1);
    CHECK_THAT(without.graph.notes[0], Catch::Contains("cannot compute"));
}

TEST_CASE("A bare stream that leaves the known regions is refused with its word") {
    CommandStream stream = assemble(
        ".accelerator u65-256 1GHz\n"
        "DMA0_SRC_REGION 0x0\nDMA0_SRC 0x0\nDMA0_DST_REGION 0x5\n"
        "DMA0_DST 0x0\nDMA0_LEN 0x10\nDMA_START 0\nSTOP 0xffff\n");
    CHECK_THROWS_WITH(payload_network(stream, std::vector<std::uint8_t>(16), "bare"),
                      Catch::Contains("word 8: region 5"));
}

TEST_CASE("A word's line of the disassembly is found by its index") {
    const CommandStream stream = two_layers().segments.at(0).stream;
    CHECK(disassembled_line(stream, 0).find("0  PARALLEL_MODE") == 0);
    CHECK(disassemble(stream).find(disassembled_line(stream, 1) + "\n") != std::string::npos);
    CHECK(disassembled_line(stream, 1U << 20U).empty());
}
