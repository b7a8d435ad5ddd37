// A file of another compiler (.npz, .pte), damaged in its structure: read, imported, simulated,
// executed and reported, or refused.
#include <cstddef>
#include <cstdint>

#include "corpus/mutate.hpp"
#include "corpus/roads.hpp"
#include "fuzz/custom_mutator.hpp"

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
    using namespace u65sim::corpus;
    return mutate_input<Content>(data, size, most, seed, mutate_foreign);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static_cast<void>(u65sim::corpus::take_model({data, data + size}));
    return 0;
}
