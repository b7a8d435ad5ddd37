#include "message.hpp"

#include <limits>

namespace u65sim::python {

namespace {

template <class Type>
Type as(const Json& value, std::string_view key, std::string_view wanted) {
    try {
        return value.get<Type>();
    } catch (const Json::exception&) {
        throw WrongArgument(std::string{key} + " = " + value.dump() + ": must be " +
                            std::string{wanted});
    }
}

std::int32_t narrow(const Json& value, std::string_view key) {
    using Limits = std::numeric_limits<std::int32_t>;
    if (!value.is_number_integer() || value.is_boolean()) {
        throw WrongArgument(std::string{key} + " = " + value.dump() + ": must be an integer");
    }
    const auto wide = value.get<std::int64_t>();
    if (wide < Limits::min() || wide > Limits::max()) {
        throw WrongArgument(std::string{key} + " = " + value.dump() +
                            ": must be an integer of 32 bits");
    }
    return static_cast<std::int32_t>(wide);
}

}  // namespace

const Json& Arguments::at(std::string_view key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) throw WrongArgument(std::string{key} + " is missing");
    return *found;
}

bool Arguments::has(std::string_view key) const {
    const auto found = values_.find(key);
    return found != values_.end() && !found->is_null();
}

std::string Arguments::text(std::string_view key) const {
    return as<std::string>(at(key), key, "a text");
}

bool Arguments::flag(std::string_view key) const { return as<bool>(at(key), key, "True or False"); }

double Arguments::number(std::string_view key) const {
    return as<double>(at(key), key, "a number");
}

std::int64_t Arguments::long_integer(std::string_view key) const {
    if (!at(key).is_number_integer()) {
        throw WrongArgument(std::string{key} + " = " + at(key).dump() + ": must be an integer");
    }
    return as<std::int64_t>(at(key), key, "an integer of 64 bits");
}

std::int32_t Arguments::integer(std::string_view key) const { return narrow(at(key), key); }

std::uint64_t Arguments::seed(std::string_view key) const {
    if (!at(key).is_number_unsigned()) {
        throw WrongArgument(std::string{key} + " = " + at(key).dump() +
                            ": must be an integer from 0 to 2**64 - 1");
    }
    return at(key).get<std::uint64_t>();
}

std::vector<std::int32_t> Arguments::integers(std::string_view key) const {
    const Json& list = at(key);
    if (!list.is_array()) throw WrongArgument(std::string{key} + ": must be a list of integers");
    std::vector<std::int32_t> values;
    for (const Json& each : list) values.push_back(narrow(each, key));
    return values;
}

std::vector<double> Arguments::numbers(std::string_view key) const {
    return as<std::vector<double>>(at(key), key, "a list of numbers");
}

std::vector<std::string> Arguments::texts(std::string_view key) const {
    return as<std::vector<std::string>>(at(key), key, "a list of texts");
}

Arguments Arguments::group(std::string_view key) const {
    if (!at(key).is_object()) throw WrongArgument(std::string{key} + ": must be a group");
    return Arguments{at(key)};
}

std::vector<std::uint8_t> Request::bytes(std::size_t index) const {
    if (index >= buffers.size()) {
        throw WrongArgument("buffer " + std::to_string(index) + " is missing");
    }
    return {buffers[index].begin(), buffers[index].end()};
}

Reply text_reply(std::string text) {
    Reply reply;
    reply.buffers.push_back(std::move(text));
    return reply;
}

Reply bytes_reply(const std::vector<std::uint8_t>& bytes) {
    return text_reply({bytes.begin(), bytes.end()});
}

}  // namespace u65sim::python
