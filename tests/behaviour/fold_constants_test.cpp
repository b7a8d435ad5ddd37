// What is known before anything runs becomes a constant: no operator of its own is left.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph_builder.hpp>

using namespace u65sim;

namespace {

using Numbers = std::vector<std::int32_t>;

ConstantData packed(const Numbers& values) {
    std::vector<std::uint8_t> bytes;
    for (const std::int32_t value : values) {
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint32_t>(value) >> shift));
        }
    }
    return ConstantData{std::move(bytes)};
}

/// Adds tensors and operators to a graph that exists, in front of an operator.
class Surgeon {
public:
    explicit Surgeon(Graph& graph) : graph_(graph) {}

    TensorId tensor(const std::string& name, const Shape& shape, ElementType type) {
        Tensor made;
        made.name = name;
        made.shape = shape;
        made.type = type;
        graph_.tensors.push_back(made);
        return static_cast<TensorId>(graph_.tensors.size() - 1);
    }
    TensorId numbers(const std::string& name, const Numbers& values) {
        const auto count = static_cast<std::int32_t>(values.size());
        const TensorId id = tensor(name, {count}, ElementType::int32);
        graph_.tensors[static_cast<std::size_t>(id)].data = packed(values);
        return id;
    }
    TensorId scalar(const std::string& name, std::int32_t value) {
        const TensorId id = numbers(name, {value});
        graph_.tensors[static_cast<std::size_t>(id)].shape = {};
        return id;
    }
    TensorId op(OpType type, std::vector<TensorId> inputs, const Shape& shape,
                const std::string& name, Attributes attributes = {}) {
        const TensorId made = tensor(name, shape, ElementType::int32);
        graph_.operators.insert(graph_.operators.begin() + at_++,
                                Operator{.name = name,
                                         .type = type,
                                         .inputs = std::move(inputs),
                                         .outputs = {made},
                                         .attributes = std::move(attributes)});
        return made;
    }
    void in_front_of(const std::string& name) {
        const auto found = std::find_if(graph_.operators.begin(), graph_.operators.end(),
                                        [&](const Operator& each) { return each.name == name; });
        REQUIRE(found != graph_.operators.end());
        at_ = found - graph_.operators.begin();
    }
    Operator& found() { return graph_.operators[static_cast<std::size_t>(at_)]; }

private:
    Graph& graph_;
    std::ptrdiff_t at_ = 0;
};

/// conv, then RESHAPE to batch x -1, whose batch is read from the map as Keras does.
Graph keras_reshape(bool batch_from_shape) {
    GraphBuilder net{"keras"};
    const Value map = net.conv2d(net.input({1, 4, 4, 4}), 8, Window::square(3), {.name = "conv"});
    const Value flat = net.reshape(map, {1, 128}, {.name = "flat"});
    net.output(net.fully_connected(flat, 5, {.name = "fc"}));
    Graph graph = net.build();
    Surgeon surgeon{graph};
    surgeon.in_front_of("flat");
    const TensorId source = batch_from_shape ? surgeon.op(OpType::shape, {map.id}, {4}, "shape")
                                             : surgeon.numbers("shape", {1, 4, 4, 8});
    const TensorId batch = surgeon.op(
        OpType::strided_slice,
        {source, surgeon.numbers("b", {0}), surgeon.numbers("e", {1}), surgeon.numbers("s", {1})},
        {}, "batch", StridedSliceAttributes{.shrink_axis_mask = 1});
    const TensorId extent =
        surgeon.op(OpType::mul, {surgeon.scalar("four", 4), surgeon.scalar("thirty-two", 32)}, {},
                   "extent", ArithmeticAttributes{});
    const TensorId wanted = surgeon.op(OpType::pack, {batch, extent}, {2}, "wanted",
                                       AxisAttributes{.axis = 0, .count = 2});
    Operator& reshape = surgeon.found();
    reshape.inputs = {map.id, wanted};
    reshape.attributes = ReshapeAttributes{};
    verify(graph);
    return graph;
}

Graph plain_reshape() {
    GraphBuilder net{"keras"};
    const Value map = net.conv2d(net.input({1, 4, 4, 4}), 8, Window::square(3), {.name = "conv"});
    const Value flat = net.reshape(map, {1, 128}, {.name = "flat"});
    net.output(net.fully_connected(flat, 5, {.name = "fc"}));
    return net.build();
}

std::vector<std::uint8_t> ramp(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(37 * i + 11);
    return bytes;
}

}  // namespace

TEST_CASE("GIVEN a shape worked out from static shapes, WHEN compiled, THEN one segment is left") {
    const Target target = Target::preset("u65-256");
    const CompiledNetwork plain = compile(plain_reshape(), target);
    for (const bool batch_from_shape : {true, false}) {
        const Graph graph = keras_reshape(batch_from_shape);
        const CompiledNetwork network = compile(graph, target);
        CHECK(network.cpu_operators.empty());
        CHECK(network.segments.size() == 1);
        CHECK(network.graph.operators.size() == 3);
        // The same kernels as without the chain.
        REQUIRE(plain.segments.size() == 1);
        CHECK(network.segments[0].stream == plain.segments[0].stream);
        const auto input = ramp(64);
        CHECK(execute(network, target, {input}).outputs == execute(plain, target, {input}).outputs);
    }
}

