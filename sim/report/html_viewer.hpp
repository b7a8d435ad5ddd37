// The page that shows reports: its files of sim/report/html as they were when the library was
// built.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace u65sim::report {

std::string_view viewer_style();
std::string_view viewer_script();
/// Makes the headings of tables of the class `sortable` sort them; for pages with static tables.
std::string_view sort_script();
/// One page for the JSON of one or more reports.
std::string html_page(const std::vector<std::string>& reports);

}  // namespace u65sim::report
