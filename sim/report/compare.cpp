#include <u65sim/compare.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <u65sim/error.hpp>
#include <u65sim/report.hpp>

#include "report/format.hpp"
#include "report/html_viewer.hpp"

namespace u65sim {

namespace {

using Json = nlohmann::ordered_json;
using report::elided;
using report::grouped;
using report::readable;

/// Keys of a report read with the file's name in every complaint.
class Reader {
public:
    Reader(std::string origin, const std::string& text) : origin_(std::move(origin)) {
        root_ = Json::parse(text, nullptr, false);
        if (root_.is_discarded()) fail("is no JSON: give a file of 'u65sim run -f json'");
        const Json& version = at(root_, "schema_version", "schema_version");
        if (version != Report::schema_version) {
            fail(fmt::format("schema_version = {}: must be {}", version.dump(),
                             Report::schema_version));
        }
    }
    [[nodiscard]] const Json& root() const { return root_; }
    [[nodiscard]] const Json& at(const Json& object, const char* key, std::string_view path) const {
        const auto found = object.is_object() ? object.find(key) : object.end();
        if (!object.is_object() || found == object.end()) {
            fail(fmt::format("{}: missing: must be a report of 'u65sim run -f json'", path));
        }
        return *found;
    }
    [[nodiscard]] const Json& at(std::string_view path) const {
        const Json* json = &root_;
        std::string_view rest = path;
        while (!rest.empty()) {
            const std::size_t dot = std::min(rest.find('.'), rest.size());
            json = &at(*json, std::string{rest.substr(0, dot)}.c_str(), path);
            rest.remove_prefix(std::min(dot + 1, rest.size()));
        }
        return *json;
    }
    [[nodiscard]] std::int64_t integer(const Json& value, std::string_view path) const {
        if (!value.is_number_integer()) {
            fail(fmt::format("{} = {}: must be a whole number", path, value.dump().substr(0, 40)));
        }
        return value.get<std::int64_t>();
    }
    [[nodiscard]] std::string text(const Json& value, std::string_view path) const {
        if (!value.is_string()) {
            fail(fmt::format("{} = {}: must be text", path, value.dump().substr(0, 40)));
        }
        return value.get<std::string>();
    }
    [[nodiscard]] const Json& list(std::string_view path) const {
        const Json& value = at(path);
        if (!value.is_array()) fail(fmt::format("{}: must be a list", path));
        return value;
    }
    [[noreturn]] void fail(const std::string& message) const {
        throw InvalidConfig(fmt::format("{}: {}", origin_, message));
    }

private:
    std::string origin_;
    Json root_;
};

struct Figure {
    const char* name;
    const char* path;
    bool bytes;
};
constexpr std::array figures{
    Figure{"NPU cycles", "total.cycles", false},
    Figure{"MACs", "model.macs", false},
    Figure{"parameters", "model.parameters", false},
    Figure{"encoded weights", "dram.encoded_weight_bytes", true},
    Figure{"SRAM peak", "sram.peak_bytes", true},
    Figure{"SRAM read", "sram.read_bytes", true},
    Figure{"SRAM written", "sram.write_bytes", true},
    Figure{"DRAM used", "dram.used_bytes", true},
    Figure{"DRAM read", "dram.read_bytes", true},
    Figure{"DRAM written", "dram.write_bytes", true},
};

ComparedRun read_run(const std::string& origin, const std::string& text) {
    const Reader reader{origin, text};
    ComparedRun run{.origin = origin, .json = text};
    run.network = reader.text(reader.at("model.name"), "model.name");
    run.target = reader.text(reader.at("target.name"), "target.name");
    const Json& latency = reader.at("total.latency_ms");
    if (latency.is_number()) {
        run.latency_ms = latency.get<double>();
    } else if (!latency.is_null()) {
        reader.fail("total.latency_ms: must be a number, or null where the NPU runs nothing");
    }
    for (const Figure& figure : figures) {
        run.figures.emplace_back(figure.name, reader.integer(reader.at(figure.path), figure.path));
    }
    run.figures.emplace_back("spilled maps",
                             static_cast<std::int64_t>(reader.list("spills").size()));
    const Json& stalls = reader.at("stalls");
    if (!stalls.is_object()) reader.fail("stalls: must be an object");
    for (const auto& [cause, cycles] : stalls.items()) {
        run.stalls.emplace_back(cause, reader.integer(cycles, "stalls." + cause));
    }
    for (const Json& op : reader.list("operators")) {
        const auto key = [&](const char* name) -> const Json& {
            return reader.at(op, name, fmt::format("operators[].{}", name));
        };
        run.operators.push_back({reader.text(key("name"), "operators[].name"),
                                 reader.text(key("type"), "operators[].type"),
                                 reader.text(key("bound_by"), "operators[].bound_by"),
                                 reader.integer(key("cycles"), "operators[].cycles"),
                                 reader.integer(key("dram_bytes"), "operators[].dram_bytes")});
    }
    return run;
}

/// An operator of any run, with what each run says of it.
struct Joined {
    std::string name, type;
    std::vector<const ComparedRun::Operator*> runs;

