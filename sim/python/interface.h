/* What the Python package calls, through ctypes. The package and this library come in one wheel, so
 * nothing here is stable from one version to the next: other languages use u65sim/u65sim.h. */
#ifndef U65SIM_PYTHON_INTERFACE_H
#define U65SIM_PYTHON_INTERFACE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define U65SIM_PYTHON_API __attribute__((visibility("default")))

typedef struct u65sim_python_object u65sim_python_object;

typedef struct u65sim_python_buffer {
    const void* data;
    size_t size;
} u65sim_python_buffer;

/** What a call gives back. Objects belong to whoever takes them; the rest lives until the reply is
    freed. */
typedef struct u65sim_python_reply {
    const char* error;          /**< name of the exception's type; NULL when there is none */
    u65sim_python_buffer value; /**< JSON, or the exception's text */
    size_t object_count;
    u65sim_python_object* const* objects;
    size_t buffer_count;
    const u65sim_python_buffer* buffers;
} u65sim_python_reply;

/** Called now and then by functions that take long, from any thread; 0 ends the work. */
typedef int (*u65sim_python_progress)(size_t done, size_t all);

/** Calls a function by its name with arguments as a JSON object. No exception leaves; NULL only
    where there is no memory for a reply. */
U65SIM_PYTHON_API u65sim_python_reply* u65sim_python_call(
    const char* function, const char* arguments, u65sim_python_object* const* objects,
    size_t object_count, const u65sim_python_buffer* buffers, size_t buffer_count,
    u65sim_python_progress progress);
/** Frees a reply, but no object of it. */
U65SIM_PYTHON_API void u65sim_python_reply_free(u65sim_python_reply* reply);
U65SIM_PYTHON_API void u65sim_python_object_free(u65sim_python_object* object);

#ifdef __cplusplus
}
#endif

#endif
