// Faults seeded into a compiled file, as a user of `run --check` meets them.
#include <catch2/catch.hpp>
#include <fstream>
#include <functional>

#include <u65sim/compile.hpp>
#include <u65sim/network.hpp>

#include "cli/program.hpp"
#include "unit/machine/functional_program.hpp"

using namespace u65sim::cli_test;
using namespace functional_test;

namespace {

constexpr int convolve = 2;
constexpr int pool = 3;

/// The program as a .tflite with its input at the arena's start and its output where it copies to.
void save(const Program& program, const std::string& file) {
    CompiledNetwork network;
    network.name = network.graph.name = "seeded";
    network.target = Target::preset("u65-256");
    network.constants = program.constants;
    network.arena_size = network.fast_size = Bytes{1024};
    for (const std::int64_t offset : {0, 768}) {
        Tensor tensor;
        tensor.name = offset == 0 ? "in" : "out";
        tensor.shape = {1, 4, 4, 8};
        network.bindings.push_back(
            {static_cast<TensorId>(network.graph.tensors.size()), region_arena, Bytes{offset}});
        network.graph.tensors.push_back(tensor);
    }
    network.graph.inputs = {0};
    network.graph.outputs = {1};
    NpuSegment segment;
    segment.name = "npu";
    segment.stream = {one_core, stream::encode(program.actions, one_core)};
    segment.inputs = {0};
    segment.outputs = {1};
    network.segments.push_back(segment);
    network.steps.push_back({0, -1, -1});
    save_tflite(export_compiled(network), file);
}

struct Fault {
    const char* name;
    std::function<void(Program&)> seed;
    std::vector<std::string> says;  ///< the finding, the command, its line of the disassembly
};

const std::vector<Fault> faults{
    {"a dropped wait",
     [](Program& p) { p.actions[1] = Irq{}; },
     {"missing DMA_WAIT", "command 2,", "CONV"}},
    {"a shifted address",
     [](Program& p) { p.get<KernelOp>(pool).ifm.base[0] += 16; },
     {"reads unwritten bytes", "command 3,", "POOL"}},
    {"a swapped region",
     [](Program& p) { p.get<KernelOp>(pool).ifm.region = 2; },
     {"reads unwritten bytes", "command 3,", "POOL"}},
    {"a truncated weight stream",
     [](Program& p) { p.get<KernelOp>(convolve).weights[0].length = 16; },
     {"ends inside a slice", "command 2 (word ", "CONV"}},
    {"an overlapping buffer",
     [](Program& p) {
         KernelOp intruder = p.get<KernelOp>(pool);
         intruder.ifm = make_map(1, 0, 2, 2, 8, DataType::s8, Layout::nhwc);
         intruder.ofm = make_map(1, 300, 2, 2, 8, DataType::s8, Layout::nhwc);
         intruder.blockdep = 0;
         p.actions.insert(p.actions.begin() + pool, intruder);
         p.get<KernelOp>(pool + 1).blockdep = 0;
     },
     {"overlapping buffers", "command 4,", "POOL"}},
};

/// The text's last line, without what it is indented by.
std::string last_line(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    text.erase(0, text.rfind('\n') + 1);
    return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

}  // namespace

TEST_CASE("A correct stream passes --check") {
    const Folder folder;
    save(Program{}, folder.file("npu.tflite"));
    const Outcome outcome = run({"run", folder.file("npu.tflite"), "--check"});
    CAPTURE(outcome.err);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.err.empty());
}

TEST_CASE("Every seeded fault ends with exit code 2, the command's index and its disassembly") {
    for (const Fault& fault : faults) {
        const Folder folder;
        Program program;
        fault.seed(program);
        save(program, folder.file("npu.tflite"));
        const Outcome outcome =
            run({"run", folder.file("npu.tflite"), "--check", "-o", folder.file("report")});
        CAPTURE(fault.name, outcome.err);
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.out.empty());
        for (const std::string& text : fault.says) {
            CHECK(outcome.err.find(text) != std::string::npos);
        }
        const std::string line = last_line(outcome.err);
        const std::string listing = run({"disasm", folder.file("npu.tflite")}).out;
        CHECK(line.find(fault.says.back()) != std::string::npos);
        CHECK(listing.find(line) != std::string::npos);
        CHECK(folder.files() == 1);
    }
}

TEST_CASE("A raised BLOCKDEP is a warning beside outputs and report; --strict makes it a fault") {
    const Folder folder;
    Program program;
    program.get<KernelOp>(pool).blockdep = 3;
    save(program, folder.file("npu.tflite"));
    const std::string network = folder.file("npu.tflite");
    const Outcome outcome = run({"run", network, "--check", "--output", folder.file("out")});
    CAPTURE(outcome.err);
    CHECK(outcome.exit_code == 0);
    CHECK_THAT(outcome.err, Catch::StartsWith("u65sim: warning: the checker found 1 possible"));
    CHECK(outcome.err.find("BLOCKDEP too large") != std::string::npos);
    CHECK(outcome.out.find("latency") != std::string::npos);
    CHECK(read(folder.file("out/output_0.bin")).size() == 128);

    const Outcome strict =
        run({"run", network, "--check", "--strict", "--output", folder.file("strict")});
    CHECK(strict.exit_code == 2);
    CHECK(strict.out.empty());
    CHECK_THAT(strict.err, Catch::StartsWith("u65sim: error: the checker found 1 possible fault"));
    CHECK(read(folder.file("strict/output_0.bin")) == read(folder.file("out/output_0.bin")));
    CHECK(run({"run", network, "--strict"}).exit_code == 2);
}

TEST_CASE("Work beyond --work-limit is refused, and the message names the option") {
    const Folder folder;
    save(Program{}, folder.file("npu.tflite"));
    const Outcome outcome =
        run({"run", folder.file("npu.tflite"), "--check", "--work-limit", "1000"});
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.find("--work-limit") != std::string::npos);
    CHECK(outcome.err.find("command ") != std::string::npos);
    for (const char* wrong : {"0", "-1", "many"}) {
        CHECK(run({"run", folder.file("npu.tflite"), "--check", "--work-limit", wrong}).exit_code ==
              2);
    }
}
