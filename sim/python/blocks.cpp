// Blocks timed over shapes.
#include <array>
#include <string>

#include <u65sim/blocks.hpp>
#include <u65sim/error.hpp>

#include "message.hpp"

namespace u65sim::python {

namespace {

Json shape_row(const BlockShape& shape) { return {shape.height, shape.width, shape.channels}; }

/// Ends a study of blocks, whose progress cannot say so itself.
void report_progress(const Request& request, std::size_t done, std::size_t all) {
    if (request.progress && !request.progress(done, all)) {
        throw Cancelled("the study of blocks was ended by its caller");
    }
}

Reply study(const Request& request) {
    const Arguments& given = request.arguments;
    BlockStudyOptions options;
    options.blocks = given.texts("blocks");
    for (const std::string& shape : given.texts("shapes")) {
        options.shapes.push_back(parse_block_shape(shape));
    }
    options.equal =
        given.one_of("equal", {BlockEqual::shape, BlockEqual::macs, BlockEqual::parameters});
    options.inside = given.flag("inside");
    options.reference = given.text("reference");
    options.most_channels = given.integer("most_channels");
    options.compile = compile_options(given);
    options.effort = effort_of(given);
    options.progress = [&request](std::size_t done, std::size_t all) {
        report_progress(request, done, all);
    };
    BlockStudy made = study_blocks(request.target(0), options);
    Json points = Json::array();
    for (const BlockPoint& point : made.points) {
        points.push_back({{"block", point.block},
                          {"asked", shape_row(point.asked)},
                          {"shape", shape_row(point.shape)},
                          {"macs", point.macs.count()},
                          {"parameters", point.parameters},
                          {"cycles", point.cycles.count()},
                          {"latency_ms", point.latency_ms},
                          {"mac_utilization", point.mac_utilization},
                          {"sram_bytes", point.sram_bytes.count()},
                          {"dram_bytes", point.dram_bytes.count()},
                          {"spills", point.spills},
                          {"spill_bytes", point.spill_bytes.count()},
                          {"bound_by", point.bound_by}});
    }
    Json left_out = Json::array();
    for (const BlockLeftOut& each : made.left_out) {
        left_out.push_back(
            {{"block", each.block}, {"asked", shape_row(each.asked)}, {"reason", each.reason}});
    }
    Reply reply;
    reply.value = {{"points", std::move(points)}, {"left_out", std::move(left_out)}};
    reply.objects.push_back(hold(std::move(made)));
    return reply;
}

const BlockStudy& study_of(const Request& request) { return request.object<const BlockStudy>(0); }
Reply text(const Request& request) { return text_reply(study_of(request).to_text()); }
Reply json(const Request& request) { return text_reply(study_of(request).to_json()); }
Reply csv(const Request& request) { return text_reply(study_of(request).to_csv()); }

}  // namespace

std::span<const Function> block_functions() {
    static constexpr std::array functions{
        Function{"blocks.study", study},
        Function{"blocks.text", text},
        Function{"blocks.json", json},
        Function{"blocks.csv", csv},
    };
    return functions;
}

}  // namespace u65sim::python
