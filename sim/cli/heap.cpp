// The program's heap in large pages. Most of a short run's system time would be page faults, one
// for every 4 KiB touched; with pages of 2 MiB there are few. Only the program does so: the
// library leaves the process's memory alone.
#include "heap.hpp"

#include <cstdint>
#include <cstdlib>

#if defined(__GLIBC__)
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr std::uintptr_t large_page = std::uintptr_t{2} << 20;
/// Addresses, not memory: pages come when they are touched.
constexpr std::uintptr_t reserved = std::uintptr_t{256} << 20;
constexpr int ordinary_pad = 1 << 20;
constexpr int never = 1 << 30;

void prepare_heap() {
    // Blocks of every size come from the heap, and what is freed stays for the next ones.
    mallopt(M_MMAP_THRESHOLD, never);
    mallopt(M_TRIM_THRESHOLD, never);
    mallopt(M_TOP_PAD, static_cast<int>(reserved));
    const auto end_of_heap = [] { return reinterpret_cast<std::uintptr_t>(sbrk(0)); };
    // More than may be left of the heap, so that it grows, by the reserve.
    auto* volatile block = static_cast<std::uint8_t*>(std::malloc(ordinary_pad));
    const auto here = reinterpret_cast<std::uintptr_t>(block);
    std::free(block);
    // Behind the block's end, which the heap marked in memory.
    const std::uintptr_t begin = (here + ordinary_pad) / large_page * large_page + large_page;
    const std::uintptr_t end = end_of_heap() / large_page * large_page;
    // A refusal does no harm, here or above: the heap then is as it always was.
    if (begin < end && end - begin <= 2 * reserved &&
        madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE) == 0) {
        // What stands before the first large page is never touched.
        block = static_cast<std::uint8_t*>(std::malloc(begin - here));
    }
    mallopt(M_TOP_PAD, ordinary_pad);
}

// Before the initialisers of shared libraries.
[[gnu::section(".preinit_array"), gnu::used]] void (*const first_of_all)() = prepare_heap;

}  // namespace

void u65sim::cli::share_heap() { mallopt(M_ARENA_MAX, 1); }
#else
void u65sim::cli::share_heap() {}
#endif
