#include "property/random_graphs.hpp"

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include <u65sim/graph_builder.hpp>

namespace u65sim::property {

namespace {

/// Numbers that are the same on every platform (the standard's distributions are not).
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed * 2 + 1) {}
    /// From `low` to `high`, both included.
    std::int32_t roll(std::int32_t low, std::int32_t high) {
        state_ ^= state_ << 13U;
        state_ ^= state_ >> 7U;
        state_ ^= state_ << 17U;
        const auto sides = static_cast<std::uint64_t>(high - low + 1);
        return low + static_cast<std::int32_t>((state_ * 0x2545F4914F6CDD1DU >> 33U) % sides);
    }
    bool one_in(std::int32_t times) { return roll(1, times) == 1; }
    template <class Value, std::size_t count>
    const Value& pick(const std::array<Value, count>& values) {
        return values[static_cast<std::size_t>(roll(0, static_cast<std::int32_t>(count) - 1))];
    }

private:
    std::uint64_t state_;
};

constexpr std::array activations{Activation::none, Activation::relu, Activation::relu6};
constexpr std::array kernels{1, 3, 5, 7};

Window random_window(Dice& dice, const Shape& image) {
    Window window;
    const std::int32_t kernel = dice.pick(kernels);
    window.kernel_h = dice.one_in(6) ? 1 : kernel;
    window.kernel_w = dice.one_in(6) ? 1 : kernel;
    window.padding = Padding::same;
    if (image[1] >= window.kernel_h && image[2] >= window.kernel_w && dice.one_in(4)) {
        window.padding = Padding::valid;
    }
    if (image[1] > 2 && image[2] > 2 && dice.one_in(3)) window.stride_h = window.stride_w = 2;
    return window;
}

Value random_layer(GraphBuilder& net, Dice& dice, Value x) {
    const Shape image = net.shape(x);
    LayerOptions options;
    options.activation = dice.pick(activations);
    switch (dice.roll(0, 11)) {
        case 0:
        case 1:
        case 2:
            return net.conv2d(x, dice.roll(1, 96), random_window(dice, image), options);
        case 3:
            return net.conv2d(x, 8 * dice.roll(1, 24), Window::square(1), options);
        case 4:
        case 5:
            return net.depthwise_conv2d(x, random_window(dice, image), options);
        case 6: {
            Window window = random_window(dice, image);
            return dice.one_in(2) ? net.max_pool(x, window) : net.average_pool(x, window);
        }
        case 7: {
            const Value y = net.conv2d(x, image[3], Window::square(3), options);
            return dice.one_in(3) ? net.mul(x, y) : net.add(x, y);
        }
        case 8: {
            const Value y = net.conv2d(x, dice.roll(1, 48), Window::square(1), options);
            return net.concat({x, y}, 3);
        }
        case 9:
            return dice.one_in(2) ? net.hard_swish(x) : net.logistic(x);
        case 10:
            return net.leaky_relu(x, 0.1F);
        default:
            return net.resize_nearest(x, 2 * image[1], 2 * image[2]);
    }
}

/// Several layers as they stand together in real networks.
Value random_block(GraphBuilder& net, Dice& dice, Value x) {
    const Shape image = net.shape(x);
    const std::int32_t depth = image[3];
    switch (dice.roll(0, 7)) {
        case 0:
            return net.prelu(net.conv2d(x, depth, Window::square(3)));
        case 1: {  // a shortcut padded in depth
            const std::int32_t more = 8 * dice.roll(1, 3);
            const Value y = net.conv2d(net.depthwise_conv2d(x, Window::square(3)), depth + more,
                                       Window::square(1));
            return net.add(net.pad(x, {0, 0, 0, 0}, {0, 0, 0, more}), y);
        }
        case 2: {  // squeeze and excite
            const Value s = net.conv2d(net.mean(x, {1, 2}, true), 8, Window::square(1));
            return net.mul(x, net.logistic(net.conv2d(net.relu(s), depth, Window::square(1))));
        }
        case 3: {  // half of the channels pass beside
            if (depth % 2 != 0) return net.prelu(x);
            const std::vector<Value> halves = net.split(x, 2, 3);
            return net.concat({x, net.conv2d(halves[1], depth / 2, Window::square(3))}, 3);
        }
        case 4: {  // down, up again, and joined
            if (image[1] % 2 != 0 || image[2] % 2 != 0) return net.prelu(x);
            const Value low = net.conv2d(x, dice.roll(8, 32), Window::square(3, 2));
            return net.concat({x, net.resize_nearest(low, image[1], image[2])}, 3);
        }
        case 5:  // along one axis
            return net.conv2d(x, dice.roll(8, 96), {1, dice.roll(3, 9), 1, dice.roll(1, 2)});
        case 6:
            return net.transpose_conv(x, dice.roll(1, 16), Window::square(3, 2));
        default: {  // parts that lie side by side, exchanged
            const std::int32_t cut = dice.roll(1, depth);
            if (cut == depth) return net.prelu(x);
            const Value first = net.slice(x, {0, 0, 0, 0}, {1, image[1], image[2], cut});
            const Value rest = net.slice(x, {0, 0, 0, cut}, {1, image[1], image[2], depth - cut});
            return net.concat({rest, first}, 3);
        }
    }
}

}  // namespace

Graph random_graph(std::uint64_t seed) {
    Dice dice{seed};
    BuilderOptions options;
    options.weights.seed = seed;
    options.weights.modelled = dice.one_in(2);
    if (dice.one_in(3)) options.weights.sparsity = 0.1 * dice.roll(1, 9);
    if (dice.one_in(3)) options.weights.clusters = dice.roll(2, 64);
    if (dice.one_in(6)) options.activations = ElementType::uint8;
    if (dice.one_in(8)) options.activations = ElementType::int16;
    GraphBuilder net{"random" + std::to_string(seed), options};
    Value x = net.input({1, dice.roll(1, 56), dice.roll(1, 56), dice.roll(1, 64)});
    const std::int32_t layers = dice.roll(1, 12);
    for (std::int32_t i = 0; i < layers; ++i) {
        const Shape image = net.shape(x);
        // Keep it small: a thousand of them are to be run.
        if (element_count(image) > 300'000) {
            x = net.max_pool(x, Window::square(2, 2));
        } else {
            x = dice.one_in(3) ? random_block(net, dice, x) : random_layer(net, dice, x);
        }
    }
    if (dice.one_in(2)) {
        const Shape image = net.shape(x);
        x = net.average_pool(x, {image[1], image[2], 1, 1, 1, 1, Padding::valid});
        x = net.fully_connected(net.reshape(x, {1, -1}), dice.roll(2, 200));
        if (dice.one_in(2)) x = net.softmax(x);
    }
    net.output(x);
    return net.build();
}

Target random_target(std::uint64_t seed) {
    Dice dice{seed + 0x5EED};
    const std::vector<std::string> names = Target::preset_names();
    Target target =
        Target::preset(dice.one_in(2) ? "u65-256"
                                      : names[static_cast<std::size_t>(dice.roll(
                                            0, static_cast<std::int32_t>(names.size()) - 1))]);
    if (target.memory_mode == MemoryMode::dedicated_sram && dice.one_in(2)) {
        target.sram.size = Bytes{std::int64_t{1024} * dice.roll(16, 512)};
    }
    if (dice.one_in(10)) target.ideal_memory = true;
    return target;
}

std::uint64_t random_graph_count(std::uint64_t otherwise) {
    const char* wanted = std::getenv("U65SIM_RANDOM_GRAPHS");
    return wanted != nullptr ? std::stoull(wanted) : otherwise;
}

}  // namespace u65sim::property
