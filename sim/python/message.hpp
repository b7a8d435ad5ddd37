// What goes between the Python package and the library: a request, a reply, and the objects that
// Python holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>
#include <u65sim/advice.hpp>
#include <u65sim/blocks.hpp>
#include <u65sim/compile.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/report.hpp>
#include <u65sim/simulate.hpp>
#include <u65sim/study.hpp>
#include <u65sim/target.hpp>

namespace u65sim::python {

using Json = nlohmann::json;

/// An argument of a type or value that the function cannot take: Python's TypeError.
class WrongArgument : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

/// What Python holds: one of the library's values. All but oracles, builders and evaluators never
/// change.
using Object =
    std::variant<std::shared_ptr<const Target>, std::shared_ptr<const Graph>,
                 std::shared_ptr<const CompiledNetwork>, std::shared_ptr<const Simulation>,
                 std::shared_ptr<const Report>, std::shared_ptr<Oracle>,
                 std::shared_ptr<GraphBuilder>, std::shared_ptr<const Study>,
                 std::shared_ptr<const StudyResults>, std::shared_ptr<const BlockStudy>,
                 std::shared_ptr<const AdviceReport>, std::shared_ptr<StudyEvaluator>>;

/// Arguments by name. Each function throws WrongArgument for a missing one or another type.
class Arguments {
public:
    explicit Arguments(Json values) : values_(std::move(values)) {}

    [[nodiscard]] bool has(std::string_view key) const;  ///< given, and not None
    [[nodiscard]] std::string text(std::string_view key) const;
    [[nodiscard]] bool flag(std::string_view key) const;
    [[nodiscard]] double number(std::string_view key) const;
    [[nodiscard]] std::int64_t long_integer(std::string_view key) const;
    [[nodiscard]] std::int32_t integer(std::string_view key) const;
    [[nodiscard]] std::uint64_t seed(std::string_view key) const;
    [[nodiscard]] std::vector<std::int32_t> integers(std::string_view key) const;
    [[nodiscard]] std::vector<double> numbers(std::string_view key) const;
    [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
    /// A group of arguments.
    [[nodiscard]] Arguments group(std::string_view key) const;
    [[nodiscard]] const Json& at(std::string_view key) const;

    /// The enumerator among `all` whose to_string() is the argument.
    template <class Enum>
    [[nodiscard]] Enum one_of(std::string_view key, std::initializer_list<Enum> all) const {
        const std::string given = text(key);
        std::string known;
        for (const Enum each : all) {
            if (to_string(each) == given) return each;
            known += (known.empty() ? "" : ", ") + std::string{to_string(each)};
        }
        throw WrongArgument(std::string{key} + " = '" + given + "': must be one of " + known);
    }

private:
    Json values_;
};

struct Request {
    Arguments arguments;
    std::vector<const Object*> objects;
    std::vector<std::span<const std::uint8_t>> buffers;
    /// Empty, or called now and then with what is done and what there is; false ends the work.
    std::function<bool(std::size_t done, std::size_t all)> progress;

    template <class Type>
    [[nodiscard]] Type& object(std::size_t index) const {
        if (index < objects.size()) {
            const auto* const held = std::get_if<std::shared_ptr<Type>>(objects[index]);
            if (held != nullptr) return **held;
        }
        throw WrongArgument("object " + std::to_string(index) + " is missing or of another type");
    }
    [[nodiscard]] const Target& target(std::size_t index) const {
        return object<const Target>(index);
    }
    [[nodiscard]] const Graph& graph(std::size_t index) const { return object<const Graph>(index); }
    [[nodiscard]] std::vector<std::uint8_t> bytes(std::size_t index) const;
};

struct Reply {
    Json value;
    std::vector<Object> objects;
    std::vector<std::string> buffers;
};

template <class Type>
Object hold(Type value) {
    return std::make_shared<const Type>(std::move(value));
}
Reply text_reply(std::string text);
Reply bytes_reply(const std::vector<std::uint8_t>& bytes);

struct Function {
    std::string_view name;
    Reply (*call)(const Request&);
};
/// The functions of each subject, in files of its name.
std::span<const Function> target_functions();
std::span<const Function> graph_functions();
std::span<const Function> builder_functions();
std::span<const Function> transform_functions();
std::span<const Function> compile_functions();
std::span<const Function> execute_functions();
std::span<const Function> report_functions();
std::span<const Function> oracle_functions();
std::span<const Function> block_functions();
std::span<const Function> study_functions();

/// Name of the Python exception, and text.
struct Failure {
    std::string_view type;
    std::string text;
};
Failure describe(const std::exception_ptr& error);

/// A graph, and what Python shows of it without asking again.
Reply graph_reply(Graph graph);
/// A report, and its main figures.
Json report_summary(const Report& report);
CompileOptions compile_options(const Arguments& arguments);
Effort effort_of(const Arguments& arguments);

}  // namespace u65sim::python
