#include "search_space.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <stdexcept>
#include <vector>

#include <u65sim/graph_builder.hpp>

namespace bench {

namespace {

using namespace u65sim;

class Builder {
public:
    Builder(const std::string& name, std::uint64_t seed, const Shape& input)
        : random_(seed), net_(name + std::to_string(seed), {{.modelled = true}}) {
        x_ = net_.input(input);
    }

    std::int32_t width(std::int32_t channels) {
        const double scale = 0.75 + 0.5 * static_cast<double>(random_() % 1024) / 1024.0;
        return std::max(8, 8 * static_cast<std::int32_t>(channels * scale / 8 + 0.5));
    }
    std::int32_t about(std::int32_t count) {
        return std::max<std::int32_t>(1, count - 1 + static_cast<std::int32_t>(random_() % 3));
    }
    Value conv(Value x, std::int32_t filters, Window window, Activation activation) {
        return net_.conv2d(x, filters, window, {.activation = activation});
    }

    Graph mobilenet_v2() {
        struct Stage {
            std::int32_t expansion, channels, blocks, stride;
        };
        constexpr std::array<Stage, 7> stages{{{1, 16, 1, 1},
                                               {6, 24, 2, 2},
                                               {6, 32, 3, 2},
                                               {6, 64, 4, 2},
                                               {6, 96, 3, 1},
                                               {6, 160, 3, 2},
                                               {6, 320, 1, 1}}};
        Value x = conv(x_, width(32), Window::square(3, 2), Activation::relu6);
        for (const Stage& stage : stages) {
            const std::int32_t channels = width(stage.channels);
            const std::int32_t count = about(stage.blocks);
            for (std::int32_t b = 0; b < count; ++b) {
                Value y = x;
                if (stage.expansion > 1) {
                    y = conv(y, net_.shape(x)[3] * stage.expansion, Window::square(1),
                             Activation::relu6);
                }
                y = net_.depthwise_conv2d(y, Window::square(3, b == 0 ? stage.stride : 1),
                                          {.activation = Activation::relu6});
                y = conv(y, channels, Window::square(1), Activation::none);
                x = net_.shape(x) == net_.shape(y) ? net_.add(x, y) : y;
            }
        }
        return classify(conv(x, width(1280), Window::square(1), Activation::relu6), 1000);
    }

    Graph separable(std::int32_t stem, const Window& first,
                    const std::vector<std::int32_t>& channels,
                    const std::vector<std::int32_t>& strides, std::int32_t classes) {
        Value x = conv(x_, width(stem), first, Activation::relu);
        for (std::size_t i = 0; i < channels.size(); ++i) {
            x = net_.depthwise_conv2d(x, Window::square(3, strides[i]),
                                      {.activation = Activation::relu});
            x = conv(x, width(channels[i]), Window::square(1), Activation::relu);
        }
        return classify(x, classes);
    }

    Graph resnet50() {
        Value x = conv(x_, 64, Window::square(3), Activation::relu);
        constexpr std::array<std::int32_t, 4> blocks{3, 4, 6, 3};
        for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
            const auto inner = static_cast<std::int32_t>(64 << stage);
            for (std::int32_t b = 0; b < blocks[stage]; ++b) {
                const std::int32_t stride = b == 0 && stage > 0 ? 2 : 1;
                const std::int32_t narrow = width(inner);
                Value y = conv(x, narrow, Window::square(1), Activation::relu);
                y = conv(y, narrow, Window::square(3, stride), Activation::relu);
                y = conv(y, 4 * inner, Window::square(1), Activation::none);
                if (b == 0) x = conv(x, 4 * inner, Window::square(1, stride), Activation::none);
                x = net_.add(x, y, {.activation = Activation::relu});
            }
        }
        return classify(x, 100);
    }

    /// As examples/090 searches: stages of fused or depthwise blocks for small images.
    Graph small_images() {
        constexpr std::array<std::int32_t, 4> expansions{1, 2, 4, 6};
        Value x = conv(x_, 8 * (1 + pick(4)), Window::square(3), Activation::relu6);
        for (std::int32_t stage = 0; stage < 4; ++stage) {
            const std::int32_t channels = (16 << stage) * (1 + pick(4)) / 2;
            const std::int32_t kernel = 3 + 2 * pick(2);
            const std::int32_t expansion = expansions[static_cast<std::size_t>(pick(4))];
            const bool fused = pick(2) == 0;
            const std::int32_t blocks = 1 + pick(4);
            for (std::int32_t b = 0; b < blocks; ++b) {
                const Window window = Window::square(kernel, b == 0 && stage > 0 ? 2 : 1);
                const std::int32_t wide = net_.shape(x)[3] * expansion;
                Value y = conv(x, wide, fused ? window : Window::square(1), Activation::relu6);
                if (!fused) y = depthwise(y, window, Activation::relu6);
                y = conv(y, channels, Window::square(1), Activation::none);
                x = net_.shape(x) == net_.shape(y) ? net_.add(x, y) : y;
            }
        }
        return classify(x, 100);
    }

