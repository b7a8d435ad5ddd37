// Where results go and inputs come from: files, links, pipes, devices, standard output.
#include <catch2/catch.hpp>

#include <csignal>
#include <future>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/program.hpp"
#include "support/environment.hpp"

using namespace u65sim::cli_test;
namespace fs = std::filesystem;

namespace {

constexpr const char* network = R"(name: small
inputs: [{shape: [1, 8, 8, 8]}]
layers:
  - {op: conv2d, filters: 8, kernel: 3}
)";

/// A command line that writes a result; the word FILE stands for its place, NET for the network.
using Words = std::vector<std::string>;
const std::vector<Words> writers{
    {"run", "NET", "-o", "FILE"},
    {"run", "NET", "-f", "json", "-o", "FILE"},
    {"run", "NET", "-o", "/dev/null", "--trace", "FILE"},
    {"run", "NET", "-o", "/dev/null", "--vcd", "FILE"},
    {"graph", "NET", "-o", "FILE"},
    {"graph", "NET", "--tflite", "-o", "FILE"},
    {"compile", "NET", "-o", "FILE"},
    {"compile", "NET", "--explain", "-o", "FILE"},
    {"compile", "NET", "--arena", "FILE"},
    {"disasm", "NPU", "-o", "FILE"},
    {"asm", "TEXT", "-o", "FILE"},
    {"asm", "TEXT", "--into", "NPU", "-o", "FILE"},
    {"compare", "REPORT", "REPORT", "-o", "FILE"},
    {"blocks", "--block", "depthwise_separable", "--shape", "8x8x8", "-o", "FILE"},
};

/// Inputs of all writers.
struct Inputs {
    Folder folder;
    std::string net = folder.file("small.yaml"), npu = folder.file("npu.tflite"),
                text = folder.file("npu.txt"), report = folder.file("report.json");

    Inputs() {
        write(net, network);
        REQUIRE(run({"compile", net, "-o", npu}).exit_code == 0);
        REQUIRE(run({"disasm", npu, "-o", text}).exit_code == 0);
        REQUIRE(run({"run", net, "-f", "json", "-o", report}).exit_code == 0);
    }

    [[nodiscard]] Words filled(Words words, const std::string& file) const {
        for (std::string& word : words) {
            if (word == "FILE") word = file;
            if (word == "NET") word = net;
            if (word == "NPU") word = npu;
            if (word == "TEXT") word = text;
            if (word == "REPORT") word = report;
        }
        return words;
    }
};

std::string told(const Words& words) {
    std::string line;
    for (const std::string& word : words) line += word + ' ';
    return line;
}

}  // namespace

TEST_CASE("Every writer writes into a pipe, through links and to standard output alike") {
    const Inputs inputs;
    for (const Words& words : writers) {
        CAPTURE(told(words));
        const Folder folder;
        const std::string file = folder.file("file");
        const Outcome plain = run(inputs.filled(words, file));
        CAPTURE(plain.err, plain.out);
        REQUIRE(plain.exit_code == 0);
        const std::string right = read(file);
        REQUIRE(!right.empty());

        const std::string pipe = folder.file("pipe");
        REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
        auto reader = std::async(std::launch::async, [&] { return read(pipe); });
        CHECK(run(inputs.filled(words, pipe)).exit_code == 0);
        CHECK(reader.get() == right);
        CHECK(fs::is_fifo(pipe));

        const std::string link = folder.file("link");
        fs::create_symlink("linked", link);  // to nothing yet
        CHECK(run(inputs.filled(words, link)).exit_code == 0);
        CHECK(fs::is_symlink(link));
        CHECK(read(folder.file("linked")) == right);

        for (const std::string name : {"-", "/dev/stdout"}) {
            const Outcome outcome = run(inputs.filled(words, name));
            CAPTURE(name, outcome.err);
            CHECK(outcome.exit_code == 0);
            CHECK(outcome.out.starts_with(right));
        }
        CHECK(!fs::exists("-"));
        CHECK(folder.files() == 4);  // file, pipe, link, linked: nothing temporary
    }
}

