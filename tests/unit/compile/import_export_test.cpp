#include <catch2/catch.hpp>

#include <algorithm>

#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>

#include "ir/analysis.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

using namespace u65sim;
using Catch::Contains;

namespace {

Target small_target() {
    Target target;
    target.sram.size = 64_KiB;
    target.off_chip.size = 1_MiB;
    target.off_chip.kind = "dram";
    return target;
}

/// A pointwise convolution of 4x4x16 whose weights are copied to fast memory first.
std::vector<std::uint32_t> words_of(const Accelerator& accelerator) {
    stream::KernelOp op;
    op.ifm.region = op.ofm.region = region_arena;
    op.ifm.width0 = op.ifm.height0 = op.ifm.height1 = op.ifm.height = op.ifm.width = 4;
    op.ifm.depth = 16;
    op.ifm.stride_y = 64;
    op.ifm.stride_x = 16;
    op.ifm.stride_c = 1;
    op.ofm = op.ifm;
    op.ofm.base[0] = 256;
    op.weight_region = op.scale_region = region_fast;
    op.scales[0] = {0, 160};
    op.weights[0] = {160, 96};
    op.block = {4, 4, 16};
    op.ib_end = 10;
    op.ab_start = 30;
    const stream::DmaOp dma{
        {region_constants, false, 32}, {region_fast, false, 0}, 256, 0, 1, 1, 0, 0};
    return stream::encode({dma, stream::DmaWait{0}, op, stream::Stop{}}, accelerator);
}

Tensor feature_map(const std::string& name) {
    Tensor tensor;
    tensor.name = name;
    tensor.shape = {1, 4, 4, 16};
    tensor.quantization = {{0.5F}, {0}, 0};
    return tensor;
}

/// "pad" on the CPU, a convolution on the NPU, "relu" on the CPU; as a compiler would return it.
CompiledNetwork small_network() {
    CompiledNetwork network;
    network.name = "small";
    network.target = small_target();
    network.producer = "u65sim";
    Graph& graph = network.graph;
    graph.name = "small";
    for (const char* name : {"in", "a", "b", "out"}) graph.tensors.push_back(feature_map(name));
    const auto relu = [](const char* name, TensorId from, TensorId to) {
        Operator op;
        op.name = name;
        op.type = OpType::relu;
        op.inputs = {from};
        op.outputs = {to};
        return op;
    };
    graph.operators = {relu("first", 0, 1), relu("middle", 1, 2), relu("last", 2, 3)};
    graph.inputs = {0};
    graph.outputs = {3};
    graph.metadata = {{"kept", {1, 2, 3}}};
    network.steps = {{-1, 0, 0}, {0, -1, -1}, {-1, 1, 2}};
    network.cpu_operators = {{"first", "RELU", "", Bytes{512}}, {"last", "RELU", "", Bytes{512}}};
    NpuSegment segment;
    segment.name = "npu0";
    segment.stream = {network.target.accelerator, words_of(network.target.accelerator)};
    segment.inputs = {1};
    segment.outputs = {2};
    network.segments = {segment};
    network.constants.assign(288, 7);
    network.arena_size = Bytes{512};
    network.fast_size = Bytes{256};
    network.bindings = {{1, region_arena, Bytes{0}}, {2, region_arena, Bytes{256}}};
    return network;
}

Metadata& metadata(Graph& graph, const std::string& name) {
    return *std::find_if(graph.metadata.begin(), graph.metadata.end(),
                         [&](const Metadata& each) { return each.name == name; });
}

}  // namespace

TEST_CASE("a compiled network becomes a graph with one custom operator a segment") {
    const CompiledNetwork network = small_network();
    const Graph graph = export_compiled(network);
    CHECK_NOTHROW(verify(graph));
    CHECK(is_compiled(graph));
    CHECK_FALSE(is_compiled(network.graph));
    REQUIRE(graph.operators.size() == 3);
    CHECK(graph.operators[0].name == "first");
    const Operator& op = graph.operators[1];
    CHECK(op.type == OpType::custom);
    CHECK(op.custom_code == "ethos-u");
    CHECK(op.custom_options == std::vector<std::uint8_t>{1, 4, 1});
    REQUIRE(op.inputs.size() == 5);
    const auto tensor = [&](std::size_t position) -> const Tensor& {
        return graph.tensors[static_cast<std::size_t>(op.inputs[position])];
    };
    CHECK(parse_payload(tensor(0).data.bytes()) == network.segments[0].stream);
    CHECK(tensor(1).data.bytes() == network.constants);
    CHECK(tensor(2).shape == Shape{512});
    CHECK_FALSE(tensor(2).data);
    CHECK(tensor(3).shape == Shape{256});
    CHECK(tensor(4).name == "a");
    CHECK(graph.metadata.front().name == "kept");
}