    [[nodiscard]] std::int64_t cycles(std::size_t run) const {
        return runs[run] != nullptr ? runs[run]->cycles : 0;
    }
    [[nodiscard]] std::string bound_by(std::size_t run) const {
        return runs[run] != nullptr && !runs[run]->bound_by.empty() ? runs[run]->bound_by : "-";
    }
    [[nodiscard]] std::int64_t largest_difference() const {
        std::int64_t largest = 0;
        for (std::size_t i = 1; i < runs.size(); ++i) {
            largest = std::max(largest, std::abs(cycles(i) - cycles(0)));
        }
        return largest;
    }
};

/// Operators by name, those whose cycles differ most first.
std::vector<Joined> joined(const std::vector<ComparedRun>& runs) {
    std::vector<Joined> all;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        for (const ComparedRun::Operator& op : runs[i].operators) {
            auto found = std::find_if(all.begin(), all.end(), [&](const Joined& each) {
                return each.name == op.name && each.runs[i] == nullptr;
            });
            if (found == all.end()) {
                all.push_back({op.name, op.type,
                               std::vector<const ComparedRun::Operator*>(runs.size(), nullptr)});
                found = all.end() - 1;
            }
            found->runs[i] = &op;
        }
    }
    std::stable_sort(all.begin(), all.end(), [](const Joined& a, const Joined& b) {
        return a.largest_difference() > b.largest_difference();
    });
    return all;
}

char letter(std::size_t run) { return static_cast<char>('A' + run % 26); }

std::string change(double value, double base) {
    if (base == 0.0 || value == base) return value == base ? "=" : "new";
    return fmt::format("{:+.1f} %", 100.0 * (value / base - 1.0));
}

constexpr std::size_t shown_runs = 3;  ///< that 100 columns hold

std::string line(std::string_view name, const std::vector<std::string>& values,
                 const std::vector<std::string>& changes) {
    std::string out = fmt::format("  {:<18}", name);
    for (std::size_t i = 0; i < values.size(); ++i) {
        out += fmt::format("{:>14}", values[i]);
        if (i > 0) out += fmt::format(" {:>11}", changes[i]);
    }
    return out + '\n';
}

/// Fields of the target, dotted.
void flatten(const Json& value, const std::string& key,
             std::vector<std::pair<std::string, std::string>>& fields) {
    if (!value.is_object()) {
        fields.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
        return;
    }
    for (const auto& [name, inner] : value.items()) {
        flatten(inner, key.empty() ? name : fmt::format("{}.{}", key, name), fields);
    }
}

/// A line a field of the target that is not the same everywhere.
std::string settings_that_differ(const std::vector<ComparedRun>& runs, std::size_t count) {
    std::vector<std::vector<std::pair<std::string, std::string>>> fields(count);
    for (std::size_t i = 0; i < count; ++i) {
        flatten(Json::parse(runs[i].json).at("target"), "", fields[i]);
    }
    std::string out;
    for (const auto& [key, base] : fields[0]) {
        std::string text = fmt::format("  {:<20}{:>12}", elided(key, 20), elided(base, 12));
        bool differs = false;
        for (std::size_t i = 1; i < count; ++i) {
            const auto at =
                std::find_if(fields[i].begin(), fields[i].end(),
                             [&, name = key](const auto& each) { return each.first == name; });
            const std::string other = at != fields[i].end() ? at->second : "-";
            differs = differs || other != base;
            text += fmt::format("{:>14}{:12}", elided(other, 14), "");
        }
        text.erase(text.find_last_not_of(' ') + 1);
        if (differs) out += elided(text, 100) + '\n';
    }
    return out.empty() ? out : "\ntargets differ in\n" + out;
}

/// The text of a comparison: the first runs side by side.
class ComparisonText {
public:
    explicit ComparisonText(const Comparison& comparison)
        : runs_(comparison.runs), count_(std::min(runs_.size(), shown_runs)) {}

