// Answers that are kept for whoever asks again.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace u65sim::compiler {

/// Values by key, for any thread. All are forgotten when another one would take them above a number
/// of bytes; so at least the last one is there.
template <class Key, class Value, class Hash = std::hash<Key>>
class BoundedCache {
public:
    explicit BoundedCache(std::int64_t max_bytes) : max_bytes_(max_bytes) {}

    std::optional<Value> find(const Key& key) {
        const std::lock_guard lock(mutex_);
        const auto it = values_.find(key);
        return it == values_.end() ? std::nullopt : std::optional{it->second};
    }
    /// `bytes` are those that the value holds outside of itself.
    void insert(const Key& key, Value value, std::int64_t bytes = 0) {
        const std::lock_guard lock(mutex_);
        bytes += entry_bytes;
        if (held_bytes_ + bytes > max_bytes_) {
            values_.clear();
            held_bytes_ = 0;
        }
        if (values_.try_emplace(key, std::move(value)).second) held_bytes_ += bytes;
    }

private:
    /// Of an entry in a hash table: the pair, two pointers, and its allocation's head.
    static constexpr std::int64_t entry_bytes = sizeof(std::pair<const Key, Value>) + 32;
    const std::int64_t max_bytes_;
    std::mutex mutex_;
    std::unordered_map<Key, Value, Hash> values_;
    std::int64_t held_bytes_ = 0;
};

}  // namespace u65sim::compiler