TEST_CASE("importing gives back what runs") {
    const CompiledNetwork network = small_network();
    const Graph graph = export_compiled(network);
    const CompiledNetwork back = import_compiled(graph, small_target());
    REQUIRE(back.segments.size() == 1);
    CHECK(back.segments[0].stream == network.segments[0].stream);
    CHECK(back.constants == network.constants);
    CHECK(back.arena_size == network.arena_size);
    CHECK(back.fast_size == network.fast_size);
    CHECK(back.macs == Macs{4 * 4 * 16 * 16});
    CHECK(back.encoded_weight_bytes == Bytes{256});
    CHECK_THAT(back.producer, Catch::StartsWith("u65sim "));
    REQUIRE(back.steps.size() == 3);
    CHECK(back.steps[1].segment == 0);
    CHECK(back.steps[2].graph_operator == 2);
    REQUIRE(back.cpu_operators.size() == 2);
    CHECK(back.cpu_operators[1].name == "last");
    CHECK(back.cpu_operators[1].operand_bytes == Bytes{512});
    REQUIRE(back.bindings.size() == 2);
    for (const Binding& binding : back.bindings) {
        const std::string& name = graph.tensors[static_cast<std::size_t>(binding.tensor)].name;
        CHECK(binding.offset == (name == "a" ? Bytes{0} : Bytes{256}));
        CHECK(binding.region == region_arena);
    }
    const std::vector<CommandLabel> labels{{0, "DMA@0", "DMA@0", "DMA"},
                                           {2, "CONV@2", "CONV@2", "CONV_2D"}};
    CHECK(back.segments[0].labels == labels);

    // And once more round: nothing changes.
    CHECK(export_compiled(back) == graph);
    CHECK(import_compiled(export_compiled(back), small_target()) == back);
}

TEST_CASE("operators whose streams each write a part of one tensor are taken, as Vela makes them") {
    Graph graph = export_compiled(small_network());
    const auto first = graph.operators.begin() + 1;
    Operator second = *first;
    second.name = "npu1";
    graph.operators.insert(first + 1, second);
    const CompiledNetwork back = import_compiled(graph, small_target());
    REQUIRE(back.segments.size() == 2);
    CHECK(back.segments[0].outputs == back.segments[1].outputs);
    CHECK(back.bindings.size() == 2);
    CHECK(ir::topological_order(graph) == std::vector<ir::OperatorIndex>{0, 1, 2, 3});
    // Of two other operators each makes a tensor of its own.
    graph.operators[2] = graph.operators[0];
    graph.operators[2].name = "again";
    CHECK_THROWS_WITH(import_compiled(graph, small_target()), Contains("made by an earlier"));
}

TEST_CASE("a changed stream is put back into an imported network") {
    CompiledNetwork back = import_compiled(export_compiled(small_network()), small_target());
    back.segments[0].stream.words.back() = 0x00010000;
    const CompiledNetwork again = import_compiled(export_compiled(back), small_target());
    CHECK(again.segments[0].stream == back.segments[0].stream);
}

TEST_CASE("a network without fast memory exports and imports without it") {
    CompiledNetwork network = small_network();
    network.segments[0].stream.words = stream::encode({stream::Stop{}}, network.target.accelerator);
    network.fast_size = Bytes{0};
    const CompiledNetwork back = import_compiled(export_compiled(network), small_target());
    CHECK(back.fast_size == Bytes{0});
    CHECK(back.encoded_weight_bytes == Bytes{0});
}

TEST_CASE("a stream for another accelerator names both and the right target") {
    const Graph graph = export_compiled(small_network());
    Target target = small_target();
    target.accelerator.cores = 2;
    CHECK_THROWS_WITH(import_compiled(graph, target), Contains("for u65-256") &&
                                                          Contains("0x10003008") &&
                                                          Contains("target is u65-512"));
    CHECK_THROWS_AS(import_compiled(graph, target), InvalidStream);
    // The clock is the target's own affair.
    target = small_target();
    target.accelerator.clock = Hertz{500'000'000};
    CHECK(import_compiled(graph, target).segments[0].stream.accelerator == target.accelerator);
}

