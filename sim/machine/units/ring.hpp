// A queue whose storage is kept from run to run. Addresses stay valid while an element is queued.
#pragma once

#include <cassert>
#include <cstddef>
#include <vector>

namespace u65sim::machine {

/// First in, first out, with room for `capacity` elements (a power of two).
template <class T, std::size_t capacity>
class Ring {
    static_assert((capacity & (capacity - 1)) == 0);

public:
    [[nodiscard]] bool empty() const { return head_ == tail_; }
    [[nodiscard]] bool full() const { return size() == capacity; }
    [[nodiscard]] std::size_t size() const { return tail_ - head_; }
    T& front() { return (*this)[0]; }
    [[nodiscard]] const T& front() const { return (*this)[0]; }
    T& back() { return (*this)[size() - 1]; }
    T& operator[](std::size_t index) {
        assert(index < size());
        return items_[(head_ + index) & (capacity - 1)];
    }
    /// Appends and returns the new last element, freshly constructed.
    T& push() {
        assert(!full());
        T& item = items_[tail_++ & (capacity - 1)];
        item = T{};
        return item;
    }
    const T& operator[](std::size_t index) const {
        assert(index < size());
        return items_[(head_ + index) & (capacity - 1)];
    }
    void pop(std::size_t count = 1) {
        assert(count <= size());
        head_ += count;
    }
    void clear() { head_ = tail_ = 0; }

private:
    std::vector<T> items_ = std::vector<T>(capacity);
    std::size_t head_ = 0, tail_ = 0;
};

}  // namespace u65sim::machine
