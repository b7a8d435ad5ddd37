// FULLY_CONNECTED: a convolution of one element over the rows.
#include "compile/lower/filters.hpp"
#include "compile/lower/npu_forms.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

/// So many rows fill blocks of both height and width.
constexpr std::int64_t least_plane = 8;

}  // namespace

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
    const std::int64_t batch = in.extent.elements() / inputs;
    const View ifm = lowering.reshaped(in, plane_of(batch, inputs));
    const View ofm = lowering.output_view();
    const View target = lowering.writable(ofm, plane_of(batch, outputs));
    {
        NpuOp& npu = lowering.add(KernelKind::conv, ifm, target);
        // The reference rounds fully connected sums once, convolutions of 8 bits twice.
        npu.kernel.rounding = stream::Rounding::natural;
        WeightSource w = weight_source(filter);
        w.outputs = outputs;
        w.inputs = inputs;
        npu.weights = std::make_shared<const WeightSource>(std::move(w));
        npu.scales = scale_records(lowering, lowering.input(0), filter, bias, outputs);
        // Many rows are the positions of a map.
        npu.vector_product = batch < least_plane;
        lowering.activate(npu);
    }
    lowering.place(target, ofm);
}

}  // namespace u65sim::compiler
