// What a plan says about itself.
#include "study/plan.hpp"

#include <filesystem>
#include <set>

#include <u65sim/error.hpp>
#include <u65sim/files.hpp>
#include <u65sim/report.hpp>

#include "base/hash.hpp"

namespace u65sim {

std::vector<std::string> Study::Plan::measure_names() const {
    std::vector<std::string> names;
    for (const StudyMeasure& each : study_measures()) names.push_back(each.key);
    names.insert(names.end(), known_measures.begin(), known_measures.end());
    return names;
}

const std::string& Study::title() const { return plan_->title; }

std::size_t Study::items() const { return plan_->items.size(); }

const std::vector<StudySetting>& Study::settings(std::size_t item) const {
    return plan_->items.at(item).settings;
}

Study Study::sample(std::size_t count) const {
    auto plan = std::make_shared<Plan>(*plan_);
    const std::size_t all = plan_->items.size();
    if (count == 0) throw InvalidConfig("a sample of 0 items: must be at least 1");
    if (count < all) {
        plan->items.clear();
        plan->sampled_from = all;
        for (std::size_t index = 0; index < count; ++index) {
            const std::size_t at = count == 1 ? 0 : index * (all - 1) / (count - 1);
            plan->items.push_back(plan_->items[at]);
        }
    }
    Study study;
    study.plan_ = std::move(plan);
    return study;
}

std::uint64_t Study::hash() const {
    Hasher hasher;
    hasher.add(version());
    hasher.add(plan_->text);
    std::set<std::string> files;
    for (const study::Item& item : plan_->items) {
        for (const auto& [key, value] : item.settings) {
            hasher.add(std::string_view{key});
            hasher.add(std::string_view{value});
            if (key == "network" || key == "target") {
                files.insert(study::resolved_network(value, plan_->folder));
            }
        }
    }
    std::error_code ignored;
    for (const std::string& file : files) {
        if (std::filesystem::is_regular_file(file, ignored)) {
            hasher.add(read_file(file).text());
        }
    }
    return hasher.digest();
}

}  // namespace u65sim