    std::string write() {
        add_heading();
        add_latency();
        for (std::size_t k = 0; k < runs_.front().figures.size(); ++k) {
            const bool bytes = k < figures.size() && figures[k].bytes;
            add_row(
                runs_.front().figures[k].first,
                [k](const ComparedRun& run) { return run.figures[k].second; },
                [bytes](std::int64_t value) {
                    return bytes ? readable(Bytes{value}) : grouped(value);
                });
        }
        out_ += settings_that_differ(runs_, count_);
        add_causes();
        add_operators();
        return out_;
    }

private:
    void add_heading() {
        for (std::size_t i = 0; i < runs_.size(); ++i) {
            out_ += fmt::format("{}  {} on {} ({}){}\n", letter(i), elided(runs_[i].network, 34),
                                elided(runs_[i].target, 20), elided(runs_[i].origin, 30),
                                i >= count_ ? ", json and html only" : "");
            if (!is_like_first(runs_[i])) {
                out_ += fmt::format(
                    "   warning: {} is another network than A, the changes are those of networks\n",
                    letter(i));
            }
        }
        std::vector<std::string> letters, changes;
        for (std::size_t i = 0; i < count_; ++i) {
            letters.emplace_back(1, letter(i));
            changes.emplace_back(i > 0 ? "against A" : "");
        }
        out_ += '\n' + line("", letters, changes);
    }

    /// Whether a run's network may be the first one's, changed: half of the operators have names
    /// that the first one knows.
    [[nodiscard]] bool is_like_first(const ComparedRun& run) const {
        std::set<std::string_view> names;
        for (const ComparedRun::Operator& op : runs_.front().operators) names.insert(op.name);
        const auto shared = std::count_if(run.operators.begin(), run.operators.end(),
                                          [&](const auto& op) { return names.contains(op.name); });
        return 2 * static_cast<std::size_t>(shared) >= run.operators.size();
    }

    void add_latency() {
        std::vector<std::string> values, changes;
        for (std::size_t i = 0; i < count_; ++i) {
            const std::optional<double>& base = runs_[0].latency_ms;
            const std::optional<double>& now = runs_[i].latency_ms;
            values.push_back(now ? fmt::format("{:.3f} ms", *now) : "none");
            changes.push_back(now && base ? change(*now, *base) : "-");
        }
        out_ += line("latency", values, changes);
    }

    template <class Value, class Shown>
    void add_row(std::string_view name, Value value, Shown shown) {
        std::vector<std::string> values, changes;
        for (std::size_t i = 0; i < count_; ++i) {
            values.push_back(shown(value(runs_[i])));
            changes.push_back(
                change(static_cast<double>(value(runs_[i])), static_cast<double>(value(runs_[0]))));
        }
        out_ += line(name, values, changes);
    }

