#include "oracle/memo.hpp"

namespace u65sim::oracle {

namespace {

/// What a string holds outside its object.
std::size_t outside(const std::string& text) {
    return text.capacity() > std::string{}.capacity() ? text.capacity() + 1 : 0;
}

template <class Value>
std::size_t storage(const std::vector<Value>& values) {
    return values.capacity() * sizeof(Value);
}

/// List node, index node, bucket and control block.
constexpr std::size_t entry_overhead = 256;

}  // namespace

Bytes memory_of(const Report& report) {
    std::size_t sum = sizeof(Report) + entry_overhead;
    sum += outside(report.u65sim_version) + outside(report.model.name) +
           outside(report.model.producer);
    sum += storage(report.model.cpu_operators) + storage(report.pmu) + storage(report.spills) +
           storage(report.operators) + storage(report.assumptions) + storage(report.sram.ceilings) +
           storage(report.dram.ceilings);
    for (const CpuOperator& op : report.model.cpu_operators) {
        sum += outside(op.name) + outside(op.type) + outside(op.reason) + outside(op.data_type);
    }
    if (report.inference) {
        sum += storage(report.inference->operators);
        for (const CpuOperatorTime& op : report.inference->operators) {
            sum += outside(op.name) + outside(op.type) + outside(op.work);
        }
    }
    for (const auto& event : report.pmu) sum += outside(event.first);
    for (const SpillEvent& spill : report.spills) {
        sum += outside(spill.tensor) + outside(spill.reason) + outside(spill.producer) +
               storage(spill.consumers);
        for (const std::string& consumer : spill.consumers) sum += outside(consumer);
    }
    for (const OperatorReport& op : report.operators) {
        sum += outside(op.name) + outside(op.type) + outside(op.block);
    }
    for (const std::string& text : report.assumptions) sum += outside(text);
    if (report.interval) sum += outside(report.interval->source);
    if (report.contention) {
        sum += storage(report.contention->operators) + storage(report.contention->traffic);
    }
    sum += storage(report.live_ranges) + storage(report.timeline.tracks) +
           storage(report.timeline.spans);
    for (const LiveRange& range : report.live_ranges) {
        sum += outside(range.name);
    }
    return Bytes{static_cast<std::int64_t>(sum)};
}

std::shared_ptr<const Report> Memo::find(const Key& key) {
    const std::lock_guard lock{mutex_};
    const auto at = index_.find(key);
    if (at == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, at->second);
    return at->second->report;
}

void Memo::insert(const Key& key, Report report) {
    const Bytes bytes = memory_of(report);
    if (bytes > capacity_) return;
    auto kept = std::make_shared<const Report>(std::move(report));
    const std::lock_guard lock{mutex_};
    if (index_.contains(key)) return;
    while (bytes_ + bytes > capacity_) {
        bytes_ -= entries_.back().bytes;
        index_.erase(entries_.back().key);
        entries_.pop_back();
    }
    bytes_ += bytes;
    entries_.push_front({key, std::move(kept), bytes});
    index_.emplace(key, entries_.begin());
}

std::size_t Memo::size() const {
    const std::lock_guard lock{mutex_};
    return entries_.size();
}

Bytes Memo::bytes() const {
    const std::lock_guard lock{mutex_};
    return bytes_;
}

}  // namespace u65sim::oracle
