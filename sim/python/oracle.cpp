// The oracle: one network, many networks, advice.
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/advice.hpp>
#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>

#include "message.hpp"

namespace u65sim::python {

namespace {

Reply create(const Request& request) {
    const Arguments& given = request.arguments;
    OracleOptions options;
    options.compile = compile_options(given);
    options.effort = effort_of(given);
    options.cycle_limit = Cycles{given.long_integer("cycle_limit")};
    options.timeline = given.flag("timeline");
    options.ranges = given.flag("ranges");
    options.memory = Bytes{given.long_integer("memory_bytes")};
    const std::int32_t workers = given.integer("workers");
    if (workers < 0) throw InvalidConfig("workers = " + std::to_string(workers) + ": below 0");
    options.workers = static_cast<unsigned>(workers);
    Reply reply;
    reply.objects.emplace_back(std::make_shared<Oracle>(request.target(0), options));
    return reply;
}

Reply report_reply(Report report) {
    Reply reply;
    reply.value = report_summary(report);
    reply.objects.push_back(hold(std::move(report)));
    return reply;
}

Reply estimate(const Request& request) {
    return report_reply(request.object<Oracle>(0).estimate(request.graph(1)));
}

Reply estimate_file(const Request& request) {
    return report_reply(
        request.object<Oracle>(0).estimate(std::filesystem::path{request.arguments.text("file")}));
}

BatchOptions batch_options(const Request& request, std::size_t all) {
    BatchOptions options;
    const std::int32_t threads = request.arguments.integer("threads");
    if (threads < 0) throw InvalidConfig("threads = " + std::to_string(threads) + ": below 0");
    options.threads = static_cast<unsigned>(threads);
    if (request.progress) {
        options.progress = [&request, all](std::size_t done) {
            return request.progress(done, all);
        };
    }
    return options;
}

/// A row a graph: the summary of a report, whose object is the next one, or a failure.
Reply estimate_all(const Request& request) {
    auto& oracle = request.object<Oracle>(0);
    std::vector<Graph> graphs;
    for (std::size_t i = 1; i < request.objects.size(); ++i) graphs.push_back(request.graph(i));
    std::vector<Answer> answers =
        oracle.estimate_all(graphs, batch_options(request, graphs.size()));
    Reply reply;
    reply.value = Json::array();
    for (Answer& answer : answers) {
        if (answer.report) {
            reply.value.push_back(report_summary(*answer.report));
            reply.objects.push_back(hold(std::move(*answer.report)));
        } else {
            const Failure failure = describe(answer.error);
            reply.value.push_back({{"error", failure.type}, {"text", failure.text}});
        }
    }
    return reply;
}

/// The best one's report, and counts.
Reply best_of(const Request& request) {
    const Arguments& given = request.arguments;
    std::vector<Graph> graphs;
    for (std::size_t i = 1; i < request.objects.size(); ++i) graphs.push_back(request.graph(i));
    BestOptions options;
    if (given.has("scores")) options.scores = given.numbers("scores");
    if (given.has("budget_ms")) options.budget_ms = given.number("budget_ms");
    options.batch = batch_options(request, graphs.size());
    Best best = request.object<Oracle>(0).best_of(graphs, options);
    Reply reply;
    if (best.report) reply = report_reply(std::move(*best.report));
    Json index;
    if (best.index) index = *best.index;
    reply.value = {{"report", std::move(reply.value)},
                   {"index", std::move(index)},
                   {"failed", best.failed},
                   {"quick_answers", best.quick_answers},
                   {"exact_answers", best.exact_answers},
                   {"misses", best.misses}};
    return reply;
}

Json advice_row(const Advice& advice) {
    return {{"kind", to_string(advice.kind)},
            {"subject", advice.subject},
            {"text", advice.text},
            {"saved_cycles", advice.saved.count()},
            {"sram_bytes", advice.sram.count()},
            {"channels", advice.channels}};
}

/// The report that the advice is about, then both together.
Reply advise(const Request& request) {
    auto& oracle = request.object<Oracle>(0);
    AdviceReport found;
    found.report = oracle.estimate(request.graph(1));
    found.advice = oracle.advise(request.graph(1), batch_options(request, 0));
    Reply reply = report_reply(found.report);
    Json rows = Json::array();
    for (const Advice& advice : found.advice) rows.push_back(advice_row(advice));
    reply.value = {{"report", std::move(reply.value)}, {"advice", std::move(rows)}};
    reply.objects.push_back(hold(std::move(found)));
    return reply;
}

const AdviceReport& advice_of(const Request& request) {
    return request.object<const AdviceReport>(0);
}

Reply advice_text(const Request& request) {
    const std::int32_t most = request.arguments.integer("most");
    if (most < 0) throw InvalidConfig("most = " + std::to_string(most) + ": below 0");
    return text_reply(advice_of(request).to_text(static_cast<std::size_t>(most)));
}

Reply advice_json(const Request& request) { return text_reply(advice_of(request).to_json()); }
Reply advice_html(const Request& request) { return text_reply(advice_of(request).to_html()); }

Reply statistics(const Request& request) {
    const OracleStatistics s = request.object<Oracle>(0).statistics();
    return {{{"queries", s.queries},
             {"hits", s.hits},
             {"misses", s.misses},
             {"errors", s.errors},
             {"unchanged_files", s.unchanged_files},
             {"answers", s.answers},
             {"answer_bytes", s.answer_bytes.count()},
             {"read_seconds", s.read_seconds},
             {"hash_seconds", s.hash_seconds},
             {"compile_seconds", s.compile_seconds},
             {"simulate_seconds", s.simulate_seconds},
             {"report_seconds", s.report_seconds}},
            {},
            {}};
}

}  // namespace

std::span<const Function> oracle_functions() {
    static constexpr std::array functions{
        Function{"oracle.create", create},
        Function{"oracle.estimate", estimate},
        Function{"oracle.estimate_file", estimate_file},
        Function{"oracle.estimate_all", estimate_all},
        Function{"oracle.best_of", best_of},
        Function{"oracle.advise", advise},
        Function{"oracle.statistics", statistics},
        Function{"advice.text", advice_text},
        Function{"advice.json", advice_json},
        Function{"advice.html", advice_html},
    };
    return functions;
}

}  // namespace u65sim::python
