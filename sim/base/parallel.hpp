// The same work on many things, on several threads.
#pragma once

#include <cstddef>
#include <functional>

namespace u65sim {

/// Calls work(0) .. work(count - 1), each once, on at most `threads` threads, the calling one among
/// them. What the lowest failing index throws is thrown when all threads have stopped; behind a
/// failure no new work begins.
void for_each_index(std::size_t count, unsigned threads,
                    const std::function<void(std::size_t index)>& work);

}  // namespace u65sim
