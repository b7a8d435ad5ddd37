// SOFTMAX on 16 bits: two look-up tables, exp on -10..0 and 1/(1+x), around a sum.
#include "arith/scaling.hpp"
#include "arith/tables.hpp"
#include "compile/lower/chain.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/softmax_rows.hpp"

namespace u65sim::compiler {

namespace {

using stream::DataType;
using stream::ElementwiseMode;
using stream::KernelKind;
using stream::Rounding;

void look_up(NpuOp& npu, const arith::Table16& table) {
    npu.kernel.activation.function = 16;
    npu.lut = bytes_of(table);
}

}  // namespace

void lower_softmax_16(Lowering& lowering) {
    const auto* attributes = std::get_if<SoftmaxAttributes>(&lowering.op().attributes);
    const double beta = attributes ? static_cast<double>(attributes->beta) : 1.0;
    Chain chain(lowering);
    const auto [full, one, ifm, maximum, ofm, output] = softmax_rows(lowering, chain);
    const auto number = [&](std::int32_t value, std::string_view name) {
        return chain.scalar(value, name);
    };

    // The difference in units of 10/65535, recentred for the table.
    const View difference = chain.map(full, "difference");
    {
        NpuOp& npu = chain.step(ElementwiseMode::sub, ifm, maximum, difference);
        npu.ifm.zero_point = npu.ifm2.zero_point = 0;
    }
    auto m =
        arith::quantise(static_cast<double>(scale(lowering.input(0))) * beta / (10.0 / 65535.0));
    if (m.multiplier == std::uint32_t{1} << 31) m = {m.multiplier / 2, m.shift - 1};
    const View scaled =
        chain.apply(ElementwiseMode::mul, difference,
                    number(static_cast<std::int32_t>(m.multiplier), "scale"), "scaled", m.shift);
    const View exps = lowering.temporary(full, DataType::s16, "exp");
    look_up(chain.step(ElementwiseMode::add, scaled, number(32767, "32767"), exps),
            arith::softmax_exp_table16());
    const View sum = chain.row_sum(exps);
    // The sum, normalised to 1..2 with 16 bits behind the point, less 1 and recentred.
    const auto [shifted, shift] = chain.normalised(sum, number(31, "31"));
    const View fraction = chain.map(one, "fraction");
    chain.step(ElementwiseMode::shr, shifted, number(14, "14"), fraction).kernel.rounding =
        Rounding::natural;
    const View reciprocal = lowering.temporary(one, DataType::s16, "reciprocal");
    look_up(chain.step(ElementwiseMode::sub, fraction, number(98304, "98304"), reciprocal),
            arith::softmax_reciprocal_table16());
    const View product = chain.apply(ElementwiseMode::mul, exps, reciprocal, "product");
    NpuOp& last = chain.step(ElementwiseMode::shr, product, shift, ofm);
    last.kernel.rounding = Rounding::natural;
    last.kernel.activation.min = 0;
    lowering.place(ofm, output);
}

}  // namespace u65sim::compiler
