// From a board and rows to its fitted fields.
#include <u65sim/fit.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "fit/model.hpp"
#include "fit/search.hpp"
#include "target/fields.hpp"
#include "target/quantity_text.hpp"
#include "validate/format.hpp"
#include "validate/streams.hpp"

namespace u65sim {
namespace {

using fitting::Best;
using fitting::Measurement;
using fitting::Model;
using fitting::Parameter;
using fitting::Point;

constexpr std::size_t most_fields = 6;
/// Cosine from which two columns of slopes count as one.
constexpr double alike = 0.95;

/// By how much wider intervals are than their distribution says: a descent beside a fixed value
/// does not always find the least sum, so that value is refused too early. Without it 96.5 to 99.5
/// % of 200 intervals of made-up boards held the truth (tests/peers/fit_coverage.py).
constexpr double safety = 1.25;

/// Student's t for 99 % on both sides, of 1 to 10 degrees of freedom, then towards the normal.
double student_99(std::size_t freedom) {
    constexpr std::array t{63.66, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.250, 3.169};
    if (freedom <= t.size()) return t[std::max<std::size_t>(freedom, 1) - 1];
    return 2.576 + 6.0 / static_cast<double>(freedom);
}
constexpr double normal_99 = 2.576;

Parameter parameter_of(const std::string& key, std::string_view low, std::string_view high,
                       const Target& board) {
    const fields::Field* field = fields::find(key);
    if (!field) throw InvalidConfig(fields::unknown_key(key));
    const auto least = fields::number(*field, low);
    const auto most = fields::number(*field, high);
    Target copy = board;
    if (!least || !most || !(*least < *most) || !field->set(copy, low) || !field->set(copy, high) ||
        fields::direction(key) == 0) {
        throw InvalidConfig(fmt::format(
            "free = {}={}..{}: must be a field that is a number, with two of its values, the "
            "lower first; each must be {}",
            key, low, high, field->range));
    }
    Parameter parameter;
    parameter.key = key;
    parameter.unit = field->unit;
    parameter.least = *least;
    parameter.most = *most;
    parameter.logarithmic = *least > 0.0 && *most / *least >= 2.0;
    parameter.whole = field->unit == "cycles" || field->unit == "bursts" || field->unit == "Hz";
    parameter.host = key.starts_with("host.");
    return parameter;
}

std::vector<Parameter> parameters_of(const Target& board, const std::vector<std::string>& free) {
    std::vector<Parameter> parameters;
    for (const std::string& each : free) {
        const std::size_t equals = each.find('=');
        const std::string key(text::trim(each.substr(0, equals)));
        if (!fields::find(key)) throw InvalidConfig(fields::unknown_key(key));
        if (equals != std::string::npos) {
            const std::string range = each.substr(equals + 1);
            const std::size_t dots = range.find("..");
            if (dots == std::string::npos) {
                throw InvalidConfig(fmt::format("free = {}: must be KEY or KEY=LOW..HIGH", each));
            }
            parameters.push_back(parameter_of(key, text::trim(range.substr(0, dots)),
                                              text::trim(range.substr(dots + 2)), board));
            continue;
        }
        const FieldSource* source = fields::source_of(board, *fields::find(key));
        if (!source || source->low.empty()) {
            throw InvalidConfig(fmt::format(
                "free = {}: has no range in the board: must be {}=LOW..HIGH", key, key));
        }
        parameters.push_back(parameter_of(key, source->low, source->high, board));
    }
    if (free.empty()) {
        for (const fields::Field& field : fields::table()) {
            const FieldSource* source = fields::source_of(board, field);
            if (source && source->kind == FieldSource::Kind::assumed && !source->low.empty() &&
                source->low != source->high) {
                parameters.push_back(parameter_of(field.key, source->low, source->high, board));
            }
        }
    }
    if (parameters.empty()) {
        throw InvalidConfig(
            "nothing to find: the board has no assumed field with a range, and none is given");
    }
    if (parameters.size() > most_fields) {
        throw InvalidConfig(fmt::format("{} fields to find: must be at most {}; name some of them",
                                        parameters.size(), most_fields));
    }
    for (auto each = parameters.begin(); each != parameters.end(); ++each) {
        if (std::any_of(parameters.begin(), each,
                        [&](const Parameter& other) { return other.key == each->key; })) {
            throw InvalidConfig(fmt::format("free = {}: must be given once", each->key));
        }
    }
    return parameters;
}

/// The rows with their streams compiled for `known` and their machines as `board` is.
std::vector<Measurement> measurements_of(const Target& board, const Target& known,
                                         const ValidationPlan& rows, validation::Streams& streams,
                                         std::vector<std::string>& remarks) {
    std::vector<Measurement> measurements;
    for (const ValidationRow& row : rows.rows) {
        if (row.kind != ReferenceKind::figure) continue;
        Measurement measurement;
        measurement.name = validation::network_name(row.network);
        if (!row.label.empty()) measurement.name += ", " + row.label;
        measurement.counter = row.counter;
        measurement.value = row.reference;
        measurement.target = board;
        Target compiled_for = known;
        try {
            for (const std::string& each : row.settings) {
                measurement.target.set(each);
                compiled_for.set(each);
            }
            measurement.target.validate();
            measurement.stream = streams.of(row, compiled_for);
        } catch (const validation::Absent& absent) {
            remarks.push_back(fmt::format("{} is left out: {}", measurement.name, absent.reason));
            continue;
        } catch (const InvalidConfig& error) {
            throw InvalidConfig(fmt::format("{}: {}", row.place, error.what()));
        }
        measurements.push_back(std::move(measurement));
    }
    if (measurements.empty()) {
        throw InvalidConfig("no row to fit: must be figures of networks whose files are there");
    }
    return measurements;
}

bool same_streams(const std::vector<Measurement>& left, const std::vector<Measurement>& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const Measurement& a, const Measurement& b) {
                          return a.stream.segments == b.stream.segments;
                      });
}

