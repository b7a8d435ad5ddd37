#include "machine/systemc/platform/storage.hpp"

#include <algorithm>
#include <cstring>

namespace u65sim::machine {

void Storage::write(std::uint64_t address, const std::uint8_t* bytes, std::size_t count) {
    while (count > 0) {
        const std::uint64_t offset = address % page_bytes;
        const std::size_t here = std::min<std::size_t>(count, page_bytes - offset);
        std::vector<std::uint8_t>& page = pages_[address / page_bytes];
        page.resize(page_bytes);
        std::memcpy(page.data() + offset, bytes, here);
        address += here;
        bytes += here;
        count -= here;
    }
}

void Storage::read(std::uint64_t address, std::uint8_t* bytes, std::size_t count) const {
    while (count > 0) {
        const std::uint64_t offset = address % page_bytes;
        const std::size_t here = std::min<std::size_t>(count, page_bytes - offset);
        const auto page = pages_.find(address / page_bytes);
        if (page == pages_.end()) {
            std::memset(bytes, 0, here);
        } else {
            std::memcpy(bytes, page->second.data() + offset, here);
        }
        address += here;
        bytes += here;
        count -= here;
    }
}

void Storage::access(const tlm::tlm_generic_payload& payload, std::uint64_t first,
                     std::uint64_t last) {
    if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) return;
    const std::uint64_t begin = payload.get_address();
    first = std::max(first, begin);
    last = std::min(last, begin + payload.get_data_length());
    if (first >= last) return;
    std::uint8_t* const data = payload.get_data_ptr();
    const unsigned char* const enables = payload.get_byte_enable_ptr();
    const auto move = [&](std::uint64_t from, std::uint64_t count) {
        if (payload.is_read()) {
            read(from, data + (from - begin), count);
        } else {
            write(from, data + (from - begin), count);
        }
    };
    if (enables == nullptr) {
        move(first, last - first);
        return;
    }
    for (std::uint64_t at = first; at < last; ++at) {
        if (enables[(at - begin) % payload.get_byte_enable_length()] == TLM_BYTE_ENABLED) {
            move(at, 1);
        }
    }
}

tlm::tlm_response_status check_access(const tlm::tlm_generic_payload& payload, std::uint64_t size) {
    if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) return tlm::TLM_OK_RESPONSE;
    if (payload.get_address() > size || payload.get_data_length() > size - payload.get_address()) {
        return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    }
    if (payload.get_streaming_width() < payload.get_data_length()) {
        return tlm::TLM_BURST_ERROR_RESPONSE;
    }
    return tlm::TLM_OK_RESPONSE;
}

}  // namespace u65sim::machine
