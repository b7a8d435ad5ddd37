// What the fuzzers that know their inputs' structure share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "corpus/mutate.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace u65sim::corpus {

/// Damages `data` in place through `damage(Input&, Dice&)`, one time in four by libFuzzer's own
/// mutations instead. The size it has then, at most `most`.
template <class Input, class Damage>
std::size_t mutate_input(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed,
                         const Damage& damage) {
    Dice dice{seed};
    if (dice.roll(4) == 0) return LLVMFuzzerMutate(data, size, most);
    Input input{data, data + size};
    damage(input, dice);
    input.resize(std::min(input.size(), most));
    std::copy(input.begin(), input.end(), data);
    return input.size();
}

}  // namespace u65sim::corpus
