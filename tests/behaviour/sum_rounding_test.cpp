// SUM on int8 and int16 rounds its scaled sums once, exact halves away from zero; on uint8 in the
// two steps of the reference kernel, which takes the other types for uint8.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

#include "unit/compile/networks.hpp"

using namespace u65sim;

namespace {

/// Along which axis of a map two elements come together, and where that runs.
struct Form {
    Shape shape;
    std::int32_t axis;
    bool on_npu;
};
const Form by_pool{{1, 128, 2, 1}, 2, true};
const Form by_depth{{1, 128, 1, 2}, 3, true};
const Form on_cpu{{2, 2, 64, 1}, 0, false};

Graph sums(const Form& form, ElementType type, float ratio) {
    test::Builder b;
    const TensorId in = b.input(form.shape);
    const TensorId axes = b.numbers({form.axis});
    Shape shape = form.shape;
    shape[static_cast<std::size_t>(form.axis)] = 1;
    const TensorId out = b.map(shape);
    for (const TensorId id : {in, out}) {
        Tensor& tensor = b.graph.tensors[static_cast<std::size_t>(id)];
        tensor.type = type;
        tensor.quantization = {{id == in ? ratio : 1.0F}, {type == ElementType::uint8 ? 128 : 0}};
    }
    b.op(OpType::sum, {in, axes}, out, ReduceAttributes{true});
    return b.finish(out);
}

/// Elements that lie `step` apart come together: the one of them counts up, the other is zero.
std::vector<std::int32_t> pairs(std::size_t step) {
    std::vector<std::int32_t> values(256);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t result = i / (2 * step) * step + i % step;
        if (i / step % 2 == 0) values[i] = static_cast<std::int32_t>(result) - 64;
    }
    return values;
}

/// What comes of all sums from -64 to 63.
std::vector<std::int32_t> results(const Form& form, ElementType type, float ratio) {
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(sums(form, type, ratio), target);
    CHECK(network.cpu_operators.empty() == form.on_npu);
    const bool wide = type == ElementType::int16;
    const std::int32_t zero = type == ElementType::uint8 ? 128 : 0;
    std::vector<std::uint8_t> input;
    for (const std::int32_t value : pairs(form.axis == 0 ? 128 : 1)) {
        const auto raw = static_cast<std::uint32_t>(value + zero);
        input.push_back(static_cast<std::uint8_t>(raw));
        if (wide) input.push_back(static_cast<std::uint8_t>(raw >> 8));
    }
    const Execution done = execute(network, target, {input}, {.check = true});
    CHECK(done.findings.empty());
    const auto& bytes = done.outputs.at(0);
    std::vector<std::int32_t> values;
    for (std::size_t i = 0; i < bytes.size(); i += wide ? 2 : 1) {
        values.push_back(wide ? static_cast<std::int16_t>(bytes[i] | bytes[i + 1] << 8)
                         : type == ElementType::uint8 ? bytes[i] - zero
                                                      : static_cast<std::int8_t>(bytes[i]));
    }
    return values;
}

std::vector<std::int32_t> rounded_once(float ratio) {
    std::vector<std::int32_t> values;
    for (int sum = -64; sum < 64; ++sum) {
        values.push_back(static_cast<std::int32_t>(std::round(static_cast<float>(sum) * ratio)));
    }
    return values;
}

}  // namespace

TEST_CASE("SUM on int8 and int16 takes the nearest, halves away from zero") {
    for (const Form& form : {by_pool, by_depth, on_cpu}) {
        CAPTURE(form.shape, form.axis);
        for (const ElementType type : {ElementType::int8, ElementType::int16}) {
            for (const float ratio : {0.5F, 0.25F, 0.375F, 0.2581F, 1.7F}) {
                CAPTURE(ratio);
                CHECK(results(form, type, ratio) == rounded_once(ratio));
            }
        }
    }
}

TEST_CASE("SUM on uint8 rounds twice, as the reference") {
    for (const Form& form : {by_pool, by_depth, on_cpu}) {
        const auto values = results(form, ElementType::uint8, 0.25F);
        CHECK(values[64 + 1] == 1);  // a quarter: first a half, which becomes one
        CHECK(values != rounded_once(0.25F));
    }
}