TEST_CASE("memories that are too small are named with both sizes") {
    CompiledNetwork network = small_network();
    network.fast_size = Bytes{65552};
    CHECK_THROWS_WITH(import_compiled(export_compiled(network), small_target()),
                      Contains("65552 B of sram.size = 65536 B"));
    network = small_network();
    network.arena_size = 1_MiB;
    CHECK_THROWS_WITH(import_compiled(export_compiled(network), small_target()),
                      Contains("1048864 B of dram.size = 1048576 B"));
    CHECK_THROWS_AS(import_compiled(export_compiled(network), small_target()), DoesNotFit);
}

TEST_CASE("regions without bytes have shape [0], as others write them") {
    Graph graph = export_compiled(small_network());
    const std::vector<TensorId>& operands = graph.operators[1].inputs;
    Tensor& command_stream = graph.tensors[static_cast<std::size_t>(operands[0])];
    command_stream.data = ConstantData{make_payload(
        {Accelerator{}, stream::encode({stream::Stop{}}, small_target().accelerator)})};
    command_stream.shape = {static_cast<std::int32_t>(command_stream.data.size())};
    for (const std::size_t region : {1U, 3U}) {
        Tensor& tensor = graph.tensors[static_cast<std::size_t>(operands[region])];
        tensor.shape = {0};
        tensor.data = {};
    }
    CHECK_NOTHROW(verify(graph));
    const CompiledNetwork back = import_compiled(graph, small_target());
    CHECK(back.constants.empty());
    CHECK(back.fast_size == Bytes{0});
    CHECK(back.arena_size == Bytes{512});
    // Or they are left out.
    graph.operators[1].inputs[1] = graph.operators[1].inputs[3] = no_tensor;
    CHECK(import_compiled(graph, small_target()).constants.empty());
    CHECK(import_compiled(graph, small_target()).bindings == back.bindings);
}

TEST_CASE("offsets of several subgraphs stand one behind the other; the first one's are read") {
    Graph graph = export_compiled(small_network());
    auto& bytes = metadata(graph, "OfflineMemoryAllocation").bytes;
    const CompiledNetwork alone = import_compiled(graph, small_target());
    bytes[4] = 2;
    bytes[8] = static_cast<std::uint8_t>(bytes[8] + 3);
    for (const int offset : {64, 32, 16}) {
        const auto low = static_cast<std::uint8_t>(offset);
        bytes.insert(bytes.end(), {low, 0, 0, 0});
    }
    CHECK(import_compiled(graph, small_target()).bindings == alone.bindings);
}

TEST_CASE("the version of the offsets says nothing, nor does an index of the subgraph") {
    Graph graph = export_compiled(small_network());
    const auto bindings = import_compiled(graph, small_target()).bindings;
    auto& bytes = metadata(graph, "OfflineMemoryAllocation").bytes;
    bytes[0] = 1;
    bytes[4] = 0;
    CHECK(import_compiled(graph, small_target()).bindings == bindings);
}

TEST_CASE("constants that are not in the file are known by their size") {
    const Graph whole = export_compiled(small_network());
    Graph graph = whole;
    const auto constants = static_cast<std::size_t>(graph.operators[1].inputs[1]);
    graph.tensors[constants].data = {};
    const CompiledNetwork network = import_compiled(graph, small_target());
    CHECK(network.constants.empty());
    CHECK(network.modelled_constants == Bytes{288});
    REQUIRE(network.graph.notes.size() == 1);
    CHECK_THAT(network.graph.notes[0], Contains("288 bytes") && Contains("cannot compute"));
    CHECK(network.placements == import_compiled(whole, small_target()).placements);
    CHECK(export_compiled(network).tensors == graph.tensors);
    // Their bytes need room all the same.
    graph.tensors[constants].shape = {1 << 21};
    CHECK_THROWS_AS(import_compiled(graph, small_target()), DoesNotFit);
}

