#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>

#include "base/parallel.hpp"
#include "compile/cache.hpp"
#include "machine/direct/simulate_again.hpp"
#include "oracle/effort.hpp"
#include "oracle/settle.hpp"

namespace u65sim {

namespace {

/// KiB of SRAM that every plan is made for, and those between them that only some are made for.
constexpr std::array<std::int64_t, 14> planned_kib = {64,   128,  192,  256,  384,  512,  768,
                                                      1024, 1536, 2048, 3072, 4096, 8192, 16384};
constexpr std::array<std::int64_t, 11> between_kib = {96,  160,  224,  320,  448, 640,
                                                      896, 1280, 1792, 2560, 3584};

/// How a plan is made.
struct Variant {
    std::vector<std::string> without{};  ///< steps that are left out
    std::optional<VelaVersion> like_vela{};
};

/// Those that are made for every size come first.
const std::vector<Variant>& variants() {
    static const std::vector<Variant> all{{},
                                          {{"form_cascades"}},
                                          {{"stream_weights"}},
                                          {{"refine_blocks"}},
                                          {{"form_cascades", "refine_blocks"}},
                                          {{"merge_in_place"}},
                                          {{}, VelaVersion::v5_0},
                                          {{}, VelaVersion::v5_2}};
    return all;
}

std::size_t variants_for(Bytes sram) {
    constexpr std::size_t of_every_size = 3;
    const bool is_between =
        std::find(between_kib.begin(), between_kib.end(), sram.count() / 1024) != between_kib.end();
    return is_between ? of_every_size : variants().size();
}

class EffortSearch {
public:
    EffortSearch(const Graph& graph, const Target& target, const CompileOptions& options,
                 const CompileCache& cache)
        : graph_(graph), target_(target), options_(options), cache_(cache) {}

    /// Compiles and runs every plan for so much SRAM; whether one fits.
    bool consider(Bytes sram) {
        Target planned = target_;
        planned.sram.size = sram;
        const std::size_t first = plans_;
        const std::size_t count = variants_for(sram);
        plans_ += count;
        std::atomic<bool> fits = false;
        for_each_index(count, options_.threads, [&](std::size_t i) {
            const Variant& variant = variants()[i];
            CompileOptions how = options_;
            how.threads = 1;
            how.like_vela = variant.like_vela.has_value();
            how.vela_version = variant.like_vela.value_or(how.vela_version);
            how.without.insert(how.without.end(), variant.without.begin(), variant.without.end());
            std::optional<CompiledNetwork> network;
            try {
                compiler::CacheCounters counters;
                network = compiler::compile(graph_, planned, how, compiler::Constants::bytes,
                                            cache_, counters, compiler::SramSizes::one);
            } catch (const DoesNotFit&) {
                note_refused(first + i);
                return;
            }
            fits = true;
            network->target = target_;
            run(first + i, *std::move(network));
        });
        return fits;
    }

    /// Runs the plans of effort normal, which is never faster then.
    void consider_normal() {
        std::vector<CompiledNetwork> finalists;
        try {
            compiler::CacheCounters counters;
            finalists = compiler::compile_finalists(graph_, target_, options_,
                                                    compiler::Constants::bytes, cache_, counters);
        } catch (const DoesNotFit&) {
            note_refused(plans_++);
        }
        for (CompiledNetwork& network : finalists) run(plans_++, std::move(network));
    }

    CompiledNetwork result() {
        if (!best_) std::rethrow_exception(refused_);
        return *std::move(best_);
    }

private:
    using Streams = std::vector<std::vector<std::uint32_t>>;

    /// Keeps what the earliest plan was refused for.
    void note_refused(std::size_t plan) {
        const std::lock_guard lock(mutex_);
        if (plan >= refused_plan_) return;
        refused_plan_ = plan;
        refused_ = std::current_exception();
    }

