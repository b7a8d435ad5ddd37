#include "study/evaluate.hpp"

#include <new>

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
        Variant variant = make_variant(settings, plan.folder);
        variant.changes.keep = plan.keep;
        variant.options.cache = networks.compile_cache();
        variant.target.validate();
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

std::vector<StudyRow> evaluate_item(const Study::Plan& plan, std::size_t index,
                                    Networks& networks) {
    const Item& item = plan.items.at(index);
    std::vector<StudyRow> rows;
    if (plan.search) {
        rows = bisect(*plan.search, [&](const std::string& value) {
            Settings settings = item.settings;
            settings.emplace_back(plan.search->key, value);
            return evaluate_point(plan, settings, networks);
        });
        if (rows.back().status == StudyRow::Status::unanswered)
            rows.back().settings = item.settings;
    } else {
        rows.push_back(evaluate_point(plan, item.settings, networks));
        rows.back().role = item.role;
    }
    for (StudyRow& row : rows) row.item = index;
    return rows;
}

}  // namespace u65sim::study
