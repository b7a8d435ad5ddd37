#include "oracle/graph_hash.hpp"

#include <bit>
#include <type_traits>

#include "base/hash.hpp"
#include "oracle/fields.hpp"

namespace u65sim::oracle {

namespace {

/// Feeds values of any kind to the hasher.
class Feed {
public:
    explicit Feed(std::uint64_t seed) : hasher_{seed} {}

    [[nodiscard]] std::uint64_t digest() const { return hasher_.digest(); }

    void one(const std::string& text) { hasher_.add(std::string_view{text}); }
    void one(const std::vector<std::uint8_t>& bytes) { hasher_.add(std::span{bytes}); }
    void one(float value) { one(std::bit_cast<std::uint32_t>(value)); }
    template <class Value>
    requires std::is_integral_v<Value> || std::is_enum_v<Value>
    void one(Value value) { hasher_.add(static_cast<std::uint64_t>(value)); }
    template <class Value>
    void one(const std::vector<Value>& values) {
        one(values.size());
        for (const Value& value : values) one(value);
    }
    void one(const ConstantData& data) {
        one(static_cast<bool>(data));
        if (data) one(data.content_hash());
    }
    void one(const Attributes& attributes) {
        one(attributes.index());
        std::visit([this](const auto& held) { one(held); }, attributes);
    }
    template <class Value>
    requires std::is_class_v<Value>
    void one(const Value& value) {
        visit_fields(value, [this](const auto&... fields) { (one(fields), ...); });
    }

private:
    Hasher hasher_;
};

}  // namespace

std::uint64_t hash_graph(const Graph& graph, std::uint64_t seed) {
    Feed feed{seed};
    feed.one(graph);
    return feed.digest();
}

}  // namespace u65sim::oracle
