// SOFTMAX on 8 bits: the fixed-point steps of TensorFlow Lite, each an operation on int32.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "arith/tables.hpp"
#include "compile/lower/chain.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/softmax_rows.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

namespace {

using stream::DataType;
using stream::ElementwiseMode;
using stream::KernelKind;
using stream::Rounding;

/// 256 entries of int32: exp(beta * scale * difference), index 0 is a difference of -255.
std::vector<std::uint8_t> exp_table(float beta, float in_scale) {
    const auto values = arith::softmax_exp_table8(beta, in_scale);
    std::vector<std::uint8_t> table;
    for (const auto value : values) {
        for (std::size_t k = 0; k < 4; ++k) {
            table.push_back(
                static_cast<std::uint8_t>(static_cast<std::uint32_t>(value) >> (8 * k)));
        }
    }
    return table;
}

/// 1 / (1 + x) of the normalised sums: steps 8 to 28.
View reciprocal(Chain& chain, const View& shifted, const Extent& one) {
    // 8 to 10: half of the denominator, 1 + x, in Q0.31.
    const View fraction =
        chain.apply(ElementwiseMode::sub, shifted, chain.scalar(1 << 30, "2^30"), "fraction");
    const View doubled =
        chain.apply(ElementwiseMode::shl, fraction, chain.scalar(1, "1b"), "doubled");
    const View half = chain.map(one, "half");
    chain
        .step(ElementwiseMode::add, doubled,
              chain.scalar(std::numeric_limits<std::int32_t>::max(), "2^31-1"), half)
        .kernel.ofm_scale = {1, 1};
    // 11, 12: first guess of the reciprocal, 48/17 - 32/17 * half, in Q2.29.
    const View product =
        chain.apply(ElementwiseMode::mul, half, chain.scalar(-1010580540, "-32/17"), "product", 31);
    View x = chain.apply(ElementwiseMode::add, product, chain.scalar(1515870810, "48/17"), "guess");
    // 13 to 27: three Newton-Raphson steps.
    const View one_q2 = chain.scalar(1 << 29, "one");
    const View four = chain.scalar(4, "4");
    for (int i = 0; i < 3; ++i) {
        const std::string n = std::to_string(i);
        const View t = chain.apply(ElementwiseMode::mul, x, half, "t" + n, 31);
        const View u = chain.apply(ElementwiseMode::sub, one_q2, t, "u" + n);
        const View v = chain.apply(ElementwiseMode::mul, x, u, "v" + n, 31);
        const View w = chain.apply(ElementwiseMode::mul, v, four, "w" + n);
        x = chain.apply(ElementwiseMode::add, x, w, "x" + n);
    }
    return chain.apply(ElementwiseMode::mul, x, chain.scalar(2, "2"), "factor");
}

}  // namespace

std::string support_softmax(const Candidate& candidate) {
    if (auto text = candidate.same_type(); !text.empty()) return text;
    const auto* attributes = std::get_if<SoftmaxAttributes>(&candidate.op().attributes);
    if (attributes && !(attributes->beta > 0)) {
        return fmt::format("beta is {}: must be positive", attributes->beta);
    }
    return {};
}

SoftmaxRows softmax_rows(Lowering& lowering, Chain& chain) {
    const std::int32_t depth = lowering.input(0).shape.back();
    const View in = lowering.input_view(0);
    const auto rows = static_cast<std::int32_t>(in.extent.elements() / depth);
    SoftmaxRows made;
    made.full = {1, rows, depth};
    made.one = {1, rows, 1};
    made.ifm = lowering.reshaped(in, made.full);
    made.result = lowering.output_view();
    made.ofm = lowering.writable(made.result, made.full);
    made.maximum = lowering.temporary(made.one, made.ifm.type, "max");
    chain.row_maximum(made.ifm, depth, made.maximum);
    return made;
}

void lower_softmax(Lowering& lowering) {
    if (lowering.input(0).type == ElementType::int16) return lower_softmax_16(lowering);
    const auto* attributes = std::get_if<SoftmaxAttributes>(&lowering.op().attributes);
    const float beta = attributes ? attributes->beta : 1.0F;
    Chain chain(lowering);
    // 0: maximum over the depth.
    const auto [full, one, ifm, maximum, ofm, output] = softmax_rows(lowering, chain);
    // 1: exp(x - max) by table; the difference is clamped to the table's range.
    const View exps = chain.map(full, "exp");
    {
        NpuOp& npu = chain.step(ElementwiseMode::sub, ifm, maximum, exps);
        npu.kernel.activation = {16, 3, -128, 127};
        npu.lut = exp_table(beta, scale(lowering.input(0)));
        npu.ifm.zero_point = npu.ifm2.zero_point = 0;
        npu.ofm.zero_point = 127;
    }
    // 2, 3: sum in Q12.19.
    const View scaled = chain.map(full, "scaled");
    chain.step(ElementwiseMode::shr, exps, chain.scalar(12, "12"), scaled).kernel.rounding =
        Rounding::natural;
    const View sum = chain.row_sum(scaled);
    // 4 to 7: normalise the sum by its headroom.
    const auto [shifted, shift] = chain.normalised(sum, chain.scalar(12 + 31 - 8, "35"));
    const View factor = reciprocal(chain, shifted, one);
    // 29, 30: scale the exponentials and shift them into the result.
    const View result = chain.apply(ElementwiseMode::mul, exps, factor, "result", 31);
    NpuOp& last = chain.step(ElementwiseMode::shr, result, shift, ofm);
    last.kernel.rounding = Rounding::natural;
    lowering.place(ofm, output);
}

}  // namespace u65sim::compiler
