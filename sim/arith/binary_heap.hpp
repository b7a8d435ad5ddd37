#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace u65sim::arith {

/// A priority queue, greatest first, that orders equal elements in the same way everywhere.
/// Standard libraries differ there, and the builds of the reference kernels have GNU's: an element
/// that is taken out leaves a hole, which moves down to a leaf along the greater children (the
/// second of equal ones) before the last element is put in and moves up.
template <class Value, class Less = std::less<>>
class BinaryHeap {
public:
    explicit BinaryHeap(Less less) : less_(std::move(less)) {}
    /// Of these elements.
    BinaryHeap(std::vector<Value> values, Less less)
        : values_(std::move(values)), less_(std::move(less)) {
        for (std::size_t node = values_.size() / 2; node-- > 0;) {
            put_below(node, std::move(values_[node]));
        }
    }

    [[nodiscard]] bool empty() const { return values_.empty(); }
    [[nodiscard]] std::size_t size() const { return values_.size(); }
    [[nodiscard]] const Value& top() const { return values_.front(); }
    void push(Value value) {
        values_.emplace_back();
        put_above(values_.size() - 1, 0, std::move(value));
    }
    Value pop() {
        Value greatest = std::move(values_.front());
        Value last = std::move(values_.back());
        values_.pop_back();
        if (!values_.empty()) put_below(0, std::move(last));
        return greatest;
    }
    void replace_top(Value value) { put_below(0, std::move(value)); }

private:
    /// Into the hole at `node`, or above it, but not above `root`.
    void put_above(std::size_t node, std::size_t root, Value value) {
        while (node > root && less_(values_[(node - 1) / 2], value)) {
            values_[node] = std::move(values_[(node - 1) / 2]);
            node = (node - 1) / 2;
        }
        values_[node] = std::move(value);
    }
    /// Into the hole at `root`, or below it.
    void put_below(std::size_t root, Value value) {
        std::size_t node = root;
        for (std::size_t child = 2 * node + 1; child < values_.size(); child = 2 * node + 1) {
            if (child + 1 < values_.size() && !less_(values_[child + 1], values_[child])) ++child;
            values_[node] = std::move(values_[child]);
            node = child;
        }
        put_above(node, root, std::move(value));
    }

    std::vector<Value> values_;
    Less less_;
};

}  // namespace u65sim::arith
