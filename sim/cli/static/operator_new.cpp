// The program's operator new and delete: small blocks of the main thread come from lists by size.
//
// Planning makes and drops small vectors and strings all the time. glibc keeps seven blocks of a
// size where they are found at once; what it does with the others was a tenth of the instructions
// of a run. Larger blocks and those of other threads are malloc's, as before.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__GLIBC__)

namespace {

// As in malloc's blocks, eight bytes in front of one say what it is.
constexpr std::size_t unit = 16, header = 8;
constexpr std::size_t most_units = 64;
constexpr std::size_t most = most_units * unit - header;
constexpr std::size_t chunk = std::size_t{64} << 10;
/// malloc has a size there, which is below it.
constexpr std::uint64_t mark = std::uint64_t{0x5B10} << 48;

struct Block {
    Block* next;
};

/// Of the main thread.
constinit Block* lists[most_units + 1] = {};  // by units
constinit std::byte* fresh = nullptr;         // rest of a chunk
constinit std::size_t fresh_units = 0;
constinit thread_local bool is_main = false;
/// What other threads gave back.
constinit std::atomic<Block*> returned = nullptr;

[[maybe_unused]] const bool is_set = is_main = true;

std::uint64_t header_of(const void* block) {
    std::uint64_t value = 0;
    std::memcpy(&value, static_cast<const std::byte*>(block) - header, sizeof value);
    return value;
}

void* from_malloc(std::size_t size) {
    for (;;) {
        if (void* const block = std::malloc(size > 0 ? size : 1)) return block;
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) throw std::bad_alloc();
        handler();
    }
}

void keep(Block* block, std::uint64_t units) {
    block->next = lists[units];
    lists[units] = block;
}

void* take(std::size_t units) {
    Block* const block = lists[units];
    if (block != nullptr) lists[units] = block->next;
    return block;
}

void keep_returned() {
    Block* next = nullptr;
    for (Block* block = returned.exchange(nullptr, std::memory_order_acquire); block != nullptr;
         block = next) {
        next = block->next;
        keep(block, header_of(block) - mark);
    }
}

/// A block that no list has, but for those that came back meanwhile.
[[gnu::noinline]] void* fresh_block(std::size_t units) {
    if (fresh_units < units) {
        keep_returned();
        if (void* const block = take(units)) return block;
        fresh = static_cast<std::byte*>(from_malloc(chunk));
        fresh_units = chunk / unit - 1;
    }
    std::byte* const block = fresh + unit;
    const std::uint64_t value = mark + units;
    std::memcpy(block - header, &value, sizeof value);
    fresh += units * unit;
    fresh_units -= units;
    return block;
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
    if (size > most || !is_main) return from_malloc(size);
    const std::size_t units = (size + header + unit - 1) / unit;
    void* const block = take(units);
    return block != nullptr ? block : fresh_block(units);
}

[[gnu::noinline]] void operator delete(void* block) noexcept {
    if (block == nullptr) return;
    const std::uint64_t units = header_of(block) - mark;
    if (units > most_units) {
        std::free(block);
    } else if (auto* const own = static_cast<Block*>(block); is_main) {
        keep(own, units);
    } else {
        own->next = returned.load(std::memory_order_relaxed);
        while (!returned.compare_exchange_weak(own->next, own, std::memory_order_release,
                                               std::memory_order_relaxed)) {
        }
    }
}

void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

#endif
