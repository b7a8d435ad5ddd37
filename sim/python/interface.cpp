// Calls by name: finds the function, turns JSON into arguments and exceptions into replies.
#include "interface.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/units.hpp>

#include "message.hpp"

struct u65sim_python_object {
    u65sim::python::Object value;
};

namespace u65sim::python {

namespace {

/// The reply as C sees it, and what it points into.
struct HeldReply : u65sim_python_reply {
    HeldReply() : u65sim_python_reply{} {}

    std::string text;
    std::vector<u65sim_python_object*> kept_objects;
    std::vector<std::string> buffer_texts;
    std::vector<u65sim_python_buffer> kept_buffers;

    void show() {
        value = {text.data(), text.size()};
        for (const std::string& buffer : buffer_texts) {
            kept_buffers.push_back({buffer.data(), buffer.size()});
        }
        object_count = kept_objects.size();
        objects = kept_objects.data();
        buffer_count = kept_buffers.size();
        buffers = kept_buffers.data();
    }
};

const Function& function_named(std::string_view name) {
    static const std::vector<Function> all = [] {
        std::vector<Function> functions;
        for (const auto subject :
             {target_functions, graph_functions, builder_functions, transform_functions,
              compile_functions, execute_functions, report_functions, oracle_functions,
              block_functions, study_functions}) {
            const std::span<const Function> some = subject();
            functions.insert(functions.end(), some.begin(), some.end());
        }
        std::sort(functions.begin(), functions.end(),
                  [](const Function& a, const Function& b) { return a.name < b.name; });
        return functions;
    }();
    const auto found = std::lower_bound(
        all.begin(), all.end(), name,
        [](const Function& f, std::string_view wanted) { return f.name < wanted; });
    if (found == all.end() || found->name != name) {
        throw std::logic_error("the library has no function " + std::string{name});
    }
    return *found;
}

void keep(HeldReply& held, Reply reply) {
    held.text = reply.value.dump(-1, ' ', false, Json::error_handler_t::replace);
    held.buffer_texts = std::move(reply.buffers);
    for (Object& object : reply.objects) {
        auto owned = std::make_unique<u65sim_python_object>();
        owned->value = std::move(object);
        held.kept_objects.push_back(owned.get());
        static_cast<void>(owned.release());
    }
}

}  // namespace

/// Types are literals, which end with a zero. The first that matches is the one Python
/// raises: a base stands behind what derives from it.
Failure describe(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const InvalidModel& e) {
        return {"InvalidModel", e.what()};
    } catch (const InvalidConfig& e) {
        return {"InvalidConfig", e.what()};
    } catch (const InvalidStream& e) {
        return {"InvalidStream", e.what()};
    } catch (const DoesNotFit& e) {
        return {"DoesNotFit", e.what()};
    } catch (const NothingOnNpu& e) {
        return {"NothingOnNpu", e.what()};
    } catch (const CycleLimitReached& e) {
        return {"CycleLimitReached", e.what()};
    } catch (const SimulationStuck& e) {
        return {"SimulationStuck", e.what()};
    } catch (const NotExecutable& e) {
        return {"NotExecutable", e.what()};
    } catch (const Cancelled& e) {
        return {"Cancelled", e.what()};
    } catch (const FileError& e) {
        return {"FileError", e.what()};
    } catch (const Error& e) {
        return {"Error", e.what()};
    } catch (const QuantityOverflow& e) {
        return {"OverflowError", e.what()};
    } catch (const WrongArgument& e) {
        return {"TypeError", e.what()};
    } catch (const std::bad_alloc&) {
        return {"MemoryError", "out of memory"};
    } catch (const std::exception& e) {
        return {"RuntimeError", e.what()};
    } catch (...) {
        return {"RuntimeError", "unknown failure"};
    }
}

}  // namespace u65sim::python

using u65sim::python::HeldReply;

u65sim_python_reply* u65sim_python_call(const char* function, const char* arguments,
                                        u65sim_python_object* const* objects, size_t object_count,
                                        const u65sim_python_buffer* buffers, size_t buffer_count,
                                        u65sim_python_progress progress) {
    namespace python = u65sim::python;
    auto held = std::unique_ptr<HeldReply>{new (std::nothrow) HeldReply};
    if (!held) return nullptr;
    try {
        python::Request request{python::Arguments{python::Json::parse(arguments)}, {}, {}, {}};
        for (size_t i = 0; i < object_count; ++i) request.objects.push_back(&objects[i]->value);
        for (size_t i = 0; i < buffer_count; ++i) {
            request.buffers.emplace_back(static_cast<const std::uint8_t*>(buffers[i].data),
                                         buffers[i].size);
        }
        if (progress != nullptr) {
            request.progress = [progress](std::size_t done, std::size_t all) {
                return progress(done, all) != 0;
            };
        }
        python::keep(*held, python::function_named(function).call(request));
    } catch (...) {
        const python::Failure failure = python::describe(std::current_exception());
        held->error = failure.type.data();
        held->text = failure.text;
    }
    held->show();
    return held.release();
}

void u65sim_python_reply_free(u65sim_python_reply* reply) { delete static_cast<HeldReply*>(reply); }

void u65sim_python_object_free(u65sim_python_object* object) { delete object; }
