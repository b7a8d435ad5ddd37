#include <u65sim/host.hpp>

#include <set>
#include <string>

#include <catch2/catch.hpp>

using namespace u65sim;
using Kind = FieldSource::Kind;

namespace {

/// Two runs on the NPU with two CPU operators between them.
CompiledNetwork network() {
    CompiledNetwork result;
    result.segments.resize(2);
    result.cpu_operators = {
        {"head", "SOFTMAX", "why", Bytes{2000}, Macs{0}, 1000, "int8"},
        {"conv", "CONV_2D", "why", Bytes{5000}, Macs{100'000}, 4000, "int8"},
    };
    result.steps = {{0, -1, -1}, {-1, 0, 0}, {-1, 1, 1}, {1, -1, -1}};
    result.arena_size = Bytes{10'000};
    return result;
}

Target target() {
    Target result;
    result.accelerator.clock = Hertz{500'000'000};
    return result;
}

const CpuCost& cost(const std::vector<CpuCost>& costs, std::string_view work) {
    for (const CpuCost& each : costs) {
        if (each.work == work) return each;
    }
    throw std::logic_error("no such work");
}

}  // namespace

TEST_CASE("without host terms nothing outside the NPU takes time") {
    const WholeInference time = host_time(network(), target());
    CHECK(time.calls.ms == 0.0);
    CHECK(time.cpu.ms == 0.0);
    CHECK(time.ms() == 0.0);
    CHECK(time.operators.size() == 2);
}

TEST_CASE("calls are the runtime, the driver, changes of side and the cache") {
    Target board = target();
    board.host.inference_us = 50;
    CHECK(host_time(network(), board).calls.ms == Approx(0.050));
    board.host.driver_call_us = 10;  // two segments
    CHECK(host_time(network(), board).calls.ms == Approx(0.070));
    board.host.runtime_operator_us = 1;  // two segments and two operators
    CHECK(host_time(network(), board).calls.ms == Approx(0.074));
    board.host.alternation_us = 3;  // to the CPU and back
    CHECK(host_time(network(), board).calls.ms == Approx(0.080));
    board.host.cache_bytes_per_us = 1000;  // the arena, twice a segment
    CHECK(host_time(network(), board).calls.ms == Approx(0.120));
    CHECK(host_time(network(), board).cpu.ms == 0.0);
}

TEST_CASE("CPU operators cost what their work takes on the CPU") {
    Target board = target();
    board.host.cpu = Cpu::cortex_m55;
    board.host.cpu_clock = Hertz{100'000'000};
    const auto costs = cpu_costs(Cpu::cortex_m55);
    const WholeInference time = host_time(network(), board);
    REQUIRE(time.operators.size() == 2);
    CHECK(time.operators[0].work == "softmax");
    CHECK(time.operators[0].time.ms == Approx(1000 * cost(costs, "softmax").typical / 1e5));
    CHECK(time.operators[1].work == "convolution");
    CHECK(time.operators[1].time.ms == Approx(1e5 * cost(costs, "convolution").typical / 1e5));
    CHECK(time.cpu.ms == Approx(time.operators[0].time.ms + time.operators[1].time.ms));
    CHECK(time.cpu.low_ms < time.cpu.ms);
    CHECK(time.cpu.high_ms > time.cpu.ms);
    CHECK(time.cpu.kind == Kind::assumed);
    board.host.cpu_clock = Hertz{200'000'000};
    CHECK(host_time(network(), board).cpu.ms == Approx(time.cpu.ms / 2));
    CompiledNetwork wide = network();
    for (CpuOperator& op : wide.cpu_operators) op.data_type = "float32";
    CHECK(host_time(wide, board).cpu.ms > 2 * host_time(network(), board).cpu.ms);
}

TEST_CASE("a term's range and source go into its part") {
    Target board = target();
    board.host.driver_call_us = 10;
    board.host.inference_us = 30;
    board.sources = {{"host.driver_call_us", "10", Kind::measured, "scope", "8", "20"},
                     {"host.inference_us", "30", Kind::published, "a paper", "", ""}};
    const TimePart calls = host_time(network(), board).calls;
    CHECK(calls.ms == Approx(0.050));
    CHECK(calls.low_ms == Approx(0.046));
    CHECK(calls.high_ms == Approx(0.070));
    CHECK(calls.kind == Kind::published);
    board.set("host.inference_us=0");
    CHECK(host_time(network(), board).calls.kind == Kind::measured);
    board.set("host.alternation_us=1");
    CHECK(host_time(network(), board).calls.kind == Kind::assumed);
}

TEST_CASE("every CPU has every kind of work once, in order, with a source") {
    CHECK(cpu_costs(Cpu::none).empty());
    std::set<std::string_view> works;
    for (const CpuCost& each : cpu_costs(Cpu::cortex_m55)) works.insert(each.work);
    for (const Cpu cpu : {Cpu::cortex_m55, Cpu::cortex_m85, Cpu::cortex_a55}) {
        CHECK(cpu_costs(cpu).size() == works.size());
        for (const CpuCost& each : cpu_costs(cpu)) {
            CAPTURE(to_string(cpu), each.work);
            CHECK(works.contains(each.work));
            CHECK(0.0 < each.low);
            CHECK(each.low < each.typical);
            CHECK(each.typical < each.high);
            CHECK_FALSE(each.source.empty());
        }
    }
    for (const char* type : {"CONV_2D", "SOFTMAX", "ADD", "TRANSPOSE", "NO_SUCH_OPERATOR"}) {
        CHECK(works.contains(work_of(type)));
    }
}
