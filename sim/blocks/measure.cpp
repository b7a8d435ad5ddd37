// Blocks at shapes: which channels they get, and what their runs say.
#include <u65sim/blocks.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>

namespace u65sim {

namespace {

constexpr double tolerated_miss = 0.1;

/// MACs or parameters of a block over its channels: a x channels^2 + b x channels, which all blocks
/// follow for channels that are multiples of eight.
class Growth {
public:
    Growth(const std::string& name, const BlockShape& shape, BlockEqual equal) {
        const double small = amount(name, shape, 16, equal);
        const double large = amount(name, shape, 32, equal);
        square_ = (large - 2 * small) / (32.0 * 32.0 - 2 * 16.0 * 16.0);
        linear_ = (small - 16.0 * 16.0 * square_) / 16.0;
    }
    [[nodiscard]] double at(double channels) const {
        return square_ * channels * channels + linear_ * channels;
    }
    /// The multiple of eight nearest to `wanted`.
    [[nodiscard]] std::int32_t channels_for(double wanted, std::int32_t most) const {
        std::int32_t best = 8;
        for (std::int32_t channels = 8; channels <= most; channels += 8) {
            if (std::abs(at(channels) - wanted) < std::abs(at(best) - wanted)) best = channels;
        }
        return best;
    }

private:
    static double amount(const std::string& name, BlockShape shape, std::int32_t channels,
                         BlockEqual equal) {
        shape.channels = channels;
        const Graph graph = block(name, shape);
        return equal == BlockEqual::macs ? static_cast<double>(count_macs(graph).count())
                                         : static_cast<double>(count_parameters(graph));
    }

