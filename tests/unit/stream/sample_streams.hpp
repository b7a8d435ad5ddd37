// Streams the stream tests share.
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <u65sim/command_stream.hpp>

#include "support/environment.hpp"
#include "support/skip.hpp"

namespace u65sim::test {

/// One 1x1 convolution of int16 feature maps behind a DMA, as a public compiler wrote it.
inline const std::vector<std::uint32_t>& small_convolution() {
    static const std::vector<std::uint32_t> words{
        0x00000123, 0x00000130, 0x00004030, 0x00000050, 0x00020131, 0x00004031, 0x00000000,
        0x00004032, 0x00000100, 0x00000010, 0x0001010F, 0x00004000, 0x00000000, 0x00004001,
        0x00000000, 0x00004002, 0x00000000, 0x00004003, 0x00000000, 0x0001010B, 0x0001010C,
        0x004F010A, 0x000F0104, 0x00004006, 0x00000002, 0x00004005, 0x00000A00, 0x00004004,
        0x00000020, 0x00000109, 0x00050105, 0x00000107, 0x00000100, 0x00000101, 0x00000103,
        0x00000102, 0x0001011F, 0x00004010, 0x00001400, 0x00004011, 0x00000000, 0x00004012,
        0x00000000, 0x00004013, 0x00000000, 0x0001011B, 0x0001011C, 0x004F011A, 0x00010112,
        0x004F0111, 0x00070113, 0x00004016, 0x00000002, 0x00004015, 0x00000500, 0x00004014,
        0x00000010, 0x00000118, 0x80030114, 0x00000121, 0x00000120, 0x00000122, 0x00020128,
        0x00004020, 0x00000050, 0x00004021, 0x000000B0, 0x00020129, 0x00004022, 0x00000000,
        0x00004023, 0x00000050, 0x00000125, 0x80000126, 0x7FFF0127, 0x00010116, 0x00290115,
        0x00070117, 0x000A010D, 0x001A012D, 0x00010124, 0x0000012F, 0x00000011, 0x00000002,
        0xFFFF0000};
    return words;
}

/// Driver payload inside a compiled .tflite, found by its magic; the length stands in front of
/// it. Empty when the file is not there.
inline std::vector<std::uint8_t> payload_of(const std::string& name) {
    std::ifstream file(models_folder() / name, std::ios::binary);
    if (!file) {
        skip(name + " is not there");
        return {};
    }
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const std::size_t at = bytes.find("COP1");
    if (at == std::string::npos || at < 4) return {};
    std::size_t length = 0;
    for (std::size_t i = 4; i-- > 0;) {
        length = length << 8 | static_cast<unsigned char>(bytes[at - 4 + i]);
    }
    return {bytes.begin() + static_cast<std::ptrdiff_t>(at),
            bytes.begin() + static_cast<std::ptrdiff_t>(at + length)};
}

inline const std::vector<std::string>& compiled_models() {
    static const std::vector<std::string> names{"kws_micronet_m_vela_H128.tflite",
                                                "kws_micronet_m_vela_H256.tflite",
                                                "kws_micronet_m_vela_Y256.tflite"};
    return names;
}

}  // namespace u65sim::test
