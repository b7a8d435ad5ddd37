// Networks whose weights are only described come out as those with weights drawn to match.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <map>

#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>
#include <u65sim/zoo.hpp>

using namespace u65sim;

namespace {

/// The same network with other weight models.
Graph with_model(Graph graph, const WeightModel& model) {
    for (Tensor& tensor : graph.tensors) {
        if (tensor.data && tensor.data.model() != nullptr) {
            tensor.data = ConstantData{model, tensor.data.size()};
        }
    }
    return graph;
}

/// Bytes of encoded weights and records by operation, slices together.
std::map<std::string, std::int64_t> encoded_sizes(const CompiledNetwork& network) {
    std::map<std::string, std::int64_t> sizes;
    for (const Placement& placement : network.placements) {
        if (placement.kind != Placement::Kind::constant) continue;
        const auto cut = placement.name.rfind('/');
        if (cut == std::string::npos) continue;
        const std::string what = placement.name.substr(cut);
        if (what != "/encoded" && what.rfind("/slice", 0) != 0) continue;
        sizes[placement.name.substr(0, cut)] += placement.size.count();
    }
    return sizes;
}

void compare(const Graph& modelled, const std::string& what) {
    CAPTURE(what);
    const Target target = Target::preset("u65-256");
    const CompiledNetwork guess = compile(modelled, target);
    const CompiledNetwork real = compile(draw_weights(modelled), target);
    CHECK(guess.constants.empty());
    CHECK(real.modelled_constants == Bytes{0});
    const auto within = [](std::int64_t a, std::int64_t b, std::int64_t grain) {
        return std::abs(a - b) * 50 <= b + 50 * grain;
    };
    CHECK(within(guess.encoded_weight_bytes.count(), real.encoded_weight_bytes.count(), 0));
    const auto guessed = encoded_sizes(guess);
    const auto wanted = encoded_sizes(real);
    REQUIRE(guessed.size() == wanted.size());
    for (const auto& [name, size] : wanted) {
        // A few hundred weights differ from draw to draw by more than that.
        if (size < 2048) continue;
        CAPTURE(name, size, guessed.at(name));
        // A range is a multiple of 16 bytes: one step of each core's is no error.
        CHECK(within(guessed.at(name), size, 32));
    }
}

}  // namespace

TEST_CASE("Modelled weights are within two percent of drawn ones, layer by layer") {
    for (const char* name : {"mobilenet_v1_025_96", "ds_cnn", "resnet8", "kws_micronet_m"}) {
        compare(zoo(name, {.seed = 5, .modelled = true}), name);
    }
}

TEST_CASE("So are sparse, clustered and differently distributed ones") {
    const Graph graph = zoo("mobilenet_v1_025_96", {.modelled = true});
    using Distribution = WeightModel::Distribution;
    for (const auto distribution :
         {Distribution::gaussian, Distribution::laplace, Distribution::uniform}) {
        for (const double density : {1.0, 0.5, 0.2}) {
            for (const std::int32_t clusters : {0, 16}) {
                WeightModel model;
                model.distribution = distribution;
                model.density = density;
                model.clusters = clusters;
                model.seed = 3;
                compare(with_model(graph, model),
                        "distribution " + std::to_string(static_cast<int>(distribution)) +
                            ", density " + std::to_string(density) + ", clusters " +
                            std::to_string(clusters));
            }
        }
    }
}

TEST_CASE("Measured bits give the size themselves") {
    WeightModel model;
    model.bits_per_weight = 4.0;
    const Graph graph = with_model(zoo("ds_cnn", {.modelled = true}), model);
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(graph, target);
    std::int64_t weights = 0;
    std::int64_t channels = 0;
    for (const Tensor& tensor : graph.tensors) {
        if (tensor.data && tensor.data.model() != nullptr) weights += tensor.data.size();
        if (tensor.type == ElementType::int32 && tensor.data) channels += tensor.shape.at(0);
    }
    const double expected =
        0.5 * static_cast<double>(weights) + 10.0 * static_cast<double>(channels);
    CHECK(static_cast<double>(network.encoded_weight_bytes.count()) ==
          Approx(expected).epsilon(0.02));
    CHECK_THROWS_AS(draw_weights(graph), InvalidModel);
}

TEST_CASE("A seed changes values but no estimate") {
    WeightModel model;
    const Graph graph = zoo("rnnoise", {.modelled = true});
    const Target target = Target::preset("u65-256");
    const Bytes first = compile(with_model(graph, model), target).encoded_weight_bytes;
    model.seed = 99;
    CHECK(compile(with_model(graph, model), target).encoded_weight_bytes == first);
    CHECK(draw_weights(with_model(graph, model)) != draw_weights(graph));
    CHECK(draw_weights(graph) == draw_weights(graph));
}

TEST_CASE("Models out of range and models where values are needed are refused") {
    WeightModel model;
    model.density = 1.5;
    CHECK_THROWS_WITH((ConstantData{model, 10}), Catch::Contains("density = 1.5"));
    model = {};
    model.clusters = 1;
    CHECK_THROWS_WITH((ConstantData{model, 10}), Catch::Contains("clusters = 1"));
    model = {};
    model.bits_per_weight = 40;
    CHECK_THROWS_WITH((ConstantData{model, 10}), Catch::Contains("bits_per_weight = 40"));
    CHECK_THROWS_AS((ConstantData{WeightModel{}, -1}), InvalidModel);

    const Graph graph = zoo("rnnoise", {.modelled = true});
    CHECK(has_modelled_weights(graph));
    CHECK_FALSE(has_modelled_weights(draw_weights(graph)));
    CHECK_THROWS_AS(write_tflite(graph), InvalidModel);
    const Target target = Target::preset("u65-256");
    CHECK_THROWS_AS(export_compiled(compile(graph, target)), InvalidModel);
    Graph odd = graph;
    odd.tensors.at(static_cast<std::size_t>(odd.inputs.at(0))).data = ConstantData{
        WeightModel{}, element_count(odd.tensors[static_cast<std::size_t>(odd.inputs[0])].shape)};
    CHECK_THROWS_AS(draw_weights(odd), InvalidModel);
}
