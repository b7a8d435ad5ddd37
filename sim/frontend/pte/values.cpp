#include "frontend/pte/values.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include <u65sim/text.hpp>

namespace u65sim::frontend {
namespace {

std::optional<ElementType> element_type(pte::ScalarKind kind) {
    switch (kind) {
        case pte::ScalarKind::uint8:
            return ElementType::uint8;
        case pte::ScalarKind::int8:
            return ElementType::int8;
        case pte::ScalarKind::int16:
            return ElementType::int16;
        case pte::ScalarKind::int32:
            return ElementType::int32;
        case pte::ScalarKind::int64:
            return ElementType::int64;
        case pte::ScalarKind::float16:
            return ElementType::float16;
        case pte::ScalarKind::float32:
            return ElementType::float32;
        case pte::ScalarKind::float64:
            return ElementType::float64;
        case pte::ScalarKind::boolean:
            return ElementType::boolean;
        case pte::ScalarKind::bfloat16:
            return ElementType::bfloat16;
        case pte::ScalarKind::uint16:
            return ElementType::uint16;
        case pte::ScalarKind::uint32:
            return ElementType::uint32;
        case pte::ScalarKind::uint64:
            return ElementType::uint64;
    }
    return std::nullopt;
}

}  // namespace

Values::Values(ProgramFile& program, Graph& graph) : program_(program), graph_(graph) {
    const auto* values = program.method().values();
    const std::size_t count = values == nullptr ? 0 : values->size();
    current_.assign(count, no_tensor);
    constants_.assign(count, no_tensor);
}

const pte::ValueTable& Values::table(std::int32_t value) const {
    if (value < 0 || static_cast<std::size_t>(value) >= current_.size()) {
        program_.file().fail("value {}: must be 0 to {}", value,
                             static_cast<std::int64_t>(current_.size()) - 1);
    }
    return *program_.method().values()->Get(static_cast<flatbuffers::uoffset_t>(value));
}

bool Values::is_tensor(std::int32_t value) const {
    return table(value).value_as_tensor() != nullptr;
}

std::vector<std::int32_t> Values::tensors_in(std::int32_t value) const {
    if (is_tensor(value)) return {value};
    const pte::TensorListTable* list = table(value).value_as_tensors();
    if (list == nullptr) list = table(value).value_as_optional_tensors();
    std::vector<std::int32_t> found;
    if (list == nullptr || list->items() == nullptr) return found;
    for (const std::int32_t item : program_.file().list(list->items())) {
        if (item >= 0 && is_tensor(item)) found.push_back(item);
    }
    return found;
}

bool Values::is_known(std::int32_t value) {
    const pte::TensorTable* tensor = table(value).value_as_tensor();
    if (tensor == nullptr) return false;
    return current_[static_cast<std::size_t>(value)] != no_tensor || tensor->data_buffer() > 0 ||
           (tensor->details() != nullptr &&
            tensor->details()->place() == pte::TensorDataPlace::external);
}

TensorId Values::read(std::int32_t value) {
    const bool is_known_value = is_known(value);
    TensorId& id = current_[static_cast<std::size_t>(value)];
    if (id == no_tensor) {
        if (!is_known_value) program_.file().fail("value {} is read before it is written", value);
        id = add_constant(value);
    }
    return id;
}

TensorId Values::write(std::int32_t value, const std::string& name) {
    const TensorId id = add_tensor(value, name);
    current_[static_cast<std::size_t>(value)] = id;
    return id;
}

void Values::move(std::int32_t from, std::int32_t to) {
    static_cast<void>(table(to));
    if (is_tensor(from)) current_[static_cast<std::size_t>(to)] = read(from);
}

std::optional<std::int64_t> Values::integer(std::int32_t value) const {
    if (const auto* number = table(value).value_as_integer()) return number->value();
    return std::nullopt;
}

std::optional<double> Values::real(std::int32_t value) const {
    if (const auto* number = table(value).value_as_real()) return number->value();
    return std::nullopt;
}

std::optional<std::vector<std::int64_t>> Values::integers(std::int32_t value) const {
    const auto* list = table(value).value_as_integers();
    if (list == nullptr) return std::nullopt;
    std::vector<std::int64_t> numbers;
    for (const std::int64_t item : program_.file().list(list->items())) {
        const auto number = integer(static_cast<std::int32_t>(
            std::clamp<std::int64_t>(item, -1, static_cast<std::int64_t>(current_.size()))));
        if (!number) return std::nullopt;
        numbers.push_back(*number);
    }
    return numbers;
}

TensorId Values::as_constant(std::int32_t value) {
    const pte::ValueTable& entry = table(value);
    TensorId& id = constants_[static_cast<std::size_t>(value)];
    if (id != no_tensor) return id;
    const std::string name = fmt::format("value_{}", value);
    if (const auto numbers = integers(value)) {
        id = add_integers(name, *numbers, true);
    } else if (const auto number = integer(value)) {
        id = add_integers(name, {*number}, false);
    } else if (const auto* truth = entry.value_as_boolean()) {
        Tensor tensor{name, {}, ElementType::boolean, {}, {}, false};
        tensor.data = ConstantData{std::vector<std::uint8_t>{truth->value()}};
        id = add(std::move(tensor), {});
    }
    return id;
}

const std::vector<std::uint8_t>& Values::order(TensorId tensor) const {
    return orders_.at(static_cast<std::size_t>(tensor));
}

TensorId Values::add_integers(const std::string& name, const std::vector<std::int64_t>& numbers,
                              bool is_list) {
    program_.file().charge(numbers.size() * 8);
    Tensor tensor{name, {}, ElementType::int64, {}, {}, false};
    if (is_list) tensor.shape = {static_cast<std::int32_t>(numbers.size())};
    std::vector<std::uint8_t> bytes;
    for (const std::int64_t number : numbers) {
        for (int shift = 0; shift < 64; shift += 8) {
            bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> shift));
        }
    }
    tensor.data = ConstantData{std::move(bytes)};
    return add(std::move(tensor), {});
}