TEST_CASE("an output whose constant was lost is named, the others are there") {
    Graph graph = export_compiled(small_network());
    graph.tensors.push_back(feature_map("lost"));
    graph.outputs.push_back(static_cast<TensorId>(graph.tensors.size() - 1));
    Metadata& offsets = metadata(graph, "OfflineMemoryAllocation");
    ++offsets.bytes[8];
    offsets.bytes.insert(offsets.bytes.end(), 4, std::uint8_t{0xFF});
    const CompiledNetwork network = import_compiled(graph, small_target());
    CHECK(network.bindings.size() == 2);
    REQUIRE(network.graph.notes.size() == 1);
    CHECK_THAT(network.graph.notes[0], Contains("'lost' is made by no operator"));
    // Only compilers do so.
    Graph plain = small_network().graph;
    plain.tensors.push_back(feature_map("lost"));
    plain.outputs.push_back(static_cast<TensorId>(plain.tensors.size() - 1));
    CHECK_THROWS_WITH(verify(plain), Contains("'lost' is made by no operator"));
}

TEST_CASE("an input that the file puts nowhere is none of the stream's") {
    Graph graph = export_compiled(small_network());
    Tensor shape;
    shape.name = "shape";
    shape.type = ElementType::int32;
    shape.shape = {4};
    graph.tensors.push_back(shape);
    const auto id = static_cast<TensorId>(graph.tensors.size() - 1);
    graph.inputs.push_back(id);
    graph.operators[1].inputs.push_back(id);
    Metadata& offsets = metadata(graph, "OfflineMemoryAllocation");
    ++offsets.bytes[8];
    offsets.bytes.insert(offsets.bytes.end(), 4, std::uint8_t{0xFF});
    const CompiledNetwork network = import_compiled(graph, small_target());
    CHECK(network.bindings.size() == 2);
    CHECK(network.segments[0].inputs.size() == 1);
    CHECK(network.graph.inputs.size() == 2);
    REQUIRE(network.graph.notes.size() == 1);
    CHECK_THAT(network.graph.notes[0], Contains("'shape' has no place in the arena"));
}

TEST_CASE("an arena that is narrower than its tensors is taken as wide as they need") {
    Graph graph = export_compiled(small_network());
    graph.tensors[static_cast<std::size_t>(graph.operators[1].inputs[2])].shape = {300};
    const CompiledNetwork network = import_compiled(graph, small_target());
    CHECK(network.bindings.size() == 2);
    CHECK(network.arena_size == Bytes{512});
    REQUIRE(network.graph.notes.size() == 1);
    CHECK_THAT(network.graph.notes[0], Contains("ends at byte 512 of an arena of 300"));
}

TEST_CASE("a file whose tensors lie nowhere has a time, but does not compute") {
    const Graph good = export_compiled(small_network());
    Graph nowhere = good;
    nowhere.metadata.clear();
    Graph outside = good;
    Metadata& places = metadata(outside, "OfflineMemoryAllocation");
    const auto b = static_cast<std::size_t>(outside.operators[1].outputs[0]);
    places.bytes[12 + 4 * b + 3] = 0x40;  // at 1 GiB
    Graph before = good;
    auto& bytes = metadata(before, "OfflineMemoryAllocation").bytes;
    std::fill(bytes.begin() + 12, bytes.end(), std::uint8_t{0xFF});
    const auto with_offsets = [&](auto change) {
        Graph graph = good;
        change(metadata(graph, "OfflineMemoryAllocation").bytes);
        return graph;
    };
    const Graph cut = with_offsets([](auto& metadata) { metadata.resize(20); });
    const Graph empty = with_offsets([](auto& metadata) { metadata.clear(); });
    const Graph fewer = with_offsets([](auto& metadata) { --metadata[8]; });
    const Graph more = with_offsets([](auto& metadata) {
        ++metadata[8];
        metadata.insert(metadata.end(), 4, std::uint8_t{0});
    });
    for (const auto& [graph, bound] : {std::pair{nowhere, 0U},
                                       {outside, 1U},
                                       {before, 0U},
                                       {cut, 0U},
                                       {empty, 0U},
                                       {fewer, 0U},
                                       {more, 0U}}) {
        const CompiledNetwork network = import_compiled(graph, small_target());
        CHECK(network.bindings.size() == bound);
        CHECK(network.segments.size() == 1);
        REQUIRE_FALSE(network.graph.notes.empty());
        CHECK_THAT(network.graph.notes.back(), Contains("cannot compute"));
    }
}

