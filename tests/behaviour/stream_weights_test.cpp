#include <algorithm>
#include <set>

#include <catch2/catch.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/simulate.hpp>

#include "unit/compile/check_compiled.hpp"
#include "unit/compile/networks.hpp"
#include "unit/compile/own_size.hpp"

using namespace u65sim;

namespace {

/// First an operation that computes long and needs little of DRAM, then small maps with large
/// weights, each of them read once.
Graph heavy(int layers) {
    test::Builder b;
    TensorId x = b.conv(b.input({1, 32, 32, 32}), 64, 3);
    x = b.conv(b.conv(x, 64, 3, 2), 64, 3, 2);
    for (int i = 0; i < layers; ++i) x = b.conv(x, 512, 1);
    return b.finish(x);
}

std::size_t copies(const CompiledNetwork& network) {
    const auto& labels = network.segments[0].labels;
    return static_cast<std::size_t>(std::count_if(
        labels.begin(), labels.end(), [](const auto& label) { return label.op_type == "DMA"; }));
}

}  // namespace

TEST_CASE("GIVEN layers that wait for weights, THEN these are copied before they are due") {
    const CompiledNetwork network = test::compile_for_own_size(heavy(4), Target::preset("u65-256"));
    for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
    REQUIRE(copies(network) > 0);
    const auto& labels = network.segments[0].labels;
    std::size_t ahead = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i].op_type != "DMA") continue;
        std::size_t next = i;
        while (labels.at(next).op_type == "DMA") ++next;
        if (labels[next].op_name != labels[i].op_name) ++ahead;
    }
    CHECK(ahead > 0);
}

TEST_CASE("weights too large for the SRAM come in slices, and the result stays the same") {
    const Graph graph = heavy(4);
    Target tight = Target::preset("u65-256");
    tight.sram.size = Bytes{192 * 1024};
    const CompiledNetwork network = test::compile_for_own_size(graph, tight);
    for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
    CHECK(network.fast_size <= tight.sram.size);
    const auto& labels = network.segments[0].labels;
    CHECK(std::any_of(labels.begin(), labels.end(), [](const auto& label) {
        return label.name.find("/slice") != std::string::npos;
    }));
    const std::vector<std::vector<std::uint8_t>> input{std::vector<std::uint8_t>(32 * 32 * 32, 7)};
    ExecuteOptions options;
    options.check = true;
    const Execution sliced = execute(network, tight, input, options);
    for (const auto& finding : sliced.findings) FAIL_CHECK(finding.text);
    Target wide = test::target();
    wide.sram.size = Bytes{4 * 1024 * 1024};
    CHECK(sliced.outputs == execute(compile(graph, wide), wide, input).outputs);
}

TEST_CASE("GIVEN weights that a sample misjudges, THEN their buffers have the size they take") {
    // All but eight of 512 channels are zero, each time others.
    Target roomy = test::target();
    roomy.sram.size = Bytes{512 * 1024};
    for (std::size_t first = 0; first < 512; first += 32) {
        Graph graph = heavy(2);
        std::vector<std::uint8_t> bytes(std::size_t{512} * 512, 0);
        for (std::size_t i = first * 512; i < (first + 8) * 512; ++i) {
            bytes[i] = static_cast<std::uint8_t>(i * i / 7);
        }
        const TensorId weights = graph.operators.back().inputs[1];
        graph.tensors[static_cast<std::size_t>(weights)].data = ConstantData(std::move(bytes));
        const CompiledNetwork network = compile(graph, roomy);
        for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
        std::multiset<std::int64_t> copied, buffers;
        for (const auto& command :
             stream::decode(network.segments[0].stream.words, roomy.accelerator)) {
            const auto* copy = std::get_if<stream::DmaOp>(&command.action);
            if (copy != nullptr) copied.insert(static_cast<std::int64_t>(copy->length));
        }
        for (const auto& placement : network.placements) {
            if (placement.kind != Placement::Kind::weight_buffer) continue;
            buffers.insert(placement.size.count());
        }
        CHECK_FALSE(buffers.empty());
        CHECK(copied == buffers);
    }
}

TEST_CASE("slices are shallower than a block where those of a whole block have no room") {
    GraphBuilder net{"large_weights", {{.seed = 3}}};
    const Value wide = net.conv2d(net.input({1, 12, 12, 96}), 576, Window::square(1));
    net.output(net.conv2d(wide, 192, Window::square(3)));
    const Graph graph = net.build();
    Target tight = Target::preset("u65-256");
    tight.sram.size = Bytes{288 * 1024};
    const CompiledNetwork network = compile(graph, tight);
    for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
    const Simulation run = simulate(network, tight);
    std::size_t shallow = 0;
    for (const auto& command :
         stream::decode(network.segments[0].stream.words, tight.accelerator)) {
        const auto* kernel = std::get_if<stream::KernelOp>(&command.action);
        if (kernel != nullptr && kernel->ofm.depth < kernel->block.depth) ++shallow;
    }
    CHECK(shallow == 192 / 16);
    CompileOptions where_they_are;
    where_they_are.without = {"stream_weights"};
    CHECK(run.total < simulate(compile(graph, tight, where_they_are), tight).total);
}

