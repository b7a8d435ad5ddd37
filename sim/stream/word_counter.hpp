// How long a stream of kernels is, for those who need no stream.
#pragma once

#include <cstdint>
#include <memory>

#include "stream/operation.hpp"

namespace u65sim::stream {

class WordCounter {
public:
    /// `accelerator` must outlive this.
    explicit WordCounter(const Accelerator& accelerator);
    ~WordCounter();
    WordCounter(const WordCounter&) = delete;
    WordCounter& operator=(const WordCounter&) = delete;

    /// Words that encode() would write for a kernel, which it may refuse, behind those before: for
    /// registers that differ and for the operation.
    std::int32_t add(const KernelOp& op);

private:
    struct Registers;
    std::unique_ptr<Registers> registers_;
};

}  // namespace u65sim::stream
