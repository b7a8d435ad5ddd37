// Traces and value change dumps, held against their formats and against the report.
#include <catch2/catch.hpp>

#include <cstdio>
#include <map>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"

using namespace u65sim::cli_test;
using Json = nlohmann::json;

namespace {

/// Changes of every signal of a value change dump, by full name.
struct Dump {
    std::map<std::string, std::vector<std::pair<std::int64_t, std::string>>> signals;
    std::int64_t end = 0;
};

Dump parse_dump(const std::string& text) {
    Dump dump;
    std::map<std::string, std::string> names;
    std::vector<std::string> scopes;
    std::istringstream in{text};
    std::int64_t last = -1;
    bool header = true;
    for (std::string line; std::getline(in, line);) {
        std::istringstream words{line};
        std::string word;
        if (!(words >> word)) continue;
        if (word == "$scope") {
            std::string kind, name;
            words >> kind >> name;
            scopes.push_back(name);
        } else if (word == "$upscope") {
            scopes.pop_back();
        } else if (word == "$var") {
            std::string kind, width, code, name;
            words >> kind >> width >> code >> name;
            names[code] = (scopes.empty() ? "" : scopes.back() + ".") + name;
        } else if (word == "$enddefinitions") {
            header = false;
        } else if (header) {
            continue;
        } else if (word[0] == '#') {
            dump.end = std::stoll(word.substr(1));
            CHECK(dump.end > last);
            last = dump.end;
        } else if (word[0] == '0' || word[0] == '1') {
            dump.signals[names.at(word.substr(1))].emplace_back(dump.end, word.substr(0, 1));
        } else if (word[0] == 'b') {
            std::string code;
            words >> code;
            dump.signals[names.at(code)].emplace_back(dump.end, word.substr(1));
        }
    }
    return dump;
}

/// Cycles in which a one-bit signal was up.
std::int64_t time_up(const Dump& dump, const std::string& name) {
    std::int64_t total = 0, since = -1;
    for (const auto& [time, value] : dump.signals.at(name)) {
        if (value == "1" && since < 0) since = time;
        if (value == "0" && since >= 0) {
            total += time - since;
            since = -1;
        }
    }
    return since < 0 ? total : total + dump.end - since;
}

}  // namespace

TEST_CASE("The trace keeps to the trace event format, field by field, with a thread a unit") {
    const Folder folder;
    const std::string file = folder.file("trace.json");
    const Json report =
        Json::parse(run({"run", "ds_cnn", "--trace", file, "--format", "json"}).out);
    const Json trace = Json::parse(read(file));
    REQUIRE(trace.is_object());
    CHECK(trace.at("displayTimeUnit") == "ns");
    CHECK(trace.at("otherData").at("total_cycles") == report.at("total").at("cycles"));
    const double end = report.at("total").at("latency_ms").get<double>() * 1000.0;
    std::map<std::int64_t, std::string> threads;
    std::map<std::int64_t, double> last;
    std::map<std::string, std::int64_t> port_bytes;
    std::set<std::string> operators;
    std::size_t spans = 0, counters = 0;
    for (const Json& event : trace.at("traceEvents")) {
        REQUIRE(event.at("name").is_string());
        REQUIRE(event.at("pid").is_number_integer());
        const std::string phase = event.at("ph");
        if (phase == "M") {
            const std::string name = event.at("name");
            CHECK((name == "process_name" || name == "thread_name" || name == "thread_sort_index"));
            if (name == "thread_name") {
                threads[event.at("tid")] = event.at("args").at("name").get<std::string>();
            }
            continue;
        }
        REQUIRE(event.at("ts").is_number());
        CHECK(event.at("ts").get<double>() >= 0.0);
        if (phase == "C") {
            ++counters;
            CHECK(event.at("ts").get<double>() <= end + 1e-6);
            REQUIRE_FALSE(event.at("args").empty());
            for (const Json& value : event.at("args")) CHECK(value.is_number());
            continue;
        }
        REQUIRE(phase == "X");
        ++spans;
        REQUIRE(event.at("tid").is_number_integer());
        REQUIRE(event.at("dur").is_number());
        REQUIRE(event.at("cat").is_string());
        REQUIRE(event.at("args").is_object());
        const std::int64_t thread = event.at("tid");
        REQUIRE(threads.contains(thread));
        CHECK(threads.at(thread) == event.at("cat"));
        // Complete events of a thread must nest; these follow each other (to a rounding error).
        const double start = event.at("ts").get<double>();
        CHECK(start >= last[thread] - 1e-6);
        last[thread] = start + event.at("dur").get<double>();
        CHECK(event.at("args").at("cycles").get<std::int64_t>() > 0);
        if (threads.at(thread) == "operators") operators.insert(event.at("name"));
        if (event.at("args").contains("bytes")) {
            const std::string name = threads.at(thread);
            port_bytes[name] += event.at("args").at("bytes").get<std::int64_t>();
        }
    }
    CHECK(spans > 100);
    CHECK(counters > 100);
    for (const char* unit :
         {"operators", "command_parser", "ifm_loader", "weight_loader", "scale_loader", "mac_array",
          "output_unit", "ofm_writer", "axi0 read", "axi0 write", "axi1 read"}) {
        CHECK(std::any_of(threads.begin(), threads.end(),
                          [&](const auto& each) { return each.second == unit; }));
    }
    CHECK(operators.size() == report.at("operators").size());
    CHECK(port_bytes.at("axi0 read") == report.at("sram").at("read_bytes"));
    CHECK(port_bytes.at("axi0 write") == report.at("sram").at("write_bytes"));
    CHECK(port_bytes.at("axi1 read") == report.at("dram").at("read_bytes"));
}

