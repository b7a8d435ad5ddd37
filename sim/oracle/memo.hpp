// Reports already worked out, the least recently used one leaving first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include <u65sim/report.hpp>

namespace u65sim::oracle {

/// Bytes that a report takes in memory, about.
Bytes memory_of(const Report& report);

/// Key of a query: two independent hashes of everything it depends on.
struct Key {
    std::uint64_t first = 0, second = 0;
    bool operator==(const Key&) const = default;
};
struct KeyHash {
    std::size_t operator()(const Key& key) const { return key.first; }
};

/// Safe from any thread.
class Memo {
public:
    explicit Memo(Bytes capacity) : capacity_{capacity} {}

    /// Null when there is none.
    std::shared_ptr<const Report> find(const Key& key);
    void insert(const Key& key, Report report);
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] Bytes bytes() const;

private:
    struct Entry {
        Key key;
        std::shared_ptr<const Report> report;
        Bytes bytes{0};
    };

    const Bytes capacity_;
    mutable std::mutex mutex_;
    Bytes bytes_{0};
    std::list<Entry> entries_;  ///< most recently used first
    std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> index_;
};

}  // namespace u65sim::oracle
