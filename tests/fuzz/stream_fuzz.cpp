// Payloads and streams from anywhere: an error with a place, or commands that encode to a stream
// which decodes to the same commands.
#include <cstddef>
#include <cstdint>
#include <vector>

#include <u65sim/command_stream.hpp>
#include <u65sim/error.hpp>

#include "stream/operation.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace u65sim;
    CommandStream stream;
    try {
        stream = parse_payload({data, data + size});
    } catch (const InvalidStream&) {
        // Without a header the bytes are words for the default accelerator.
        for (std::size_t at = 0; at + 4 <= size; at += 4) {
            stream.words.push_back(static_cast<std::uint32_t>(data[at]) |
                                   static_cast<std::uint32_t>(data[at + 1]) << 8 |
                                   static_cast<std::uint32_t>(data[at + 2]) << 16 |
                                   static_cast<std::uint32_t>(data[at + 3]) << 24);
        }
    }
    try {
        std::vector<stream::Action> actions;
        for (const auto& command : stream::decode(stream.words, stream.accelerator)) {
            actions.push_back(command.action);
        }
        const auto again = stream::encode(actions, stream.accelerator);
        const auto commands = stream::decode(again, stream.accelerator);
        if (commands.size() != actions.size()) __builtin_trap();
        for (std::size_t i = 0; i < actions.size(); ++i) {
            if (commands[i].action != actions[i]) __builtin_trap();
        }
    } catch (const InvalidStream&) {
        return 0;
    }
    return 0;
}
