// The options of every operator kind, written into a table and read back.
#include <catch2/catch.hpp>
#include <string_view>
#include <utility>

#include <u65sim/error.hpp>

#include "frontend/tflite/options.hpp"
#include "ir/operator_table.hpp"
#include "unit/ir/default_attributes.hpp"

using namespace u65sim;
namespace schema = u65sim::tflite_schema;

namespace {

/// An operator of int8 scalars with default attributes.
Graph alone(const ir::OperatorInfo& row) {
    Graph graph;
    graph.tensors.resize(2);
    Operator op;
    op.name = "op";
    op.type = row.type;
    op.inputs = {0};
    op.outputs = {1};
    op.attributes = test::default_attributes(row.type);
    if (auto* subgraphs = std::get_if<SubgraphAttributes>(&op.attributes)) {
        const std::size_t count = row.type == OpType::call_once ? 1 : 2;
        subgraphs->subgraphs.assign(count, 3);
    }
    graph.operators.push_back(op);
    return graph;
}

Attributes read_back(const Graph& graph) {
    const Operator& op = graph.operators[0];
    flatbuffers::FlatBufferBuilder builder;
    const frontend::WrittenOptions options = frontend::write_options(builder, graph, op);
    builder.Finish(schema::CreateOperatorTable(builder, 0, 0, 0, options.kind, options.table));
    const auto* table = flatbuffers::GetRoot<schema::OperatorTable>(builder.GetBufferPointer());
    return frontend::read_options(*table, op.type, "op");
}

}  // namespace

TEST_CASE("each kind's options come back as they were written") {
    for (const ir::OperatorInfo& row : ir::operator_table) {
        if (row.type == OpType::other) continue;
        INFO(row.name);
        const Graph graph = alone(row);
        CHECK(read_back(graph) == graph.operators[0].attributes);
    }
}

TEST_CASE("attributes of another kind are not written") {
    for (const ir::OperatorInfo& row : ir::operator_table) {
        // ARG_MAX and ARG_MIN write the type of their result alone.
        const bool writes_type = row.type == OpType::arg_max || row.type == OpType::arg_min;
        if (row.attributes == ir::no_attributes || writes_type) continue;
        INFO(row.name);
        Graph graph = alone(row);
        graph.operators[0].attributes = std::monostate{};
        CHECK_THROWS_AS(read_back(graph), InvalidModel);
    }
}

TEST_CASE("builtins without a kind are written when their options are empty") {
    Graph graph = alone(ir::info(OpType::other));
    const auto name = [&](std::string_view builtin) {
        graph.operators[0].builtin_code = ir::builtin_number(builtin);
    };
    name("MATRIX_DIAG");
    CHECK(read_back(graph) == Attributes{});
    name("FLOOR");
    CHECK(read_back(graph) == Attributes{});
    for (const std::string_view builtin : {"LSTM", "FULLY_CONNECTED", "CUSTOM"}) {
        name(builtin);
        CHECK_THROWS_WITH(read_back(graph), Catch::Contains("its options are not kept"));
    }
}