TensorId Values::add(Tensor tensor, std::vector<std::uint8_t> order) {
    graph_.tensors.push_back(std::move(tensor));
    orders_.resize(graph_.tensors.size());
    orders_.back() = std::move(order);
    return static_cast<TensorId>(graph_.tensors.size() - 1);
}

void Values::read_shape(const pte::TensorTable& table, std::int32_t value, Tensor& tensor,
                        std::vector<std::uint8_t>& order) {
    FileBytes& file = program_.file();
    const auto type = element_type(table.kind());
    tensor.type = type.value_or(ElementType::other);
    if (table.dynamism() == pte::Dynamism::unbounded) {
        file.fail("value {}: its extents are not known before it is made: must be bounded", value);
    }
    if (table.storage_offset() != 0) {
        file.fail("value {}: storage_offset is {}, must be 0", value, table.storage_offset());
    }
    const auto sizes = file.list(table.sizes());
    order = file.list(table.dim_order());
    if (order.empty()) {
        order.resize(sizes.size());
        std::iota(order.begin(), order.end(), std::uint8_t{0});
    }
    std::vector<std::uint8_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    bool is_order = sorted.size() == sizes.size();
    for (std::size_t i = 0; is_order && i < sorted.size(); ++i) is_order = sorted[i] == i;
    if (!is_order) file.fail("value {}: dim_order must name each dimension once", value);
    constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();
    std::int64_t elements = 1;
    for (const std::uint8_t dimension : order) {
        const std::int32_t extent = sizes[dimension];
        if (extent < 0 || (extent > 0 && elements > largest / 8 / extent)) {
            file.fail("value {}: extent {} is {}: must not be negative, and the tensor below 2 GiB",
                      value, dimension, extent);
        }
        elements *= std::max(extent, 1);
        tensor.shape.push_back(extent);
    }
}

TensorId Values::add_tensor(std::int32_t value, const std::string& name) {
    const pte::TensorTable* entry = table(value).value_as_tensor();
    if (entry == nullptr) program_.file().fail("value {} must be a tensor", value);
    program_.file().charge(name.size());
    Tensor tensor;
    std::vector<std::uint8_t> order;
    tensor.name = name;
    read_shape(*entry, value, tensor, order);
    return add(std::move(tensor), std::move(order));
}

TensorId Values::add_constant(std::int32_t value) {
    const pte::TensorTable& entry = *table(value).value_as_tensor();
    const auto* details = entry.details();
    std::string name = details == nullptr ? "" : program_.file().text(details->name());
    if (name.empty()) name = fmt::format("constant_{}", value);
    const TensorId id = add_tensor(value, name);
    Tensor& made = tensor(id);
    const auto size = static_cast<std::uint64_t>(stored_bytes(made));
    std::span<const std::uint8_t> bytes;
    if (details != nullptr && details->place() == pte::TensorDataPlace::external) {
        const auto found = program_.named().find(
            details->name() == nullptr ? std::string{} : details->name()->str());
        if (!found || found->size() < size) {
            program_.file().fail(
                "constant '{}' stands in another file: the .ptd that holds it must "
                "be given too (--weights FILE.ptd)",
                name);
        }
        bytes = found->first(static_cast<std::size_t>(size));
    } else {
        bytes = program_.constant(entry, size);
    }
    program_.file().charge(bytes.size());
    made.data = ConstantData{std::vector<std::uint8_t>{bytes.begin(), bytes.end()}};
    return id;
}

}  // namespace u65sim::frontend
