// The HTML page in headless Chromium: what a reader sees, presses and hovers.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "support/skip.hpp"

using namespace u65sim;
using namespace u65sim::cli_test;
using Json = nlohmann::json;

namespace {

/// Runs in the page behind the viewer, uses it as a reader does, and leaves what came of it.
constexpr std::string_view probe_script = R"js(
<script>
const probe = {};
const rowsOf = id => [...document.querySelectorAll(`#${id} tbody tr`)].map(row => [...row.children].map(cell => cell.textContent));
const headsOf = id => [...document.querySelectorAll(`#${id} th`)];
const range = () => ['from', 'to'].map(key => Number(document.getElementById('timeline').dataset[key]));
const point = (target, kind, x, y, more) => {
  const box = target.getBoundingClientRect();
  target.dispatchEvent(new (kind === 'wheel' ? WheelEvent : kind.startsWith('pointer') ? PointerEvent : MouseEvent)(kind,
    {clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true, cancelable: true, ...more}));
};
const tipText = () => document.getElementById('tip').style.display === 'block' ? document.getElementById('tip').textContent : '';
const press = name => headsOf('operators').find(head => head.textContent === name).click();
probe.title = document.title;
probe.heads = headsOf('operators').map(head => head.textContent);
probe.untitled = [...document.querySelectorAll('th.sort, .card')].filter(each => !each.title).map(each => each.textContent);
probe.rows = rowsOf('operators');
probe.cards = Object.fromEntries([...document.querySelectorAll('.card')].map(card => [card.querySelector('span').textContent, card.querySelector('b').textContent]));
probe.marks = document.querySelectorAll('#roofline path.op').length;
probe.spilled = rowsOf('spilled').length;
probe.legends = [...document.querySelectorAll('.legend')].map(each => each.textContent);
probe.compared = rowsOf('compared');
probe.totals = rowsOf('totals');
probe.jointly = document.querySelectorAll('#joint rect.span').length;
probe.tabs = document.querySelectorAll('.tabs button').length;
if (document.getElementById('timeline')) {
  const canvas = document.querySelector('#timeline canvas');
  probe.whole = range();
  point(canvas, 'wheel', .6, .5, {deltaY: -120});
  probe.wheeled = range();
  document.querySelector('.zoom-in').click();
  probe.zoomed = range();
  point(canvas, 'pointerdown', .6, .5, {buttons: 1});
  point(canvas, 'pointermove', .5, .5, {buttons: 1});
  point(canvas, 'pointerup', .5, .5, {buttons: 0});
  probe.moved = range();
  point(canvas, 'dblclick', .5, .5, {});
  probe.all = range();
  point(canvas, 'pointermove', .7, .5 / 13, {buttons: 0});
  probe.spanTip = tipText();
  point(document.querySelector('#bandwidth canvas'), 'pointermove', .7, .5, {buttons: 0});
  probe.bandwidthTip = tipText();
}
point(document.querySelector('#roofline path.op'), 'mousemove', .5, .5, {});
probe.markTip = tipText();
press('cycles');
probe.descending = rowsOf('operators').map(row => row[probe.heads.indexOf('cycles')]);
press('cycles');
probe.ascending = rowsOf('operators').map(row => row[probe.heads.indexOf('cycles')]);
press('name');
probe.byName = rowsOf('operators').map(row => row[probe.heads.indexOf('name')]);
const search = document.getElementById('search');
const type = word => { search.value = word; search.dispatchEvent(new Event('input')); };
type('depthwise');
probe.found = rowsOf('operators').map(row => row[probe.heads.indexOf('name')]);
probe.dimmed = document.querySelectorAll('#roofline path.op.dim').length;
type('');
const entry = document.querySelector('#causes .entry');
probe.cause = entry.dataset.name;
entry.click();
probe.causeHeads = headsOf('operators').map(head => head.textContent);
probe.causeRows = rowsOf('operators');
document.querySelector('button.cause').click();
probe.again = rowsOf('operators').length;
probe.ceilings = [...document.querySelectorAll('#bandwidth .caption, #roofline li')].map(each => each.textContent);
probe.named = [...document.querySelectorAll('#roofline text.named')].map(each => each.textContent);
probe.overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
document.body.append(Object.assign(document.createElement('pre'), {id: 'probe', textContent: JSON.stringify(probe)}));
</script>
)js";

struct Page {
    std::string dom;
    std::vector<std::string> console;
};

bool has_chromium() {
    static const bool found = run_tool("chromium", {"--version"}).exit_code == 0;
    if (!found) u65sim::test::skip("chromium is not installed");
    return found;
}

Page open_page(const Folder& folder, const std::string& file) {
    const Outcome outcome =
        run_tool("chromium",
                 {"--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
                  "--user-data-dir=" + folder.file("profile"), "--window-size=1400,2000",
                  "--virtual-time-budget=5000", "--dump-dom", "file://" + file});
    Page page{outcome.out, {}};
    std::size_t at = 0;
    while (at < outcome.err.size()) {
        const std::size_t end = std::min(outcome.err.find('\n', at), outcome.err.size());
        std::string line = outcome.err.substr(at, end - at);
        if (line.find("CONSOLE") != std::string::npos) page.console.push_back(std::move(line));
        at = end + 1;
    }
    return page;
}