TEST_CASE("a stream for another memory mode is taken, and the notes say so") {
    const auto notes_of = [](const CompiledNetwork& made, MemoryMode mode) {
        Target target = small_target();
        target.memory_mode = mode;
        return import_compiled(export_compiled(made), target).graph.notes;
    };
    CompiledNetwork network = small_network();
    CHECK(notes_of(network, MemoryMode::dedicated_sram).empty());
    for (const MemoryMode mode : {MemoryMode::shared_sram, MemoryMode::sram_only}) {
        const auto notes = notes_of(network, mode);
        REQUIRE(notes.size() == 1);
        CHECK_THAT(notes[0], Contains("compiled for dedicated_sram, the target is ") &&
                                 Contains(std::string(to_string(mode))));
    }
    network.target.memory_mode = MemoryMode::shared_sram;
    network.segments[0].stream.words = stream::encode({stream::Stop{}}, network.target.accelerator);
    network.fast_size = Bytes{0};
    CHECK(notes_of(network, MemoryMode::shared_sram).empty());
    CHECK(notes_of(network, MemoryMode::sram_only).empty());
    const auto notes = notes_of(network, MemoryMode::dedicated_sram);
    REQUIRE(notes.size() == 1);
    CHECK_THAT(notes[0], Contains("shared_sram or sram_only, the target is dedicated_sram"));

    // Older compilers give two tensors of one size, of which the stream uses the first.
    Graph older = export_compiled(network);
    older.metadata.push_back({"vela_version", {'3'}});
    std::erase_if(older.metadata, [](const Metadata& m) { return m.name == "u65sim_version"; });
    const auto arena = static_cast<std::size_t>(older.operators[1].inputs[2]);
    older.operators[1].inputs[3] = static_cast<TensorId>(older.tensors.size());
    older.tensors.push_back(older.tensors[arena]);
    Metadata& offsets = metadata(older, "OfflineMemoryAllocation");
    offsets.bytes[8] = static_cast<std::uint8_t>(offsets.bytes[8] + 1);
    offsets.bytes.insert(offsets.bytes.end(), 4, std::uint8_t{0xFF});
    Target shared = small_target();
    shared.memory_mode = MemoryMode::shared_sram;
    CHECK(import_compiled(older, small_target()).graph.notes == notes);
    CHECK(import_compiled(older, shared).graph.notes.empty());
    older.tensors.back().shape = {0};
    CHECK(import_compiled(older, small_target()).graph.notes.empty());
    CHECK(import_compiled(older, shared).graph.notes.size() == 1);
}

TEST_CASE("broken compiled graphs are refused") {
    const Graph good = export_compiled(small_network());
    const auto broken = [&](auto change) {
        Graph graph = good;
        change(graph);
        return graph;
    };
    const auto tensor_of = [](Graph& graph, std::size_t position) -> Tensor& {
        return graph.tensors[static_cast<std::size_t>(graph.operators[1].inputs[position])];
    };
    const std::vector<std::pair<Graph, std::string>> cases{
        {small_network().graph, "must hold an ethos-u operator"},
        {broken([](Graph& g) { g.operators[1].inputs.resize(3); }), "has 3 operands"},
        {broken([](Graph& g) { g.operators[1].inputs[0] = no_tensor; }), "operand 0 is left out"},
        {broken([&](Graph& g) { tensor_of(g, 0).data = {}; }), "must be a constant"},
        {broken([&](Graph& g) {
             std::vector<std::uint8_t> bytes = tensor_of(g, 0).data.bytes();
             bytes.at(0) ^= 1;
             tensor_of(g, 0).data = ConstantData{bytes};
         }),
         "COP1"},
        {broken([&](Graph& g) {
             std::vector<std::uint8_t> bytes = tensor_of(g, 0).data.bytes();
             bytes.at(bytes.size() - 5) ^= 0x80;
             tensor_of(g, 0).data = ConstantData{bytes};
         }),
         "operator 'npu0': word "},
    };
    for (const auto& [graph, message] : cases) {
        CAPTURE(message);
        CHECK_THROWS_WITH(import_compiled(graph, small_target()), Contains(message));
        CHECK_THROWS_AS(import_compiled(graph, small_target()), Error);
    }
}
