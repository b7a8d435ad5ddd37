// Any text: a message with its line, or streams whose text reads back to the same streams.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <u65sim/bare_stream.hpp>
#include <u65sim/error.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace u65sim;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    try {
        for (const CommandStream& stream : assemble_streams(text)) {
            if (assemble(disassemble(stream)) != stream) __builtin_trap();
        }
    } catch (const InvalidStream&) {
        // Refused with a message: what a damaged text deserves.
    }
    return 0;
}
