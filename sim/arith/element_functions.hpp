// What operators compute of single elements that are plain numbers: float32, and integers of 32 or
// 64 bits, which wrap around.
#pragma once

#include "arith/cpu_operands.hpp"

namespace u65sim::arith {

using RealPair = float (*)(float a, float b);
using WholePair = std::uint64_t (*)(const CpuCall& call, std::int64_t a, std::int64_t b);
using RealFunction = float (*)(const CpuCall& call, float x);
using WholeFunction = std::int64_t (*)(std::int64_t x);

/// The function of the call's operator. Each throws NotExecutable when there is none.
RealPair real_pair(const CpuCall& call);
WholePair whole_pair(const CpuCall& call);
RealFunction real_function(const CpuCall& call);
WholeFunction whole_function(const CpuCall& call);

}  // namespace u65sim::arith
