#include "oracle/memo.hpp"

namespace u65sim::oracle {

std::optional<Report> Memo::find(const Key& key) {
    const std::lock_guard lock{mutex_};
    const auto at = index_.find(key);
    if (at == index_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, at->second);
    return at->second->second;
}

void Memo::insert(const Key& key, const Report& report) {
    const std::lock_guard lock{mutex_};
    if (capacity_ == 0 || index_.contains(key)) return;
    if (entries_.size() == capacity_) {
        index_.erase(entries_.back().first);
        entries_.pop_back();
    }
    entries_.emplace_front(key, report);
    index_.emplace(key, entries_.begin());
}

}  // namespace u65sim::oracle
