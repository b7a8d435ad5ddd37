// An ExecuTorch program (.pte): its tables, and the data behind them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "frontend/file_bytes.hpp"
#include "frontend/pte/data_file.hpp"

namespace u65sim::frontend {

/// Whether bytes begin as a program does, of any version of the format.
bool is_pte(std::span<const std::uint8_t> bytes);

class ProgramFile {
public:
    /// Checks every offset. `bytes` and `external` must outlive the file. Throws InvalidModel.
    ProgramFile(std::span<const std::uint8_t> bytes, std::string_view name,
                const NamedData& external);

    [[nodiscard]] FileBytes& file() { return file_; }
    /// The method that runs by default: forward, or else the first.
    [[nodiscard]] const pte::MethodTable& method() const { return *method_; }
    [[nodiscard]] std::size_t method_count() const { return program_->methods()->size(); }
    /// Data with names, of this file and the external ones.
    [[nodiscard]] const NamedData& named() const { return named_; }
    /// What a delegate's reference leads to.
    [[nodiscard]] std::span<const std::uint8_t> delegate_data(const pte::DelegateTable& delegate);
    /// The bytes of a constant tensor of `size` bytes.
    [[nodiscard]] std::span<const std::uint8_t> constant(const pte::TensorTable& tensor,
                                                         std::uint64_t size);

private:
    FileBytes file_;
    const pte::ProgramTable* program_ = nullptr;
    const pte::MethodTable* method_ = nullptr;
    std::uint64_t segment_base_ = 0;
    NamedData named_;
};

}  // namespace u65sim::frontend
