// Records of a study's points that were evaluated elsewhere.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/study.hpp>

#include "study/ledger.hpp"
#include "study/plan.hpp"

namespace u65sim::study {

class Records {
public:
    /// `lines` are journals' lines, in any order and as often as they came; they must outlive this.
    /// Throws InvalidConfig for those of another study, and for two of one point that differ.
    Records(const Study& study, const std::vector<std::string>& lines);

    /// Points that have no record, as Ledger::left().
    [[nodiscard]] std::vector<Task> left() { return ledger_.left(); }
    /// What counts of the lines, in a journal's order.
    [[nodiscard]] std::vector<const std::string*> lines() const;
    StudyResults results() && { return std::move(ledger_).results(); }

private:
    Ledger ledger_;
    std::map<std::size_t, const std::string*> first_, simulated_;  ///< by item
};

}  // namespace u65sim::study
