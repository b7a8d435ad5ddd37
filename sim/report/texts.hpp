// Texts of a page kept in a file of their own, apart from the code that finds their figures.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace u65sim::report {

/// The texts of one file. Each stands behind a line "@ NAME", up to the next one, its last line end
/// left out. A place for a value is {name} or {name:FORMAT}, as in fmt::format.
class Texts {
public:
    explicit Texts(std::string_view file);

    /// The text `name` with its places filled: fill("title", fmt::arg("count", 3)). Throws
    /// std::logic_error for a name that is not in the file, fmt::format_error for a place without
    /// a value.
    template <class... Values>
    [[nodiscard]] std::string fill(std::string_view name, const Values&... values) const {
        return fmt::format(fmt::runtime(find(name)), values...);
    }

private:
    [[nodiscard]] std::string_view find(std::string_view name) const;

    std::map<std::string, std::string, std::less<>> texts_;
};

}  // namespace u65sim::report
