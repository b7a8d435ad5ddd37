// Streaming networks keep resource variables: CALL_ONCE sets them up, and they come and go through
// Execution::states.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/network.hpp>

using namespace u65sim;

namespace {

using Bytes8 = std::vector<std::uint8_t>;

Bytes8 floats(const std::vector<float>& values) {
    Bytes8 bytes(values.size() * 4);
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

/// A graph operator by operator.
struct Sketch {
    Graph graph;

    TensorId tensor(const std::string& name, const Shape& shape, ElementType type,
                    ConstantData data = {}) {
        Tensor made;
        made.name = name;
        made.shape = shape;
        made.type = type;
        made.data = std::move(data);
        graph.tensors.push_back(made);
        return static_cast<TensorId>(graph.tensors.size() - 1);
    }
    void op(OpType type, std::vector<TensorId> inputs, std::vector<TensorId> outputs,
            Attributes attributes = {}) {
        const std::string name =
            outputs.empty()
                ? std::string{to_string(type)} + "_" + std::to_string(graph.operators.size())
                : graph.tensors[static_cast<std::size_t>(outputs[0])].name;
        graph.operators.push_back({.name = name,
                                   .type = type,
                                   .inputs = std::move(inputs),
                                   .outputs = std::move(outputs),
                                   .attributes = std::move(attributes)});
    }
    TensorId handle(const std::string& name, const VariableAttributes& variable) {
        const TensorId id = tensor(name, {}, ElementType::resource);
        op(OpType::var_handle, {}, {id}, variable);
        return id;
    }
};

const VariableAttributes sum_variable{"", "sum"};

/// CALL_ONCE { sum = first }; out = sum + in; sum = out.
Graph running_sum(float first) {
    Sketch set_up;
    set_up.graph.name = "set_up";
    const TensorId there = set_up.handle("sum", sum_variable);
    const TensorId start = set_up.tensor("start", {1, 2}, ElementType::float32,
                                         ConstantData{floats({first, first + 1})});
    set_up.op(OpType::assign_variable, {there, start}, {});

    Sketch main;
    main.graph.name = "running_sum";
    const TensorId in = main.tensor("in", {1, 2}, ElementType::float32);
    main.op(OpType::call_once, {}, {}, SubgraphAttributes{{1}});
    const TensorId handle = main.handle("handle", sum_variable);
    const TensorId before = main.tensor("before", {1, 2}, ElementType::float32);
    main.op(OpType::read_variable, {handle}, {before});
    const TensorId out = main.tensor("out", {1, 2}, ElementType::float32);
    main.op(OpType::add, {before, in}, {out}, ArithmeticAttributes{});
    main.op(OpType::assign_variable, {handle, out}, {});
    main.graph.inputs = {in};
    main.graph.outputs = {out};
    main.graph.subgraphs.push_back(set_up.graph);
    verify(main.graph);
    return main.graph;
}

}  // namespace

TEST_CASE("the first inference starts from what CALL_ONCE assigns, the next from its state") {
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(running_sum(5), target);
    const Execution first = execute(network, target, {floats({1, 2})});
    CHECK(first.outputs[0] == floats({6, 8}));
    REQUIRE(first.states == std::vector<Bytes8>{floats({6, 8})});
    const Execution second =
        execute(network, target, {floats({10, 20})}, {.check = false, .states = first.states});
    CHECK(second.outputs[0] == floats({16, 28}));
    CHECK(second.states == std::vector<Bytes8>{floats({16, 28})});
    CHECK_THROWS_WITH(
        execute(network, target, {floats({1, 2})}, {.check = false, .states = {Bytes8(4)}}),
        Catch::Contains("state 0 (sum) has 4 bytes: must be 8"));
}

TEST_CASE("each CALL_ONCE sets up its own, and one subgraph is run once") {
    const Target target = Target::preset("u65-256");
    Graph graph = running_sum(5);
    Graph other = graph.subgraphs[0];  // the same variable, to 1 and 2
    other.tensors[1].data = ConstantData{floats({1, 2})};
    graph.subgraphs.push_back(other);
    Operator again = graph.operators[0];
    again.name = "again";
    again.attributes = SubgraphAttributes{{2}};
    graph.operators.insert(graph.operators.begin() + 1, again);
    // Behind the sum's end: it ran before, and undoes nothing.
    Operator late = graph.operators[0];
    late.name = "late";
    graph.operators.push_back(late);
    const Execution result = execute(compile(graph, target), target, {floats({10, 20})});
    CHECK(result.outputs[0] == floats({11, 22}));
    CHECK(result.states == std::vector<Bytes8>{floats({11, 22})});
    const ExecuteOptions kept{.check = false, .states = {floats({7, 7})}};
    CHECK(execute(compile(graph, target), target, {floats({1, 1})}, kept).outputs[0] ==
          floats({8, 8}));
}

TEST_CASE("CALL_ONCE comes first wherever it stands") {
    const Target target = Target::preset("u65-256");
    Graph graph = running_sum(5);
    std::rotate(graph.operators.begin(), graph.operators.begin() + 1, graph.operators.end());
    const Execution first = execute(compile(graph, target), target, {floats({1, 2})});
    CHECK(first.outputs[0] == floats({6, 8}));
    CHECK(first.states == std::vector<Bytes8>{floats({6, 8})});
}

TEST_CASE("resource variables and subgraphs survive the file, also that of a compiled network") {
    const Target target = Target::preset("u65-256");
    const Graph graph = running_sum(5);
    CHECK(read_tflite(write_tflite(graph), graph.name) == graph);
    const Graph exported = export_compiled(compile(graph, target));
    const Graph again = read_tflite(write_tflite(exported), "again");
    CHECK(again.subgraphs.size() == 1);
    CHECK(execute(compile(again, target), target, {floats({1, 2})}).outputs[0] == floats({6, 8}));
}

TEST_CASE("a variable that nobody set up is named") {
    const Target target = Target::preset("u65-256");
    Graph graph = running_sum(5);
    graph.operators.erase(graph.operators.begin());
    graph.subgraphs.clear();
    const CompiledNetwork network = compile(graph, target);
    CHECK_THROWS_WITH(execute(network, target, {floats({1, 2})}),
                      Catch::Contains("variable 'sum' is read before"));
    CHECK(execute(network, target, {floats({1, 2})}, {.check = false, .states = {floats({1, 1})}})
              .outputs[0] == floats({2, 3}));
}

TEST_CASE("a subgraph that the file does not hold is named when it is to run") {
    const Target target = Target::preset("u65-256");
    for (const std::int32_t number : {-1, 0, 2, 1'000'000}) {
        Graph graph = running_sum(5);
        graph.operators[0].attributes = SubgraphAttributes{{number}};
        CHECK_THROWS_AS(execute(compile(graph, target), target, {floats({1, 2})}), NotExecutable);
    }
}

namespace {

/// in + 1 in a subgraph of its own.
Graph one_more(const std::string& name, float step) {
    Sketch sketch;
    sketch.graph.name = name;
    const TensorId in = sketch.tensor("in", {1}, ElementType::float32);
    const TensorId one =
        sketch.tensor("one", {1}, ElementType::float32, ConstantData{floats({step})});
    const TensorId out = sketch.tensor("out", {1}, ElementType::float32);
    sketch.op(OpType::add, {in, one}, {out}, ArithmeticAttributes{});
    sketch.graph.inputs = {in};
    sketch.graph.outputs = {out};
    return sketch.graph;
}

Graph below(float limit) {
    Sketch sketch;
    sketch.graph.name = "below";
    const TensorId in = sketch.tensor("in", {1}, ElementType::float32);
    const TensorId bound =
        sketch.tensor("bound", {1}, ElementType::float32, ConstantData{floats({limit})});
    const TensorId out = sketch.tensor("out", {1}, ElementType::boolean);
    sketch.op(OpType::less, {in, bound}, {out});
    sketch.graph.inputs = {in};
    sketch.graph.outputs = {out};
    return sketch.graph;
}

}  // namespace

TEST_CASE("WHILE turns as long as its condition holds, and not for ever") {
    const Target target = Target::preset("u65-256");
    const auto looped = [&](float limit, float step, std::int64_t work = default_work_limit) {
        Sketch main;
        main.graph.name = "loop";
        const TensorId in = main.tensor("in", {1}, ElementType::float32);
        const TensorId out = main.tensor("out", {1}, ElementType::float32);
        main.op(OpType::while_loop, {in}, {out}, SubgraphAttributes{{1, 2}});
        main.graph.inputs = {in};
        main.graph.outputs = {out};
        main.graph.subgraphs = {below(limit), one_more("body", step)};
        ExecuteOptions options;
        options.work_limit = work;
        return execute(compile(main.graph, target), target, {floats({0.5F})}, options)
            .outputs.at(0);
    };
    CHECK(looped(3, 1) == floats({3.5F}));
    CHECK(looped(0, 1) == floats({0.5F}));
    CHECK_THROWS_WITH(looped(3, 0), Catch::Contains("turns"));
    CHECK_THROWS_WITH(looped(3, 0, 1 << 20), Catch::Contains("work_limit"));
}

TEST_CASE("IF runs the branch that its condition names") {
    const Target target = Target::preset("u65-256");
    for (const bool taken : {false, true}) {
        Sketch main;
        main.graph.name = "branch";
        const TensorId which = main.tensor("which", {}, ElementType::boolean);
        const TensorId in = main.tensor("in", {1}, ElementType::float32);
        const TensorId out = main.tensor("out", {1}, ElementType::float32);
        main.op(OpType::if_else, {which, in}, {out}, SubgraphAttributes{{1, 2}});
        main.graph.inputs = {which, in};
        main.graph.outputs = {out};
        main.graph.subgraphs = {one_more("then", 10), one_more("else", 20)};
        const auto network = compile(main.graph, target);
        CHECK(execute(network, target, {Bytes8{static_cast<std::uint8_t>(taken)}, floats({1})})
                  .outputs[0] == floats({taken ? 11.0F : 21.0F}));
    }
}
