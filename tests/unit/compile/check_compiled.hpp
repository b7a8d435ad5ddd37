// What must hold of every compiled network, checked from its streams alone.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>

#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim {

namespace check_detail {

struct Range {
    int region;
    std::uint64_t begin, end;
    bool meets(const Range& o) const {
        return region == o.region && begin < o.end && o.begin < end;
    }
};
constexpr int shram = 99;

inline Range map_range(const stream::FeatureMap& map) {
    const auto e = static_cast<std::uint64_t>(stream::bytes_of(map.type));
    std::uint64_t low = ~std::uint64_t{0};
    std::uint64_t high = 0;
    for (const int y : {0, map.height - 1}) {
        for (const int x : {0, map.width - 1}) {
            for (const int c : {0, map.depth - 1}) {
                low = std::min(low, map.address(y, x, c));
                high = std::max(high, map.address(y, x, c) + e);
            }
        }
    }
    return {map.region, low, high};
}

struct Use {
    std::vector<Range> reads, writes;
    bool conflicts(const Use& o) const {
        const auto any = [](const auto& a, const auto& b) {
            for (const auto& x : a) {
                for (const auto& y : b) {
                    if (x.meets(y)) return true;
                }
            }
            return false;
        };
        return any(reads, o.writes) || any(writes, o.reads) || any(writes, o.writes);
    }
};

inline Use use_of(const stream::KernelOp& op, const Architecture& arch) {
    Use use;
    use.reads.push_back(map_range(op.ifm));
    if (op.is_binary() && !op.broadcast.scalar) use.reads.push_back(map_range(op.ifm2));
    use.writes.push_back(map_range(op.ofm));
    for (std::size_t core = 0; op.has_weights() && core < 2; ++core) {
        const auto add = [&](int region, const stream::ByteRange& r) {
            if (r.length) use.reads.push_back({region, r.base, r.base + r.length});
        };
        add(op.weight_region, op.weights[core]);
        add(op.scale_region, op.scales[core]);
    }
    if (op.activation.uses_lut()) {
        const auto at = static_cast<std::uint64_t>(arch.lut_address());
        use.reads.push_back({shram, at, at + 2048});
    } else if (arch.reserved_end_banks == 0) {
        use.writes.push_back({shram, 0, static_cast<std::uint64_t>(arch.shram_banks) * 1024});
    }
    return use;
}

inline Use use_of(const stream::DmaOp& op) {
    const auto range = [&](const stream::DmaEnd& end) {
        return Range{end.internal ? shram : end.region, end.address,
                     end.address + op.total_bytes()};
    };
    return {{range(op.source)}, {range(op.destination)}};
}

}  // namespace check_detail

