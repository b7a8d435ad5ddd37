// Files as Vela and ExecuTorch write them, from networks that we compiled.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <u65sim/compile.hpp>

namespace u65sim::corpus {

/// Files of an archive by name.
using Members = std::map<std::string, std::string>;

/// A zip archive; `deflated` members are packed in blocks of the format's stored kind.
std::string zip_file(const Members& members, bool deflated = false);
/// An array as NumPy stores it: "<i8", "|S12" ...
std::string npy_file(const std::string& type, const std::string& shape, const std::string& bytes);
/// An array of int64; `shape` as in "(2, 4)", a list of one dimension without.
std::string npy_integers(const std::vector<std::int64_t>& values, std::string shape = {});
/// What Vela's raw output holds of a network of one segment.
Members raw_members(const CompiledNetwork& network);
std::string npz_file(const CompiledNetwork& network, bool deflated = false);

/// The data of a delegate for segment `index`; blocks named in `external` hold these keys.
std::string vela_blocks(const CompiledNetwork& network, std::size_t index = 0,
                        const Members& external = {});

/// Writes programs (.pte), value by value and call by call.
class ProgramWriter {
public:
    ProgramWriter();
    ~ProgramWriter();
    ProgramWriter(const ProgramWriter&) = delete;
    ProgramWriter& operator=(const ProgramWriter&) = delete;

    /// Values; each returns its number. `kind` is PyTorch's number of the element type.
    std::int32_t tensor(int kind, const std::vector<std::int32_t>& sizes,
                        const std::vector<std::uint8_t>& order = {});
    std::int32_t constant(int kind, const std::vector<std::int32_t>& sizes,
                          const std::string& bytes);
    std::int32_t integer(std::int64_t number);
    std::int32_t real(double number);
    std::int32_t truth(bool value);
    std::int32_t integers(const std::vector<std::int64_t>& numbers);
    std::int32_t tensors(const std::vector<std::int32_t>& values);
    std::int32_t nothing();

    void kernel(const std::string& name, const std::string& overload,
                const std::vector<std::int32_t>& args);
    void delegate(const std::string& backend, const std::string& data,
                  const std::vector<std::int32_t>& args,
                  const std::string& flags = "--memory-mode=Dedicated_Sram_384KB");
    void move(std::int32_t from, std::int32_t to);
    void jump();
    /// Data with a name, in the program itself.
    void name_data(const std::string& key, const std::string& bytes);

    /// The file; `segments`: delegates' data behind the tables instead of within.
    std::string write(const std::vector<std::int32_t>& inputs,
                      const std::vector<std::int32_t>& outputs, bool segments = false);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Element types as PyTorch numbers them.
enum TorchType : int { torch_int8 = 1, torch_int64 = 4, torch_float = 6 };

/// QUANTIZE, one delegate for a network of one segment, DEQUANTIZE: float32 in and out.
std::string pte_file(const CompiledNetwork& network, bool segments = false);
/// A file of data with names (.ptd).
std::string ptd_file(const Members& data);

}  // namespace u65sim::corpus
