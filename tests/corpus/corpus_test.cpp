// Small inputs of every kind, whole and damaged.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <string>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/network.hpp>

#include "corpus/mutate.hpp"
#include "corpus/roads.hpp"
#include "corpus/seeds.hpp"
#include "support/environment.hpp"
#include "support/seeded_inputs.hpp"

using namespace u65sim;
using namespace u65sim::corpus;

namespace {

/// How many damaged inputs of each kind: U65SIM_MUTANTS, or some that take seconds.
std::size_t mutants() {
    const char* const asked = std::getenv("U65SIM_MUTANTS");
    return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 1000;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Damages seeds in turn and sends them down their road; one that takes long is a failure.
template <class Damage, class Take>
void send(const std::vector<Seed>& seeds, std::size_t count, Damage damage, Take take) {
    constexpr double longest = 10;
    std::map<Outcome, std::size_t> outcomes;
    for (std::size_t i = 0; i < count; ++i) {
        const Seed& seed = seeds[i % seeds.size()];
        Dice dice{i + 1};
        CAPTURE(seed.name, i);
        const double start = cpu_seconds();
        try {
            ++outcomes[take(damage(seed.bytes, dice))];
        } catch (const std::exception& error) {
            FAIL_CHECK("not one of our errors: " << error.what());
        }
        if (cpu_seconds() - start > longest) FAIL_CHECK("took " << cpu_seconds() - start << " s");
    }
    // Damage that only ever ends in the first check tests nothing behind it.
    CHECK(outcomes[Outcome::answered] > 0);
    CHECK(outcomes[Outcome::refused] > 0);
}

Execution executed(const Graph& graph, const Target& target) {
    std::vector<std::vector<std::uint8_t>> inputs;
    Dice dice{5};
    for (const TensorId id : graph.inputs) {
        const Tensor& tensor = graph.tensors[static_cast<std::size_t>(id)];
        inputs.emplace_back(
            static_cast<std::size_t>(element_count(tensor.shape) * element_bytes(tensor.type)));
        for (std::uint8_t& byte : inputs.back()) byte = static_cast<std::uint8_t>(dice.roll(256));
    }
    const CompiledNetwork network =
        is_compiled(graph) ? import_compiled(graph, target) : compile(graph, target);
    return execute(network, target, inputs, {.check = true, .states = {}});
}

}  // namespace

TEST_CASE("Every small input goes its whole road") {
    for (const Seed& seed : models()) {
        CAPTURE(seed.name);
        CHECK(take_model(seed.bytes) == Outcome::answered);
        CHECK(seed.bytes.size() < 32'768);
    }
    for (const Seed& seed : compiled_models()) {
        CAPTURE(seed.name);
        CHECK(take_model(seed.bytes) == Outcome::answered);
    }
    for (const Seed& seed : foreign_models()) {
        CAPTURE(seed.name);
        CHECK(take_model(seed.bytes) == Outcome::answered);
    }
    for (const Seed& seed : texts()) {
        CAPTURE(seed.name);
        CHECK(take_text({reinterpret_cast<const char*>(seed.bytes.data()), seed.bytes.size()}) ==
              Outcome::answered);
    }
}

TEST_CASE("Compiled for any target, a small network computes the same bytes without findings") {
    std::map<std::string, Seed> whole;
    for (const Seed& seed : models()) whole[seed.name] = seed;
    for (const Seed& seed : compiled_models()) {
        CAPTURE(seed.name);
        const std::size_t cut = seed.name.rfind('_');
        const Target target = Target::preset(seed.name.substr(cut + 1));
        const Execution found = executed(read_tflite(seed.bytes, "npu"), target);
        const Execution wanted =
            executed(read_tflite(whole.at(seed.name.substr(0, cut)).bytes, "whole"),
                     Target::preset("u65-256"));
        CHECK(found.findings.empty());
        CHECK(found.outputs == wanted.outputs);
    }
}

// tests/data/corpus.txt: `write_inputs models 0 0 DIR/corpus`, then `tests/data/generate.py --seeds
// 1 DIR/corpus/*.tflite`, which asks LiteRT. It has no answer for one: it reads the slopes of a
// PRELU on int16 as int8.
TEST_CASE("Every small network computes the reference's bytes") {
    std::map<std::string, Seed> whole;
    for (const Seed& seed : models()) whole["corpus/" + seed.name] = seed;
    std::ifstream vectors(test::source_folder() / "tests/data/corpus.txt");
    REQUIRE(vectors);
    std::string name, wanted;
    std::uint64_t state = 0;
    std::size_t lines = 0;
    while (vectors >> name >> state >> wanted) {
        ++lines;
        CAPTURE(name);
        REQUIRE(whole.contains(name));
        const Graph graph = read_tflite(whole.at(name).bytes, name);
        const CompiledNetwork network = compile(graph, Target::preset("u65-256"));
        const Execution found = execute(network, Target::preset("u65-256"),
                                        test::seeded_inputs(graph, state), {.check = true});
        CHECK(test::hex(found.outputs) == wanted);
        CHECK(found.findings.empty());
    }
    whole.erase("corpus/functions_int16");
    CHECK(lines == whole.size());
}

TEST_CASE("The walk through a flatbuffer finds what stands in it") {
    const Seed seed = models().front();
    const std::vector<Field> fields = flatbuffer_fields(seed.bytes);
    CHECK(fields.size() > 300);
    for (const Field& field : fields) CHECK(field.offset + field.width <= seed.bytes.size());
    CHECK(flatbuffer_fields({}).empty());
    CHECK(flatbuffer_fields(Content(100, 0xFF)).empty());
}

TEST_CASE("Damaged networks end with an answer or one of our errors") {
    send(
        models(), mutants(),
        [](Content bytes, Dice& dice) {
            mutate_flatbuffer(bytes, dice);
            return bytes;
        },
        take_model);
}

TEST_CASE("Damaged command streams end with an answer or one of our errors") {
    send(
        compiled_models(), mutants(),
        [](Content bytes, Dice& dice) {
            mutate_payloads(bytes, dice);
            return bytes;
        },
        take_model);
}

TEST_CASE("Damaged files of other compilers end with an answer or one of our errors") {
    send(
        foreign_models(), mutants(),
        [](Content bytes, Dice& dice) {
            mutate_foreign(bytes, dice);
            return bytes;
        },
        take_model);
}

TEST_CASE("Damaged texts end with an answer or one of our errors") {
    send(
        texts(), mutants(),
        [](const Content& bytes, Dice& dice) {
            std::string text{bytes.begin(), bytes.end()};
            mutate_text(text, dice);
            return text;
        },
        [](const std::string& text) { return take_text(text); });
}
