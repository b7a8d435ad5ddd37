#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/study.hpp>
#include <u65sim/zoo.hpp>

using namespace u65sim;

namespace {

Report estimated(const std::string& network, const std::vector<std::string>& settings) {
    Target target = Target::preset("u65-256");
    target.set("memory.ideal=true");
    for (const std::string& setting : settings) target.set(setting);
    return Oracle{target}.estimate(zoo(network));
}

std::int64_t cycles(const std::string& network, const std::vector<std::string>& settings) {
    return estimated(network, settings).total.cycles.count();
}

}  // namespace

TEST_CASE("No target of ours is hypothetical unless asked") {
    for (const std::string& name : Target::preset_names()) {
        CHECK(Target::preset(name).hypotheses().empty());
    }
    CHECK(
        estimated("resnet8", {"hypothetical.winograd=none", "hypothetical.ublocks=1"}).to_json() ==
        estimated("resnet8", {}).to_json());
}

TEST_CASE("Every report of hypothetical hardware says so and states the assumption") {
    const Report report = estimated("resnet8", {"hypothetical.winograd=f2x2"});
    CHECK(report.to_text().find("HYPOTHETICAL HARDWARE") != std::string::npos);
    CHECK(report.to_json().find("HYPOTHETICAL HARDWARE") != std::string::npos);
    const StudyResults results =
        run_study(Study::read_text("title: t\nnetwork: zoo:ds_cnn\naxes:\n  - "
                                   "hypothetical.four_bit_weights: [false, true]\n"));
    CHECK(results.rows[0].hypotheses.empty());
    REQUIRE(results.rows[1].hypotheses.size() == 1);
    const std::string& assumption = results.rows[1].hypotheses[0];
    CHECK(results.to_text().find("HYPOTHETICAL: weights of 4 bits") != std::string::npos);
    CHECK(results.to_html().find(assumption) != std::string::npos);
    CHECK(results.to_json().find(assumption) != std::string::npos);
}

TEST_CASE("Winograd gains on 3x3 convolutions and nowhere else") {
    const std::int64_t direct = cycles("vgg19_cifar100", {});
    const std::int64_t small = cycles("vgg19_cifar100", {"hypothetical.winograd=f2x2"});
    const std::int64_t complex = cycles("vgg19_cifar100", {"hypothetical.winograd=f4x4_complex"});
    const std::int64_t large = cycles("vgg19_cifar100", {"hypothetical.winograd=f4x4"});
    CHECK(small < direct);
    CHECK(static_cast<double>(direct) / static_cast<double>(small) < 2.25);
    CHECK(complex < direct);
    CHECK(large <= complex);
    CHECK(static_cast<double>(direct) / static_cast<double>(large) < 4.0);
    CHECK(cycles("autoencoder", {"hypothetical.winograd=f4x4"}) == cycles("autoencoder", {}));
}

TEST_CASE("Skipped zeros and narrow weights never double the speed twice") {
    const std::int64_t real = cycles("resnet8", {});
    const std::int64_t pattern = cycles("resnet8", {"hypothetical.zero_skipping=pattern_2_4"});
    const std::int64_t narrow = cycles("resnet8", {"hypothetical.four_bit_weights=true"});
    for (const std::int64_t faster : {pattern, narrow}) {
        CHECK(faster < real);
        CHECK(2 * faster >= real);
    }
    CHECK(cycles("resnet8", {"hypothetical.zero_skipping=unstructured"}) == real);
    CHECK(cycles("resnet8", {"hypothetical.zero_skipping=unstructured",
                             "hypothetical.weight_density=0.25"}) < real);
}

TEST_CASE("More ublocks are faster, and never busier than they can be") {
    const std::int64_t real = cycles("mobilenet_v1_025_96", {});
    CHECK(cycles("mobilenet_v1_025_96", {"hypothetical.ublocks=2"}) < real);
    const Report report = estimated("mobilenet_v1_025_96", {"hypothetical.ublocks=4"});
    CHECK(report.total.mac_utilization <= 1.0);
}

TEST_CASE("A bigger SHRAM takes bigger blocks, whatever was compiled before in the process") {
    const Report real = estimated("resnet8", {});
    const Report bigger = estimated("resnet8", {"hypothetical.shram=2"});
    REQUIRE(real.operators.size() == bigger.operators.size());
    std::size_t changed = 0;
    for (std::size_t at = 0; at < real.operators.size(); ++at) {
        if (real.operators[at].block != bigger.operators[at].block) ++changed;
    }
    CHECK(changed > 0);
    CHECK(estimated("resnet8", {}) == real);
}

TEST_CASE("Transformed filters have no zeros to skip") {
    Target target = Target::preset("u65-256");
    target.set("hypothetical.winograd=f2x2");
    target.set("hypothetical.zero_skipping=unstructured");
    CHECK_THROWS_WITH(target.validate(), Catch::Matchers::Contains("have no zeros"));
    CHECK_THROWS_AS(target.set("hypothetical.winograd=f6x6"), InvalidConfig);
    CHECK_THROWS_AS(target.set("hypothetical.shram=8"), InvalidConfig);
}
