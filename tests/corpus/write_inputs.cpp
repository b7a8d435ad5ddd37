// write_inputs KIND COUNT FIRST DIR: small inputs of a kind (models, compiled, foreign, texts) as
// files, the seeds themselves for a COUNT of 0, else COUNT damaged ones, numbered from FIRST on.
// Names of compiled ones end with their target.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "corpus/mutate.hpp"
#include "corpus/seeds.hpp"

using namespace u65sim::corpus;

namespace {

void write(const std::filesystem::path& file, const Content& bytes) {
    std::ofstream{file, std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()),
                                                static_cast<std::streamsize>(bytes.size()));
}

Content damaged(const std::string& kind, Content bytes, Dice& dice) {
    if (kind == "models") {
        mutate_flatbuffer(bytes, dice);
    } else if (kind == "compiled") {
        mutate_payloads(bytes, dice);
    } else if (kind == "foreign") {
        mutate_foreign(bytes, dice);
    } else {
        std::string text{bytes.begin(), bytes.end()};
        mutate_text(text, dice);
        bytes.assign(text.begin(), text.end());
    }
    return bytes;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string kind = argc == 5 ? argv[1] : "";
    if (kind != "models" && kind != "compiled" && kind != "foreign" && kind != "texts") {
        std::cerr << "usage: write_inputs models|compiled|foreign|texts COUNT FIRST DIR\n";
        return 2;
    }
    const std::vector<Seed> seeds = kind == "models"     ? models()
                                    : kind == "compiled" ? compiled_models()
                                    : kind == "foreign"  ? foreign_models()
                                                         : texts();
    const std::string extension = kind == "texts" ? ".yaml" : ".tflite";
    const std::filesystem::path folder = argv[4];
    std::filesystem::create_directories(folder);
    const std::size_t count = std::strtoull(argv[2], nullptr, 10);
    const std::size_t first = std::strtoull(argv[3], nullptr, 10);
    if (count == 0) {
        for (const Seed& seed : seeds) write(folder / (seed.name + extension), seed.bytes);
    }
    for (std::size_t i = first; i < first + count; ++i) {
        Dice dice{i + 1};
        const Seed& seed = seeds[i % seeds.size()];
        write(folder / (std::to_string(i) + '_' + seed.name + extension),
              damaged(kind, seed.bytes, dice));
    }
    return 0;
}
