// The CPU kernel of every operator kind.
#include <catch2/catch.hpp>

#include <u65sim/error.hpp>

#include "arith/cpu_kernel_table.hpp"
#include "arith/table_function.hpp"
#include "ir/operator_table.hpp"

using namespace u65sim;

TEST_CASE("every kernel refuses a call without operands and results") {
    for (const ir::OperatorInfo& row : ir::operator_table) {
        INFO(row.name);
        Operator op;
        op.name = "op";
        op.type = row.type;
        if (arith::cpu_kernels[row.type] == arith::not_on_cpu) {
            CHECK_THROWS_AS(arith::run_cpu_operator(op, {}, {}), NotExecutable);
        } else {
            CHECK_THROWS_AS(arith::run_cpu_operator(op, {}, {}), Error);
        }
    }
}

TEST_CASE("kinds without a kernel are the interpreter's, or known by a number alone") {
    for (const ir::OperatorInfo& row : ir::operator_table) {
        INFO(row.name);
        const bool has_kernel = arith::cpu_kernels[row.type] != arith::not_on_cpu;
        CHECK(has_kernel == (row.family != ir::Family::control && row.type != OpType::other));
    }
}

TEST_CASE("curves have tables on 8 bits, others have none") {
    const arith::Affine in{0.05F, 0}, out{0.05F, 0};
    for (const ir::OperatorInfo& row : ir::operator_table) {
        INFO(row.name);
        Operator op;
        op.type = row.type;
        const bool is_curve = row.family == ir::Family::curve;
        CHECK(arith::curve_table8(op, true, in, out).has_value() == is_curve);
        // RSQRT has none on uint8.
        const bool on_uint8 = is_curve && row.type != OpType::rsqrt;
        CHECK(arith::curve_table8(op, false, in, out).has_value() == on_uint8);
    }
}
