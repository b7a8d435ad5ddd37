#include "arith/element_functions.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "ir/operator_info.hpp"

namespace u65sim::arith {
namespace {

std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }
std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::uint64_t quotient(const CpuCall& call, std::int64_t a, std::int64_t b) {
    if (b == 0) call.invalid("a division by 0");
    return b == -1 ? 0 - bits(a) : bits(a / b);
}

/// Operators of two operands; null where there is no kernel.
struct Pair {
    OpType type;
    RealPair real;
    WholePair whole;
};
using Call = const CpuCall&;
using Whole = std::int64_t;
constexpr auto pairs = std::to_array<Pair>({
    {OpType::add, [](float a, float b) { return a + b; },
     [](Call, Whole a, Whole b) { return bits(a) + bits(b); }},
    {OpType::sub, [](float a, float b) { return a - b; },
     [](Call, Whole a, Whole b) { return bits(a) - bits(b); }},
    {OpType::mul, [](float a, float b) { return a * b; },
     [](Call, Whole a, Whole b) { return bits(a) * bits(b); }},
    {OpType::div, [](float a, float b) { return a / b; }, quotient},
    {OpType::minimum, [](float a, float b) { return std::min(a, b); },
     [](Call, Whole a, Whole b) { return bits(std::min(a, b)); }},
    {OpType::maximum, [](float a, float b) { return std::max(a, b); },
     [](Call, Whole a, Whole b) { return bits(std::max(a, b)); }},
    {OpType::squared_difference, [](float a, float b) { return (a - b) * (a - b); },
     [](Call, Whole a, Whole b) { return (bits(a) - bits(b)) * (bits(a) - bits(b)); }},
    {OpType::prelu, [](float a, float b) { return a >= 0.0F ? a : a * b; }, nullptr},
});

/// Halves to the even side; never -0.
float rounded_to_even(float x) {
    const float below = std::floor(x);
    const float rest = x - below;
    const bool down = rest < 0.5F || (rest == 0.5F && std::fmod(below, 2.0F) == 0.0F);
    return down ? below : below + 1.0F;
}

/// Operators of one operand; null where there is no kernel.
struct Single {
    OpType type;
    RealFunction real;
    WholeFunction whole = nullptr;
};
constexpr auto singles = std::to_array<Single>({
    {OpType::neg, [](Call, float x) { return -x; }, [](Whole x) { return number(0 - bits(x)); }},
    {OpType::abs, [](Call, float x) { return std::fabs(x); },
     [](Whole x) { return x < 0 ? number(0 - bits(x)) : x; }},
    {OpType::square, [](Call, float x) { return x * x; },
     [](Whole x) { return number(bits(x) * bits(x)); }},
    {OpType::sign, [](Call, float x) { return x > 0.0F   ? 1.0F
                                              : x < 0.0F ? -1.0F
                                                         : 0.0F; },
     [](Whole x) { return Whole{x > 0   ? 1
                                : x < 0 ? -1
                                        : 0}; }},
    {OpType::floor, [](Call, float x) { return std::floor(x); }},
    {OpType::ceil, [](Call, float x) { return std::ceil(x); }},
    {OpType::round, [](Call, float x) { return rounded_to_even(x); }},
    {OpType::elu, [](Call, float x) { return x < 0.0F ? std::expm1(x) : x; }},
    {OpType::logistic, [](Call, float x) { return 1.0F / (1.0F + std::exp(-x)); }},
    {OpType::tanh, [](Call, float x) { return std::tanh(x); }},
    {OpType::hard_swish, [](Call, float x) { return x * std::clamp(x + 3.0F, 0.0F, 6.0F) / 6.0F; }},
    {OpType::leaky_relu,
     [](Call call, float x) {
         return x > 0.0F ? x : x * call.attributes<LeakyReluAttributes>().alpha;
     }},
    {OpType::exp, [](Call, float x) { return std::exp(x); }},
    {OpType::log, [](Call, float x) { return std::log(x); }},
    {OpType::sqrt, [](Call, float x) { return std::sqrt(x); }},
    {OpType::rsqrt, [](Call, float x) { return 1.0F / std::sqrt(x); }},
    {OpType::sin, [](Call, float x) { return std::sin(x); }},
    {OpType::cos, [](Call, float x) { return std::cos(x); }},
});

float clamped(const CpuCall& call, float x) {
    return activated(call, ir::info(call.op.type).clamp, x);
}

/// The row of an operator; null when it has none.
template <class Rows>
auto row_of(const Rows& rows, OpType type) {
    const auto* found = std::find_if(rows.data(), rows.data() + rows.size(),
                                     [&](const auto& row) { return row.type == type; });
    return found == rows.data() + rows.size() ? nullptr : found;
}

}  // namespace

RealPair real_pair(const CpuCall& call) {
    const Pair* row = row_of(pairs, call.op.type);
    if (row == nullptr) call.not_executable("no float kernel for this operator");
    return row->real;
}

WholePair whole_pair(const CpuCall& call) {
    const Pair* row = row_of(pairs, call.op.type);
    if (row == nullptr || row->whole == nullptr) {
        call.not_executable("no integer kernel for this operator");
    }
    return row->whole;
}

RealFunction real_function(const CpuCall& call) {
    if (ir::clamp_of(call.op.type)) return clamped;
    const Single* row = row_of(singles, call.op.type);
    if (row == nullptr) call.not_executable("no float kernel for this operator");
    return row->real;
}

WholeFunction whole_function(const CpuCall& call) {
    const Single* row = row_of(singles, call.op.type);
    if (row == nullptr || row->whole == nullptr) {
        call.not_executable("no integer kernel for this operator");
    }
    return row->whole;
}

}  // namespace u65sim::arith
