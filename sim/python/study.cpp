// What-if studies.
#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/study.hpp>

#include "message.hpp"

namespace u65sim::python {

namespace {

Reply study_reply(Study study) {
    Reply reply;
    reply.value = {{"title", study.title()}, {"items", study.items()}};
    reply.objects.push_back(hold(std::move(study)));
    return reply;
}

const Study& study_of(const Request& request) { return request.object<const Study>(0); }

Reply read(const Request& request) {
    return study_reply(Study::read(std::filesystem::path{request.arguments.text("file")}));
}

Reply read_text(const Request& request) {
    const Arguments& given = request.arguments;
    return study_reply(
        Study::read_text(given.text("text"), given.text("origin"), given.text("folder")));
}

std::size_t count_of(const Arguments& given, std::string_view key) {
    const std::int32_t count = given.integer(key);
    if (count < 0) {
        throw InvalidConfig(std::string{key} + " = " + std::to_string(count) + ": below 0");
    }
    return static_cast<std::size_t>(count);
}

Reply sample(const Request& request) {
    return study_reply(study_of(request).sample(count_of(request.arguments, "count")));
}

Reply settings(const Request& request) {
    const Study& study = study_of(request);
    const std::size_t item = count_of(request.arguments, "item");
    if (item >= study.items()) {
        throw InvalidConfig("item = " + std::to_string(item) + ": the study has " +
                            std::to_string(study.items()));
    }
    return {study.settings(item), {}, {}};
}

Json row_of(const StudyRow& row) {
    Json measures = Json::object();
    const std::vector<StudyMeasure> known = study_measures();
    for (std::size_t i = 0; i < known.size() && i < row.measures.size(); ++i) {
        measures[known[i].key] = row.measures[i] ? Json(*row.measures[i]) : Json{};
    }
    Json bounds = Json::object();
    for (std::size_t i = 0; i < known.size() && i < row.bounds.size(); ++i) {
        if (row.bounds[i]) bounds[known[i].key] = {row.bounds[i]->least, row.bounds[i]->most};
    }
    return {{"item", row.item},
            {"role", to_string(row.role)},
            {"status", to_string(row.status)},
            {"settings", row.settings},
            {"measures", measures},
            {"reason", row.reason},
            {"bounds", bounds},
            {"hypotheses", row.hypotheses}};
}

Reply results_reply(StudyResults results) {
    Reply reply;
    reply.value = {
        {"rows", results.rows.size()}, {"pareto", results.pareto_front()}, {"effort", nullptr}};
    if (const auto effort = results.effort()) {
        reply.value["effort"] = {{"simulated", effort->simulated},
                                 {"estimated", effort->estimated},
                                 {"misses", effort->misses}};
    }
    reply.objects.push_back(hold(std::move(results)));
    return reply;
}

Reply run(const Request& request) {
    const Arguments& given = request.arguments;
    StudyOptions options;
    options.jobs = static_cast<unsigned>(count_of(given, "jobs"));
    options.resume = given.flag("resume");
    options.shard = count_of(given, "shard");
    options.shards = count_of(given, "shards");
    options.progress = [&request](const StudyProgress& progress) {
        if (request.progress && !request.progress(progress.done, progress.total)) {
            throw Cancelled("the study was ended by its caller");
        }
    };
    const Study& study = study_of(request);
    return results_reply(given.has("folder") ? run_study(study, given.text("folder"), options)
                                             : run_study(study, options));
}

/// Lines of a buffer, each with its end.
std::vector<std::string> lines_of(const Request& request) {
    std::vector<std::string> lines;
    if (request.buffers.empty()) return lines;
    const auto bytes = request.buffers[0];
    std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    return lines;
}

Reply points(const Request& request) {
    Reply reply;
    reply.value = Json::array();
    std::string text;
    for (const StudyPoint& point : study_points(study_of(request), lines_of(request))) {
        reply.value.push_back(point.item);
        text += point.text + '\n';
    }
    reply.buffers.push_back(std::move(text));
    return reply;
}

Reply evaluator(const Request&) {
    Reply reply;
    reply.objects.emplace_back(std::make_shared<StudyEvaluator>());
    return reply;
}

Reply evaluate(const Request& request) {
    return text_reply(request.object<StudyEvaluator>(0).evaluate(request.arguments.text("point")));
}

Reply collect(const Request& request) {
    const Arguments& given = request.arguments;
    return results_reply(collect_study(study_of(request), lines_of(request),
                                       given.has("folder")
                                           ? std::filesystem::path{given.text("folder")}
                                           : std::filesystem::path{}));
}

Reply merge(const Request& request) {
    std::vector<std::filesystem::path> folders;
    for (const std::string& folder : request.arguments.texts("folders")) {
        folders.emplace_back(folder);
    }
    StudyOptions options;
    options.jobs = static_cast<unsigned>(count_of(request.arguments, "jobs"));
    return results_reply(
        merge_study(study_of(request), folders, request.arguments.text("folder"), options));
}

const StudyResults& results_of(const Request& request) {
    return request.object<const StudyResults>(0);
}
Reply rows(const Request& request) {
    Json rows = Json::array();
    for (const StudyRow& row : results_of(request).rows) rows.push_back(row_of(row));
    return {std::move(rows), {}, {}};
}
Reply text(const Request& request) { return text_reply(results_of(request).to_text()); }
Reply csv(const Request& request) { return text_reply(results_of(request).to_csv()); }
Reply json(const Request& request) { return text_reply(results_of(request).to_json()); }
Reply html(const Request& request) { return text_reply(results_of(request).to_html()); }

Reply keys(const Request&) {
    Json axes = Json::array();
    for (const StudyKey& key : study_keys()) {
        axes.push_back(
            {{"key", key.key}, {"unit", key.unit}, {"summary", key.summary}, {"range", key.range}});
    }
    Json measures = Json::array();
    for (const StudyMeasure& measure : study_measures()) {
        measures.push_back({{"key", measure.key},
                            {"unit", measure.unit},
                            {"summary", measure.summary},
                            {"larger_is_better", measure.larger_is_better}});
    }
    return {{{"keys", std::move(axes)}, {"measures", std::move(measures)}}, {}, {}};
}

}  // namespace

std::span<const Function> study_functions() {
    static constexpr std::array functions{
        Function{"study.read", read},         Function{"study.read_text", read_text},
        Function{"study.sample", sample},     Function{"study.settings", settings},
        Function{"study.run", run},           Function{"study.merge", merge},
        Function{"study.text", text},         Function{"study.csv", csv},
        Function{"study.json", json},         Function{"study.html", html},
        Function{"study.keys", keys},         Function{"study.points", points},
        Function{"study.collect", collect},   Function{"study.evaluator", evaluator},
        Function{"study.evaluate", evaluate}, Function{"study.rows", rows},
    };
    return functions;
}

}  // namespace u65sim::python