/// One line for everything wrong with `network`; empty when all is well.
inline std::vector<std::string> check_compiled(const CompiledNetwork& network) {
    using namespace check_detail;
    std::vector<std::string> wrong;
    const Architecture arch = architecture(network.target.accelerator);
    const bool u55 = network.target.accelerator.product == Product::u55;

    const auto limit = [&](int region) -> std::uint64_t {
        if (region == region_constants) return network.constants.size();
        if (region == region_arena) return static_cast<std::uint64_t>(network.arena_size.count());
        if (region == region_fast) return static_cast<std::uint64_t>(network.fast_size.count());
        return 0;
    };

    for (const auto& segment : network.segments) {
        const auto commands = stream::decode(segment.stream.words, network.target.accelerator);
        std::vector<stream::Action> actions;
        for (const auto& command : commands) actions.push_back(command.action);
        if (stream::encode(actions, network.target.accelerator) != segment.stream.words) {
            wrong.push_back(segment.name + ": encoding the decoded stream gives other words");
        }
        if (commands.empty() || !std::holds_alternative<stream::Stop>(commands.back().action)) {
            wrong.push_back(segment.name + ": does not end with STOP");
        }
        std::size_t operations = 0;
        std::vector<Use> kernels;
        std::vector<Use> dmas;
        for (std::size_t i = 0; i < commands.size(); ++i) {
            const std::string where = fmt::format("{} command {}", segment.name, i);
            const auto inside = [&](const Use& use) {
                for (const auto* ranges : {&use.reads, &use.writes}) {
                    for (const auto& r : *ranges) {
                        if (r.region == shram) {
                            if (r.end > static_cast<std::uint64_t>(arch.shram_banks) * 1024) {
                                wrong.push_back(where + ": leaves the shared buffer");
                            }
                        } else if (r.end > limit(r.region)) {
                            wrong.push_back(fmt::format("{}: bytes {}..{} of region {} of {}",
                                                        where, r.begin, r.end, r.region,
                                                        limit(r.region)));
                        }
                    }
                }
                for (const auto& r : use.writes) {
                    if (r.region == region_constants) {
                        wrong.push_back(where + ": writes constants");
                    }
                }
            };
            if (const auto* wait = std::get_if<stream::KernelWait>(&commands[i].action)) {
                while (kernels.size() > static_cast<std::size_t>(wait->outstanding)) {
                    kernels.erase(kernels.begin());
                }
            } else if (const auto* dma_wait = std::get_if<stream::DmaWait>(&commands[i].action)) {
                while (dmas.size() > static_cast<std::size_t>(dma_wait->outstanding)) {
                    dmas.erase(dmas.begin());
                }
            } else if (const auto* dma = std::get_if<stream::DmaOp>(&commands[i].action)) {
                ++operations;
                const Use use = use_of(*dma);
                inside(use);
                if (u55 && (dma->source.address % 16 || dma->destination.address % 16 ||
                            dma->length % 16)) {
                    wrong.push_back(where + ": copy is not 16-byte aligned");
                }
                for (const auto& kernel : kernels) {
                    if (kernel.conflicts(use)) wrong.push_back(where + ": copy beside a kernel");
                }
                if (dmas.size() >= static_cast<std::size_t>(arch.max_outstanding_dmas)) {
                    dmas.erase(dmas.begin());
                }
                dmas.push_back(use);
            } else if (const auto* op = std::get_if<stream::KernelOp>(&commands[i].action)) {
                ++operations;
                const Use use = use_of(*op, arch);
                inside(use);
                for (const auto& dma_use : dmas) {
                    if (dma_use.conflicts(use)) {
                        wrong.push_back(where + ": kernel beside a copy it depends on");
                    }
                }
                if (kernels.size() >= static_cast<std::size_t>(arch.max_outstanding_kernels)) {
                    kernels.erase(kernels.begin());
                }
                kernels.push_back(use);
                const auto& b = op->block;
                const auto& u = arch.ofm_ublock;
                if (b.height % u.height || b.width % u.width || b.depth % u.depth) {
                    wrong.push_back(where + ": block is no multiple of the unit block");
                }
                if (op->kind != stream::KernelKind::elementwise) {
                    // Two IFM buffers and two accumulator buffers, none over another.
                    const int acc = op->acc_format == stream::AccFormat::int40 ? 5 : 4;
                    const bool flat =
                        op->ofm.height == 1 && op->kernel.height == 1 && u.height == 2;
                    const std::int64_t bytes = std::int64_t{b.width} * (flat ? 1 : b.height) *
                                               ((b.depth + 7) / 8 * 8) * acc;
                    const std::int64_t banks = 2 * ((bytes + 1023) / 1024);
                    if (op->ab_start + banks > arch.shram_banks - arch.reserved_end_banks) {
                        wrong.push_back(where + ": accumulators leave their banks");
                    }
                    if (op->ib_end > op->ab_start || op->ib_end <= 2) {
                        wrong.push_back(where + ": input buffer meets the accumulators");
                    }
                }
            }
        }
        if (segment.labels.size() != operations) {
            wrong.push_back(fmt::format("{}: {} labels for {} operations", segment.name,
                                        segment.labels.size(), operations));
        }
        for (const auto& label : segment.labels) {
            const auto& action = commands.at(label.command_index).action;
            const bool dma = std::holds_alternative<stream::DmaOp>(action);
            if (dma != (label.op_type == "DMA") ||
                (!dma && !std::holds_alternative<stream::KernelOp>(action))) {
                wrong.push_back(segment.name + ": label of the wrong command: " + label.name);
            }
        }
    }

    const auto& all = network.placements;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].offset.count() % 16) wrong.push_back(all[i].name + ": not 16-byte aligned");
        if (static_cast<std::uint64_t>((all[i].offset + all[i].size).count()) >
            limit(all[i].region)) {
            wrong.push_back(all[i].name + ": leaves its region");
        }
        for (std::size_t k = i + 1; k < all.size(); ++k) {
            const auto& a = all[i];
            const auto& b = all[k];
            // Constants may be shared; they are never written.
            if (a.region != b.region || a.region == region_constants) continue;
            const bool time = a.first_use <= b.last_use && b.first_use <= a.last_use;
            const bool space = a.offset < b.offset + b.size && b.offset < a.offset + a.size;
            if (time && space) wrong.push_back(a.name + " and " + b.name + " overlap");
        }
    }
    if (network.target.memory_mode == MemoryMode::dedicated_sram &&
        network.fast_size > network.target.sram.size) {
        wrong.push_back("fast memory exceeds the SRAM");
    }
    return wrong;
}

}  // namespace u65sim
