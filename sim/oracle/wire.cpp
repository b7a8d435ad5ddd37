#include "oracle/wire.hpp"

#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>

#include "oracle/fields.hpp"
#include "oracle/writer.hpp"

namespace u65sim::oracle {

namespace {

struct Text {
    std::string bytes;
    void append(const void* from, std::size_t count) {
        bytes.append(static_cast<const char*>(from), count);
    }
};

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_{bytes} {}

    void end() const {
        if (!bytes_.empty()) fail();
    }

    template <Plain Value>
    void one(Value& value) {
        std::memcpy(&value, take(sizeof value), sizeof value);
    }
    void one(std::string& text) {
        const auto size = get<std::size_t>();
        text.assign(take(size), size);
    }
    template <class Kind>
    void one(Quantity<Kind>& value) {
        value = Quantity<Kind>{get<std::int64_t>()};
    }
    template <class Value>
    void one(std::vector<Value>& values) {
        const auto size = get<std::size_t>();
        // Every element takes a byte at least.
        if (size > bytes_.size()) fail();
        values.resize(size);
        if constexpr (Plain<Value>) {
            const char* from = take(size * sizeof(Value));
            if (size > 0) std::memcpy(values.data(), from, size * sizeof(Value));
        } else {
            for (Value& value : values) one(value);
        }
    }
    template <class Value, std::size_t count>
    void one(std::array<Value, count>& values) {
        for (Value& value : values) one(value);
    }
    template <class First, class Second>
    void one(std::pair<First, Second>& value) {
        one(value.first);
        one(value.second);
    }
    void one(ConstantData& data) {
        data = {};
        if (!get<bool>()) return;
        if (get<bool>()) {
            WeightModel model;
            one(model);
            data = ConstantData{model, get<std::int64_t>()};
        } else {
            std::vector<std::uint8_t> bytes;
            one(bytes);
            data = ConstantData{std::move(bytes)};
        }
    }
    void one(Attributes& attributes) {
        const auto index = get<std::size_t>();
        [&]<std::size_t... indices>(std::index_sequence<indices...>) {
            const bool known = ((index == indices && (attributes.emplace<indices>(), true)) || ...);
            if (!known) fail();
        }
        (std::make_index_sequence<std::variant_size_v<Attributes>>{});
        std::visit([this](auto& held) { one(held); }, attributes);
    }
    template <class Value>
    requires std::is_class_v<Value>
    void one(Value& value) {
        visit_fields(value, [this](auto&... fields) { (one(fields), ...); });
    }

private:
    [[noreturn]] static void fail() { throw WorkerLost("a message between processes is damaged"); }
    const char* take(std::size_t size) {
        if (size > bytes_.size()) fail();
        const char* from = bytes_.data();
        bytes_.remove_prefix(size);
        return from;
    }
    template <class Value>
    Value get() {
        Value value{};
        one(value);
        return value;
    }

    std::string_view bytes_;
};

/// What kind an exception is, so that the other side throws the same.
enum class ErrorKind : std::uint8_t {
    none,
    invalid_model,
    invalid_config,
    invalid_stream,
    does_not_fit,
    stuck,
    not_executable,
    file,
    overflow,
    memory,
    other
};

std::pair<ErrorKind, std::string> describe(const std::exception_ptr& error) {
    if (!error) return {ErrorKind::none, {}};
    try {
        std::rethrow_exception(error);
    } catch (const InvalidModel& e) {
        return {ErrorKind::invalid_model, e.what()};
    } catch (const InvalidConfig& e) {
        return {ErrorKind::invalid_config, e.what()};
    } catch (const InvalidStream& e) {
        return {ErrorKind::invalid_stream, e.what()};
    } catch (const DoesNotFit& e) {
        return {ErrorKind::does_not_fit, e.what()};
    } catch (const SimulationStuck& e) {
        return {ErrorKind::stuck, e.what()};
    } catch (const NotExecutable& e) {
        return {ErrorKind::not_executable, e.what()};
    } catch (const FileError& e) {
        return {ErrorKind::file, e.what()};
    } catch (const QuantityOverflow& e) {
        return {ErrorKind::overflow, e.what()};
    } catch (const std::bad_alloc&) {
        return {ErrorKind::memory, {}};
    } catch (const std::exception& e) {
        return {ErrorKind::other, e.what()};
    }
}

std::exception_ptr make_error(ErrorKind kind, const std::string& text) {
    switch (kind) {
        case ErrorKind::none:
            return nullptr;
        case ErrorKind::invalid_model:
            return std::make_exception_ptr(InvalidModel(text));
        case ErrorKind::invalid_config:
            return std::make_exception_ptr(InvalidConfig(text));
        case ErrorKind::invalid_stream:
            return std::make_exception_ptr(InvalidStream(text));
        case ErrorKind::does_not_fit:
            return std::make_exception_ptr(DoesNotFit(text));
        case ErrorKind::stuck:
            return std::make_exception_ptr(SimulationStuck(text));
        case ErrorKind::not_executable:
            return std::make_exception_ptr(NotExecutable(text));
        case ErrorKind::file:
            return std::make_exception_ptr(FileError(text));
        case ErrorKind::overflow:
            return std::make_exception_ptr(QuantityOverflow(text));
        case ErrorKind::memory:
            return std::make_exception_ptr(std::bad_alloc());
        case ErrorKind::other:
            break;
    }
    return std::make_exception_ptr(Error(text));
}

}  // namespace

std::string pack_graph(const Graph& graph) {
    Writer<Text, Constants::whole> writer;
    writer.one(graph);
    return std::move(writer.sink().bytes);
}

Graph unpack_graph(std::string_view bytes) {
    Reader reader{bytes};
    Graph graph;
    reader.one(graph);
    reader.end();
    return graph;
}

std::string pack_reply(const Reply& reply) {
    Writer<Text, Constants::whole> writer;
    writer.one(describe(reply.error));
    writer.one(reply.nanoseconds);
    writer.one(reply.reuse);
    if (!reply.error) writer.one(reply.report);
    return std::move(writer.sink().bytes);
}

Reply unpack_reply(std::string_view bytes) {
    Reader reader{bytes};
    Reply reply;
    std::pair<ErrorKind, std::string> error;
    reader.one(error);
    reader.one(reply.nanoseconds);
    reader.one(reply.reuse);
    reply.error = make_error(error.first, error.second);
    if (!reply.error) reader.one(reply.report);
    reader.end();
    return reply;
}

}  // namespace u65sim::oracle
