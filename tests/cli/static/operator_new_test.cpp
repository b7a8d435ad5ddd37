// The program's operator new, which this program is linked with.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <malloc.h>
#include <catch2/catch.hpp>

namespace {

/// Bytes with what was written there.
class Written {
public:
    explicit Written(std::size_t size) : size_(size), bytes_(operator new(size)) {
        std::memset(bytes_, value(), size_);
    }
    ~Written() { operator delete(bytes_); }
    Written(const Written&) = delete;
    Written& operator=(const Written&) = delete;

    [[nodiscard]] bool is_whole() const {
        const std::string expected(size_, static_cast<char>(value()));
        return std::memcmp(bytes_, expected.data(), size_) == 0;
    }
    [[nodiscard]] bool is_aligned() const {
        return reinterpret_cast<std::uintptr_t>(bytes_) % alignof(std::max_align_t) == 0;
    }

private:
    [[nodiscard]] int value() const { return static_cast<int>(size_ % 251); }

    std::size_t size_;
    void* bytes_;
};

std::vector<void*> blocks_of(std::size_t size, std::size_t count) {
    std::vector<void*> blocks;
    for (std::size_t i = 0; i < count; ++i) blocks.push_back(operator new(size));
    return blocks;
}

void give_back(const std::vector<void*>& blocks) {
    for (void* const block : blocks) operator delete(block);
}

std::size_t bytes_in_use() { return mallinfo2().uordblks; }

}  // namespace

TEST_CASE("operator_new: blocks are aligned and apart, whatever comes and goes") {
    std::mt19937 random{1};
    std::vector<std::unique_ptr<Written>> written(500);
    for (int round = 0; round < 50000; ++round) {
        std::unique_ptr<Written>& one = written[random() % written.size()];
        if (one) REQUIRE(one->is_whole());
        one = std::make_unique<Written>(random() % (random() % 8 == 0 ? 5000 : 1100));
        REQUIRE(one->is_aligned());
    }
    for (const auto& one : written) CHECK((!one || one->is_whole()));
}

TEST_CASE("operator_new: what was given back comes again, all of it") {
    for (const std::size_t size : {0U, 1U, 8U, 9U, 40U, 1016U}) {
        CAPTURE(size);
        const std::vector<void*> blocks = blocks_of(size, 1000);
        give_back(blocks);
        const std::size_t before = bytes_in_use();
        const std::vector<void*> again = blocks_of(size, 1000);
        CHECK(bytes_in_use() <= before + 32768);  // for the lists here
        CHECK(std::set(again.begin(), again.end()) == std::set(blocks.begin(), blocks.end()));
        give_back(again);
    }
}

TEST_CASE("operator_new: memory does not grow where another thread gives back what this one took") {
    std::size_t before = 0;
    for (int round = 0; round < 200; ++round) {
        std::thread{[blocks = blocks_of(100, 5000)] { give_back(blocks); }}.join();
        if (round == 20) before = bytes_in_use();
    }
    CHECK(bytes_in_use() < before + 1'000'000);
}

TEST_CASE("operator_new: threads take and give back side by side") {
    for (int round = 0; round < 20; ++round) {
        std::vector<std::unique_ptr<Written>> own, others;
        std::thread other{[&] {
            for (std::size_t i = 0; i < 2000; ++i) {
                others.push_back(std::make_unique<Written>(i % 900));
            }
        }};
        for (std::size_t i = 0; i < 2000; ++i) own.push_back(std::make_unique<Written>(i % 900));
        other.join();
        std::thread swapped{[taken = std::move(own)] {
            for (const auto& one : taken) {
                if (!one->is_whole()) std::terminate();
            }
        }};
        for (const auto& one : others) REQUIRE(one->is_whole());
        others.clear();
        swapped.join();
    }
}
