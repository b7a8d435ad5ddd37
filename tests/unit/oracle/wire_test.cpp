#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

#include "oracle/wire.hpp"

using namespace u65sim;
using namespace u65sim::oracle;

TEST_CASE("A graph survives the wire") {
    for (const char* name : {"rnnoise", "ds_cnn", "resnet8", "mobilenet_v1_025_96"}) {
        const Graph graph = zoo(name);
        CHECK(unpack_graph(pack_graph(graph)) == graph);
        const Graph modelled = zoo(name, {.modelled = true});
        CHECK(unpack_graph(pack_graph(modelled)) == modelled);
        CHECK(pack_graph(modelled).size() < pack_graph(graph).size());
    }
}

TEST_CASE("A report survives the wire, but for the target") {
    Reply reply;
    reply.report = Oracle{Target::preset("u65-256")}.estimate(zoo("mobilenet_v1_025_96"));
    reply.nanoseconds = {1, 2, 3, 4, 5};
    Reply back = unpack_reply(pack_reply(reply));
    CHECK(back.nanoseconds == reply.nanoseconds);
    CHECK_FALSE(back.error);
    back.report.target = reply.report.target;
    CHECK(back.report == reply.report);
    CHECK(back.report.to_json() == reply.report.to_json());
}

TEST_CASE("An error keeps its kind and its words") {
    Reply reply;
    reply.error = std::make_exception_ptr(DoesNotFit("too large"));
    CHECK_THROWS_AS(std::rethrow_exception(unpack_reply(pack_reply(reply)).error), DoesNotFit);
    CHECK_THROWS_WITH(std::rethrow_exception(unpack_reply(pack_reply(reply)).error), "too large");
    reply.error = std::make_exception_ptr(SimulationStuck("limit"));
    CHECK_THROWS_AS(std::rethrow_exception(unpack_reply(pack_reply(reply)).error), SimulationStuck);
    reply.error = std::make_exception_ptr(QuantityOverflow("+"));
    CHECK_THROWS_AS(std::rethrow_exception(unpack_reply(pack_reply(reply)).error),
                    QuantityOverflow);
}

TEST_CASE("Damaged messages are refused") {
    const std::string whole = pack_graph(zoo("rnnoise", {.modelled = true}));
    for (std::size_t length = 0; length < whole.size(); length += 7) {
        CHECK_THROWS_AS(unpack_graph(std::string_view{whole}.substr(0, length)), Error);
    }
    CHECK_THROWS_AS(unpack_graph(whole + "x"), WorkerLost);
}
