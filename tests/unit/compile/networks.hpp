// Targets and small networks for the compiler's tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

namespace u65sim::test {

inline Target target(Product product = Product::u65, int macs = 256, int cores = 1) {
    Target t;
    t.name = "test";
    t.accelerator.product = product;
    t.accelerator.macs_per_cycle = macs;
    t.accelerator.cores = cores;
    t.memory_mode = product == Product::u65 ? MemoryMode::dedicated_sram : MemoryMode::shared_sram;
    t.sram.size = product == Product::u65 ? Bytes{384 * 1024} : Bytes{2 * 1024 * 1024};
    t.sram.bandwidth = BytesPerCycle{16, 1};
    t.off_chip.kind = "dram";
    t.off_chip.size = Bytes{32 * 1024 * 1024};
    t.off_chip.bandwidth = BytesPerCycle{15, 4};
    return t;
}

inline std::vector<Target> all_targets() {
    return {target(Product::u65, 256, 1), target(Product::u65, 256, 2), target(Product::u55, 32),
            target(Product::u55, 64),     target(Product::u55, 128),    target(Product::u55, 256)};
}

/// Builds networks operator by operator; weights follow a fixed pattern.
class Builder {
public:
    Graph graph;

    TensorId map(const Shape& shape, float scale = 0.05F, std::int64_t zero = -3) {
        Tensor t;
        t.name = "map" + std::to_string(graph.tensors.size());
        t.shape = shape;
        t.quantization = {{scale}, {zero}, 0};
        return add(std::move(t));
    }
    TensorId input(const Shape& shape) {
        const TensorId id = map(shape);
        graph.inputs.push_back(id);
        return id;
    }
    TensorId constant(const Shape& shape, ElementType type, std::vector<std::uint8_t> bytes,
                      float scale = 0.01F) {
        Tensor t;
        t.name = "constant" + std::to_string(graph.tensors.size());
        t.shape = shape;
        t.type = type;
        t.quantization = {{scale}, {0}, 0};
        t.data = ConstantData(std::move(bytes));
        return add(std::move(t));
    }
    TensorId numbers(const std::vector<std::int32_t>& values) {
        std::vector<std::uint8_t> bytes;
        for (const auto v : values) {
            for (int k = 0; k < 4; ++k) {
                bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint32_t>(v) >> 8 * k));
            }
        }
        return constant({static_cast<std::int32_t>(values.size())}, ElementType::int32, bytes);
    }
    TensorId weights(const Shape& shape) {
        std::vector<std::uint8_t> bytes(static_cast<std::size_t>(element_count(shape)));
        std::uint32_t state = 12345;
        for (auto& b : bytes) {
            state = state * 1664525 + 1013904223;
            b = static_cast<std::uint8_t>(static_cast<int>(state >> 25) - 64);
        }
        return constant(shape, ElementType::int8, bytes);
    }
    TensorId conv(TensorId ifm, std::int32_t depth, std::int32_t kernel, std::int32_t stride = 1,
                  bool depthwise = false) {
        const Shape in = graph.tensors[static_cast<std::size_t>(ifm)].shape;
        const TensorId w = depthwise ? weights({1, kernel, kernel, depth})
                                     : weights({depth, kernel, kernel, in[3]});
        const TensorId b = numbers(std::vector<std::int32_t>(static_cast<std::size_t>(depth), 100));
        const auto size = [&](std::int32_t n) { return (n + stride - 1) / stride; };
        const TensorId ofm = map({1, size(in[1]), size(in[2]), depth});
        WindowAttributes window;
        window.stride_h = window.stride_w = stride;
        op(depthwise ? OpType::depthwise_conv_2d : OpType::conv_2d, {ifm, w, b}, ofm, window);
        return ofm;
    }
    TensorId binary(OpType type, TensorId a, TensorId b) {
        const TensorId ofm = map(graph.tensors[static_cast<std::size_t>(a)].shape);
        op(type, {a, b}, ofm, ArithmeticAttributes{});
        return ofm;
    }
    void op(OpType type, std::vector<TensorId> inputs, TensorId output,
            Attributes attributes = {}) {
        Operator o;
        o.type = type;
        o.name = "op" + std::to_string(graph.operators.size());
        o.inputs = std::move(inputs);
        o.outputs = {output};
        o.attributes = std::move(attributes);
        graph.operators.push_back(std::move(o));
    }
    Graph finish(TensorId output) {
        graph.name = "test";
        graph.outputs = {output};
        return graph;
    }

private:
    TensorId add(Tensor t) {
        graph.tensors.push_back(std::move(t));
        return static_cast<TensorId>(graph.tensors.size()) - 1;
    }
};

/// Inverted bottlenecks with a residual, as in MobileNetV2.
inline Graph bottlenecks(std::int32_t size, std::int32_t depth) {
    Builder b;
    const TensorId x = b.input({1, size, size, 3});
    const TensorId stem = b.conv(x, depth, 3, 2);
    TensorId y = b.conv(stem, depth * 6, 1);
    y = b.conv(y, depth * 6, 3, 1, true);
    y = b.conv(y, depth, 1);
    y = b.binary(OpType::add, stem, y);
    return b.finish(b.conv(y, depth * 2, 3, 2));
}

}  // namespace u65sim::test
