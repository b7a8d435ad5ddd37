#include "machine/functional/checker.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "machine/functional/map_access.hpp"
#include "machine/operation_name.hpp"
#include "timing/traversal.hpp"

namespace u65sim::machine::functional {
namespace {

using stream::FeatureMap;
using stream::KernelOp;

std::string place_of(const Interval& bytes) {
    if (bytes.region == shram_region) {
        return fmt::format("SHRAM bytes {} to {}", bytes.begin, bytes.end);
    }
    return fmt::format("region {} bytes {} to {}", bytes.region, bytes.begin, bytes.end);
}

/// Every byte of a box, in runs.
IntervalSet bytes_of_box(const FeatureMap& map, const timing::Box& box) {
    IntervalSet result;
    const auto element = static_cast<std::uint64_t>(stream::bytes_of(map.type));
    const int run = map.layout == stream::Layout::nhwc ? box.depth : 16;
    for (int y = box.y; y < box.y + box.height; ++y) {
        for (int z = box.z; z < box.z + box.depth;) {
            const int next = std::min(box.z + box.depth, run == 16 ? z / 16 * 16 + 16 : z + run);
            for (int x = box.x; x < box.x + box.width; ++x) {
                const std::uint64_t begin = element_address(map, y, x, z);
                result.add(map.region, begin,
                           begin + static_cast<std::uint64_t>(next - z) * element);
            }
            z = next;
        }
    }
    result.normalise();
    return result;
}

std::int64_t runs_of_box(const FeatureMap& map, const timing::Box& box) {
    const std::int64_t slices = map.layout == stream::Layout::nhwc ? 1 : box.depth / 16 + 2;
    return std::int64_t{box.height} * box.width * slices;
}

/// Boxes beyond this are no network's: what they touch is not worked out.
constexpr std::int64_t most_runs = std::int64_t{1} << 20;

}  // namespace

Checker::Checker(Memory& memory, const Architecture& arch) : memory_(memory), arch_(arch) {
    for (int region = 0; region <= region_count; ++region) clear(region);
}

void Checker::clear(int region) {
    const std::size_t size = memory_.bytes(region).size();
    Shadow& shadow = shadows_.at(static_cast<std::size_t>(region));
    shadow.writer.assign(size, 0);
    shadow.destroyed.assign(size, 0);
    shadow.was_read.assign(size, 0);
}

void Checker::replaced(int region) {
    clear(region);
    written(region, 0, memory_.bytes(region).size());
}

void Checker::written(int region, std::uint64_t offset, std::uint64_t length) {
    Shadow& shadow = shadows_.at(static_cast<std::size_t>(region));
    for (std::uint64_t i = offset; i < offset + length; ++i) {
        shadow.writer.at(i) = 1;
        shadow.destroyed[i] = 0;
        shadow.was_read[i] = 1;
    }
}

void Checker::begin_segment(std::uint32_t segment, const std::vector<CommandLabel>& labels) {
    segment_ = segment;
    labels_ = &labels;
    kernels_.clear();
    dmas_.clear();
    previous_ = nullptr;
}

std::vector<Finding> Checker::take_findings() { return std::exchange(findings_, {}); }

void Checker::run(Executor& executor, const std::vector<stream::Command>& commands) {
    memory_.observe(this);
    for (std::size_t i = 0; i < commands.size(); ++i) {
        const stream::Command& command = commands[i];
        begin_command(command, static_cast<std::uint32_t>(i));
        executor.run(command, index_);
        reads_.normalise();
        writes_.normalise();
        if (const auto* kernel = std::get_if<KernelOp>(&command.action)) finish_kernel(*kernel);
        if (is_dma_) finish_dma();
        if (const auto* wait = std::get_if<stream::KernelWait>(&command.action)) {
            while (static_cast<int>(kernels_.size()) > wait->outstanding) kernels_.pop_front();
            if (kernels_.empty()) previous_ = nullptr;
        }
        if (const auto* wait = std::get_if<stream::DmaWait>(&command.action)) {
            while (static_cast<int>(dmas_.size()) > wait->outstanding) dmas_.pop_front();
        }
        if (std::holds_alternative<stream::Stop>(command.action)) break;
    }
    memory_.observe(nullptr);
}

void Checker::begin_command(const stream::Command& command, std::uint32_t index) {
    command_ = &command;
    index_ = index;
    ++tag_;
    is_dma_ = std::holds_alternative<stream::DmaOp>(command.action);
    reads_.clear();
    writes_.clear();
    sources_.clear();
    destroyed_.clear();
    reported_.clear();
}

void Checker::access(Access kind, int region, std::uint64_t offset, std::uint64_t length) {
    if (length == 0) return;
    if (kind == Access::read) {
        reads_.add(region, offset, offset + length);
        if (is_dma_) {
            copied_from_ = {region, offset, offset + length};
        } else {
            note_read(region, offset, length);
        }
        return;
    }
    writes_.add(region, offset, offset + length);
    if (region == region_constants) {
        report(FindingKind::constant_write,
               fmt::format("writes {}", place_of({region, offset, offset + length})));
    }
    if (is_dma_) {
        copy_shadow(region, offset, length);
    } else {
        note_write(region, offset, length);
    }
}

void Checker::note_read(int region, std::uint64_t offset, std::uint64_t length) {
    Shadow& shadow = shadows_[static_cast<std::size_t>(region)];
    Tag last = 1;
    for (std::uint64_t i = offset; i < offset + length; ++i) {
        const Tag writer = shadow.writer[i];
        if (writer == 0) {
            report(FindingKind::unwritten_read,
                   fmt::format("reads {}, of which byte {} was never written",
                               place_of({region, offset, offset + length}), i));
        } else if (writer != last) {
            sources_.insert(writer);
            last = writer;
        }
        if (shadow.destroyed[i] != 0) destroyed_.insert(shadow.destroyed[i]);
        shadow.was_read[i] = 1;
    }
}

void Checker::note_write(int region, std::uint64_t offset, std::uint64_t length) {
    Shadow& shadow = shadows_[static_cast<std::size_t>(region)];
    for (std::uint64_t i = offset; i < offset + length; ++i) {
        const Tag before = shadow.writer[i];
        shadow.destroyed[i] = before > 1 && before != tag_ && shadow.was_read[i] == 0 ? before : 0;
        shadow.writer[i] = tag_;
        shadow.was_read[i] = 0;
    }
}

/// A copy is as good as its source; what it replaces is not looked at, since copies are rounded
/// up to whole 16-byte units.
void Checker::copy_shadow(int region, std::uint64_t offset, std::uint64_t length) {
    Shadow& from = shadows_[static_cast<std::size_t>(copied_from_.region)];
    Shadow& to = shadows_[static_cast<std::size_t>(region)];
    for (std::uint64_t i = 0; i < length; ++i) {
        const std::uint64_t source = copied_from_.begin + i;
        to.writer[offset + i] = from.writer[source] == 0 ? 0 : 1;
        to.destroyed[offset + i] = from.destroyed[source];
        to.was_read[offset + i] = 1;
        from.was_read[source] = 1;
    }
}

void Checker::finish_kernel(const KernelOp& op) {
    check_against(dmas_, FindingKind::missing_dma_wait, "a DMA_WAIT is missing");
    check_block_dependency(op);
    for (const Tag tag : destroyed_) {
        if (sources_.contains(tag)) {
            report(FindingKind::overlapping_buffers,
                   "reads a feature map of which another operation overwrote a part before "
                   "anybody read it");
        }
    }
    kernels_.push_back({current_name(), reads_, writes_});
    while (static_cast<int>(kernels_.size()) > arch_.max_outstanding_kernels) {
        kernels_.pop_front();
    }
    previous_ = &op;
    previous_name_ = current_name();
}

void Checker::finish_dma() {
    check_against(kernels_, FindingKind::missing_kernel_wait, "a KERNEL_WAIT is missing");
    dmas_.push_back({current_name(), reads_, writes_});
    while (static_cast<int>(dmas_.size()) > arch_.max_outstanding_dmas) dmas_.pop_front();
}

void Checker::check_against(const std::deque<InFlight>& others, FindingKind kind,
                            const char* what) {
    for (auto other = others.rbegin(); other != others.rend(); ++other) {
        if (const auto bytes = reads_.first_common(other->writes)) {
            report(kind, fmt::format("reads {}, which {} may still write: {}", place_of(*bytes),
                                     other->name, what));
        }
        if (const auto bytes = writes_.first_common(other->writes)) {
            report(kind, fmt::format("writes {}, which {} may still write: {}", place_of(*bytes),
                                     other->name, what));
        }
        if (const auto bytes = writes_.first_common(other->reads)) {
            report(kind, fmt::format("writes {}, which {} may still read: {}", place_of(*bytes),
                                     other->name, what));
        }
    }
}

/// Job f of this kernel (an IFM depth block of an OFM block) may run while the last BLOCKDEP - f
/// blocks of the kernel before are unfinished: it must not read what they write.
void Checker::check_block_dependency(const KernelOp& op) {
    if (previous_ == nullptr || op.blockdep == 0) return;
    const timing::Traversal before{*previous_, arch_};
    const timing::Traversal now{op, arch_};
    const timing::SubKernel whole{0, 0, op.kernel.height, op.kernel.width};
    for (int job = 0; job < op.blockdep; ++job) {
        const std::int64_t block = job / now.depth_blocks();
        if (block >= now.blocks()) return;
        const timing::Box ofm_block = now.block(block);
        const timing::Box input = now.ifm_box(ofm_block, job % now.depth_blocks(), whole);
        if (runs_of_box(op.ifm, input) > most_runs) return;
        const IntervalSet reads = bytes_of_box(op.ifm, input);
        IntervalSet second;
        if (op.is_binary() && !op.broadcast.scalar) {
            second = bytes_of_box(op.ifm2, now.ifm2_box(ofm_block));
        }
        for (int back = 0; back < op.blockdep - job; ++back) {
            const std::int64_t unfinished = before.blocks() - 1 - back;
            if (unfinished < 0) break;
            const IntervalSet written = bytes_of_box(previous_->ofm, before.block(unfinished));
            auto bytes = reads.first_common(written);
            if (!bytes) bytes = second.first_common(written);
            if (!bytes) continue;
            report(FindingKind::block_dependency,
                   fmt::format("BLOCKDEP {} lets its job {} read {}, which block {} of {} by {} "
                               "may still write",
                               op.blockdep, job, place_of(*bytes), unfinished, before.blocks(),
                               previous_name_));
            return;
        }
    }
}

std::string Checker::current_name() const {
    const std::string operation = operation_name(command_->action);
    const auto label = std::find_if(labels_->begin(), labels_->end(), [&](const auto& candidate) {
        return candidate.command_index == index_;
    });
    const Place place{
        index_, command_->word_index,
        label == labels_->end() ? operation : fmt::format("{} {}", operation, label->name)};
    return place.text();
}

void Checker::report(FindingKind kind, const std::string& what) {
    if (!reported_.insert(kind).second) return;
    findings_.push_back(
        {kind, segment_, index_, command_->word_index, fmt::format("{} {}", current_name(), what)});
}

std::vector<Finding> overlapping_placements(const std::vector<Placement>& placements) {
    std::vector<Finding> findings;
    std::vector<const Placement*> sorted;
    for (const Placement& placement : placements) {
        if (placement.kind != Placement::Kind::constant) sorted.push_back(&placement);
    }
    std::stable_sort(sorted.begin(), sorted.end(), [](const Placement* a, const Placement* b) {
        return std::tie(a->region, a->offset) < std::tie(b->region, b->offset);
    });
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const Placement& a = *sorted[i];
        for (std::size_t k = i + 1; k < sorted.size(); ++k) {
            const Placement& b = *sorted[k];
            if (b.region != a.region || b.offset >= a.offset + a.size) break;
            if (a.first_use > b.last_use || b.first_use > a.last_use) continue;
            Finding finding;
            finding.kind = FindingKind::overlapping_buffers;
            finding.text = fmt::format(
                "{} (bytes {} to {}, live {} to {}) and {} (bytes {} to {}, live {} to {}) share "
                "bytes of region {}",
                a.name, a.offset.count(), (a.offset + a.size).count(), a.first_use, a.last_use,
                b.name, b.offset.count(), (b.offset + b.size).count(), b.first_use, b.last_use,
                a.region);
            findings.push_back(std::move(finding));
        }
    }
    return findings;
}

}  // namespace u65sim::machine::functional