TEST_CASE("A file that is replaced keeps its permissions") {
    const Inputs inputs;
    const std::string file = inputs.folder.file("kept");
    write(file, "before");
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    REQUIRE(run({"graph", inputs.net, "-o", file}).exit_code == 0);
    CHECK(read(file) != "before");
    CHECK(fs::status(file).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    const std::string longest = inputs.folder.file(std::string(255, 'n'));
    CHECK(run({"graph", inputs.net, "-o", longest}).exit_code == 0);
}

TEST_CASE("Two results do not share a file") {
    const Inputs inputs;
    const Outcome outcome = run({"run", inputs.net, "--trace", "-"});
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    const std::string file = inputs.folder.file("both");
    CHECK(run({"run", inputs.net, "-o", file, "--trace", file}).exit_code == 2);
    CHECK(!fs::exists(file));
}

TEST_CASE("A standard error or output that is closed or full leaves the exit code right") {
    const Inputs inputs;
    for (const char* const how : {"2>&-", "2>/dev/full", "2>&- 1>&- 0>&-"}) {
        CAPTURE(how);
        const std::string script = std::string{"exec \"$@\" "} + how;
        CHECK(run_in_shell(script, {"run", "no_such_network"}).exit_code == 2);
        CHECK(run_in_shell(script, {"run", "--no-such-option"}).exit_code == 2);
        const std::string file = inputs.folder.file("graph");
        CHECK(run_in_shell(script, {"graph", inputs.net, "-o", file}).exit_code == 0);
        CHECK(read(file) == run({"graph", inputs.net}).out);
    }
    for (const char* const how : {">&-", ">/dev/full"}) {
        CAPTURE(how);
        const std::string script = std::string{"exec \"$@\" "} + how;
        for (const Words& words : std::vector<Words>{
                 {"graph", inputs.net}, {"zoo", "list"}, {"--help"}, {"run", "--help"}}) {
            CAPTURE(told(words));
            const Outcome outcome = run_in_shell(script, words);
            CHECK(outcome.exit_code == 2);
            CHECK(outcome.err.find("standard output") != std::string::npos);
        }
    }
}

TEST_CASE("A file-size limit is a failed write that leaves nothing behind") {
    const Inputs inputs;
    const Folder folder;
    const Outcome outcome =
        run_in_shell("ulimit -f 1; exec \"$@\" 2>/dev/null",
                     {"run", "mobilenet_v2_224", "-f", "json", "-o", folder.file("report.json")});
    CHECK(outcome.exit_code == 2);
    CHECK(folder.files() == 0);
}

TEST_CASE("An interrupted run leaves no temporary file") {
    const Folder folder;
    const std::string vcd = folder.file("units.vcd");
    const std::string program = u65sim::test::program();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::execl(program.c_str(), program.c_str(), "run", "vgg19_cifar100", "-o", "/dev/null",
                    "--vcd", vcd.c_str(), nullptr);
            ::_exit(127);
        }
        int status = 0;
        pid_t ended = 0;
        while (ended == 0 && folder.files() < 2) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
            ended = ::waitpid(child, &status, WNOHANG);
        }
        REQUIRE(ended == 0);
        ::kill(child, signal);
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == signal);
        CHECK(folder.files() == 0);
    }
}

TEST_CASE("Files without end are refused with the bound, whoever reads them") {
    const Inputs inputs;
    const std::vector<Words> readers{
        {"run", "/dev/zero"},
        {"run", inputs.net, "--input", "/dev/zero"},
        {"run", inputs.npu, "--weights", "/dev/zero"},
        {"run", inputs.net, "--target", "/dev/zero"},
        {"run", inputs.net, "--vela-config", "/dev/zero", "--system-config", "a", "--memory-mode",
         "b"},
        {"compile", "/dev/zero", "-o", "/dev/null"},
        {"disasm", "/dev/zero"},
        {"asm", "/dev/zero", "-o", "/dev/null"},
        {"asm", inputs.text, "--into", "/dev/zero", "-o", "/dev/null"},
        {"compare", inputs.report, "/dev/zero"},
        {"study", "/dev/zero"},
        {"validate", "/dev/zero"},
    };
    for (const Words& words : readers) {
        CAPTURE(told(words));
        const Outcome outcome = run_bounded(1465, 60, words);
        CAPTURE(outcome.err);
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.err.find("/dev/zero") != std::string::npos);
    }
}

TEST_CASE("Networks and inputs and targets come out of pipes as out of files") {
    const Inputs inputs;
    const std::string right = run({"run", inputs.net, "-f", "csv"}).out;
    const std::string target = inputs.folder.file("target.yaml");
    write(target, run({"targets", "show", "u65-256"}).out);
    const auto through_pipe = [&](const std::string& file, const Words& words) {
        const Folder folder;
        const std::string pipe = folder.file("pipe");
        REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
        auto writer = std::async(std::launch::async, [&] { write(pipe, read(file)); });
        Words filled = words;
        for (std::string& word : filled) {
            if (word == "PIPE") word = pipe;
        }
        const Outcome outcome = run(filled);
        CAPTURE(told(words), outcome.err);
        CHECK(outcome.exit_code == 0);
        return outcome.out;
    };
    CHECK(through_pipe(inputs.net, {"run", "PIPE", "-f", "csv"}) == right);
    CHECK(through_pipe(target, {"run", inputs.net, "-t", "PIPE", "-f", "csv"}) == right);
    CHECK(through_pipe(inputs.npu, {"run", "PIPE", "--check", "-f", "csv"}) ==
          run({"run", inputs.npu, "-f", "csv"}).out);
    const std::string input = inputs.folder.file("input.bin");
    write(input, std::string(512, '\1'));
    CHECK(through_pipe(input, {"run", inputs.net, "--input", "PIPE", "-f", "csv"}) == right);
}
