// What-if studies.
#include <array>
#include <filesystem>
#include <string>
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
    return {{"item", row.item},
            {"role", to_string(row.role)},
            {"status", to_string(row.status)},
            {"settings", row.settings},
            {"measures", measures},
            {"reason", row.reason},
            {"hypotheses", row.hypotheses}};
}

Reply results_reply(StudyResults results) {
    Json rows = Json::array();
    for (const StudyRow& row : results.rows) rows.push_back(row_of(row));
    Reply reply;
    reply.value = {{"rows", std::move(rows)}, {"pareto", results.pareto_front()}};
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

Reply merge(const Request& request) {
    std::vector<std::filesystem::path> folders;
    for (const std::string& folder : request.arguments.texts("folders")) {
        folders.emplace_back(folder);
    }
    return results_reply(merge_study(study_of(request), folders, request.arguments.text("folder")));
}

const StudyResults& results_of(const Request& request) {
    return request.object<const StudyResults>(0);
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
        Function{"study.read", read},     Function{"study.read_text", read_text},
        Function{"study.sample", sample}, Function{"study.settings", settings},
        Function{"study.run", run},       Function{"study.merge", merge},
        Function{"study.text", text},     Function{"study.csv", csv},
        Function{"study.json", json},     Function{"study.html", html},
        Function{"study.keys", keys},
    };
    return functions;
}

}  // namespace u65sim::python
