// The program's heap in large pages. Most of a short run's system time would be page faults, one
// for every 4 KiB touched; with pages of 2 MiB there are few. Only the program does so: the
// library leaves the process's memory alone.
#include <cstdint>
#include <cstdlib>

#if defined(__GLIBC__)

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr std::uintptr_t large_page = std::uintptr_t{2} << 20;
/// Addresses, not memory: pages come when they are touched.
constexpr int reserved = 256 << 20;
constexpr int ordinary_pad = 1 << 20;
constexpr int never = 1 << 30;

void prepare_heap() {
    // Blocks of every size come from the heap, and what is freed stays for the next ones.
    mallopt(M_MMAP_THRESHOLD, never);
    mallopt(M_TRIM_THRESHOLD, never);
    mallopt(M_TOP_PAD, reserved);
    const auto end_of_heap = [] { return reinterpret_cast<std::uintptr_t>(sbrk(0)); };
    const std::uintptr_t begin = (end_of_heap() + large_page - 1) / large_page * large_page;
    // More than may be left of the heap, so that it grows, by the reserve.
    void* volatile block = std::malloc(ordinary_pad);
    std::free(block);
    const std::uintptr_t end = end_of_heap() / large_page * large_page;
    // A refusal does no harm, here or above: the heap then is as it always was.
    if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
    mallopt(M_TOP_PAD, ordinary_pad);
}

// Before the initialisers of shared libraries: SystemC's alone touches 3 MiB.
[[gnu::section(".preinit_array"), gnu::used]] void (*const first_of_all)() = prepare_heap;

}  // namespace
#endif
