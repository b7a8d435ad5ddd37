// A network, damaged in its structure: read, compiled, simulated, executed and reported, or
// refused.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "corpus/mutate.hpp"
#include "corpus/roads.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
    using namespace u65sim::corpus;
    Dice dice{seed};
    if (dice.roll(4) == 0) return LLVMFuzzerMutate(data, size, most);
    Content bytes{data, data + size};
    mutate_flatbuffer(bytes, dice);
    std::copy(bytes.begin(), bytes.end(), data);
    return bytes.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static_cast<void>(u65sim::corpus::take_model({data, data + size}));
    return 0;
}
