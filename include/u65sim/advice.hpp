// What Oracle::advise() found, beside the report that it is about, for people and for programs.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <u65sim/oracle.hpp>
#include <u65sim/report.hpp>

namespace u65sim {

struct AdviceReport {
    static constexpr int schema_version = 1;
    Report report;
    std::vector<Advice> advice;  ///< the largest saving first

    /// The largest operators, what is left to the CPU, what limits the memories, and the first
    /// `most` pieces of advice.
    [[nodiscard]] std::string to_text(std::size_t most = 20) const;
    /// The same with all of the advice, under the keys of docs/report.md.
    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] std::string to_html() const;  ///< one page that needs nothing else
};

}  // namespace u65sim