TEST_CASE("outputs that do not fill their last ublock come in a slice of their own") {
    // Two slices of the larger image's weights have no room side by side as if they were alike.
    const std::int32_t side = GENERATE(16, 24);
    const std::int32_t classes = GENERATE(10, 18);
    GraphBuilder net{"net"};
    const Value x = net.conv2d(net.input({1, side, side, 8}), 16, Window::square(3));
    net.output(net.fully_connected(net.reshape(x, {1, -1}), classes));
    const Graph graph = net.build();
    const auto at = GENERATE("u65-256", "u55-128");
    INFO(at << ", " << side << ", " << classes);
    const Target target = Target::preset(at);
    const auto run = [&](const std::vector<std::string>& without) {
        OracleOptions options;
        options.compile.without = without;
        return Oracle{target, options}.estimate(graph);
    };
    // Six channels are zeros, which one stream of all weights takes bytes for.
    const Report whole = run({"stream_weights"});
    const Report sliced = run({});
    CHECK(sliced.encoded_weight_bytes.count() * 100 < whole.encoded_weight_bytes.count() * 92);
    CHECK(sliced.dram.read.count() * 100 < whole.dram.read.count() * 93);
    CHECK(sliced.total.cycles < whole.total.cycles);
}

TEST_CASE("a long row of outputs is computed as several rows, and the result stays the same") {
    GraphBuilder net{"long_row", {{.seed = 5}}};
    const Value row = net.conv2d(net.input({1, 1, 148, 16}), 256, Window::square(1));
    net.output(net.conv2d(row, 320, Window::square(1)));
    const Graph graph = net.build();
    std::vector<std::uint8_t> values(148 * 16);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint8_t>(i * i);
    CompileOptions as_it_is;
    as_it_is.without = {"refine_blocks"};
    ExecuteOptions checked;
    checked.check = true;
    Target tight = Target::preset("u65-256");
    tight.sram.size = Bytes{96 * 1024};
    const CompiledNetwork network = compile(graph, tight);
    for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
    std::size_t folded = 0;
    for (const auto& command :
         stream::decode(network.segments[0].stream.words, tight.accelerator)) {
        const auto* kernel = std::get_if<stream::KernelOp>(&command.action);
        if (kernel != nullptr && kernel->ofm.height > 1) ++folded;
    }
    CHECK(folded > 0);
    const Execution got = execute(network, tight, {values}, checked);
    for (const auto& finding : got.findings) FAIL_CHECK(finding.text);
    CHECK(got.outputs == execute(compile(graph, tight, as_it_is), tight, {values}).outputs);
}

TEST_CASE("a layer whose weights need many slices reads them from slow flash once") {
    // 1.6 MB of weights for a row of outputs, behind 1 B/cycle.
    GraphBuilder net{"long_filters", {{.seed = 3}}};
    const Value row = net.input({1, 1, 96, 64});
    net.output(net.conv2d(row, 800, Window{.kernel_w = 32}));
    const Graph graph = net.build();
    Target tight = Target::preset("u55-128");
    tight.sram.size = Bytes{192 * 1024};
    CompileOptions like_vela;
    like_vela.like_vela = true;
    like_vela.vela_version = VelaVersion::v5_0;
    for (const CompileOptions& options : {CompileOptions{}, like_vela}) {
        CAPTURE(options.like_vela);
        const CompiledNetwork network = compile(graph, tight, options);
        for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
        const Simulation run = simulate(network, tight);
        std::size_t kernels = 0;
        for (const OperationRecord& record : run.operations) kernels += record.is_dma ? 0 : 1;
        CHECK(kernels > 32);
        const std::int64_t read =
            run.ports[1].bytes[static_cast<std::size_t>(Channel::dma_read)].count();
        CHECK(read > 1'500'000);
        CHECK(read < 1'800'000);
    }
}

TEST_CASE("positions in the order count slices, so that placements never overlap in time") {
    Target tight = test::target();
    tight.sram.size = Bytes{192 * 1024};
    const CompiledNetwork network = compile(heavy(3), tight);
    std::int32_t last = 0;
    for (const auto& placement : network.placements) {
        CHECK(placement.first_use <= placement.last_use);
        last = std::max(last, placement.last_use);
    }
    std::size_t kernels = 0;
    for (const auto& label : network.segments[0].labels) kernels += label.op_type != "DMA";
    CHECK(static_cast<std::size_t>(last) == kernels);
}

TEST_CASE("optimised for size, a network needs no more memory than for performance") {
    CompileOptions options;
    options.optimise = Optimise::size;
    const auto memory = [](const CompiledNetwork& network) {
        for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
        return network.fast_size + network.arena_size;
    };
    for (const Target& target : {test::target(), Target::preset("u55-128")}) {
        for (const Graph& graph : {heavy(3), test::bottlenecks(96, 16)}) {
            CAPTURE(target.name, graph.name);
            CHECK(memory(compile(graph, target, options)) <= memory(compile(graph, target)));
        }
        // For performance it takes all that there is, or twice what it needs.
        const Graph cascaded = test::bottlenecks(96, 16);
        CHECK(memory(compile(cascaded, target, options)) < memory(compile(cascaded, target)));
    }
    const Graph cascaded = test::bottlenecks(96, 16);
    CHECK(compile(cascaded, test::target(), options).fast_size <
          compile(cascaded, test::target()).fast_size);
}