    /// Halves of the channels through residual blocks, three scales of boxes from a pyramid.
    Graph yolo() {
        const auto block = [&](Value x, std::int32_t channels, std::int32_t count) {
            const Value cut = conv(x, channels / 2, Window::square(1), Activation::relu6);
            Value y = cut;
            for (std::int32_t i = 0; i < count; ++i) {
                Value z = conv(y, channels / 2, Window::square(3), Activation::relu6);
                z = conv(z, channels / 2, Window::square(3), Activation::relu6);
                y = net_.add(y, z);
            }
            return conv(net_.concat({cut, y}, 3), channels, Window::square(1), Activation::relu6);
        };
        const std::int32_t base = 16 * (1 + pick(2));
        Value x = conv(x_, base, Window::square(3, 2), Activation::relu6);
        std::vector<Value> scales;
        for (std::int32_t stage = 1; stage <= 4; ++stage) {
            const std::int32_t channels = 2 * width((base << stage) / 2);
            x = conv(x, channels, Window::square(3, 2), Activation::relu6);
            x = block(x, channels, 1 + pick(2));
            if (stage > 1) scales.push_back(x);
        }
        Value top = scales.back();
        for (std::size_t i = scales.size() - 1; i-- > 0;) {
            const Shape& shape = net_.shape(scales[i]);
            const std::int32_t channels = shape[3];
            const Value up = net_.resize_nearest(top, shape[1], shape[2]);
            top = block(net_.concat({up, scales[i]}, 3), channels, 1);
            net_.output(net_.logistic(conv(top, 3 * 21, Window::square(1), Activation::none)));
        }
        net_.output(
            net_.logistic(conv(scales.back(), 3 * 21, Window::square(1), Activation::none)));
        return net_.build();
    }

    /// A few layers on a small image, where the ends of kernels count.
    Graph tiny() {
        Value x = conv(x_, 8 * (1 + pick(6)), Window::square(1 + 2 * pick(2), 1 + pick(2)),
                       Activation::relu);
        const std::int32_t layers = 1 + pick(5);
        for (std::int32_t i = 0; i < layers; ++i) {
            const Value y = pick(3) == 0 ? depthwise(x, Window::square(3), Activation::relu)
                                         : conv(x, 8 * (1 + pick(8)),
                                                Window::square(1 + 2 * pick(2)), Activation::relu);
            x = net_.shape(x) == net_.shape(y) && pick(2) == 0 ? net_.add(x, y) : y;
        }
        if (pick(2) == 0) return classify(x, 2 + pick(20));
        x = net_.fully_connected(net_.reshape(x, {1, -1}), 2 + pick(20));
        net_.output(pick(2) == 0 ? net_.softmax(x) : x);
        return net_.build();
    }

    /// One step of gated recurrent units, whose states are inputs, as RNNoise has them.
    Graph recurrent() {
        Value x = net_.reshape(x_, {1, -1});
        x = net_.fully_connected(x, 8 * (2 + pick(8)), {.activation = Activation::relu});
        const std::int32_t cells = 1 + pick(3);
        for (std::int32_t i = 0; i < cells; ++i) {
            const std::int32_t units = 8 * (2 + pick(16));
            const Value state = net_.input({1, units}, "state" + std::to_string(i));
            const auto gate = [&](Value a, Value b) {
                return net_.add(net_.fully_connected(a, units), net_.fully_connected(b, units));
            };
            const Value update = net_.logistic(gate(x, state));
            const Value reset = net_.logistic(gate(x, state));
            const Value fresh = net_.tanh(gate(x, net_.mul(reset, state)));
            const Value kept = net_.mul(update, state);
            x = net_.add(kept, net_.mul(net_.sub(fresh, kept), fresh));
            net_.output(x);
        }
        net_.output(net_.logistic(net_.fully_connected(x, 8 + pick(32))));
        return net_.build();
    }

