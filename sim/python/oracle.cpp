// The oracle: one network, many networks, advice.
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>

#include "message.hpp"

namespace u65sim::python {

namespace {

Reply create(const Request& request) {
    const Arguments& given = request.arguments;
    OracleOptions options;
    options.compile = compile_options(given);
    const auto effort = parse_effort(given.text("effort"));
    if (!effort) {
        throw InvalidConfig("effort = '" + given.text("effort") + "': there is no such effort");
    }
    options.effort = *effort;
    options.cycle_limit = Cycles{given.long_integer("cycle_limit")};
    options.timeline = given.flag("timeline");
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

Reply advise(const Request& request) {
    Reply reply;
    reply.value = Json::array();
    for (const Advice& advice :
         request.object<Oracle>(0).advise(request.graph(1), batch_options(request, 0))) {
        reply.value.push_back({{"kind", to_string(advice.kind)},
                               {"subject", advice.subject},
                               {"text", advice.text},
                               {"saved_cycles", advice.saved.count()},
                               {"sram_bytes", advice.sram.count()},
                               {"channels", advice.channels}});
    }
    return reply;
}

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
        Function{"oracle.advise", advise},
        Function{"oracle.statistics", statistics},
    };
    return functions;
}

}  // namespace u65sim::python