/// The board with the values of a point.
Target with_values(Target board, const std::vector<Parameter>& parameters, const Point& point) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        fields::assign(board, parameters[i].key,
                       fitting::field_text(parameters[i], parameters[i].value(point[i])));
    }
    return board;
}

/// What the sum of squares may grow by, and the noise that this rests on.
struct Allowance {
    double sum = 0.0, noise = 0.0;
};
Allowance allowance(double sum, std::size_t rows, std::size_t fields,
                    std::optional<double> noise_percent, std::vector<std::string>& remarks) {
    const std::size_t freedom = rows > fields ? rows - fields : 0;
    const double seen = freedom ? std::sqrt(sum / static_cast<double>(freedom)) : 0.0;
    if (!noise_percent) {
        if (freedom == 0) {
            throw InvalidConfig(fmt::format(
                "{} rows for {} fields: must be more rows than fields where the noise of the "
                "measurements is not given",
                rows, fields));
        }
        const double t = safety * student_99(freedom);
        // Figures are whole cycles and times are printed in few digits.
        const double noise = std::max(seen, 1e-3);
        return {noise * noise * t * t, noise};
    }
    const double stated = *noise_percent / 100.0;
    // By chance the scatter is hardly ever twice the noise.
    if (freedom > 0 && seen > 2.0 * stated) {
        remarks.push_back(fmt::format(
            "the rows scatter {:.1f} % about the fit, far more than the stated noise of {:g} %: "
            "the board does something that these fields do not describe; the intervals rest on "
            "the scatter",
            100.0 * seen, *noise_percent));
        const double t = safety * student_99(freedom);
        return {seen * seen * t * t, seen};
    }
    const double normal = safety * normal_99;
    return {stated * stated * normal * normal, stated};
}

FittedField fitted_field(Model& model, const Best& best, std::size_t index, double allowed) {
    const Parameter& parameter = model.parameters()[index];
    const fitting::Ends ends = fitting::profile(model, best, index, allowed);
    FittedField field;
    field.key = parameter.key;
    field.unit = parameter.unit;
    field.value = parameter.value(best.point[index]);
    field.low = parameter.value(ends.low);
    field.high = parameter.value(ends.high);
    field.least = parameter.least;
    field.most = parameter.most;
    using Verdict = FittedField::Verdict;
    field.verdict = ends.reaches_low && ends.reaches_high ? Verdict::undetermined
                    : ends.reaches_high                   ? Verdict::above
                    : ends.reaches_low                    ? Verdict::below
                                                          : Verdict::found;
    return field;
}

/// Fields whose slopes point the same way or the opposite one, and of which neither is known well.
std::vector<FitTie> ties_of(Model& model, const Best& best, const std::vector<FittedField>& found) {
    const fitting::Jacobian slopes = fitting::jacobian(model, best.point);
    const auto product = [&](std::size_t a, std::size_t b) {
        double sum = 0.0;
        for (const auto& row : slopes) sum += row[a] * row[b];
        return sum;
    };
    std::vector<FitTie> ties;
    for (std::size_t a = 0; a < found.size(); ++a) {
        for (std::size_t b = a + 1; b < found.size(); ++b) {
            const double size = std::sqrt(product(a, a) * product(b, b));
            if (size <= 0.0) continue;
            const double likeness = product(a, b) / size;
            const bool known = found[a].verdict == FittedField::Verdict::found &&
                               found[b].verdict == FittedField::Verdict::found;
            if (std::abs(likeness) >= (known ? 0.99 : alike)) {
                ties.push_back({found[a].key, found[b].key, likeness});
            }
        }
    }
    return ties;
}

