/* Twins at work: a trained twin in the place of its neuron, millisecond by millisecond, from any language
   that can call C. Link with neurontwin_engine.

   Functions that can fail return a code and write what went wrong into `message`, a buffer of `size` bytes,
   always ended by a zero; it may be NULL. Results go where the last arguments point. A bad argument
   changes nothing. One twin, its streams included, is for one thread at a time. */
#ifndef NEURONTWIN_ENGINE_H
#define NEURONTWIN_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NT_API __attribute__((visibility("default")))
#else
#define NT_API
#endif

typedef enum {
  NT_OK = 0,
  NT_BAD_ARGUMENT = 1, /* NULL, or a number out of range */
  NT_BAD_FILE = 2,     /* the twin cannot be read */
  NT_FAILED = 3        /* memory is full, for example */
} nt_code;

typedef struct nt_twin nt_twin;
typedef struct nt_stream nt_stream;

/* A spike that arrives: at which neuron of a stream, on which of its synapses, how many ms from now.
   Excitatory synapses come first, inhibitory ones after them. */
typedef struct {
  int32_t neuron, synapse, ms;
} nt_spike;

/* Reads twin.safetensors. Threads: 1 for none beside the caller's. */
NT_API nt_code nt_open(const char* file, int threads, nt_twin** twin, char* message, size_t size);
/* Streams of the twin have to be ended before. NULL is nothing to close. */
NT_API void nt_close(nt_twin* twin);

NT_API int64_t nt_synapses(const nt_twin* twin);
NT_API int64_t nt_excitatory_synapses(const nt_twin* twin);
/* Numbers that the twin says of each ms, and what each is about: "spike", its probability in this ms; "soma",
   the voltage in mV; and what else it was trained to say. NULL out of range. */
NT_API int64_t nt_outputs(const nt_twin* twin);
NT_API const char* nt_output_name(const nt_twin* twin, int64_t output);
NT_API const char* nt_output_unit(const nt_twin* twin, int64_t output);
/* The probability from which on the twin's makers count a spike; below 0 if its file says none. */
NT_API double nt_threshold(const nt_twin* twin);

/* So many neurons side by side, all after a long silence. */
NT_API nt_code nt_start(nt_twin* twin, int64_t neurons, nt_stream** stream, char* message, size_t size);
NT_API void nt_end(nt_stream* stream);

/* The next `ms` milliseconds, with `count` spikes in any order, each at 0 <= ms < `ms`. */
NT_API nt_code nt_advance(nt_stream* stream, const nt_spike* spikes, size_t count, int64_t ms, char* message,
                          size_t size);
/* Of the last nt_advance(): [neuron][ms][output], until the next one; NULL before the first. */
NT_API const float* nt_values(const nt_stream* stream);
/* Whether the neuron fired in this ms of them, its probability having reached `threshold`: 1 or 0; -1 out of
   range. Below 0, `threshold` is the twin's own; -1 if that has none. */
NT_API int nt_fired(const nt_stream* stream, int64_t neuron, int64_t ms, double threshold);

/* One neuron after a long silence again. */
NT_API nt_code nt_reset(nt_stream* stream, int64_t neuron, char* message, size_t size);
/* One neuron goes on from where one of the same twin, perhaps of another stream, is. */
NT_API nt_code nt_copy(nt_stream* to, int64_t to_neuron, const nt_stream* from, int64_t from_neuron,
                       char* message, size_t size);

#ifdef __cplusplus
}
#endif

#endif
