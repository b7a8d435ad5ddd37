// Broken streams end in an error with a place, or run: never in a crash or a write outside of the
// memory given.
#include <catch2/catch.hpp>
#include <random>

#include <u65sim/error.hpp>

#include "unit/machine/functional_program.hpp"

using namespace functional_test;

namespace {

struct Outcome {
    int clean = 0, refused_words = 0, refused_run = 0;
};

void run_mutant(const Program& program, const std::vector<std::uint32_t>& words,
                const std::vector<std::uint8_t>& constants, Outcome& outcome) {
    std::vector<Command> commands;
    try {
        commands = decode(words, one_core);
    } catch (const InvalidStream&) {
        ++outcome.refused_words;
        return;
    }
    machine::functional::Limits limits;
    limits.work = 1 << 29;
    Executor executor{one_core, limits};
    executor.memory().assign(0, constants);
    executor.memory().resize(1, 1024);
    executor.memory().resize(2, 1024);
    Checker checker{executor.memory(), architecture(one_core)};
    checker.written(0, 0, constants.size());
    const std::vector<CommandLabel> labels;
    checker.begin_segment(0, labels);
    try {
        checker.run(executor, commands);
        ++outcome.clean;
    } catch (const InvalidStream& error) {
        CHECK_THAT(error.what(), Catch::Contains("command "));
        ++outcome.refused_run;
    }
    CHECK(executor.memory().bytes(0).size() == program.constants.size());
}

}  // namespace

TEST_CASE("ten thousand mutated streams are refused or run") {
    const Program program;
    const std::vector<std::uint32_t> words = encode(program.actions, one_core);
    REQUIRE(decode(words, one_core).size() == program.actions.size());
    Outcome outcome;
    run_mutant(program, words, program.constants, outcome);
    REQUIRE(outcome.clean == 1);
    std::mt19937 random{20};
    constexpr int mutants = 10000;
    for (int i = 0; i < mutants; ++i) {
        auto changed = words;
        auto constants = program.constants;
        const int edits = 1 + static_cast<int>(random() % 3);
        for (int edit = 0; edit < edits; ++edit) {
            auto& word = changed[random() % changed.size()];
            switch (random() % 5) {
                case 0:
                    word ^= 1U << (random() % 32);
                    break;
                case 1:
                    word = (word & 0xFFFFU) | (static_cast<std::uint32_t>(random()) << 16);
                    break;
                case 2:
                    word = static_cast<std::uint32_t>(random());
                    break;
                case 3:
                    changed.resize(1 + random() % changed.size());
                    break;
                default: {
                    auto& byte = constants[random() % constants.size()];
                    byte = static_cast<std::uint8_t>(byte ^ (1U << (random() % 8)));
                    break;
                }
            }
        }
        run_mutant(program, changed, constants, outcome);
    }
    CHECK(outcome.clean + outcome.refused_words + outcome.refused_run == mutants + 1);
    // All three ways are taken: mutants that are only ever refused early would prove little.
    CHECK(outcome.clean > 1000);
    CHECK(outcome.refused_words > 500);
    CHECK(outcome.refused_run > 500);
}
