#include "arith/binary_heap.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <queue>
#include <random>
#include <vector>

using namespace u65sim::arith;

namespace {

struct Element {
    std::size_t key;
    std::size_t number;
    friend bool operator==(const Element&, const Element&) = default;
};
struct ByKey {
    bool operator()(const Element& a, const Element& b) const { return a.key < b.key; }
};
using Heap = BinaryHeap<Element, ByKey>;

/// With many equal keys.
std::vector<Element> draw(std::mt19937& random, std::size_t count) {
    std::vector<Element> elements;
    for (std::size_t i = 0; i < count; ++i) elements.push_back({random() % 5, i});
    return elements;
}

std::vector<Element> taken_out(Heap heap) {
    std::vector<Element> order;
    while (!heap.empty()) order.push_back(heap.pop());
    return order;
}

}  // namespace

TEST_CASE("a heap orders equal elements in one way") {
    Heap heap{ByKey{}};
    for (std::size_t i = 0; i < 6; ++i) heap.push({1, i});
    heap.push({2, 6});
    // By hand: the holes move to the second of equal children.
    const std::vector<Element> expected{{2, 6}, {1, 0}, {1, 5}, {1, 2}, {1, 4}, {1, 1}, {1, 3}};
    CHECK(taken_out(heap) == expected);
}

#ifdef __GLIBCXX__
TEST_CASE("a heap orders equal elements as the GNU library's queue does") {
    std::mt19937 random(3);
    for (std::size_t count = 1; count < 60; ++count) {
        const std::vector<Element> elements = draw(random, count);
        Heap heap{ByKey{}};
        std::priority_queue<Element, std::vector<Element>, ByKey> queue;
        for (const Element& element : elements) {
            heap.push(element);
            queue.push(element);
            if (random() % 4 == 0) {
                CHECK(heap.pop() == queue.top());
                queue.pop();
            }
        }
        std::vector<Element> order;
        for (; !queue.empty(); queue.pop()) order.push_back(queue.top());
        CHECK(taken_out(heap) == order);
    }
}

TEST_CASE("a heap keeps and orders equal elements as the GNU library's partial sort does") {
    std::mt19937 random(4);
    for (std::size_t count = 1; count < 60; ++count) {
        std::vector<Element> elements = draw(random, count);
        const std::size_t kept = 1 + random() % count;
        const auto middle = elements.begin() + static_cast<std::ptrdiff_t>(kept);
        Heap heap{{elements.begin(), middle}, ByKey{}};
        for (auto element = middle; element != elements.end(); ++element) {
            if (ByKey{}(*element, heap.top())) heap.replace_top(*element);
        }
        std::vector<Element> order = taken_out(heap);
        std::reverse(order.begin(), order.end());
        std::partial_sort(elements.begin(), middle, elements.end(), ByKey{});
        elements.resize(kept);
        CHECK(order == elements);
    }
}
#endif
