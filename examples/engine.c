/* Drives some neurons, each in the shape of its twin, with random spikes and prints when they fire.
     cc examples/engine.c -I include -L build -lneurontwin_engine -Wl,-rpath,build -o engine
     ./engine runs/quick/twin.safetensors */
#include <neurontwin/engine.h>
#include <stdio.h>
#include <stdlib.h>

enum { NEURONS = 4, DURATION_MS = 2000, MOST_SPIKES = 100000 };

int main(int argc, char** argv) {
  static nt_spike spikes[MOST_SPIKES];
  char message[500];
  nt_twin* twin = NULL;
  nt_stream* stream = NULL;
  if (argc != 2) {
    fprintf(stderr, "usage: %s twin.safetensors\n", argv[0]);
    return 2;
  }
  if (nt_open(argv[1], 1, &twin, message, sizeof message) != NT_OK ||
      nt_start(twin, NEURONS, &stream, message, sizeof message) != NT_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  const int64_t synapses = nt_synapses(twin);
  const double threshold = nt_threshold(twin) >= 0 ? nt_threshold(twin) : 0.5;
  srand(1);
  for (int ms = 0; ms < DURATION_MS; ++ms) {
    size_t count = 0;
    for (int32_t neuron = 0; neuron < NEURONS; ++neuron) {
      for (int32_t synapse = 0; synapse < synapses && count < MOST_SPIKES; ++synapse) {
        if (rand() % 1000 < 5) spikes[count++] = (nt_spike){neuron, synapse, 0}; /* 5 per second */
      }
    }
    if (nt_advance(stream, spikes, count, 1, message, sizeof message) != NT_OK) {
      fprintf(stderr, "%s\n", message);
      return 1;
    }
    for (int64_t neuron = 0; neuron < NEURONS; ++neuron) {
      if (nt_fired(stream, neuron, 0, threshold) == 1) printf("%d ms: neuron %d\n", ms, (int)neuron);
    }
  }
  nt_end(stream);
  nt_close(twin);
  return 0;
}
