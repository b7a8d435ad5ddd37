// .tflite bytes -> Graph. Everything the file says is checked before it is used.
#include "frontend/tflite/reader.hpp"

#include <set>
#include <string>
#include <variant>

#include <u65sim/error.hpp>
#include <u65sim/files.hpp>
#include <u65sim/network.hpp>
#include <u65sim/text.hpp>

#include "frontend/file_bytes.hpp"
#include "frontend/tflite/read_subgraph.hpp"
#include "frontend/tflite/settle_shapes.hpp"

namespace u65sim {
namespace frontend {
namespace {

constexpr std::size_t identifier_end = 8;  // root offset, then "TFL3"
constexpr int deepest_nesting = 32;
constexpr int most_tables = 2'000'000;
constexpr std::uint32_t known_schema_version = 3;

class Reader {
public:
    Reader(std::span<const std::uint8_t> bytes, std::string_view name) : file_(bytes, name) {}

    Graph read() {
        verify_tables();
        const schema::ModelTable& model = *schema::GetModelTable(file_.bytes().data());
        if (model.version() != known_schema_version) {
            file_.fail("schema version is {}, must be {}", model.version(), known_schema_version);
        }
        const std::string description = file_.text(model.description());
        read_buffers(model);
        const auto* subgraphs = model.subgraphs();
        if (subgraphs == nullptr || subgraphs->size() == 0) {
            file_.fail("the file holds no subgraph, must hold one");
        }
        Graph graph = read_subgraph(file_, model, *subgraphs->Get(0), buffers_);
        graph.name = file_.name();
        graph.description = description;
        settle_shapes(graph);
        read_further(model, graph);
        read_metadata(model, graph);
        return graph;
    }

private:
    void verify_tables() const {
        const auto bytes = file_.bytes();
        if (bytes.size() < identifier_end) {
            file_.fail("the file ends after {} bytes, must have at least {}", bytes.size(),
                       identifier_end);
        }
        if (bytes.size() >= largest_file) {
            file_.fail("the file has {} bytes, must be below {}", bytes.size(), largest_file);
        }
        if (!schema::ModelTableBufferHasIdentifier(bytes.data())) {
            const std::string found(bytes.begin() + 4, bytes.begin() + 8);
            file_.fail("bytes 4 to 7 are '{}', must be '{}' (not a .tflite)", printable(found),
                       schema::ModelTableIdentifier());
        }
        flatbuffers::Verifier verifier(bytes.data(), bytes.size(), deepest_nesting, most_tables);
        if (!schema::VerifyModelTableBuffer(verifier)) {
            file_.fail("an offset leaves the {} bytes of the file (truncated or damaged)",
                       bytes.size());
        }
    }

    void read_buffers(const schema::ModelTable& model) {
        const auto* buffers = model.buffers();
        if (buffers == nullptr) return;
        buffers_.resize(buffers->size());
        for (flatbuffers::uoffset_t index = 0; index < buffers->size(); ++index) {
            const schema::BufferTable& buffer = *buffers->Get(index);
            // Offsets 0 and 1 mark data that stands in the table itself.
            if (buffer.offset() > 1) {
                buffers_[index] = ConstantData{
                    file_.range(fmt::format("buffer {}", index), buffer.offset(), buffer.size())};
            } else if (buffer.data() != nullptr && buffer.data()->size() > 0) {
                buffers_[index] = ConstantData{file_.list(buffer.data())};
            }
        }
    }

    // Subgraphs that operators run, and other signatures. One that cannot be read is left empty.
    void read_further(const schema::ModelTable& model, Graph& graph) {
        const auto& subgraphs = *model.subgraphs();
        for (flatbuffers::uoffset_t index = 1; index < subgraphs.size(); ++index) {
            const schema::SubGraphTable& table = *subgraphs.Get(index);
            Graph further;
            try {
                further = read_subgraph(file_, model, table, buffers_);
                settle_shapes(further);
                verify(further);
            } catch (const InvalidModel& error) {
                further = {};
                graph.notes.push_back(
                    fmt::format("subgraph {} is not read: {}", index, error.what()));
            }
            further.name = file_.text(table.name());
            graph.subgraphs.push_back(std::move(further));
        }
        note_other_signatures(model, graph);
    }

    // Only subgraph 0 runs by itself: others that a signature names are told.
    void note_other_signatures(const schema::ModelTable& model, Graph& graph) {
        std::vector<std::string> others;
        if (model.signatures() != nullptr) {
            for (const schema::SignatureTable* signature : *model.signatures()) {
                if (signature->subgraph() != 0) others.push_back(file_.text(signature->key()));
            }
        }
        const std::size_t idle = graph.subgraphs.size() - called(graph).size();
        if (idle == 0) return;
        std::string names;
        for (const std::string& key : others) names += fmt::format(" '{}'", key);
        graph.notes.push_back(
            fmt::format("the file holds {} further subgraph{} that this network does not run{}{}",
                        idle, idle == 1 ? "" : "s", names.empty() ? "" : ": signature", names));
    }

    // Numbers of the further subgraphs that an operator runs.
    static std::set<std::size_t> called(const Graph& graph) {
        std::set<std::size_t> numbers;
        const auto look = [&](const Graph& caller) {
            for (const Operator& op : caller.operators) {
                const auto* calls = std::get_if<SubgraphAttributes>(&op.attributes);
                if (calls == nullptr) continue;
                for (const std::int32_t number : calls->subgraphs) {
                    const auto index = static_cast<std::size_t>(number);
                    if (number > 0 && index <= graph.subgraphs.size()) numbers.insert(index);
                }
            }
        };
        look(graph);
        for (const Graph& caller : graph.subgraphs) look(caller);
        return numbers;
    }

    void read_metadata(const schema::ModelTable& model, Graph& graph) {
        if (model.metadata() == nullptr) return;
        for (const schema::MetadataTable* table : *model.metadata()) {
            Metadata metadata;
            metadata.name = file_.text(table->name());
            if (table->buffer() >= buffers_.size()) {
                file_.fail("metadata '{}': buffer is {}, must be below {}", metadata.name,
                           table->buffer(), buffers_.size());
            }
            if (const ConstantData& data = buffers_[table->buffer()]) {
                file_.charge(data.bytes().size());
                metadata.bytes = data.bytes();
            }
            graph.metadata.push_back(std::move(metadata));
        }
    }

    FileBytes file_;
    std::vector<ConstantData> buffers_;
};

}  // namespace
}  // namespace frontend

Graph read_tflite(const std::vector<std::uint8_t>& bytes, std::string_view name) {
    return frontend::read_tflite(std::span{bytes}, name);
}

Graph frontend::read_tflite(std::span<const std::uint8_t> bytes, std::string_view name) {
    Graph graph = Reader{bytes, name}.read();
    try {
        verify(graph);
    } catch (const InvalidModel& error) {
        std::string text = fmt::format("{}: {}", name, error.what());
        for (const std::string& note : graph.notes) text += fmt::format("\n  - {}", note);
        throw InvalidModel(text);
    }
    return graph;
}

}  // namespace u65sim
