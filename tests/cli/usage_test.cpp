#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>

#include "cli/program.hpp"

using namespace u65sim::cli_test;

namespace {

/// Bad usage and bad input: exit code 2, nothing on standard output, one line that says why.
void check_refused(const std::vector<std::string>& arguments, const std::string& says) {
    std::string line;
    for (const std::string& argument : arguments) line += argument + ' ';
    const Outcome outcome = run(arguments);
    CAPTURE(line, outcome.err);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.starts_with("u65sim: error: "));
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
    CHECK(outcome.err.find(says) != std::string::npos);
}

}  // namespace

TEST_CASE("Help and version are answers, not errors") {
    for (const char* argument : {"--help", "--version"}) {
        const Outcome outcome = run({argument});
        CHECK(outcome.exit_code == 0);
        CHECK(outcome.err.empty());
        CHECK_FALSE(outcome.out.empty());
    }
    for (const char* command : {"run", "compile", "disasm", "zoo", "targets", "graph", "passes"}) {
        CAPTURE(command);
        const Outcome outcome = run({command, "--help"});
        CHECK(outcome.exit_code == 0);
        CHECK(run({"--help"}).out.find(command) != std::string::npos);
    }
}

TEST_CASE("What only lists needs no word that says so") {
    CHECK(run({"zoo"}).out == run({"zoo", "list"}).out);
    CHECK(run({"targets"}).out == run({"targets", "list"}).out);
    const std::vector<std::string> json{"--format", "json"};
    for (const char* command : {"zoo", "targets"}) {
        CHECK(run({command, json[0], json[1]}).out == run({command, "list", json[0], json[1]}).out);
        check_refused({command, json[0], json[1], "list"}, "--format");
    }
    CHECK(run({"targets", "list"}).out.find("u65-256-imx93 ") != std::string::npos);
}

TEST_CASE("Bad usage ends with 2 and says what was wrong") {
    check_refused({}, "subcommand");
    check_refused({"fly"}, "fly: no such subcommand (see u65sim --help)");
    check_refused({"zo"}, "nearest known one is zoo");
    check_refused({"run"}, "NET");
    check_refused(
        {"run", "rnnoise", "--frmat", "json"},
        "--frmat: no such option; the nearest known one is --format (see u65sim run --help)");
    check_refused({"zoo", "write", "rnnoise", "--sed=1", "-o", "x"},
                  "is --seed (see u65sim zoo write");
    check_refused({"run", "rnnoise", "--format", "xml"}, "xml");
    check_refused({"run", "rnnoise", "surplus"}, "surplus");
    check_refused({"run", "rnnoise", "--vela-config", "x.ini"}, "--system-config");
    check_refused({"compile", "rnnoise"}, "-o");
    check_refused({"compile", "rnnoise", "--dump-after", "juggle"}, "juggle");
    check_refused({"zoo", "write", "rnnoise"}, "--output");
    check_refused({"zoo", "write", "-o", "-"}, "must be a folder");
    check_refused({"blocks", "--document", "-"}, "must be a folder");
    check_refused({"zoo", "write", "rnnoise", "-o", "/tmp", "--sparsity", "2"}, "--sparsity");
}

TEST_CASE("Numbers of options are digits within their range, nothing that converts to them") {
    const std::vector<std::vector<std::string>> options{
        {"zoo", "write", "rnnoise", "-o", "/nowhere", "--seed"},
        {"zoo", "write", "rnnoise", "-o", "/nowhere", "--clusters"},
        {"zoo", "write", "rnnoise", "-o", "/nowhere", "--sparsity"},
        {"advise", "rnnoise", "--top"},
        {"study", "none.yaml", "--jobs"},
        {"study", "none.yaml", "--sample"},
        {"study-merge", "none.yaml", "none", "--sample"},
        {"run", "rnnoise", "--cycle-limit"},
        {"run", "rnnoise", "--check", "--work-limit"},
    };
    for (const std::vector<std::string>& option : options) {
        for (const std::string value :
             {"-1", "99999999999999999999999", "1e400", "nan", "inf", "-0x1", "", " ", "1 2"}) {
            CAPTURE(option.back(), value);
            std::vector<std::string> words = option;
            words.back() += "=" + value;
            const Outcome outcome = run(words);
            CHECK(outcome.exit_code == 2);
            CHECK(outcome.out.empty());
            CHECK(outcome.err.find(option.back().substr(2, 3)) != std::string::npos);
        }
    }
    check_refused({"zoo", "write", "unknown", "-o", "/nowhere"}, "unknown");
    CHECK_FALSE(std::filesystem::exists("/nowhere"));
}

TEST_CASE("What takes more cycles than the limit is refused at once, for people to read") {
    const Folder folder;
    const std::string file = folder.file("long.yaml");
    write(file,
          "name: long\ninputs:\n  - {name: x, shape: [1, 2048, 2048, 512]}\nlayers:\n"
          "  - {op: conv2d, filters: 512, kernel: 3}\n");
    const std::vector<std::string> words{"run", file, "--set", "dram.size=16GiB", "--cycle-limit"};
    for (const std::string limit : {"5000000000", "1000"}) {
        std::vector<std::string> with = words;
        with.push_back(limit);
        const auto start = std::chrono::steady_clock::now();
        const Outcome outcome = run(with);
        CAPTURE(outcome.err);
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.err.find("'long' takes too long, ") != std::string::npos);
        CHECK(outcome.err.find("which is " + limit) != std::string::npos);
        CHECK(outcome.err.find("--cycle-limit") != std::string::npos);
        CHECK(outcome.err.find("mac") == std::string::npos);  // nothing of the units' inside
        CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{10});
    }
}

