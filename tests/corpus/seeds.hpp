// Small inputs of every kind that the library takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace u65sim::corpus {

struct Seed {
    std::string name;
    std::vector<std::uint8_t> bytes;
};

/// Networks as .tflite, a few KB each: layers of all kinds, types and ranks.
std::vector<Seed> models();
/// Some of them compiled for some targets: .tflite with driver payloads.
std::vector<Seed> compiled_models();
/// Streams in the files of other compilers: .npz of Vela's, .pte and what they hold.
std::vector<Seed> foreign_models();
/// YAML: graphs, targets, studies.
std::vector<Seed> texts();

}  // namespace u65sim::corpus