    /// Runs a plan until it is slower than the best one. Equal commands take as long.
    void run(std::size_t plan, CompiledNetwork network) {
        Streams streams;
        for (const NpuSegment& segment : network.segments) streams.push_back(segment.stream.words);
        SimulateOptions how;
        how.backend = SimulationBackend::direct;
        bool bounded = false;
        {
            const std::lock_guard lock(mutex_);
            const auto [earlier, is_new] = plan_of_.emplace(std::move(streams), plan);
            if (!is_new && earlier->second < plan) return;
            earlier->second = plan;
            // Cycles say nothing of operators that a plan leaves to the CPU.
            const std::size_t left = network.cpu_operators.size();
            if (best_ && left > best_->cpu_operators.size()) return;
            bounded = best_ && left == best_->cpu_operators.size();
            if (bounded) how.cycle_limit = least_;
        }
        Cycles cycles{0};
        try {
            cycles = machine::simulate(network, how, replay_cache_).total;
        } catch (const SimulationStuck&) {
            if (!bounded) throw;
            return;
        }
        const std::lock_guard lock(mutex_);
        const auto rank = std::tuple{network.cpu_operators.size(), cycles, plan};
        if (best_ && std::tuple{best_->cpu_operators.size(), least_, plan_} <= rank) return;
        least_ = cycles;
        plan_ = plan;
        best_ = std::move(network);
    }

    const Graph& graph_;
    const Target& target_;
    const CompileOptions& options_;
    const CompileCache& cache_;  ///< plans have many weights, blocks and kernels in common
    machine::ReplayCache replay_cache_{target_};  ///< plans have many in common
    std::mutex mutex_;
    std::size_t plans_ = 0;
    std::map<Streams, std::size_t> plan_of_;  ///< the earliest plan of these commands
    std::optional<CompiledNetwork> best_;
    Cycles least_{0};
    std::size_t plan_ = 0;  ///< the best one
    std::exception_ptr refused_;
    std::size_t refused_plan_ = static_cast<std::size_t>(-1);
};

}  // namespace

std::optional<Effort> parse_effort(std::string_view text) {
    for (const Effort effort : {Effort::quick, Effort::normal, Effort::high}) {
        if (text == to_string(effort)) return effort;
    }
    return std::nullopt;
}

std::string_view to_string(Effort effort) {
    switch (effort) {
        case Effort::quick:
            return "quick";
        case Effort::high:
            return "high";
        case Effort::normal:
            break;
    }
    return "normal";
}

CompiledNetwork compile(const Graph& graph, const Target& target, const CompileOptions& options,
                        Effort effort) {
    if (effort == Effort::quick) {
        throw InvalidConfig("effort quick makes no streams: take effort normal or high");
    }
    return effort == Effort::high ? compile_fastest(graph, target, options)
                                  : oracle::compile_settled(graph, target, options, CompileCache{});
}

std::vector<Bytes> planned_sizes(const Target& target) {
    std::vector<Bytes> sizes;
    const auto add = [&](std::int64_t kib) {
        const Bytes size{kib * 1024};
        if (size <= target.sram.size) sizes.push_back(size);
    };
    std::for_each(planned_kib.begin(), planned_kib.end(), add);
    std::for_each(between_kib.begin(), between_kib.end(), add);
    std::sort(sizes.begin(), sizes.end());
    return sizes;
}

void oracle::check_searchable(const CompileOptions& options) {
    if (!options.dump_after.empty()) {
        throw InvalidConfig(
            fmt::format("dump_after = {}: many plans are compiled to the end: leave it empty",
                        options.dump_after));
    }
    if (options.like_vela) {
        throw InvalidConfig(
            "like_vela with effort high: the one asks for Vela's plan, the other for the fastest: "
            "leave one out");
    }
}

CompiledNetwork compile_fastest(const Graph& graph, const Target& target,
                                const CompileOptions& options, const CompileCache& cache) {
    oracle::check_searchable(options);
    EffortSearch search(graph, target, options, cache);
    search.consider_normal();
    const std::vector<Bytes> sizes = planned_sizes(target);
    bool fits = false;
    for (auto size = sizes.rbegin(); size != sizes.rend(); ++size) {
        fits = search.consider(*size) || fits;
    }
    // A plan of a size that is not listed is none for larger ones: only where it is needed.
    if (!fits) search.consider(target.sram.size);
    return search.result();
}

}  // namespace u65sim