/// What the probe left, from a copy of the page with the probe behind it.
Json probe(const Folder& folder, const std::string& file) {
    const std::string copy = folder.file("probed.html");
    std::string page = read(file);
    page.insert(page.rfind("</body>"), probe_script);
    write(copy, page);
    const Page opened = open_page(folder, copy);
    CHECK(opened.console == std::vector<std::string>{});
    const std::string open = "<pre id=\"probe\">";
    const std::size_t begin = opened.dom.find(open);
    REQUIRE(begin != std::string::npos);
    const std::size_t end = opened.dom.find("</pre>", begin);
    std::string text = opened.dom.substr(begin + open.size(), end - begin - open.size());
    for (const auto& [code, plain] : {std::pair<std::string, std::string>{"&lt;", "<"},
                                      {"&gt;", ">"},
                                      {"&nbsp;", " "},
                                      {"&amp;", "&"}}) {
        for (std::size_t at = text.find(code); at != std::string::npos; at = text.find(code, at)) {
            text.replace(at, code.size(), plain);
            at += plain.size();
        }
    }
    return Json::parse(text);
}

std::string grouped(std::int64_t value) {
    std::string text = std::to_string(value);
    for (auto at = static_cast<std::int64_t>(text.size()) - 3; at > 0; at -= 3) {
        text.insert(static_cast<std::size_t>(at), ",");
    }
    return text;
}

std::int64_t ungrouped(std::string text) {
    text.erase(std::remove(text.begin(), text.end(), ','), text.end());
    return std::stoll(text);
}

std::size_t column(const Json& seen, const std::string& name) {
    const auto heads = seen.at("heads").get<std::vector<std::string>>();
    const auto at = std::find(heads.begin(), heads.end(), name);
    REQUIRE(at != heads.end());
    return static_cast<std::size_t>(at - heads.begin());
}

/// The table, the marks and the summary say what the JSON says.
void check_figures(const Json& seen, const Json& report) {
    const Json& operators = report.at("operators");
    REQUIRE(seen.at("rows").size() == operators.size());
    CHECK(seen.at("marks") == operators.size());
    for (std::size_t i = 0; i < operators.size(); ++i) {
        const Json& op = operators[i];
        const auto shows = [&](const char* heading, const char* key) {
            CHECK(seen.at("rows")[i][column(seen, heading)] == grouped(op.at(key)));
        };
        CHECK(seen.at("rows")[i][column(seen, "name")] == op.at("name"));
        CHECK(seen.at("rows")[i][column(seen, "type")] == op.at("type"));
        CHECK(seen.at("rows")[i][column(seen, "bound by")] == op.at("bound_by"));
        shows("start", "start_cycle");
        shows("cycles", "cycles");
        shows("MACs", "macs");
        shows("SRAM bytes", "sram_bytes");
        shows("DRAM bytes", "dram_bytes");
        shows("kernels", "kernels");
        shows("DMAs", "dmas");
    }
    const Json& cards = seen.at("cards");
    CHECK(cards.at("NPU cycles") == grouped(report.at("total").at("cycles")));
    CHECK(cards.at("latency") ==
          fmt::format("{:.3f} ms", report.at("total").at("latency_ms").get<double>()));
    CHECK(cards.at("spilled maps") == std::to_string(report.at("spills").size()));
    CHECK(seen.at("spilled") == report.at("spills").size());
}

void check_use(const Json& seen, const Json& report) {
    const auto range = [&](const char* key) {
        return seen.at(key).get<std::array<std::int64_t, 2>>();
    };
    const std::int64_t total = report.at("total").at("cycles");
    CHECK(range("whole") == std::array<std::int64_t, 2>{0, total});
    const auto length = [](const std::array<std::int64_t, 2>& each) { return each[1] - each[0]; };
    CHECK(std::abs(length(range("wheeled")) - total * 8 / 10) <= 2);
    CHECK(range("wheeled")[0] > 0);
    CHECK(range("wheeled")[1] < total);
    CHECK(std::abs(length(range("zoomed")) - length(range("wheeled")) / 2) <= 2);
    CHECK(range("moved")[0] > range("zoomed")[0]);
    CHECK(std::abs(length(range("moved")) - length(range("zoomed"))) <= 2);
    CHECK(range("all") == range("whole"));

    std::vector<std::int64_t> cycles;
    std::vector<std::string> names;
    for (const Json& op : report.at("operators")) {
        cycles.push_back(op.at("cycles"));
        names.push_back(op.at("name"));
    }
    const auto shown = [&](const char* key) {
        std::vector<std::int64_t> values;
        for (const Json& text : seen.at(key)) values.push_back(ungrouped(text));
        return values;
    };
    std::sort(cycles.begin(), cycles.end());
    CHECK(shown("ascending") == cycles);
    std::reverse(cycles.begin(), cycles.end());
    CHECK(shown("descending") == cycles);
    auto by_name = seen.at("byName").get<std::vector<std::string>>();
    CHECK(by_name.front() != names.front());
    CHECK(std::is_permutation(by_name.begin(), by_name.end(), names.begin(), names.end()));

    CHECK(seen.at("untitled").empty());
    const std::string span = seen.at("spanTip");
    CHECK(span.find("operators: ") == 0);
    CHECK(span.find("cycles") != std::string::npos);
    CHECK(seen.at("bandwidthTip").get<std::string>().find("B/cycle") != std::string::npos);
    const std::string mark = seen.at("markTip");
    CHECK(mark.find("MACs a cycle") != std::string::npos);
    CHECK(mark.find("bound by") != std::string::npos);
}

