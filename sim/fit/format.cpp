// A fit as text and as JSON.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <u65sim/fit.hpp>

#include "report/format.hpp"
#include "validate/format.hpp"

namespace u65sim {
namespace {

using report::elided;
using report::wrapped;
using Verdict = FittedField::Verdict;

std::string verdict_text(const FittedField& field) {
    switch (field.verdict) {
        case Verdict::found:
            return "";
        case Verdict::above:
            return "only known to be above";
        case Verdict::below:
            return "only known to be below";
        case Verdict::undetermined:
            break;
    }
    return "NOT determined: any value within its bounds fits";
}

}  // namespace

std::string Fit::to_text() const {
    std::string out = fmt::format("{} fitted to {} rows in {} simulations\n\n", board.name,
                                  rows.size(), simulations);
    out += fmt::format("  {:<30}{:>12}{:>12}{:>12}  {}\n", "field", "value", "from", "to",
                       "99 % intervals");
    for (const FittedField& each : fields) {
        out += fmt::format("  {:<30}{:>12.5g}{:>12.5g}{:>12.5g}  {}\n", elided(each.key, 29),
                           each.value, each.low, each.high, each.unit);
        if (const std::string verdict = verdict_text(each); !verdict.empty()) {
            out += fmt::format("      {} ({:g} to {:g})\n", verdict, each.least, each.most);
        }
    }
    for (const FitTie& tie : ties) {
        out += wrapped(
            fmt::format("{} and {} cannot be told apart by these rows: they act alike ({:+.3f}), "
                        "only what they do together is known. Fix one of them, or measure "
                        "something that only one of them changes.",
                        tie.first, tie.second, tie.likeness),
            2);
    }
    for (const std::string& remark : remarks) out += wrapped(remark, 2);
    out += fmt::format("\n  {:<40}{:<16}{:>12}{:>12}{:>10}\n", "row", "", "measured", "fitted",
                       "error");
    for (const FitRow& row : rows) {
        out += fmt::format("  {:<40}{:<16}{:>12}{:>12}{:>+8.2f} %\n", elided(row.network, 39),
                           elided(row.counter, 15), validation::figure(row.measured, row.counter),
                           validation::figure(row.fitted, row.counter),
                           100.0 * (row.fitted / row.measured - 1.0));
    }
    out += fmt::format(
        "\n  scatter {:.2f} %; intervals for a noise of {:.2f} %. They tell the "
        "noise of the rows alone,\n  not the simulator's own error.\n",
        scatter_percent, noise_percent);
    return out;
}

std::string Fit::to_json() const {
    using Json = nlohmann::ordered_json;
    Json json = {{"board", board.name},
                 {"simulations", simulations},
                 {"scatter_percent", scatter_percent},
                 {"noise_percent", noise_percent},
                 {"confidence_percent", 99},
                 {"fields", Json::array()},
                 {"ties", Json::array()},
                 {"rows", Json::array()},
                 {"remarks", remarks}};
    for (const FittedField& each : fields) {
        json["fields"].push_back({{"key", each.key},
                                  {"unit", each.unit},
                                  {"value", each.value},
                                  {"low", each.low},
                                  {"high", each.high},
                                  {"least", each.least},
                                  {"most", each.most},
                                  {"verdict", to_string(each.verdict)}});
    }
    for (const FitTie& tie : ties) {
        json["ties"].push_back(
            {{"first", tie.first}, {"second", tie.second}, {"likeness", tie.likeness}});
    }
    for (const FitRow& row : rows) {
        json["rows"].push_back({{"network", row.network},
                                {"counter", row.counter},
                                {"measured", row.measured},
                                {"fitted", row.fitted}});
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace u65sim
