#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/graph_builder.hpp>

#include "search_space.hpp"

namespace bench {

namespace {

using namespace u65sim;

class Random {
public:
    explicit Random(std::uint64_t seed)
        : random_(seed * 2654435761ULL + 17),
          net_("random" + std::to_string(seed), {{.modelled = true}}) {}

    Graph make() {
        const std::int32_t size = 8 << pick(5);
        Value x = net_.input({1, size + pick(size), size + pick(size), 1 + pick(4)});
        x = convolution(x);
        const std::int32_t layers = 4 + pick(28);
        for (std::int32_t i = 0; i < layers; ++i) x = layer(x);
        if (pick(2) == 0) {
            const Shape image = net_.shape(x);
            x = net_.average_pool(x, {image[1], image[2], 1, 1, 1, 1, Padding::valid});
            x = net_.fully_connected(net_.reshape(x, {1, -1}), 10 + pick(200));
            if (pick(2) == 0) x = net_.softmax(x);
        }
        net_.output(x);
        return net_.build();
    }

private:
    std::int32_t pick(std::int32_t count) {
        return static_cast<std::int32_t>(random_() % static_cast<std::uint64_t>(count));
    }
    Activation activation() {
        const std::int32_t which = pick(3);
        return which == 0 ? Activation::none : which == 1 ? Activation::relu : Activation::relu6;
    }
    /// Window of a kernel that the map holds.
    Window window(Value x) {
        const Shape& shape = net_.shape(x);
        const std::int32_t kernel = 1 + 2 * pick(3);
        const bool small = std::min(shape[1], shape[2]) < 6;
        return Window::square(kernel, !small && pick(4) == 0 ? 2 : 1);
    }
    std::int32_t channels(Value x) {
        const std::int64_t area = std::int64_t{net_.shape(x)[1]} * net_.shape(x)[2];
        const std::int32_t most = area > 4096 ? 8 : area > 512 ? 24 : 64;
        return pick(6) == 0 ? 3 + pick(60) : 8 * (1 + pick(most));
    }
    Value convolution(Value x) {
        return net_.conv2d(x, channels(x), window(x), {.activation = activation()});
    }

    Value layer(Value x) {
        switch (pick(10)) {
            case 0:
            case 1:
            case 2:
                return convolution(x);
            case 3:
            case 4:
                return net_.depthwise_conv2d(x, window(x), {.activation = activation()});
            case 5:
                return net_.max_pool(x, window(x));
            case 6:
                return residual(x);
            case 7:
                return branches(x);
            case 8:
                return gate(x);
            default:
                return curve(x);
        }
    }

    Value residual(Value x) {
        const std::int32_t depth = net_.shape(x)[3];
        Value y = net_.conv2d(x, channels(x), Window::square(1 + 2 * pick(2)),
                              {.activation = activation()});
        y = net_.conv2d(y, depth, Window::square(1));
        return pick(4) == 0 ? net_.mul(x, y) : net_.add(x, y, {.activation = activation()});
    }

    Value branches(Value x) {
        std::vector<Value> parts;
        const std::int32_t count = 2 + pick(2);
        for (std::int32_t i = 0; i < count; ++i) {
            parts.push_back(net_.conv2d(x, 8 * (1 + pick(8)), Window::square(1 + 2 * pick(2)),
                                        {.activation = activation()}));
        }
        return net_.conv2d(net_.concat(parts, 3), channels(x), Window::square(1));
    }

    /// Each channel scaled by what a pool of it says.
    Value gate(Value x) {
        const Shape image = net_.shape(x);
        if (image[1] * image[2] > 4096) return convolution(x);
        Value y = net_.average_pool(x, {image[1], image[2], 1, 1, 1, 1, Padding::valid});
        y = net_.conv2d(y, std::max(4, image[3] / 4), Window::square(1),
                        {.activation = Activation::relu});
        y = net_.logistic(net_.conv2d(y, image[3], Window::square(1)));
        return net_.mul(x, y);
    }

    Value curve(Value x) {
        switch (pick(4)) {
            case 0:
                return net_.hard_swish(x);
            case 1:
                return net_.leaky_relu(x, 0.1F);
            case 2: {
                const Shape& shape = net_.shape(x);
                if (shape[1] * shape[2] > 1024) return net_.relu6(x);
                return net_.resize_nearest(x, 2 * shape[1], 2 * shape[2]);
            }
            default:
                return net_.logistic(x);
        }
    }

    std::mt19937_64 random_;
    GraphBuilder net_;
};

}  // namespace

Graph random_network(std::uint64_t seed) { return Random{seed}.make(); }

}  // namespace bench