    /// Convolutional stem, then blocks of mixing along tokens and along channels, as transformers
    /// for small devices have them: fully connected layers, soft-max weights, residual sums.
    Graph transformer() {
        const std::int32_t channels = 16 * (4 + pick(9));
        const std::int32_t expansion = 2 + pick(3);
        const std::int32_t depth = 2 + pick(5);
        Value x = conv(x_, channels / 2, Window::square(3, 2), Activation::relu6);
        x = conv(x, channels, Window::square(3, 2 + pick(2)), Activation::relu6);
        const Shape image = net_.shape(x);
        const std::int32_t tokens = image[1] * image[2];
        x = net_.reshape(x, {1, 1, tokens, channels});
        for (std::int32_t i = 0; i < depth; ++i) {
            const Value q = conv(x, channels, Window::square(1), Activation::none);
            const Value k = conv(x, channels, Window::square(1), Activation::none);
            const Value v = conv(x, channels, Window::square(1), Activation::none);
            const Value weights = net_.softmax(net_.mul(q, k));
            Value y = conv(net_.mul(weights, v), channels, Window::square(1), Activation::none);
            x = net_.add(x, y);
            y = conv(x, channels * expansion, Window::square(1), Activation::none);
            y = net_.unary(OpType::gelu, y);
            y = conv(y, channels, Window::square(1), Activation::none);
            x = net_.add(x, y);
        }
        return classify(x, 100);
    }

private:
    std::int32_t pick(std::int32_t count) {
        return static_cast<std::int32_t>(random_() % static_cast<std::uint64_t>(count));
    }
    Value depthwise(Value x, const Window& window, Activation activation) {
        return net_.depthwise_conv2d(x, window, {.activation = activation});
    }
    Graph classify(Value x, std::int32_t classes) {
        const Shape image = net_.shape(x);
        x = net_.average_pool(x, {image[1], image[2], 1, 1, 1, 1, Padding::valid});
        net_.output(net_.fully_connected(net_.reshape(x, {1, -1}), classes));
        return net_.build();
    }

    std::mt19937_64 random_;
    GraphBuilder net_;
    Value x_;
};

}  // namespace

const std::vector<std::string>& families() {
    static const std::vector<std::string> names{
        "small_images", "mobilenet_v1_cifar", "mobilenet_v2", "resnet50_cifar", "yolo",
        "ds_cnn",       "transformer",        "tiny",         "recurrent",      "random"};
    return names;
}

Graph variant(const std::string& family, std::uint64_t seed) {
    if (family == "mobilenet_v2") return Builder{family, seed, {1, 224, 224, 3}}.mobilenet_v2();
    if (family == "mobilenet_v1_cifar") {
        return Builder{family, seed, {1, 32, 32, 3}}.separable(
            32, Window::square(3),
            {64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024},
            {1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1}, 100);
    }
    if (family == "ds_cnn") {
        return Builder{family, seed, {1, 49, 10, 1}}.separable(64, {10, 4, 2, 2}, {64, 64, 64, 64},
                                                               {1, 1, 1, 1}, 12);
    }
    if (family == "small_images") {
        const auto size =
            static_cast<std::int32_t>(24 + 8 * (seed * 7 % 3) + (seed * 7 % 3) / 2 * 8);
        return Builder{family, seed, {1, size, size, 3}}.small_images();
    }
    if (family == "yolo") {
        const auto size = static_cast<std::int32_t>(128 + 32 * (seed * 5 % 5));
        return Builder{family, seed, {1, size, size, 3}}.yolo();
    }
    if (family == "tiny") {
        const auto size = static_cast<std::int32_t>(8 + 4 * (seed * 5 % 8));
        return Builder{family, seed, {1, size, size, 3}}.tiny();
    }
    if (family == "recurrent") return Builder{family, seed, {1, 1, 1, 42}}.recurrent();
    if (family == "transformer") {
        const auto size = static_cast<std::int32_t>(64 + 16 * (seed * 5 % 5));
        return Builder{family, seed, {1, size, size, 3}}.transformer();
    }
    if (family == "random") return random_network(seed);
    if (family == "resnet50_cifar") return Builder{family, seed, {1, 32, 32, 3}}.resnet50();
    throw std::invalid_argument(family);
}

Graph with_one_layer_changed(Graph graph, std::uint64_t seed) {
    std::vector<Tensor*> modelled;
    for (Tensor& tensor : graph.tensors) {
        if (tensor.data && tensor.data.model() != nullptr) modelled.push_back(&tensor);
    }
    std::mt19937_64 random{seed};
    Tensor& tensor = *modelled.at(random() % modelled.size());
    WeightModel model = *tensor.data.model();
    model.density = static_cast<double>(1 + random() % 9) / 10.0;
    model.seed = seed;
    tensor.data = ConstantData{model, tensor.data.size()};
    return graph;
}

}  // namespace bench
