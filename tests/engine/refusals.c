/* What the engine refuses, asked for in C. Returns the line of the first claim that does not hold, or 0. */
#include <neurontwin/engine.h>
#include <string.h>

#define CLAIM(claim) \
  if (!(claim)) return __LINE__

int engine_refusals(const char* file, const char* no_twin);

int engine_refusals(const char* file, const char* no_twin) {
  char message[200] = "?";
  nt_twin* twin = NULL;
  nt_twin* other = NULL;
  nt_stream* stream = NULL;
  nt_stream* another = NULL;
  nt_spike spike = {0, 0, 0};

  CLAIM(nt_open(NULL, 1, &twin, message, sizeof message) == NT_BAD_ARGUMENT && message[0] != '\0');
  CLAIM(nt_open(file, 1, NULL, message, sizeof message) == NT_BAD_ARGUMENT);
  CLAIM(nt_open(file, 0, &twin, NULL, 0) == NT_BAD_ARGUMENT);
  CLAIM(nt_open("/there/is/none", 1, &twin, message, sizeof message) == NT_BAD_FILE);
  CLAIM(strstr(message, "/there/is/none") != NULL);
  CLAIM(nt_open(no_twin, 1, &twin, message, sizeof message) == NT_BAD_FILE);
  CLAIM(nt_open(no_twin, 1, &twin, message, 4) == NT_BAD_FILE && strlen(message) == 3);
  CLAIM(nt_open(no_twin, 1, &twin, NULL, 100) == NT_BAD_FILE && twin == NULL);

  CLAIM(nt_synapses(NULL) == 0 && nt_outputs(NULL) == 0 && nt_threshold(NULL) < 0);
  CLAIM(nt_excitatory_synapses(NULL) == 0 && nt_output_name(NULL, 0) == NULL);
  CLAIM(nt_start(NULL, 1, &stream, message, sizeof message) == NT_BAD_ARGUMENT);
  nt_close(NULL);
  nt_end(NULL);

  CLAIM(nt_open(file, 1, &twin, message, sizeof message) == NT_OK && message[0] == '\0');
  CLAIM(nt_output_name(twin, -1) == NULL && nt_output_unit(twin, nt_outputs(twin)) == NULL);
  CLAIM(nt_start(twin, 0, &stream, message, sizeof message) == NT_BAD_ARGUMENT);
  CLAIM(nt_start(twin, INT64_MAX, &stream, message, sizeof message) == NT_BAD_ARGUMENT);
  CLAIM(nt_start(twin, 1, NULL, message, sizeof message) == NT_BAD_ARGUMENT);
  CLAIM(nt_start(twin, 2, &stream, message, sizeof message) == NT_OK);
  CLAIM(nt_values(stream) == NULL && nt_values(NULL) == NULL);
  CLAIM(nt_fired(stream, 0, 0, 0.5) == -1 && nt_fired(NULL, 0, 0, 0.5) == -1);

  CLAIM(nt_advance(NULL, &spike, 1, 1, message, sizeof message) == NT_BAD_ARGUMENT);
  CLAIM(nt_advance(stream, NULL, 1, 1, message, sizeof message) == NT_BAD_ARGUMENT);
  CLAIM(nt_advance(stream, &spike, 1, 0, message, sizeof message) == NT_BAD_ARGUMENT);
  CLAIM(nt_advance(stream, &spike, 1, INT64_MAX, message, sizeof message) == NT_BAD_ARGUMENT);
  spike.neuron = 2;
  CLAIM(nt_advance(stream, &spike, 1, 1, message, sizeof message) == NT_BAD_ARGUMENT);
  CLAIM(strcmp(message, "the neuron of spike 0 is 2, expected 0 to 1") == 0);
  spike.neuron = 0;
  spike.synapse = (int32_t)nt_synapses(twin);
  CLAIM(nt_advance(stream, &spike, 1, 1, message, sizeof message) == NT_BAD_ARGUMENT);
  spike.synapse = -1;
  CLAIM(nt_advance(stream, &spike, 1, 1, message, sizeof message) == NT_BAD_ARGUMENT);
  spike.synapse = 0;
  spike.ms = 1;
  CLAIM(nt_advance(stream, &spike, 1, 1, message, sizeof message) == NT_BAD_ARGUMENT);
  spike.ms = 0;
  CLAIM(nt_values(stream) == NULL);
  CLAIM(nt_advance(stream, NULL, 0, 3, message, sizeof message) == NT_OK && nt_values(stream) != NULL);
  CLAIM(nt_fired(stream, 2, 0, 0.5) == -1 && nt_fired(stream, -1, 0, 0.5) == -1);
  CLAIM(nt_fired(stream, 0, 3, 0.5) == -1 && nt_fired(stream, 1, 2, 0) == 1);

  CLAIM(nt_reset(stream, 2, message, sizeof message) == NT_BAD_ARGUMENT);
  CLAIM(nt_reset(NULL, 0, message, sizeof message) == NT_BAD_ARGUMENT);
  CLAIM(nt_copy(stream, 0, NULL, 0, message, sizeof message) == NT_BAD_ARGUMENT);
  CLAIM(nt_copy(stream, 0, stream, 2, message, sizeof message) == NT_BAD_ARGUMENT);
  CLAIM(nt_open(file, 1, &other, message, sizeof message) == NT_OK);
  CLAIM(nt_start(other, 1, &another, message, sizeof message) == NT_OK);
  CLAIM(nt_copy(stream, 0, another, 0, message, sizeof message) == NT_BAD_ARGUMENT);
  nt_end(another);
  nt_end(stream);
  nt_close(other);
  nt_close(twin);
  return 0;
}
