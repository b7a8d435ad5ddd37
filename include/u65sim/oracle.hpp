// The road as one call: read, compile, simulate, report; memoised, and fit for an inner loop.
#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/compile_cache.hpp>
#include <u65sim/error.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/report.hpp>
#include <u65sim/simulate.hpp>
#include <u65sim/target.hpp>

namespace u65sim {

/// How much work goes into a network's streams.
enum class Effort : std::uint8_t {
    normal,  ///< one plan by predictions; of two that are close, the machine decides
    high,    ///< compile_fastest(): many plans, by the machine
    quick,   ///< no streams and no machine: a plan by rules, its time in closed form, an interval
};
/// "quick", "normal" or "high".
std::string_view to_string(Effort effort);
/// The effort that is written so; nothing for other texts.
std::optional<Effort> parse_effort(std::string_view text);
/// Compiles as the effort says: compile()'s plan or its close rival, whichever runs faster, or
/// compile_fastest(). Throws what they throw; InvalidConfig for effort quick, without streams.
CompiledNetwork compile(const Graph& graph, const Target& target, const CompileOptions& options,
                        Effort effort);

/// Compiles a network in many ways and keeps the one that takes the fewest cycles on the machine:
/// by Effort::normal, and with no more SRAM than each of planned_sizes(), each time without none,
/// one or two of optional_steps(), or like Vela; the first of equals. So a network never takes
/// longer than by compile(), nor with more SRAM than at one of those sizes. Some tens of
/// compilations, and simulations of those that differ, on `options.threads` threads. Throws what
/// compile() throws for the target's own SRAM where no plan fits, and InvalidConfig when
/// `options.dump_after` is not empty or `options.like_vela` is on.
CompiledNetwork compile_fastest(const Graph& graph, const Target& target,
                                const CompileOptions& options = {},
                                const CompileCache& cache = CompileCache{});
/// SRAM sizes that compile_fastest() plans for: those of a fixed list up to the target's.
std::vector<Bytes> planned_sizes(const Target& target);

struct OracleOptions {
    CompileOptions compile;  ///< dump_after must be empty
    Effort effort = Effort::normal;
    SimulationBackend backend = SimulationBackend::direct;
    Cycles cycle_limit = SimulateOptions{}.cycle_limit;
    /// Reports with a timeline; one that is written as waveforms ("" is none, else a file, and the
    /// SystemC kernel). Such runs are simulated anew each time.
    bool timeline = false;
    std::string vcd_file;
    /// Of targets with ranges, reports with the range of the NPU's time too, which takes two more
    /// simulations.
    bool ranges = false;
    /// Room for answers that are kept; the least recently used leave first. Zero keeps none.
    Bytes memory = Bytes{std::int64_t{64} << 20};
    /// What compilations leave for later ones, to share it with other oracles. None: the oracle has
    /// one of its own, of as many bytes as `memory` at most; options() then has it.
    std::optional<CompileCache> cache{};
    /// Threads of estimate_all where BatchOptions::threads is 0. 0: as many as there are cores.
    unsigned workers = 0;
};

/// What an oracle and its copies did so far. Times are sums over all threads, in seconds.
struct OracleStatistics {
    std::uint64_t queries = 0;
    std::uint64_t hits = 0;    ///< answered from memory
    std::uint64_t misses = 0;  ///< worked out
    std::uint64_t errors = 0;  ///< of the misses: ended with an exception, which is not kept
    /// Files whose size and time of change were those of an earlier query: not read again.
    std::uint64_t unchanged_files = 0;
    std::uint64_t answers = 0;  ///< kept
    Bytes answer_bytes{0};      ///< estimate of their memory
    // Caches that the misses share: lookups, and those that hit.
    /// Slices of weights to encode or to estimate; a hit was met in an earlier network or
    /// operation.
    std::uint64_t weight_slice_lookups = 0, weight_slice_hits = 0;
    /// Times of different kernels of all plans; a hit was met in an earlier network.
    std::uint64_t kernel_lookups = 0, kernel_hits = 0;
    /// Segments of command streams, from the issue of one kernel to the issue of the next. A hit
    /// began in the same state with the same commands to come, and was not simulated again.
    std::uint64_t segment_lookups = 0, segment_hits = 0;
    double read_seconds = 0, hash_seconds = 0, compile_seconds = 0, simulate_seconds = 0,
           report_seconds = 0;
    bool operator==(const OracleStatistics&) const = default;
};

/// What became of one of several queries.
struct Answer {
    std::optional<Report> report;
    std::exception_ptr error;  ///< set when there is no report
    /// The report; throws what the query threw when there is none.
    [[nodiscard]] const Report& get() const;
};

struct BatchOptions {
    /// Threads that work on the queries. 0: as many as OracleOptions::workers says.
    unsigned threads = 0;
    /// Called after each answer with the number of answers so far; one call at a time, from any
    /// of the threads. Returning false leaves the rest unasked: they end with Cancelled. What it
    /// throws, estimate_all throws after the queries under way.
    std::function<bool(std::size_t done)> progress;
};

/// What Oracle::best_of() looks for, and how.
struct BestOptions {
    /// Empty: the fastest network is best. Else one a network: of those that take no more than
    /// `budget_ms`, the one with the largest is, the first of equals.
    std::vector<double> scores;
    std::optional<double> budget_ms{};
    /// Threads, and progress over the answers of effort quick, as in BatchOptions.
    BatchOptions batch;
};

/// The best of many networks.
struct Best {
    std::optional<std::size_t> index;  ///< none: no network is within the budget
    std::optional<Report> report;      ///< its own, by the oracle's effort
    std::size_t failed = 0;            ///< networks without an answer, which are not considered
    /// Answers of effort quick, those by the oracle's effort that were needed beside them, and how
    /// many of these were outside of CycleInterval::least and most. With none, the best network is
    /// the one that asking for all of them would have found, as far as the intervals of the others
    /// hold.
    std::size_t quick_answers = 0, exact_answers = 0, misses = 0;
};

/// One thing that might make a network faster, tried out.
struct Advice {
    enum class Kind : std::uint8_t {
        keep_in_sram,     ///< this feature map in SRAM instead of DRAM, everything else as it is
        more_sram,        ///< the smallest SRAM at which this feature map no longer spills
        sparse_weights,   ///< half of this operator's weights zero
        fewer_channels,   ///< output channels down to a multiple of 16, this operator alone
        unused_channels,  ///< output channels up to a multiple of 16, this operator alone
        better_memory,    ///< one number of a memory twice as good, or memory without limits
        on_the_host,      ///< a last SOFTMAX or LOGISTIC left to whoever reads the result
        other_blocks,     ///< another kind of block in place of every depthwise convolution
    };
    Kind kind = Kind::keep_in_sram;
    std::string subject;  ///< operator, tensor, field of the target, or kind of block
    std::string text;     ///< one sentence
    /// Of the whole network, but for fewer_channels and unused_channels of the operator run alone;
    /// negative: it would be slower.
    Cycles saved{0};
    Bytes sram{0};              ///< more_sram: the size that does it
    std::int32_t channels = 0;  ///< fewer_channels, unused_channels: the number tried
    bool operator==(const Advice&) const = default;
};
std::string_view to_string(Advice::Kind kind);

/// Answers "how long does this network take on that target?". Copies share what is kept.
/// Calls are safe from any thread; an exception leaves the oracle as it was.
class Oracle {
public:
    explicit Oracle(Target target, CompileOptions options = {});
    Oracle(Target target, OracleOptions options);
    /// A .tflite (compiled or not) or a YAML graph. Throws what reading, compiling and simulating
    /// throw.
    Report estimate(const std::filesystem::path& file);
    Report estimate(const Graph& graph);
    /// An answer for each graph, in their order, each equal to estimate's. Throws only what
    /// starting threads and `progress` throw.
    std::vector<Answer> estimate_all(const std::vector<Graph>& graphs,
                                     const BatchOptions& options = {});

    /// The best of `count` networks, of which `make(i)` is the i-th: all are ranked by effort
    /// quick, then by the oracle's own effort as many as its intervals leave in question. The same
    /// as asking for all of them, at a small part of the cost. `make` is called from several
    /// threads, and for one network more than once. Throws InvalidConfig for an oracle of effort
    /// quick, for options and targets that effort quick has no rules for, and for scores that are
    /// not one a network; what `make` throws, and what starting threads and `progress` throw.
    Best best_of(std::size_t count, const std::function<Graph(std::size_t)>& make,
                 const BestOptions& options = {});
    Best best_of(const std::vector<Graph>& graphs, const BestOptions& options = {});

    /// What would make this network faster, the largest saving first: every spilled feature map,
    /// every operator's weights and every number of channels is tried on the machine, so this
    /// takes as long as some queries for each operator. Nothing for compiled networks but what
    /// their spills cost. Throws what estimate throws.
    std::vector<Advice> advise(const Graph& graph, const BatchOptions& options = {});

    [[nodiscard]] OracleStatistics statistics() const;
    [[nodiscard]] const Target& target() const;
    [[nodiscard]] const OracleOptions& options() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace u65sim