    double square_ = 0, linear_ = 0;
};

void name_bound(BlockPoint& point, const CauseCycles& causes) {
    const auto largest = std::max_element(causes.begin(), causes.end());
    point.bound_by = to_string(static_cast<Cause>(largest - causes.begin()));
}

/// A block that is the whole network.
void measure_alone(Oracle& oracle, const Graph& graph, BlockPoint& point) {
    const Report report = oracle.estimate(graph);
    point.cycles = report.total.cycles;
    point.sram_bytes = report.sram.read + report.sram.write;
    point.dram_bytes = report.dram.read + report.dram.write;
    point.spills = static_cast<std::int32_t>(report.spills.size());
    for (const SpillEvent& spill : report.spills) {
        point.spill_bytes += spill.dram_read_bytes + spill.dram_write_bytes;
    }
    name_bound(point, report.stalls);
}

/// The second of three: what is charged to its operators.
void measure_inside(Oracle& oracle, const Graph& graph, BlockPoint& point) {
    const Report report = oracle.estimate(graph);
    CauseCycles causes{};
    for (const OperatorReport& op : report.operators) {
        if (!op.name.starts_with("2/")) continue;
        point.cycles += op.cycles;
        point.sram_bytes += op.sram_bytes;
        point.dram_bytes += op.dram_bytes;
        for (std::size_t i = 0; i < cause_count; ++i) causes[i] += op.stalls[i];
    }
    for (const SpillEvent& spill : report.spills) {
        if (!spill.producer.starts_with("2/")) continue;
        ++point.spills;
        point.spill_bytes += spill.dram_read_bytes + spill.dram_write_bytes;
    }
    name_bound(point, causes);
}

BlockPoint measure(Oracle& oracle, const std::string& name, const BlockShape& asked,
                   const BlockShape& shape, bool inside) {
    const Graph alone = block(name, shape);
    BlockPoint point{.block = name, .asked = asked, .shape = shape};
    point.macs = count_macs(alone);
    point.parameters = count_parameters(alone);
    if (inside) {
        measure_inside(oracle, block(name, shape, {}, 3), point);
    } else {
        measure_alone(oracle, alone, point);
    }
    const Target& target = oracle.target();
    const auto cycles = static_cast<double>(point.cycles.count());
    point.latency_ms = 1000.0 * cycles / static_cast<double>(target.accelerator.clock.count());
    if (cycles > 0) {
        point.mac_utilization = static_cast<double>(point.macs.count()) /
                                (static_cast<double>(target.peak_macs_per_cycle()) * cycles);
    }
    return point;
}

/// The names as asked, each known; all when none was.
std::vector<std::string> known_blocks(const std::vector<std::string>& asked) {
    std::vector<std::string> names;
    if (asked.empty()) {
        for (const ZooEntry& each : block_list()) names.push_back(each.name);
        return names;
    }
    for (const std::string& name : asked) {
        block(name, {8, 8, 16});  // refuses unknown ones before the work
        names.push_back(name == "pointwise" ? "standard_1x1" : name);
    }
    return names;
}

/// Gives `shape` the channels that come nearest to `wanted` MACs or parameters. Why not, where they
/// are not near enough.
std::string meet_reference(BlockShape& shape, const Growth& own, double wanted,
                           const BlockStudyOptions& options) {
    shape.channels = own.channels_for(wanted, options.most_channels);
    const double miss = own.at(shape.channels) / wanted - 1;
    if (std::abs(miss) <= tolerated_miss) return {};
    return fmt::format(
        "{} channels, the nearest up to {}, miss the {} of {} by {:+.0f} %: at most 10 % are "
        "accepted",
        shape.channels, options.most_channels,
        options.equal == BlockEqual::macs ? "MACs" : "parameters", options.reference, 100 * miss);
}

}  // namespace

std::string_view to_string(BlockEqual equal) {
    return equal == BlockEqual::shape ? "shape" : equal == BlockEqual::macs ? "macs" : "parameters";
}

double BlockPoint::cycles_per_mac() const {
    return macs.count() > 0
               ? static_cast<double>(cycles.count()) / static_cast<double>(macs.count())
               : 0.0;
}

std::vector<BlockShape> block_sweep() {
    std::vector<BlockShape> shapes;
    for (const std::int32_t side : {7, 14, 28, 56, 112}) {
        for (const std::int32_t channels : {16, 32, 64, 128, 256, 512}) {
            if (side * side * channels <= 1024 * 1024) shapes.push_back({side, side, channels});
        }
    }
    return shapes;
}

BlockStudy study_blocks(const Target& target, const BlockStudyOptions& options) {
    const std::vector<std::string> names = known_blocks(options.blocks);
    const std::vector<BlockShape> shapes = options.shapes.empty() ? block_sweep() : options.shapes;
    OracleOptions how;
    how.compile = options.compile;
    how.effort = options.effort;
    Oracle oracle{target, how};
    BlockStudy study{.u65sim_version = std::string{version()},
                     .target = target.name,
                     .equal = options.equal,
                     .inside = options.inside};
    std::map<std::pair<std::string, std::pair<int, int>>, Growth> growths;
    const auto growth = [&](const std::string& name, const BlockShape& shape) -> const Growth& {
        const std::pair key{name, std::pair{shape.height, shape.width}};
        const auto at = growths.find(key);
        return at != growths.end()
                   ? at->second
                   : growths.emplace(key, Growth{name, shape, options.equal}).first->second;
    };
    const auto leave_out = [&](const std::string& name, const BlockShape& asked,
                               std::string reason) {
        study.left_out.push_back({name, asked, std::move(reason)});
    };
    std::size_t done = 0;
    for (const BlockShape& asked : shapes) {
        for (const std::string& name : names) {
            if (options.progress) options.progress(done, shapes.size() * names.size());
            ++done;
            BlockShape shape = asked;
            if (options.equal != BlockEqual::shape) {
                const double wanted = growth(options.reference, asked).at(asked.channels);
                const std::string miss =
                    meet_reference(shape, growth(name, asked), wanted, options);
                if (!miss.empty()) {
                    leave_out(name, asked, miss);
                    continue;
                }
            }
            try {
                study.points.push_back(measure(oracle, name, asked, shape, options.inside));
            } catch (const InvalidModel& error) {
                if (!options.shapes.empty() && options.equal == BlockEqual::shape) throw;
                leave_out(name, asked, error.what());
            } catch (const DoesNotFit& error) {
                leave_out(name, asked, error.what());
            }
        }
    }
    if (options.progress) options.progress(done, done);
    return study;
}

const BlockPoint* BlockStudy::find(std::string_view block, const BlockShape& asked) const {
    const auto at = std::find_if(points.begin(), points.end(), [&](const BlockPoint& point) {
        return point.block == block && point.asked == asked;
    });
    return at == points.end() ? nullptr : &*at;
}

}  // namespace u65sim
