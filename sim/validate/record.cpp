// How the boards' rows came out when the library was released: configs/records/boards.json.
#include <nlohmann/json.hpp>

#include <u65sim/validate.hpp>

#include "config/embedded.hpp"
#include "validate/format.hpp"

namespace u65sim {

namespace {

std::optional<double> optional(const nlohmann::json& value) {
    return value.is_number() ? std::optional{value.get<double>()} : std::nullopt;
}

ReferenceKind kind_of(const std::string& text) {
    for (const ReferenceKind kind : {ReferenceKind::upper_bound, ReferenceKind::lower_bound}) {
        if (text == to_string(kind)) return kind;
    }
    return ReferenceKind::figure;
}

}  // namespace

std::vector<RecordedRow> recorded_rows(std::string_view target) {
    const config::EmbeddedFile* file = config::find_embedded("records", "boards");
    std::vector<RecordedRow> rows;
    if (!file) return rows;
    const nlohmann::json record = nlohmann::json::parse(file->text);
    for (const nlohmann::json& row : record.at("rows")) {
        if (row.at("target").get<std::string>() != target || !row.at("ours").is_number()) continue;
        rows.push_back({validation::network_name(row.at("network").get<std::string>()),
                        row.at("target").get<std::string>(), row.at("counter").get<std::string>(),
                        row.at("source").get<std::string>(), row.at("ours").get<double>(),
                        row.at("reference").get<double>(), optional(row.at("low")),
                        optional(row.at("high")), kind_of(row.at("kind").get<std::string>())});
    }
    return rows;
}

}  // namespace u65sim