Target fitted_board(const Target& board, Model& model, const Fit& fit, const Best& best) {
    Target result = board;
    for (std::size_t i = 0; i < fit.fields.size(); ++i) {
        const FittedField& found = fit.fields[i];
        if (found.verdict == FittedField::Verdict::undetermined) continue;
        const Parameter& parameter = model.parameters()[i];
        const fields::Field& field = *fields::find(found.key);
        const auto text_of = [&](double value) {
            Target copy = board;
            field.set(copy, fitting::field_text(parameter, value));
            return field.get(copy);
        };
        fields::assign(result, found.key,
                       fitting::field_text(parameter, parameter.value(best.point[i])));
        fields::set_source(result, {found.key, field.get(result), FieldSource::Kind::measured,
                                    fmt::format("fitted to {} rows, 99 %", fit.rows.size()),
                                    text_of(found.low), text_of(found.high)});
    }
    return result;
}

Point start_of(const std::vector<Parameter>& parameters, const Target& board) {
    Point start;
    for (const Parameter& parameter : parameters) {
        const fields::Field& field = *fields::find(parameter.key);
        const auto value = fields::number(field, field.get(board));
        const double inside =
            std::clamp(value.value_or(parameter.least), parameter.least, parameter.most);
        start.push_back(parameter.scaled(inside));
    }
    return start;
}

}  // namespace

std::string_view to_string(FittedField::Verdict verdict) {
    switch (verdict) {
        case FittedField::Verdict::found:
            return "found";
        case FittedField::Verdict::above:
            return "above";
        case FittedField::Verdict::below:
            return "below";
        case FittedField::Verdict::undetermined:
            return "undetermined";
    }
    throw std::logic_error("to_string(FittedField::Verdict): not a verdict");
}

namespace {

struct Found {
    std::unique_ptr<Model> model;
    Best best;
    std::size_t simulations = 0;  ///< of all rounds
};

/// Our compiler plans by the board's numbers, so what it makes changes with them: streams are
/// compiled anew for what was found until that changes nothing, and the best round counts.
Found find(const Target& board, const ValidationPlan& rows, const FitOptions& options,
           std::vector<std::string>& remarks) {
    constexpr int most_rounds = 6;
    const std::vector<Parameter> parameters = parameters_of(board, options.free);
    validation::Streams streams(options.variable);
    Found found;
    Target known = board;
    Point start = start_of(parameters, board);
    std::vector<Measurement> last;
    for (int round = 0; round < most_rounds; ++round) {
        std::vector<std::string> said;
        std::vector<Measurement> measurements = measurements_of(board, known, rows, streams, said);
        if (round == 0) remarks = std::move(said);
        if (round > 0 && same_streams(measurements, last)) break;
        last = measurements;
        auto model = std::make_unique<Model>(parameters, std::move(measurements), options.progress);
        Best best = round == 0 ? fitting::search(*model, start, options.seed)
                               : fitting::descend(*model, start);
        found.simulations += model->simulations();
        start = best.point;
        known = with_values(board, parameters, start);
        if (found.model && best.sum >= found.best.sum) continue;
        found.model = std::move(model);
        found.best = std::move(best);
    }
    found.simulations -= found.model->simulations();  // counted to its end by the caller
    return found;
}

}  // namespace

Fit fit(const Target& board, const ValidationPlan& rows, const FitOptions& options) {
    board.validate();
    if (options.noise_percent && !(*options.noise_percent > 0.0 && *options.noise_percent <= 50)) {
        throw InvalidConfig(fmt::format("noise = {}: must be above 0 and at most 50 percent",
                                        *options.noise_percent));
    }
    Fit result;
    const Found found = find(board, rows, options, result.remarks);
    Model& model = *found.model;
    const Best& best = found.best;
    const std::size_t count = model.measurements().size();
    const Allowance allowed = allowance(best.sum, count, model.parameters().size(),
                                        options.noise_percent, result.remarks);
    for (std::size_t i = 0; i < model.parameters().size(); ++i) {
        result.fields.push_back(fitted_field(model, best, i, allowed.sum));
    }
    result.ties = ties_of(model, best, result.fields);
    const std::vector<double> figures = model.figures(best.point);
    for (std::size_t i = 0; i < count; ++i) {
        const Measurement& each = model.measurements()[i];
        result.rows.push_back({each.name, each.counter, each.value, figures[i]});
    }
    result.scatter_percent = 100.0 * std::sqrt(best.sum / static_cast<double>(count));
    result.noise_percent = 100.0 * allowed.noise;
    result.simulations = found.simulations + model.simulations();
    result.board = fitted_board(board, model, result, best);
    return result;
}

}  // namespace u65sim
