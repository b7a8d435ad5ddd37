#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"

using namespace u65sim::cli_test;
using nlohmann::json;

namespace {

/// The number that stands behind `words` in `text`.
std::string digits_behind(const std::string& text, const std::string& words) {
    const std::size_t at = text.find(words);
    if (at == std::string::npos) return {};
    const std::size_t first = at + words.size();
    return text.substr(first, text.find_first_not_of("0123456789", first) - first);
}

/// 1234567 as 1,234,567.
std::string grouped(std::string digits) {
    for (std::size_t left = digits.size(); left > 3;) digits.insert(left -= 3, ",");
    return digits;
}

}  // namespace

TEST_CASE("run prints a report, the same bytes every time") {
    const Outcome first = run({"run", "rnnoise"});
    CAPTURE(first.err);
    REQUIRE(first.exit_code == 0);
    CHECK(first.err.empty());
    CHECK(first.out.starts_with("rnnoise on u65-256\n"));
    CHECK(run({"run", "rnnoise"}).out == first.out);
}

TEST_CASE("run --format json has every key other tools rely on") {
    const Outcome outcome = run({"run", "rnnoise", "--format", "json"});
    REQUIRE(outcome.exit_code == 0);
    const json report = json::parse(outcome.out);
    const std::vector<std::pair<const char*, std::vector<const char*>>> keys{
        {"model", {"name", "macs", "parameters", "file_bytes", "npu_operators", "cpu_operators"}},
        {"target", {"accelerator", "sram", "dram", "memory", "timing", "host"}},
        {"total", {"cycles", "latency_ms", "mac_utilization"}},
        {"sram", {"capacity_bytes", "peak_bytes", "read_bytes", "write_bytes"}},
        {"dram",
         {"capacity_bytes", "used_bytes", "model_bytes", "activation_bytes", "read_bytes",
          "write_bytes", "encoded_weight_bytes"}},
        {"pmu",
         {"NPU_ACTIVE", "MAC_ACTIVE", "AXI0_RD_DATA_BEAT_RECEIVED", "AXI0_WR_DATA_BEAT_WRITTEN",
          "AXI1_RD_DATA_BEAT_RECEIVED", "AXI1_WR_DATA_BEAT_WRITTEN"}},
        {"stalls", {"mac"}},
    };
    for (const auto& [section, members] : keys) {
        for (const char* member : members) {
            CAPTURE(section, member);
            CHECK(report.at(section).contains(member));
        }
    }
    CHECK(report.at("spills").is_array());
    REQUIRE_FALSE(report.at("operators").empty());
    CHECK(report.at("total").at("cycles").get<std::int64_t>() > 0);
    CHECK(report.at("model").at("macs").get<std::int64_t>() > 80'000);
    CHECK(report.at("model").at("file_bytes").get<std::int64_t>() > 80'000);
}

TEST_CASE("run --format csv has a row an operator") {
    const Outcome outcome = run({"run", "rnnoise", "--format", "csv"});
    REQUIRE(outcome.exit_code == 0);
    const json report = json::parse(run({"run", "rnnoise", "--format", "json"}).out);
    CHECK(static_cast<std::size_t>(std::count(outcome.out.begin(), outcome.out.end(), '\n')) ==
          report.at("operators").size() + 1);
}

TEST_CASE("The name of the report's file chooses the format that no option names") {
    const Folder folder;
    const auto written = [&](const std::string& name, const std::vector<std::string>& more = {}) {
        std::vector<std::string> words{"run", "rnnoise", "-o", folder.file(name)};
        words.insert(words.end(), more.begin(), more.end());
        const Outcome outcome = run(words);
        CAPTURE(name, outcome.err);
        CHECK(outcome.exit_code == 0);
        return read(folder.file(name));
    };
    CHECK(json::accept(written("a.json")));
    CHECK(written("a.CSV").starts_with("name,type,"));
    CHECK(written("a.html").starts_with("<!doctype html>"));
    CHECK(written("a.report").starts_with("rnnoise on u65-256\n"));
    CHECK(written("b.json", {"-f", "csv"}).starts_with("name,type,"));
    CHECK(run({"run", "rnnoise", "-o", "-"}).out == run({"run", "rnnoise"}).out);
}

TEST_CASE("run -o writes the file whole and leaves nothing beside it") {
    const Folder folder;
    write(folder.file("report.txt"), "an older report");
    const Outcome outcome = run({"run", "rnnoise", "-o", folder.file("report.txt")});
    REQUIRE(outcome.exit_code == 0);
    CHECK(outcome.out.empty());
    CHECK(read(folder.file("report.txt")) == run({"run", "rnnoise"}).out);
    CHECK(folder.files() == 1);
}

TEST_CASE("run that fails leaves an older output file as it was") {
    const Folder folder;
    write(folder.file("report.txt"), "an older report");
    const Outcome outcome =
        run({"run", "rnnoise", "--set", "dram.size=64KiB", "-o", folder.file("report.txt")});
    CHECK(outcome.exit_code == 3);
    CHECK(read(folder.file("report.txt")) == "an older report");
    CHECK(folder.files() == 1);
}

TEST_CASE("A file and the zoo network it was written from take the same time") {
    const Folder folder;
    REQUIRE(run({"zoo", "write", "rnnoise", "-o", folder.file("nets")}).exit_code == 0);
    const json by_name = json::parse(run({"run", "rnnoise", "-f", "json"}).out);
    const json by_file =
        json::parse(run({"run", folder.file("nets/rnnoise.tflite"), "-f", "json"}).out);
    CHECK(by_name.at("total") == by_file.at("total"));
    CHECK(by_name.at("operators") == by_file.at("operators"));
    CHECK(by_name.at("model").at("file_bytes") == by_file.at("model").at("file_bytes"));
}

TEST_CASE("--set changes what it names: ideal memory is faster, a slower clock takes longer") {
    const auto total = [](const std::vector<std::string>& more) {
        std::vector<std::string> arguments{"run", "rnnoise", "-f", "json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return json::parse(run(arguments).out).at("total");
    };
    const json base = total({});
    CHECK(total({"--set", "memory.ideal=true"}).at("cycles") < base.at("cycles"));
    const json slow = total({"--set", "accelerator.clock=500MHz"});
    CHECK(slow.at("cycles") == base.at("cycles"));
    CHECK(slow.at("latency_ms").get<double>() == Approx(2.0 * base.at("latency_ms").get<double>()));
    const json both = total({"--set", "memory.ideal=true", "--set", "accelerator.clock=500MHz"});
    CHECK(both.at("latency_ms").get<double>() < slow.at("latency_ms").get<double>());
}

TEST_CASE("A failure on the SystemC kernel is told as one on the direct kernel") {
    for (const char* backend : {"direct", "systemc", "systemc-tlm"}) {
        CAPTURE(backend);
        const Outcome outcome =
            run({"run", "rnnoise", "--backend", backend, "--cycle-limit", "1000"});
        CHECK(outcome.exit_code == 2);
        CHECK_THAT(outcome.err, Catch::Contains("which is 1000"));
    }
}

TEST_CASE("VGG19 at 224 does not fit: exit code 3, both sizes and the limit in one line") {
    const Outcome outcome = run({"run", "vgg19_224"});
    CAPTURE(outcome.err);
    CHECK(outcome.exit_code == 3);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.starts_with("u65sim: error: "));
    CHECK(outcome.err.find("33554432") != std::string::npos);
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
}

TEST_CASE("A page of what does not fit says what is too large, and has no latency") {
    const Folder folder;
    const std::string page = folder.file("page.html");
    const Outcome outcome = run({"run", "vgg19_224", "-o", page});
    CHECK(outcome.exit_code == 3);
    const std::string text = read(page);
    // The sizes of the message, with separators.
    const std::string total = grouped(digits_behind(outcome.err, " B = "));
    const std::string largest = grouped(digits_behind(outcome.err, "weights of hidden ("));
    CHECK(total.size() == std::string_view{"33,554,432"}.size());
    CHECK_THAT(text, Catch::Contains("vgg19_224 does not fit u65-256") &&
                         Catch::Contains(total + " B") && Catch::Contains("weights of hidden") &&
                         Catch::Contains(largest) && !Catch::Contains("latency</span>"));
    CHECK(run({"run", "vgg19_224", "-o", folder.file("x.json")}).exit_code == 3);
    CHECK_FALSE(std::filesystem::exists(folder.file("x.json")));
}

TEST_CASE("compile writes a file that disasm shows and run runs") {
    const Folder folder;
    const std::string compiled = folder.file("rnnoise_npu.tflite");
    const Outcome outcome = run({"compile", "rnnoise", "-o", compiled});
    CAPTURE(outcome.err);
    REQUIRE(outcome.exit_code == 0);
    CHECK(folder.files() == 1);
    const Outcome text = run({"disasm", compiled});
    CHECK(text.exit_code == 0);
    CHECK(text.out.find("  CONV ") != std::string::npos);
    CHECK(text.out.find("  STOP ") != std::string::npos);

    const Outcome again = run({"run", compiled, "-f", "json"});
    CAPTURE(again.err);
    REQUIRE(again.exit_code == 0);
    const json direct = json::parse(run({"run", "rnnoise", "-f", "json"}).out);
    const json imported = json::parse(again.out);
    CHECK(imported.at("total").at("cycles") == direct.at("total").at("cycles"));
    CHECK(imported.at("pmu") == direct.at("pmu"));
    CHECK(run({"compile", compiled, "-o", folder.file("twice.tflite")}).exit_code == 2);
}

TEST_CASE("compile --dump-after prints what every pass left") {
    const Outcome passes = run({"passes"});
    REQUIRE(passes.exit_code == 0);
    std::size_t begin = 0;
    std::size_t count = 0;
    for (std::size_t end = passes.out.find('\n'); end != std::string::npos;
         end = passes.out.find('\n', begin)) {
        const std::string pass = passes.out.substr(begin, end - begin);
        CAPTURE(pass);
        const Outcome dump = run({"compile", "rnnoise", "--dump-after", pass});
        CHECK(dump.exit_code == 0);
        CHECK_FALSE(dump.out.empty());
        begin = end + 1;
        ++count;
    }
    CHECK(count >= 5);
}

TEST_CASE("passes NET shows what each optional step brings, and draws it") {
    const Folder folder;
    const Outcome table = run({"passes", "rnnoise", "--arenas", folder.file("pictures")});
    CAPTURE(table.err);
    REQUIRE(table.exit_code == 0);
    CHECK_THAT(table.out, Catch::Contains("rnnoise on u65-256") && Catch::Contains("nothing") &&
                              Catch::Contains("fuse") && Catch::Contains("all of them"));
    CHECK_THAT(read(folder.file("pictures/without-fuse.svg")), Catch::StartsWith("<svg"));
    CHECK(run({"passes", "--arenas", folder.file("more")}).exit_code == 2);
    const Outcome wrong = run({"run", "rnnoise", "--without", "lower"});
    CHECK(wrong.exit_code == 2);
    CHECK_THAT(wrong.err, Catch::Contains("lower"));
    const json all = json::parse(run({"run", "rnnoise", "-f", "json"}).out);
    const json less = json::parse(run({"run", "rnnoise", "--without", "fuse", "-f", "json"}).out);
    CHECK(less.at("total").at("cycles") > all.at("total").at("cycles"));
}

TEST_CASE("--effort high is no slower, and refuses what looks into a single plan") {
    const auto cycles = [](const char* effort) {
        return json::parse(run({"run", "ds_cnn", "--set", "sram.size=64KiB", "--effort", effort,
                                "-f", "json"})
                               .out)
            .at("total")
            .at("cycles")
            .get<std::int64_t>();
    };
    CHECK(cycles("high") <= cycles("normal"));
    const Folder folder;
    const std::string output = folder.file("high.tflite");
    REQUIRE(run({"compile", "ds_cnn", "--effort", "high", "-o", output}).exit_code == 0);
    CHECK(run({"run", output}).exit_code == 0);
    for (const std::string other : {"--explain", "--dump-after=lower"}) {
        const Outcome refused = run({"compile", "ds_cnn", "--effort", "high", other});
        CHECK(refused.exit_code == 2);
        CHECK_THAT(refused.err, Catch::Contains("--effort"));
    }
    const Outcome wrong = run({"run", "ds_cnn", "--effort", "low"});
    CHECK(wrong.exit_code == 2);
    CHECK_THAT(wrong.err, Catch::Contains("normal") && Catch::Contains("high"));
}

TEST_CASE("A target that is shown can be read back, and gives the same report") {
    const Folder folder;
    const Outcome shown = run({"targets", "show", "u65-256", "--set", "sram.size=512KiB"});
    REQUIRE(shown.exit_code == 0);
    write(folder.file("mine.yaml"), shown.out);
    CHECK(run({"run", "rnnoise", "--target", folder.file("mine.yaml")}).out ==
          run({"run", "rnnoise", "--set", "sram.size=512KiB"}).out);
}

TEST_CASE("Lists name what the other commands take") {
    const Outcome zoo = run({"zoo", "list"});
    CHECK(zoo.exit_code == 0);
    for (const char* name : {"vgg19_cifar100", "resnet50_cifar100", "mobilenet_v1_cifar100",
                             "vgg19_224", "mobilenet_v2_224", "rnnoise"}) {
        CHECK(zoo.out.find(name) != std::string::npos);
    }
    const Outcome targets = run({"targets", "list"});
    for (const char* name : {"u65-256", "u65-512", "u55-32", "u55-64", "u55-128", "u55-256"}) {
        CHECK(targets.out.find(name) != std::string::npos);
    }
    CHECK(run({"targets", "fields"}).out.find("sram.size = ") != std::string::npos);
}

TEST_CASE("graph prints a listing, or a drawing for GraphViz") {
    CHECK(run({"graph", "rnnoise"}).out.find("FULLY_CONNECTED") != std::string::npos);
    CHECK(run({"graph", "rnnoise", "--dot"}).out.starts_with("digraph"));
}

TEST_CASE("zoo write gives the same file for the same seed, and another for another") {
    const Folder folder;
    const auto written = [&](const std::string& name, const std::vector<std::string>& more) {
        std::vector<std::string> arguments{"zoo", "write", "rnnoise", "-o", folder.file(name)};
        arguments.insert(arguments.end(), more.begin(), more.end());
        REQUIRE(run(arguments).exit_code == 0);
        return read(folder.file(name + "/rnnoise.tflite"));
    };
    const std::string one = written("one", {});
    CHECK_FALSE(one.empty());
    CHECK(written("two", {}) == one);
    CHECK(written("three", {"--seed", "7"}) != one);
    CHECK(written("four", {"--sparsity", "0.9"}) != one);
}

TEST_CASE("run gives the same bytes on both back ends") {
    const Outcome direct = run({"run", "rnnoise", "--format", "json", "--backend", "direct"});
    const Outcome systemc = run({"run", "rnnoise", "--format", "json", "--kernel", "systemc"});
    REQUIRE(direct.exit_code == 0);
    REQUIRE(systemc.exit_code == 0);
    CHECK(direct.out == systemc.out);
    CHECK(run({"run", "rnnoise", "--kernel", "other"}).exit_code == 2);
}

TEST_CASE("advise lists changes, the largest saving first") {
    const Outcome outcome = run({"advise", "ds_cnn", "--top", "3"});
    CAPTURE(outcome.err);
    REQUIRE(outcome.exit_code == 0);
    CHECK(outcome.out.starts_with("ds_cnn on u65-256: "));
    CHECK(outcome.out.find("on the host") != std::string::npos);
    CHECK(outcome.out.find("The largest operators") != std::string::npos);
    CHECK(run({"advise", "no_such_network"}).exit_code == 2);
}

TEST_CASE("A network that runs on the CPU alone does not look fast") {
    const Folder folder;
    // A kernel 65 high is beyond the NPU.
    const std::string cpu = folder.file("cpu.yaml"), mixed = folder.file("mixed.yaml");
    const std::string head =
        "name: far\ninputs:\n  - {name: image, shape: [1, 16, 17, 4]}\nlayers:\n";
    write(cpu, head + "  - {op: conv2d, filters: 4, kernel: [65, 1]}\n");
    write(mixed, head +
                     "  - {op: conv2d, filters: 4, kernel: [65, 1]}\n"
                     "  - {op: conv2d, filters: 4, kernel: 1}\n");

    const Outcome text = run({"run", cpu});
    CHECK(text.exit_code == 0);
    CHECK(text.out.find("none: nothing of this network runs on the NPU") != std::string::npos);
    CHECK(text.out.find("0.000 ms") == std::string::npos);
    const Outcome asked = run({"run", cpu, "-f", "json", "--require-npu"});
    CHECK(asked.exit_code == 4);
    CHECK(asked.err.find("0.0 % of far runs on the NPU (of its MACs)") != std::string::npos);
    CHECK(json::parse(asked.out).at("total").at("latency_ms").is_null());

    const json report = json::parse(run({"run", mixed, "-f", "json", "--require-npu"}).out);
    const double share = report.at("model").at("npu_macs").get<double>() /
                         report.at("model").at("macs").get<double>();
    CHECK(share == Approx(1.0 / 66.0));
    CHECK(run({"run", mixed, "--require-npu", "0.01"}).exit_code == 0);
    CHECK(run({"run", mixed, "--require-npu", "0.02"}).exit_code == 4);
    CHECK(run({"run", mixed, "--require-npu", "2"}).exit_code == 2);

    const std::string a = folder.file("a.json"), b = folder.file("b.json");
    REQUIRE(run({"run", cpu, "-f", "json", "-o", a}).exit_code == 0);
    REQUIRE(run({"run", mixed, "-f", "json", "-o", b}).exit_code == 0);
    const Outcome compared = run({"compare", a, b});
    CHECK(compared.exit_code == 0);
    CHECK(compared.out.find("none") != std::string::npos);
    CHECK(run({"advise", cpu}).exit_code == 2);

    write(folder.file("study.yaml"),
          "title: t\nnetwork: cpu.yaml\nmeasures: [latency_ms, npu_cycles]\n");
    const Outcome study = run({"study", folder.file("study.yaml"), "-o", folder.file("out")});
    CAPTURE(study.out, study.err);
    CHECK(read(folder.file("out/results.json")).find("has no latency") != std::string::npos);
}
