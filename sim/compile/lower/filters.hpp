// What the lowerings of convolutions and FULLY_CONNECTED share: weights, scales and their support.
#pragma once

#include <string>
#include <vector>

#include "compile/lower/lowering.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

/// One record an output channel; none beside modelled weights, which nobody writes.
std::vector<weights::ScaleRecord> scale_records(const Lowering& lowering, const Tensor& ifm,
                                                const Tensor& filter, const Tensor* bias,
                                                std::int32_t channels);

/// A filter's values and zero points; its form and extents are the caller's.
WeightSource weight_source(const Tensor& filter);

/// Types, weights and bias, and a filter that fits into the kernel's registers.
std::string support_filter(const Candidate& candidate);

}  // namespace u65sim::compiler
