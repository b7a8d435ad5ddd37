// A study's points a second: study/NAME/POINTS/JOBS simulates that many of the thousand variants of
// MobileNetV2 in configs/studies/random-variants.yaml, all of them and not the front alone. The
// thousand take minutes; ask for them with --benchmark_filter=study/variants/1000.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include <u65sim/files.hpp>
#include <u65sim/study.hpp>

namespace {

using namespace u65sim;

void variants(benchmark::State& state) {
    const std::filesystem::path file =
        std::filesystem::path{U65SIM_CONFIGS} / "studies/random-variants.yaml";
    std::string text{read_file(file).text()};
    constexpr std::string_view front_alone = "simulate: front\n";
    text.erase(text.find(front_alone), front_alone.size());
    const Study study = Study::read_text(text, file.string(), file.parent_path())
                            .sample(static_cast<std::size_t>(state.range(0)));
    StudyOptions options;
    options.jobs = static_cast<unsigned>(state.range(1));
    std::size_t measured = 0;
    for (auto _ : state) {
        const StudyResults results = run_study(study, options);
        for (const StudyRow& row : results.rows) {
            if (row.status == StudyRow::Status::measured) ++measured;
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.counters["measured"] = static_cast<double>(measured);
}

[[maybe_unused]] const bool registered = [] {
    benchmark::RegisterBenchmark("study/variants", variants)
        ->Args({40, 1})
        ->Args({40, 2})
        ->Args({1000, 1})
        ->Args({1000, 2})
        ->Iterations(1)
        ->UseRealTime()
        ->Unit(benchmark::kSecond);
    return true;
}();

}  // namespace