    void add_causes() {
        out_ += "\ncycles by cause\n";
        for (const auto& [cause, base] : runs_.front().stalls) {
            const auto cycles = [&cause = cause](const ComparedRun& run) {
                const auto at = std::find_if(run.stalls.begin(), run.stalls.end(),
                                             [&](const auto& each) { return each.first == cause; });
                return at != run.stalls.end() ? at->second : std::int64_t{0};
            };
            if (std::any_of(runs_.begin(), runs_.end(),
                            [&](const ComparedRun& run) { return cycles(run) != 0; })) {
                add_row(cause, cycles, grouped);
            }
        }
    }

    void add_operators() {
        const std::vector<Joined> operators = joined(runs_);
        const auto differing = static_cast<std::size_t>(
            std::count_if(operators.begin(), operators.end(),
                          [](const Joined& each) { return each.largest_difference() != 0; }));
        constexpr std::size_t most = 25;
        out_ += fmt::format("\noperators: {} of {} differ{}\n", differing, operators.size(),
                            differing > most ? fmt::format(", the {} that differ most", most) : "");
        for (std::size_t k = 0; k < std::min(differing, most); ++k) add_operator(operators[k]);
    }

    void add_operator(const Joined& each) {
        std::string text = fmt::format("  {:<22}", elided(each.name, 22));
        for (std::size_t i = 0; i < count_; ++i) {
            text += fmt::format(" {:>11}", each.runs[i] != nullptr ? grouped(each.cycles(i)) : "-");
            if (i > 0) {
                const std::int64_t more = each.cycles(i) - each.cycles(0);
                text += fmt::format(" {:>11}", (more > 0 ? "+" : "") + grouped(more));
            }
        }
        const std::string before = each.bound_by(0), after = each.bound_by(1);
        if (count_ == 2 && before != after) text += fmt::format("  {} -> {}", before, after);
        out_ += elided(text, 100) + '\n';
    }

    const std::vector<ComparedRun>& runs_;
    std::size_t count_;  ///< of those shown
    std::string out_;
};

}  // namespace

Comparison compare_reports(const std::vector<std::pair<std::string, std::string>>& reports) {
    if (reports.size() < 2) {
        throw InvalidConfig(
            fmt::format("{} reports to compare: must be two or more", reports.size()));
    }
    Comparison comparison;
    for (const auto& [origin, text] : reports) comparison.runs.push_back(read_run(origin, text));
    return comparison;
}

std::string Comparison::to_text() const { return ComparisonText{*this}.write(); }

std::string Comparison::to_json() const {
    Json all = Json::array();
    for (const ComparedRun& run : runs) {
        Json json = {{"origin", run.origin}, {"network", run.network}, {"target", run.target}};
        json["latency_ms"] = run.latency_ms ? Json(*run.latency_ms) : Json(nullptr);
        for (std::size_t k = 0; k < figures.size(); ++k) {
            json[figures[k].path] = run.figures[k].second;
        }
        json["spills"] = run.figures.back().second;
        Json stalls = Json::object();
        for (const auto& [cause, cycles] : run.stalls) stalls[cause] = cycles;
        json["stalls"] = std::move(stalls);
        all.push_back(std::move(json));
    }
    Json operators = Json::array();
    for (const Joined& each : joined(runs)) {
        Json cycles = Json::array();
        Json bound_by = Json::array();
        for (const ComparedRun::Operator* op : each.runs) {
            cycles.push_back(op != nullptr ? Json(op->cycles) : Json(nullptr));
            bound_by.push_back(op != nullptr ? Json(op->bound_by) : Json(nullptr));
        }
        operators.push_back({{"name", each.name},
                             {"type", each.type},
                             {"cycles", std::move(cycles)},
                             {"bound_by", std::move(bound_by)}});
    }
    const Json json = {{"runs", std::move(all)}, {"operators", std::move(operators)}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string Comparison::to_html() const {
    std::vector<std::string> reports;
    for (const ComparedRun& run : runs) reports.push_back(run.json);
    return report::html_page(reports);
}

}  // namespace u65sim
