// Reports already worked out, the least recently used one leaving first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <u65sim/report.hpp>

namespace u65sim::oracle {

/// Safe from any thread.
class Memo {
public:
    using Key = std::pair<std::uint64_t, std::uint64_t>;

    explicit Memo(std::size_t capacity) : capacity_{capacity} {}

    std::optional<Report> find(const Key& key);
    void insert(const Key& key, const Report& report);

private:
    using Entry = std::pair<Key, Report>;

    std::size_t capacity_;
    std::mutex mutex_;
    std::list<Entry> entries_;  ///< most recently used first
    std::map<Key, std::list<Entry>::iterator> index_;
};

}  // namespace u65sim::oracle
