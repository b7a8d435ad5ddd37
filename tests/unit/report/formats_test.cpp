#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include <u65sim/text.hpp>

#include "report/format.hpp"
#include "unit/report/sample.hpp"

using namespace u65sim;
using nlohmann::json;

namespace {

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> result;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) result.push_back(line);
    return result;
}

}  // namespace

TEST_CASE("Numbers are grouped, sized and cut for reading") {
    CHECK(report::grouped(0) == "0");
    CHECK(report::grouped(999) == "999");
    CHECK(report::grouped(1'000) == "1,000");
    CHECK(report::grouped(-1'234'567) == "-1,234,567");
    CHECK(report::readable(1023_B) == "1023 B");
    CHECK(report::readable(384_KiB) == "384.0 KiB");
    CHECK(report::readable(32_MiB) == "32.00 MiB");
    CHECK(report::percent(1, 3) == "33.3 %");
    CHECK(report::percent(0, 0) == "-");
    CHECK(report::bar(1, 1000, 40) == "#");
    CHECK(report::bar(0, 1000, 40).empty());
    CHECK(report::bar(1000, 1000, 40).size() == 40);
    CHECK(report::elided("short", 8) == "short");
    CHECK(report::elided("mobilenet/block_1/expand", 12) == "mob../expand");
}

TEST_CASE("A name that carries control characters cannot move the reader's cursor") {
    CHECK(report::elided("a\033[2Jb\nc", 20) == "a?[2Jb?c");
    CHECK(report::elided("\u009B2J", 20) == "?2J");
}

TEST_CASE("Names are cut between characters, so that reports stay UTF-8") {
    std::string name;
    for (int i = 0; i < 60; ++i) name += "\xC3\xB6\xE2\x82\xAC";  // two and three bytes
    for (std::size_t width = 0; width < 40; ++width) {
        CAPTURE(width);
        const std::string cut = report::elided(name, width);
        CHECK(cut.size() <= width);
        CHECK(printable(cut) == cut);
    }
    for (const std::string& line : lines(report::wrapped(name, 3))) CHECK(printable(line) == line);
}

TEST_CASE("The text fits 100 columns even with names and reasons that do not") {
    CompiledNetwork network = sample::network();
    network.name = std::string(300, 'n');
    network.producer = std::string(300, 'p');
    network.spills[0].tensor = std::string(300, 't');
    network.spills[0].reason += std::string(300, 'r');
    network.cpu_operators[0].reason = std::string(50, 'a') + ' ' + std::string(150, 'b');
    for (CommandLabel& label : network.segments[0].labels) {
        label.op_name = std::string(200, 'o') + label.op_name;
    }
    Target target = sample::target();
    target.name = std::string(200, 'x');
    for (const std::string& line :
         lines(make_report(network, target, sample::simulation()).to_text())) {
        CAPTURE(line);
        CHECK(line.size() <= 100);
        CHECK((line.empty() || line.back() != ' '));
    }
}

TEST_CASE("The text says at a glance how long, how full and what was spilled") {
    const std::string text = sample::report().to_text();
    CAPTURE(text);
    CHECK(text.find("0.001 ms = 1,000 cycles") != std::string::npos);
    CHECK(text.find("50.0 % of the array's 256 MACs a cycle in use") != std::string::npos);
    CHECK(text.find("peak 300.0 KiB of 384.0 KiB") != std::string::npos);
    CHECK(text.find("1 feature map, 400.0 KiB in all, 800.0 KiB of traffic") != std::string::npos);
    CHECK(text.find("393,216 B arena full at second") != std::string::npos);
    CHECK(text.find("shuffle (TRANSPOSE): no kernel for rank 5") != std::string::npos);
    CHECK(text.find("69.0 %  ############################") != std::string::npos);
}

TEST_CASE("The JSON has the keys other tools rely on, with numbers as numbers") {
    const json report = json::parse(sample::report().to_json());
    CHECK(report.at("schema_version") == Report::schema_version);
    const json& model = report.at("model");
    CHECK(model.at("name") == "sample");
    CHECK(model.at("macs") == 128'000);
    CHECK(model.at("parameters") == 900);
    CHECK(model.at("file_bytes") == 2000);
    CHECK(model.at("npu_operators") == 2);
    CHECK(model.at("cpu_operators").at(0).at("name") == "shuffle");
    CHECK(model.at("cpu_operators").at(0).at("type") == "TRANSPOSE");
    CHECK(model.at("cpu_operators").at(0).at("reason") == "no kernel for rank 5");
    CHECK(report.at("total").at("cycles") == 1000);
    CHECK(report.at("total").at("latency_ms") == Approx(0.001));
    CHECK(report.at("total").at("mac_utilization") == Approx(0.5));
    CHECK(report.at("sram").at("capacity_bytes") == 384 * 1024);
    CHECK(report.at("sram").at("peak_bytes") == 300 * 1024);
    CHECK(report.at("sram").at("read_bytes") == 3000);
    CHECK(report.at("sram").at("write_bytes") == 800);
    const json& dram = report.at("dram");
    CHECK(dram.at("capacity_bytes") == 32 * 1024 * 1024);
    CHECK(dram.at("used_bytes") == dram.at("model_bytes").get<std::int64_t>() +
                                       dram.at("activation_bytes").get<std::int64_t>());
    CHECK(dram.at("encoded_weight_bytes") == 800);
    CHECK(dram.at("read_bytes") == 800 + 400 * 1024);
    CHECK(dram.at("write_bytes") == 400 * 1024);
    CHECK(report.at("pmu").at("NPU_ACTIVE") == 1000);
    CHECK(report.at("stalls").size() == cause_count);
    std::int64_t sum = 0;
    for (const auto& [cause, cycles] : report.at("stalls").items()) {
        sum += cycles.get<std::int64_t>();
    }
    CHECK(sum == 1000);
    const json& spill = report.at("spills").at(0);
    for (const char* key : {"tensor", "bytes", "reason", "producer", "consumers", "start_cycle",
                            "dram_read_bytes", "dram_write_bytes"}) {
        CAPTURE(key);
        CHECK(spill.contains(key));
    }
    const json& op = report.at("operators").at(0);
    for (const char* key : {"name", "type", "start_cycle", "end_cycle", "macs", "mac_utilization",
                            "bound_by", "block"}) {
        CAPTURE(key);
        CHECK(op.contains(key));
    }
    CHECK(report.at("target").at("sram").at("size") == 384 * 1024);
    CHECK(report.at("target").at("dram").at("bandwidth") == 3.75);
    CHECK(report.at("target").at("accelerator").at("clock") == 1'000'000'000);
    CHECK(report.at("target").at("memory").at("ideal") == false);
}

TEST_CASE("A target named like a number stays text in the JSON") {
    Target target = sample::target();
    target.name = "65";
    const json report =
        json::parse(make_report(sample::network(), target, sample::simulation()).to_json());
    CHECK(report.at("target").at("name") == "65");
}

TEST_CASE("Names that are no UTF-8 still make valid JSON") {
    CompiledNetwork network = sample::network();
    network.name = "bad\xFF\xC0name";
    const std::string text = make_report(network, sample::target(), sample::simulation()).to_json();
    CHECK(json::accept(text));
}

TEST_CASE("Equal reports give equal bytes") {
    CHECK(sample::report() == sample::report());
    CHECK(sample::report().to_json() == sample::report().to_json());
    CHECK(sample::report().to_text() == sample::report().to_text());
    CHECK(sample::report().to_csv() == sample::report().to_csv());
}

TEST_CASE("The CSV has one header and a row an operator, quoting what would break a row") {
    CompiledNetwork network = sample::network();
    network.segments[0].labels[0].op_name = "a,\"b\"";
    const auto rows = lines(make_report(network, sample::target(), sample::simulation()).to_csv());
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].starts_with("name,type,start_cycle,end_cycle,cycles,macs,mac_utilization"));
    CHECK(rows[1].starts_with("\"a,\"\"b\"\"\",CONV_2D,10,420,400,100000,"));
    CHECK(std::count(rows[0].begin(), rows[0].end(), ',') ==
          std::count(rows[2].begin(), rows[2].end(), ','));
}

TEST_CASE("A field that a spreadsheet would compute is shown instead") {
    CHECK(report::csv_field("=1+1") == "'=1+1");
    CHECK(report::csv_field("=HYPERLINK(\"x\",1)") == "\"'=HYPERLINK(\"\"x\"\",1)\"");
    CHECK(report::csv_field("@cmd") == "'@cmd");
    CHECK(report::csv_field("+a") == "'+a");
    CHECK(report::csv_field("-a") == "'-a");
    CHECK(report::csv_field("\tx") == "'\tx");
    CHECK(report::csv_field("\uFF1D1") == "'\uFF1D1");
    CHECK(report::csv_field("-1.5") == "-1.5");
    CHECK(report::csv_field("+2e3") == "+2e3");
    CHECK(report::csv_field("a=b") == "a=b");
    CHECK(report::csv_field("'=x") == "'=x");
}

TEST_CASE("Causes and channels have distinct names") {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < cause_count; ++i) names.push_back(to_string(static_cast<Cause>(i)));
    for (std::size_t i = 0; i < channel_count; ++i) {
        names.push_back(to_string(static_cast<Channel>(i)));
    }
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("Port traffic splits by direction and adds up") {
    PortTraffic traffic;
    for (std::size_t i = 0; i < channel_count; ++i) {
        traffic.beats[i] = 1 << i;
        traffic.bytes[i] = Bytes{16 << i};
    }
    CHECK(traffic.read_beats() == 0b0011111);
    CHECK(traffic.write_beats() == 0b1100000);
    CHECK(traffic.read_bytes() == Bytes{16 * 0b0011111});
    CHECK(traffic.write_bytes() == Bytes{16 * 0b1100000});
    traffic += traffic;
    CHECK(traffic.write_beats() == 2 * 0b1100000);
}