TEST_CASE("The value change dump's signals are up as long as the counters say") {
    const Folder folder;
    const std::string file = folder.file("wave.vcd");
    const auto outcome = run({"run", "ds_cnn", "--vcd", file, "--format", "json"});
    REQUIRE(outcome.exit_code == 0);
    const Json report = Json::parse(outcome.out);
    CHECK(folder.files() == 1);
    const Dump dump = parse_dump(read(file));
    CHECK(dump.end == report.at("total").at("cycles"));
    const Json& pmu = report.at("pmu");
    CHECK(time_up(dump, "mac_array.computes") == pmu.at("MAC_DPU_ACTIVE"));
    CHECK(time_up(dump, "mac_array.has_job") == pmu.at("MAC_ACTIVE"));
    CHECK(time_up(dump, "mac_array.waits_ifm") == pmu.at("MAC_STALLED_BY_IB"));
    CHECK(time_up(dump, "ifm_loader.waits_blockdep") == pmu.at("CC_STALLED_ON_BLOCKDEP"));
    CHECK(dump.signals.at("SystemC.oldest_operation").size() >= report.at("operators").size());

    const auto again = run({"run", "ds_cnn", "--vcd", folder.file("again.vcd")});
    CHECK(again.exit_code == 0);
    CHECK(read(folder.file("again.vcd")) == read(file));
}

TEST_CASE("Command streams with a CPU operator between them make one dump") {
    const Folder folder;
    const std::string network = folder.file("parts.yaml"), file = folder.file("wave.vcd");
    // A kernel 65 high is beyond the NPU.
    write(network,
          "name: parts\ninputs:\n  - {name: x, shape: [1, 32, 32, 8]}\nlayers:\n"
          "  - {op: conv2d, filters: 16, kernel: 3}\n"
          "  - {op: conv2d, filters: 16, kernel: [65, 1]}\n"
          "  - {op: conv2d, filters: 16, kernel: 3}\n");
    const auto outcome = run({"run", network, "--vcd", file, "--format", "json"});
    REQUIRE(outcome.exit_code == 0);
    const Json report = Json::parse(outcome.out);
    REQUIRE(report.at("model").at("cpu_operators").size() == 1);
    const Dump dump = parse_dump(read(file));
    CHECK(dump.end == report.at("total").at("cycles"));
    CHECK(time_up(dump, "mac_array.computes") == report.at("pmu").at("MAC_DPU_ACTIVE"));
}

TEST_CASE("A network that leaves nothing to the NPU has a trace and a dump without events") {
    const Folder folder;
    const std::string network = folder.file("cpu.yaml"), trace = folder.file("trace.json"),
                      vcd = folder.file("wave.vcd");
    write(network,
          "name: cpu\ninputs:\n  - {name: x, shape: [1, 32, 32, 8]}\nlayers:\n"
          "  - {op: conv2d, filters: 16, kernel: [65, 1]}\n");
    const auto outcome = run({"run", network, "--vcd", vcd, "--trace", trace, "-f", "json"});
    CAPTURE(outcome.err);
    REQUIRE(outcome.exit_code == 0);
    CHECK(Json::parse(outcome.out).at("total").at("cycles") == 0);
    const Json written = Json::parse(read(trace));
    for (const Json& event : written.at("traceEvents")) {
        CHECK(event.at("ph") != "X");
    }
    CHECK(parse_dump(read(vcd)).end == 0);
    CHECK(run({"run", network, "-f", "html"}).exit_code == 0);
}

TEST_CASE("GTKWave's tools read the value change dump") {
    const Folder folder;
    const std::string vcd = folder.file("wave.vcd"), fst = folder.file("wave.fst");
    REQUIRE(run({"run", "ds_cnn", "--vcd", vcd}).exit_code == 0);
    const auto packed = run_tool("vcd2fst", {vcd, fst});
    if (packed.exit_code == 127) {
        std::puts("skipped: gtkwave's vcd2fst is not installed");
        return;
    }
    REQUIRE(packed.exit_code == 0);
    const auto unpacked = run_tool("fst2vcd", {fst});
    REQUIRE(unpacked.exit_code == 0);
    const Dump before = parse_dump(read(vcd)), after = parse_dump(unpacked.out);
    CHECK(before.signals.size() == after.signals.size());
    CHECK(time_up(after, "mac_array.computes") == time_up(before, "mac_array.computes"));
}

TEST_CASE("A trace or dump that cannot be written is refused before the work") {
    for (const char* option : {"--trace", "--vcd"}) {
        const auto outcome = run({"run", "ds_cnn", option, "/nowhere/file"});
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.err.find("/nowhere") != std::string::npos);
    }
}