/// What a reader looks for is found: operators by a word and by a cause, limits with their fields.
void check_search(const Json& seen, const Json& report) {
    std::size_t depthwise = 0, with_cause = 0;
    const std::string cause = seen.at("cause");
    for (const Json& op : report.at("operators")) {
        depthwise += op.at("type") == "DEPTHWISE_CONV_2D" ? 1 : 0;
        with_cause += op.at("stalls").at(cause) > 0 ? 1 : 0;
    }
    CHECK(seen.at("found").size() == depthwise);
    CHECK(seen.at("dimmed") == report.at("operators").size() - depthwise);
    CHECK(seen.at("causeRows").size() == with_cause);
    const auto heads = seen.at("causeHeads").get<std::vector<std::string>>();
    const auto at = std::find(heads.begin(), heads.end(), cause + " cycles");
    REQUIRE(at != heads.end());
    std::int64_t last = report.at("total").at("cycles");
    for (const Json& row : seen.at("causeRows")) {
        const std::int64_t cycles = ungrouped(row[static_cast<std::size_t>(at - heads.begin())]);
        CHECK(cycles <= last);
        last = cycles;
    }
    CHECK(seen.at("again") == report.at("operators").size());
    const std::string lowest = report.at("dram").at("ceilings")[0].at("text");
    const Json& said = seen.at("ceilings");
    CHECK(std::count_if(said.begin(), said.end(), [&](const Json& text) {
              return text.get<std::string>().find(lowest) != std::string::npos;
          }) == 2);
    CHECK_FALSE(seen.at("named").empty());
    CHECK(seen.at("overflow") == 0);
}

}  // namespace

TEST_CASE(
    "The page opens without a word on the console, shows the JSON's figures, zooms and sorts") {
    if (!has_chromium()) return;
    const std::vector<std::vector<std::string>> networks{{"mobilenet_v2_224"},
                                                         {"vgg19_224", "--set", "dram.size=64MiB"}};
    for (const std::vector<std::string>& network : networks) {
        CAPTURE(network.front());
        const Folder folder;
        std::vector<std::string> arguments{"run"};
        arguments.insert(arguments.end(), network.begin(), network.end());
        const auto with = [&](std::vector<std::string> more) {
            more.insert(more.begin(), arguments.begin(), arguments.end());
            return run(more);
        };
        const std::string html = folder.file("report.html");
        REQUIRE(with({"--format", "html", "-o", html}).exit_code == 0);
        const Json report = Json::parse(with({"--format", "json"}).out);
        const std::string text = read(html);
        for (const char* link : {"src=", "@import", "https:", "fetch(", "url(h"}) {
            CHECK(text.find(link) == std::string::npos);
        }
        const Json seen = probe(folder, html);
        check_figures(seen, report);
        check_use(seen, report);
        check_search(seen, report);
    }
}

TEST_CASE("Two reports make one page that sets them side by side") {
    if (!has_chromium()) return;
    const Folder folder;
    const std::string small = folder.file("small.json"), large = folder.file("large.json");
    const auto keep = [](const std::string& target, const std::string& file) {
        const Outcome kept =
            run({"run", "ds_cnn", "--target", target, "-f", "json", "--timeline", "-o", file});
        REQUIRE(kept.exit_code == 0);
    };
    keep("u65-256", small);
    keep("u65-512", large);
    const std::string html = folder.file("both.html");
    REQUIRE(run({"compare", small, large, "-f", "html", "-o", html}).exit_code == 0);
    const Json a = Json::parse(read(small)), b = Json::parse(read(large));
    const Json seen = probe(folder, html);
    check_figures(seen, a);
    CHECK(seen.at("tabs") == 2);
    CHECK(seen.at("jointly") == a.at("timeline").at("tracks")[0].at("spans").size() +
                                    b.at("timeline").at("tracks")[0].at("spans").size());
    CHECK(seen.at("compared").size() == a.at("operators").size());
    bool found = false;
    for (const Json& row : seen.at("totals")) {
        if (row[0] == "target: accelerator.cores")
            CHECK(row == Json({"target: accelerator.cores", "1", "2"}));
        if (row[0] != "NPU cycles") continue;
        found = true;
        CHECK(row[1] == grouped(a.at("total").at("cycles")));
        CHECK(row[2].get<std::string>().find(grouped(b.at("total").at("cycles"))) == 0);
    }
    CHECK(found);
}