TEST_CASE("Unknown names are answered with the nearest known one") {
    check_refused({"run", "rnoise"}, "rnnoise");
    check_refused({"run", "rnnoise", "--target", "u65-265"}, "u65-256");
    check_refused({"run", "rnnoise", "--set", "sram.sise=1KiB"}, "sram.size");
    check_refused({"targets", "show", "u66-256"}, "u65-256");
    check_refused({"zoo", "write", "vgg19_cifar10", "-o", "/tmp"}, "vgg19_cifar100");
}

TEST_CASE("Bad values name the key, the value and what would be right") {
    check_refused({"run", "rnnoise", "--set", "sram.size=large"}, "sram.size = large: must be");
    check_refused({"run", "rnnoise", "--set", "sram.size"}, "key=value");
    check_refused({"run", "rnnoise", "--set", "accelerator.cores=3"}, "accelerator.cores = 3");
}

TEST_CASE("Files that are not there or are no networks end with 2") {
    const Folder folder;
    check_refused({"run", folder.file("none.tflite")}, "none.tflite");
    check_refused({"run", "rnnoise", "--target", folder.file("none.yaml")}, "none.yaml");
    write(folder.file("text.tflite"), "this is no network");
    check_refused({"run", folder.file("text.tflite")}, "text.tflite");
    write(folder.file("empty.tflite"), "");
    check_refused({"run", folder.file("empty.tflite")}, "empty.tflite");
    check_refused({"run", folder.file("")}, folder.file(""));
    write(folder.file("bad.yaml"), "name: [1, 2\n");
    check_refused({"run", folder.file("bad.yaml")}, "bad.yaml:");
    check_refused({"run", "rnnoise", "--target", folder.file("bad.yaml")}, "bad.yaml:");
    check_refused({"disasm", folder.file("text.tflite")}, "text.tflite");
    check_refused({"disasm", folder.file("none.tflite")}, "none.tflite");
}

TEST_CASE("A truncated network ends with 2 wherever it was cut") {
    const Folder folder;
    REQUIRE(run({"zoo", "write", "rnnoise", "-o", folder.file("nets")}).exit_code == 0);
    const std::string whole = read(folder.file("nets/rnnoise.tflite"));
    REQUIRE(whole.size() > 1000);
    for (const std::size_t parts : {1U, 2U, 5U, 9U}) {
        const std::string cut = folder.file("cut.tflite");
        write(cut, whole.substr(0, whole.size() * parts / 10));
        check_refused({"run", cut}, "cut.tflite");
    }
}

TEST_CASE("A payload that is none ends with 2") {
    const Folder folder;
    write(folder.file("payload.bin"), "COP1 and then nonsense");
    check_refused({"disasm", folder.file("payload.bin")}, "");
}

TEST_CASE("An output that cannot be written is refused before the work") {
    const Folder folder;
    check_refused({"run", "rnnoise", "-o", folder.file("none/report.txt")}, "none");
    check_refused({"run", "rnnoise", "-o", folder.file("")}, "folder");
}

TEST_CASE("The help of every command shows examples of its own") {
    const std::vector<std::vector<std::string>> commands{{"run"},
                                                         {"compile"},
                                                         {"disasm"},
                                                         {"asm"},
                                                         {"zoo"},
                                                         {"zoo", "list"},
                                                         {"zoo", "write"},
                                                         {"targets"},
                                                         {"targets", "list"},
                                                         {"targets", "show"},
                                                         {"targets", "fields"},
                                                         {"targets", "export"},
                                                         {"targets", "cpus"},
                                                         {"graph"},
                                                         {"passes"},
                                                         {"validate"},
                                                         {"blocks"},
                                                         {"compare"},
                                                         {"study"},
                                                         {"study-merge"},
                                                         {"advise"},
                                                         {"fit"},
                                                         {"operators"}};
    for (const auto& command : commands) {
        std::string line = "  u65sim";
        for (const std::string& word : command) line += ' ' + word;
        std::vector<std::string> arguments = command;
        arguments.emplace_back("--help");
        const Outcome outcome = run(arguments);
        CAPTURE(line);
        CHECK(outcome.exit_code == 0);
        const std::size_t examples = outcome.out.find("Example");
        REQUIRE(examples != std::string::npos);
        CHECK(outcome.out.find(line, examples) != std::string::npos);
    }
}

TEST_CASE("Networks of the zoo are NAME and zoo:NAME alike") {
    const std::string report = run({"run", "ds_cnn", "-f", "json"}).out;
    CHECK(run({"run", "zoo:ds_cnn", "-f", "json"}).out == report);
    const Folder folder;
    REQUIRE(run({"zoo", "write", "zoo:ds_cnn", "-o", folder.file("nets")}).exit_code == 0);
    CHECK_FALSE(read(folder.file("nets/ds_cnn.tflite")).empty());
    for (const char* name : {"ds_cnn", "zoo:ds_cnn"}) {
        write(folder.file("study.yaml"),
              std::string{"title: t\nnetwork: "} + name + "\naxes:\n  - dram.bandwidth: [1, 2]\n");
        CHECK(run({"study", folder.file("study.yaml"), "--check"}).exit_code == 0);
    }
    check_refused({"run", "zoo:ds_cn"}, "ds_cnn");
}
