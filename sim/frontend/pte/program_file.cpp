#include "frontend/pte/program_file.hpp"

#include <u65sim/text.hpp>

#include "frontend/little_endian.hpp"

namespace u65sim::frontend {
namespace {

constexpr std::size_t identifier_offset = 4, header_offset = 8, header_bytes = 24;
constexpr const char* identifier = "ET12";
constexpr std::string_view header_magic = "eh00";

std::string_view text_at(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes.data()) + at, size};
}

std::span<const std::uint8_t> bytes_of(const flatbuffers::Vector<std::uint8_t>* vector) {
    if (vector == nullptr) return {};
    return {vector->Data(), vector->size()};
}

}  // namespace

bool is_pte(std::span<const std::uint8_t> bytes) {
    return bytes.size() >= header_offset && text_at(bytes, identifier_offset, 2) == "ET" &&
           bytes[identifier_offset + 2] >= '0' && bytes[identifier_offset + 2] <= '9';
}

ProgramFile::ProgramFile(std::span<const std::uint8_t> bytes, std::string_view name,
                         const NamedData& external)
    : file_(bytes, name), named_(external) {
    if (bytes.size() < header_offset + header_bytes ||
        text_at(bytes, identifier_offset, 4) != identifier) {
        file_.fail("is no ExecuTorch program of version {}", identifier);
    }
    std::uint64_t tables_end = bytes.size();
    if (text_at(bytes, header_offset, header_magic.size()) == header_magic) {
        tables_end = number_at<std::uint64_t>(bytes, header_offset + 8);
        segment_base_ = number_at<std::uint64_t>(bytes, header_offset + 16);
    }
    program_ = &verified_root<pte::ProgramTable>(file_, tables_end, identifier);
    const auto* methods = program_->methods();
    if (methods == nullptr || methods->size() == 0) file_.fail("holds no method, must hold one");
    method_ = methods->Get(0);
    for (const pte::MethodTable* method : *methods) {
        if (method->name() != nullptr && method->name()->str() == "forward") method_ = method;
    }
    Segments{file_, program_->segments(), segment_base_}.add_named(program_->named_data(), named_);
}

std::span<const std::uint8_t> ProgramFile::delegate_data(const pte::DelegateTable& delegate) {
    const pte::DataReferenceTable* reference = delegate.data();
    if (reference == nullptr) file_.fail("a delegate has no data");
    if (reference->place() == pte::DataPlace::segment) {
        return Segments{file_, program_->segments(), segment_base_}.at(reference->index());
    }
    const auto* data = program_->delegate_data();
    if (data == nullptr || reference->index() >= data->size()) {
        file_.fail("delegate data {}: must be below {}", reference->index(),
                   data == nullptr ? 0 : data->size());
    }
    return bytes_of(data->Get(reference->index())->bytes());
}

std::span<const std::uint8_t> ProgramFile::constant(const pte::TensorTable& tensor,
                                                    std::uint64_t size) {
    const std::uint32_t index = tensor.data_buffer();
    std::span<const std::uint8_t> all;
    if (const auto* subsegments = program_->constant_segment();
        subsegments != nullptr && subsegments->offsets() != nullptr &&
        subsegments->offsets()->size() > 0) {
        if (index >= subsegments->offsets()->size()) {
            file_.fail("constant {}: must be below {}", index, subsegments->offsets()->size());
        }
        all = Segments{file_, program_->segments(), segment_base_}.at(subsegments->segment());
        const std::uint64_t offset = subsegments->offsets()->Get(index);
        if (offset > all.size()) {
            file_.fail("constant {}: begins at byte {} of a segment of {}", index, offset,
                       all.size());
        }
        all = all.subspan(static_cast<std::size_t>(offset));
    } else {
        const auto* constants = program_->constants();
        if (constants == nullptr || index >= constants->size()) {
            file_.fail("constant {}: must be below {}", index,
                       constants == nullptr ? 0 : constants->size());
        }
        all = bytes_of(constants->Get(index)->bytes());
    }
    if (size > all.size()) {
        file_.fail("constant {}: {} bytes wanted, {} are there", index, size, all.size());
    }
    return all.first(static_cast<std::size_t>(size));
}

}  // namespace u65sim::frontend
