// A YAML text, damaged word by word and line by line: a graph, a target or a study, or refused.
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
    std::string text{data, data + size};
    mutate_text(text, dice);
    text.resize(std::min(text.size(), most));
    std::copy(text.begin(), text.end(), data);
    return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static_cast<void>(u65sim::corpus::take_text({reinterpret_cast<const char*>(data), size}));
    return 0;
}
