#include "study/evaluate.hpp"

#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>

#include "study/measures.hpp"
#include "study/quantities.hpp"

namespace u65sim::study {
namespace {

bool matches(const Settings& where, const Settings& settings) {
    for (const auto& [key, value] : where) {
        const std::string* last = nullptr;
        for (const auto& [name, text] : settings) {
            if (name == key) last = &text;
        }
        if (!last || !same_value(*last, value)) return false;
    }
    return true;
}

void add_known(const Study::Plan& plan, const Settings& settings, StudyRow& row) {
    std::vector<std::optional<double>> known(plan.known_measures.size());
    for (const KnownFigures& figures : plan.known) {
        if (!matches(figures.where, settings)) continue;
        for (std::size_t at = 0; at < known.size(); ++at) {
            known[at] = figures.values.at(plan.known_measures[at]);
        }
        break;
    }
    row.measures.insert(row.measures.end(), known.begin(), known.end());
}

Variant variant_of(const Study::Plan& plan, const Settings& settings, const Networks& networks) {
    Variant variant = make_variant(settings, plan.folder);
    variant.changes.keep = plan.keep;
    variant.options.cache = networks.compile_cache();
    variant.target.validate();
    return variant;
}

/// Whether networks like this one were among those that effort quick's bounds are from.
bool is_quick_known(const Variant& variant) {
    return variant.options.effort == Effort::normal &&
           variant.options.compile == CompileOptions{} && variant.target.hypotheses().empty();
}

}  // namespace

StudyRow evaluate_point(const Study::Plan& plan, const Settings& settings, Networks& networks) {
    StudyRow row;
    row.settings = settings;
    const auto give_up = [&row](StudyRow::Status status, std::string_view reason) {
        row.status = status;
        row.reason = reason;
        row.measures.clear();
        return row;
    };
    try {
        const Variant variant = variant_of(plan, settings, networks);
        row.hypotheses = variant.target.hypotheses();
        const auto graph = networks.get(variant.network, variant.changes);
        const Report report = Oracle{variant.target, variant.options}.estimate(*graph);
        row.measures = measure(report, plan.energy);
        add_known(plan, settings, row);
    } catch (const DoesNotFit& error) {
        return give_up(StudyRow::Status::does_not_fit, error.what());
    } catch (const Error& error) {
        return give_up(StudyRow::Status::failed, error.what());
    } catch (const QuantityOverflow& error) {
        return give_up(StudyRow::Status::failed, error.what());
    } catch (const std::bad_alloc&) {
        return give_up(StudyRow::Status::failed, "out of memory");
    }
    return row;
}

std::optional<StudyRow> estimate_point(const Study::Plan& plan, const Settings& settings,
                                       Networks& networks) {
    StudyRow row;
    row.settings = settings;
    row.status = StudyRow::Status::estimated;
    try {
        Variant variant = variant_of(plan, settings, networks);
        if (!is_quick_known(variant)) return std::nullopt;
        variant.options.effort = Effort::quick;
        const auto graph = networks.get(variant.network, variant.changes);
        Report report = Oracle{variant.target, variant.options}.estimate(*graph);
        if (!report.runs_on_npu()) return std::nullopt;
        row.measures = measure(report, plan.energy);
        row.bounds = bounds(std::move(report));
        add_known(plan, settings, row);
    } catch (const std::exception&) {
        return std::nullopt;  // a simulation says what is wrong
    }
    for (std::size_t at = row.bounds.size(); at < row.measures.size(); ++at) {
        const auto& known = row.measures[at];
        row.bounds.push_back(known ? std::optional{StudyBounds{*known, *known}} : std::nullopt);
    }
    return row;
}

std::vector<StudyRow> evaluate_item(const Study::Plan& plan, const Task& task, Networks& networks) {
    const Item& item = plan.items.at(task.item);
    std::vector<StudyRow> rows;
    if (plan.search) {
        const auto with = [&](const std::string& value) {
            Settings settings = item.settings;
            settings.emplace_back(plan.search->key, value);
            return settings;
        };
        const Probe probe{
            [&](const std::string& value) { return evaluate_point(plan, with(value), networks); },
            [&](const std::string& value) { return estimate_point(plan, with(value), networks); }};
        rows = bisect(*plan.search, probe);
        if (rows.back().status == StudyRow::Status::unanswered)
            rows.back().settings = item.settings;
    } else {
        std::optional<StudyRow> row;
        if (plan.simulates_front && task.pass == Pass::first) {
            row = estimate_point(plan, item.settings, networks);
        }
        rows.push_back(row ? std::move(*row) : evaluate_point(plan, item.settings, networks));
        rows.back().role = item.role;
    }
    for (StudyRow& row : rows) row.item = task.item;
    return rows;
}

}  // namespace u65sim::study
