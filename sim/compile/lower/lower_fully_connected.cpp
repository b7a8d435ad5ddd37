// FULLY_CONNECTED: a convolution of one element over the rows.
#include "compile/lower/filters.hpp"
#include "compile/lower/npu_forms.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

std::string support_fully_connected(const Candidate& candidate) {
    if (auto text = candidate.same_type(); !text.empty()) return text;
    if (auto text = candidate.weights(); !text.empty()) return text;
    if (candidate.input(1).shape.size() != 2) return "weights must have 2 dimensions";
    return candidate.bias();
}

void lower_fully_connected(Lowering& lowering) {
    const Tensor& filter = lowering.input(1);
    const Tensor* bias = lowering.has_input(2) ? &lowering.input(2) : nullptr;
    const std::int32_t outputs = filter.shape[0];
    const std::int32_t inputs = filter.shape[1];
    const View in = lowering.input_view(0);
    const auto batch = static_cast<std::int32_t>(in.extent.elements() / inputs);
    // Two rows use both rows of the array's unit blocks.
    const std::int32_t rows = batch >= 4 && batch % 2 == 0 ? 2 : 1;
    const View ifm = lowering.reshaped(in, {rows, batch / rows, inputs});
    const View ofm = lowering.output_view();
    const View target = lowering.writable(ofm, {rows, batch / rows, outputs});
    {
        NpuOp& npu = lowering.add(KernelKind::conv, ifm, target);
        // The reference rounds fully connected sums once, convolutions of 8 bits twice.
        npu.kernel.rounding = stream::Rounding::natural;
        WeightSource w = weight_source(filter);
        w.outputs = outputs;
        w.inputs = inputs;
        npu.weights = std::make_shared<const WeightSource>(std::move(w));
        npu.scales = scale_records(lowering, lowering.input(0), filter, bias, outputs);
        npu.vector_product = true;
        lowering.activate(npu);
    }
    lowering.place(target, ofm);
}

}  // namespace u65sim::compiler
