// The report as one page: its own JSON, and the viewer that draws it. Nothing is fetched.
#include <string_view>

#include <fmt/format.h>
#include <u65sim/report.hpp>

#include "report/html_viewer.hpp"

namespace u65sim {

namespace {

/// JSON that may stand inside <script>: "<" is written as its escape, which only strings hold.
std::string embeddable(std::string_view json) {
    std::string text;
    text.reserve(json.size());
    for (const char c : json) {
        if (c == '<') {
            text += "\\u003c";
        } else {
            text += c;
        }
    }
    return text;
}

}  // namespace

std::string report::html_page(const std::vector<std::string>& reports) {
    std::string page = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>u65sim report</title>\n"
        "<link rel=\"icon\" href=\"data:,\">\n<style>\n{}</style></head>\n<body>\n"
        "<script id=\"data\" type=\"application/json\">\n[",
        viewer_style());
    for (std::size_t i = 0; i < reports.size(); ++i) {
        if (i > 0) page += ',';
        page += embeddable(reports[i]);
    }
    page += "]\n</script>\n<script>\n";
    page += viewer_script();
    return page + "</script>\n</body></html>\n";
}

std::string Report::to_html() const { return report::html_page({to_json()}); }

}  // namespace u65sim
