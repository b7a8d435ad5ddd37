// A YAML text, damaged word by word and line by line: a graph, a target or a study, or refused.
#include <cstddef>
#include <cstdint>
#include <string>

#include "corpus/mutate.hpp"
#include "corpus/roads.hpp"
#include "fuzz/custom_mutator.hpp"

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
    using namespace u65sim::corpus;
    return mutate_input<std::string>(data, size, most, seed, mutate_text);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static_cast<void>(u65sim::corpus::take_text({reinterpret_cast<const char*>(data), size}));
    return 0;
}
