// What a reader sees instead of a report where a memory has no room for the network.
#include <u65sim/room.hpp>

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/html_viewer.hpp"
#include "report/svg.hpp"

namespace u65sim {
namespace {

using report::escaped;
using report::grouped;
using report::readable;

std::string card(std::string_view name, std::string_view value, std::string_view more) {
    return fmt::format("<div class=\"card\"><span>{}</span><b>{}</b><small>{}</small></div>\n",
                       name, value, more);
}

std::string cards(const DoesNotFit::Need& need) {
    const std::int64_t all = need.model + need.activations;
    return "<div class=\"cards\">\n" + card("needed", readable(Bytes{all}), grouped(all) + " B") +
           card("there is", readable(Bytes{need.limit}), escaped(need.field)) +
           card("too much", readable(Bytes{all - need.limit}),
                report::percent(all - need.limit, need.limit) + " of what there is") +
           card("model", readable(Bytes{need.model}), "weights, scales, command streams") +
           card("activations", readable(Bytes{need.activations}),
                "feature maps alive at one time") +
           "</div>\n";
}

std::string largest(const DoesNotFit::Need& need) {
    std::string out =
        "<h2>What is largest</h2>\n<div class=\"scroll\"><table class=\"sortable\"><thead><tr><th>"
        "what</th><th class=\"n\">bytes</th><th class=\"n\">of what there is</th></tr></thead>"
        "<tbody>\n";
    for (const DoesNotFit::Part& part : need.largest) {
        out += fmt::format(
            "<tr><td class=\"wrap\">{}</td><td class=\"n\" data-value=\"{}\">{}</td><td "
            "class=\"n\" data-value=\"{}\">{}</td></tr>\n",
            escaped(part.name), part.bytes, grouped(part.bytes), part.bytes,
            report::percent(part.bytes, need.limit));
    }
    return out + "</tbody></table></div>\n";
}

}  // namespace

std::string does_not_fit_html(std::string_view network, const Target& target,
                              const DoesNotFit& error) {
    const std::string title = fmt::format("{} does not fit {}", network, target.name);
    std::string out = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
        "name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n<link "
        "rel=\"icon\" href=\"data:,\">\n<style>\n{1}</style></head>\n<body>\n<h1>{0}</h1>\n<p>{2}. "
        "It has no latency there.</p>\n",
        escaped(title), report::viewer_style(), escaped(error.what()));
    if (const auto& need = error.need()) out += cards(*need) + largest(*need);
    return out + fmt::format("<script>\n{}</script>\n</body></html>\n", report::sort_script());
}

}  // namespace u65sim
