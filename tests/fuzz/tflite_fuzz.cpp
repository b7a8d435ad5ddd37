// Any bytes: the reader answers with a verified network or with InvalidModel.
#include <cstddef>
#include <cstdint>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/network.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const u65sim::Graph graph = u65sim::read_tflite({data, data + size}, "fuzz");
        u65sim::verify(graph);
        static_cast<void>(u65sim::dump(graph));
    } catch (const u65sim::InvalidModel&) {
        // Refused with a message: what a damaged file deserves.
    }
    return 0;
}
