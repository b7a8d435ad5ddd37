#include "machine/units/port_server.hpp"

#include <array>

#include <fmt/format.h>

namespace u65sim::machine {

void PortServer::note_piece(std::size_t channel, const Transfer& transfer, std::int64_t bytes,
                            Time begin, Time end) {
    probe_->interval({static_cast<std::uint16_t>(id_), static_cast<Channel>(channel),
                      transfer.operation, -1, Cycles{begin}, Cycles{end}, Bytes{bytes}});
}

void PortServer::note(std::size_t channel, const Transfer& transfer, Time now) {
    constexpr std::array<UnitId, channel_count> units{UnitId::command_parser,
                                                      UnitId::ifm_loader,
                                                      UnitId::weight_loader,
                                                      UnitId::scale_loader,
                                                      UnitId::dma,
                                                      UnitId::ofm_writer,
                                                      UnitId::dma};
    if (units[channel] == UnitId::dma) return;
    probe_->request(id_ == UnitId::axi0 ? 0 : 1,
                    {.unit = static_cast<std::uint16_t>(units[channel]),
                     .operation = transfer.operation,
                     .block = transfer.block,
                     .start = Cycles{transfer.submitted},
                     .end = Cycles{transfer.done}},
                    now);
}

std::string PortServer::describe() const {
    std::string text;
    for (std::size_t i = 0; i < channel_count; ++i) {
        const std::size_t queued = requests_->queue(i).transfers.size();
        if (queued == 0) continue;
        text += fmt::format("{}{} transfers queued on {}", text.empty() ? "" : ", ", queued,
                            to_string(static_cast<Channel>(i)));
    }
    return text;
}

}  // namespace u65sim::machine