TEST_CASE("WHEN folding is left out, THEN the chain runs on the CPU and the result is the same") {
    const Target target = Target::preset("u55-128");
    const Graph graph = keras_reshape(true);
    const CompiledNetwork unfolded = compile(graph, target, {.without = {"fold_constants"}});
    CHECK(unfolded.cpu_operators.size() == 4);
    CHECK(unfolded.graph == graph);
    const auto input = ramp(64);
    CHECK(execute(unfolded, target, {input}).outputs ==
          execute(compile(graph, target), target, {input}).outputs);
}

TEST_CASE("the pass says which operators it folded, and to what") {
    const Target target = Target::preset("u65-256");
    const std::string dump =
        compile(keras_reshape(true), target, {.dump_after = "fold_constants"}).pass_dump;
    CHECK(dump ==
          "SHAPE shape: folded, 4 int32 [1, 4, 4, 8]\n"
          "STRIDED_SLICE batch: folded, scalar int32 [1]\n"
          "MUL extent: folded, scalar int32 [128]\n"
          "PACK wanted: folded, 2 int32 [1, 128]\n"
          "3 operators are left\n");
}

TEST_CASE("an operator whose result is the network's output stays") {
    Graph graph = keras_reshape(true);
    for (std::size_t id = 0; id < graph.tensors.size(); ++id) {
        if (graph.tensors[id].name == "extent") {
            graph.outputs.push_back(static_cast<TensorId>(id));
        }
    }
    REQUIRE(graph.outputs.size() == 2);
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(graph, target);
    const auto outputs = execute(network, target, {ramp(64)}).outputs;
    CHECK(outputs[1] == packed({128}).bytes());
}

TEST_CASE("results that outgrow their operands are not made while compiling") {
    GraphBuilder net{"tile"};
    net.output(net.conv2d(net.input({1, 4, 4, 4}), 8, Window::square(3), {.name = "conv"}));
    Graph graph = net.build();
    Surgeon surgeon{graph};
    surgeon.in_front_of("conv");
    surgeon.op(OpType::broadcast_to,
               {surgeon.scalar("one", 1), surgeon.numbers("extents", {1024, 1024, 1024})},
               {1024, 1024, 1024}, "wide");
    const std::string dump =
        compile(graph, Target::preset("u65-256"), {.dump_after = "fold_constants"}).pass_dump;
    CHECK(dump == "2 operators are left\n");
}

TEST_CASE("a chain in which each result outgrows its operand is folded up to a bound in all") {
    GraphBuilder net{"chain"};
    net.output(net.conv2d(net.input({1, 4, 4, 4}), 8, Window::square(3), {.name = "conv"}));
    Graph graph = net.build();
    Surgeon surgeon{graph};
    surgeon.in_front_of("conv");
    Numbers extents{1024};
    TensorId wide = surgeon.numbers("start", Numbers(1024, 7));
    // 64 KiB, 512 KiB, 4 MiB, and 32 MiB, which passes 16 MiB and eight times some KiB.
    for (const std::int32_t times : {16, 8, 8, 8}) {
        extents.insert(extents.begin(), times);
        wide = surgeon.op(OpType::broadcast_to, {wide, surgeon.numbers("extents", extents)},
                          Shape{extents.begin(), extents.end()},
                          "wide" + std::to_string(extents.size()));
    }
    verify(graph);
    const std::string dump =
        compile(graph, Target::preset("u65-256"), {.dump_after = "fold_constants"}).pass_dump;
    CHECK(dump ==
          "BROADCAST_TO wide2: folded, 16x1024 int32\n"
          "BROADCAST_TO wide3: folded, 8x16x1024 int32\n"
          "BROADCAST_TO wide4: folded, 8x8x16x1024 int32\n"
          "2 operators are left\n");
}

TEST_CASE("GIVEN an output shape that is a network input, THEN it needs no place in memory") {
    GraphBuilder net{"transpose_conv"};
    const Value x = net.input({1, 4, 4, 8});
    net.output(net.transpose_conv(x, 4, Window::square(2, 2), {.name = "up"}));
    const Graph fixed = net.build();
    Graph graph = fixed;
    Operator& op = graph.operators.at(0);
    const TensorId shape = op.inputs.at(0);
    const auto given = graph.tensors[static_cast<std::size_t>(shape)].data.bytes();
    graph.tensors[static_cast<std::size_t>(shape)].data = {};
    graph.inputs.push_back(shape);
    verify(graph);
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(graph, target);
    CHECK(network.cpu_operators.empty());
    REQUIRE(network.segments.size() == 1);
    CHECK(network.segments[0].inputs == std::vector<TensorId>{x.id});
    const auto input = ramp(128);
    CHECK(execute(network, target, {input, given}).outputs ==
          execute(compile(fixed, target), target, {input}).outputs);
}
