// Every row of the operator table, against itself and against those who read it.
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <utility>

#include <u65sim/error.hpp>

#include "ir/builtins.hpp"
#include "ir/infer_shapes.hpp"
#include "ir/operator_table.hpp"
#include "unit/ir/default_attributes.hpp"

using namespace u65sim;

namespace {

/// An operator with as few scalar operands and as many results as its row allows.
Graph alone(OpType type) {
    const ir::Arity& arity = ir::info(type).arity;
    Graph graph;
    Operator op;
    op.name = "op";
    op.type = type;
    op.attributes = test::default_attributes(type);
    const auto tensor = [&](const std::string& name) {
        Tensor made;
        made.name = name;
        graph.tensors.push_back(made);
        return static_cast<TensorId>(graph.tensors.size() - 1);
    };
    for (int i = 0; i < arity.min_inputs; ++i) {
        op.inputs.push_back(tensor("in" + std::to_string(i)));
        graph.inputs.push_back(op.inputs.back());
    }
    const int results = arity.outputs == ir::any_number ? 2 : arity.outputs;
    for (int i = 0; i < results; ++i) op.outputs.push_back(tensor("out" + std::to_string(i)));
    graph.operators.push_back(op);
    return graph;
}

/// What verify() says against a graph; empty when nothing.
std::string fault(const Graph& graph) {
    try {
        verify(graph);
    } catch (const InvalidModel& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("each row has the kind, the name and the number of one builtin") {
    std::set<std::string_view> names;
    std::set<std::int32_t> numbers;
    for (const ir::OperatorInfo& row : ir::operator_table) {
        INFO(row.name);
        CHECK(to_string(row.type) == row.name);
        CHECK(&ir::info(row.type) == &ir::operator_table.at(static_cast<std::size_t>(row.type)));
        CHECK(names.insert(row.name).second);
        CHECK(numbers.insert(row.builtin_code).second);
        CHECK(ir::op_type_of_builtin(row.builtin_code) == row.type);
        if (row.type != OpType::other) CHECK(ir::builtin_name(row.builtin_code) == row.name);
    }
    CHECK(ir::builtin_code(OpType::transpose_conv) == 67);
    CHECK(ir::builtin_code(OpType::if_else) == 118);
    CHECK(ir::op_type_of_builtin(ir::builtin_padv2) == OpType::pad);
    CHECK(ir::op_type_of_builtin(10) == OpType::other);
    CHECK(ir::op_type_of_builtin(-1) == OpType::other);
}

TEST_CASE("operands that a row names are operands that its arity allows") {
    for (const ir::OperatorInfo& row : ir::operator_table) {
        INFO(row.name);
        const ir::Arity& arity = row.arity;
        const bool is_open = arity.max_inputs == ir::any_number;
        CHECK((is_open || arity.min_inputs <= arity.max_inputs));
        CHECK(arity.required_inputs <= arity.min_inputs);
        const auto allowed = [&](int position) { return is_open || position < arity.max_inputs; };
        const ir::OperandRoles& roles = row.operands;
        if (arity.max_inputs == 0) continue;
        if (roles.maps != ir::any_number) CHECK(allowed(roles.map + roles.maps - 1));
        std::set<int> positions;
        for (const int position : {roles.map, roles.weights, roles.bias, roles.axis}) {
            if (position == ir::no_operand) continue;
            CHECK(allowed(position));
            const bool is_second_map = roles.maps == 2 && position == roles.map + 1;
            CHECK((positions.insert(position).second || is_second_map));
        }
        if (roles.bias != ir::no_operand) CHECK(roles.bias >= arity.required_inputs);
        CHECK((roles.axis == ir::no_operand ||
               std::holds_alternative<AxisAttributes>(test::default_attributes(row.type))));
    }
}

TEST_CASE("families, versions and counted MACs of the rows") {
    for (const ir::OperatorInfo& row : ir::operator_table) {
        INFO(row.name);
        CHECK(row.versions.int8 >= 1);
        CHECK(row.versions.int16 >= 1);
        const bool has_filter = row.family == ir::Family::convolution;
        CHECK(has_filter == (ir::filter_operand(row.type) != ir::no_operand));
        const bool counts_filter =
            row.macs == ir::MacRule::filter || row.macs == ir::MacRule::filter_and_depth ||
            row.macs == ir::MacRule::spread_filter || row.macs == ir::MacRule::row;
        CHECK(has_filter == counts_filter);
        if (ir::is_pointwise(row.type)) {
            CHECK(row.arity.max_inputs == 1);
            CHECK(row.arity.outputs == 1);
        }
        CHECK(ir::clamp_of(row.type).has_value() == (row.family == ir::Family::clamp));
    }
    CHECK(ir::clamp_of(OpType::relu6) == Activation::relu6);
    CHECK_FALSE(ir::clamp_of(OpType::tanh));
}

TEST_CASE("feature maps of an operator by its row") {
    Operator op;
    op.type = OpType::transpose_conv;
    CHECK(ir::map_operands(op).empty());
    op.inputs = {0, 1, 2, 3};
    CHECK(ir::map_operands(op) == std::vector<std::size_t>{2});
    op.type = OpType::split;
    CHECK(ir::map_operands(op) == std::vector<std::size_t>{1});
    op.type = OpType::prelu;
    CHECK(ir::map_operands(op) == std::vector<std::size_t>{0, 1});
    op.type = OpType::concatenation;
    CHECK(ir::map_operands(op) == std::vector<std::size_t>{0, 1, 2, 3});
    op.type = OpType::pad;
    CHECK(ir::map_operands(op) == std::vector<std::size_t>{0});
}

TEST_CASE("the verifier holds every kind to its row") {
    for (const ir::OperatorInfo& row : ir::operator_table) {
        INFO(row.name);
        Graph fewer = alone(row.type);
        if (row.arity.min_inputs > 0) {
            fewer.operators[0].inputs.pop_back();
            CHECK_THAT(fault(fewer), Catch::Contains("operands, must have"));
        }
        if (row.arity.max_inputs != ir::any_number) {
            Graph more = alone(row.type);
            more.operators[0].inputs.assign(static_cast<std::size_t>(row.arity.max_inputs) + 1,
                                            no_tensor);
            CHECK_THAT(fault(more), Catch::Contains("operands, must have"));
        }
        if (row.arity.outputs != ir::any_number) {
            Graph outputs = alone(row.type);
            outputs.operators[0].outputs.push_back(0);
            CHECK_THAT(fault(outputs), Catch::Contains("outputs, must have"));
        }
        if (row.arity.required_inputs > 0) {
            Graph open = alone(row.type);
            open.operators[0].inputs[0] = no_tensor;
            CHECK_THAT(fault(open), Catch::Contains("operand 0 is left out"));
        }
        Graph foreign = alone(row.type);
        if (row.attributes == ir::no_attributes) {
            foreign.operators[0].attributes = SoftmaxAttributes{};
        } else {
            foreign.operators[0].attributes = std::monostate{};
        }
        CHECK_THAT(fault(foreign), Catch::Contains("attributes are of another kind"));
    }
}

TEST_CASE("shape inference answers or refuses scalars for every kind") {
    for (const ir::OperatorInfo& row : ir::operator_table) {
        INFO(row.name);
        const Graph graph = alone(row.type);
        const Operator& op = graph.operators[0];
        try {
            const auto shapes = ir::infer_shapes(graph, op);
            CHECK(shapes.size() == op.outputs.size());
        } catch (const InvalidModel& error) {
            CHECK_THAT(error.what(),
                       Catch::Contains("operator 'op' (") && Catch::Contains(ir::kind_name(op)));
        }
    }
}
