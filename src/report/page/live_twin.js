// A recurrent twin at work in the page: what src/twin/recurrent_stream.cpp computes, ms by ms, in double precision.

const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
// Numbers of 4 bytes, the least one first, whatever the order of this machine.
function packedNumbers(base64, integer) {
  const view = new DataView(bytesOf(base64).buffer), all = integer ? new Int32Array(view.byteLength / 4) : new Float64Array(view.byteLength / 4);
  for (let i = 0; i < all.length; ++i) all[i] = integer ? view.getInt32(4 * i, true) : view.getFloat32(4 * i, true);
  return all;
}

const logistic = (x) => 1 / (1 + Math.exp(-x));

// {rest(): a state after silence, step(state, channels that spike in this ms): {soma_mV, spike_probability}}.
// A state holds the branches' sums and the memory; a step moves it by a ms. Rows of matrices are those of src/twin/recurrent.cpp.
function liveTwin(packed) {
  const {branches, hidden, units} = packed, relu = packed.activation === 'relu';
  const numbers = (key) => packedNumbers(packed[key]);
  const firstContact = packedNumbers(packed.first_contact, true), contactBranch = packedNumbers(packed.contact_branch, true);
  const contactWeight = numbers('contact_weight'), branchKeep = numbers('branch_keep'), branchWeight = numbers('branch_weight');
  const memoryWeight = numbers('memory_weight'), hiddenBias = numbers('hidden_bias'), deltaWeight = numbers('delta_weight'), deltaBias = numbers('delta_bias');
  const memoryKeep = numbers('memory_keep'), memoryGate = numbers('memory_gate');
  const spikeWeight = packedNumbers(packed.spike.weight), somaWeight = packedNumbers(packed.soma.weight);
  const before = new Float64Array(hidden), write = new Float64Array(units);

  // to += row . matrix
  const addProduct = (row, rows, matrix, columns, to) => {
    for (let r = 0, i = 0; r < rows; ++r) {
      const x = row[r];
      for (let c = 0; c < columns; ++c) to[c] += x * matrix[i++];
    }
  };
  function step(state, channels) {
    const {sums, memory} = state;
    for (let b = 0; b < branches; ++b) sums[b] *= branchKeep[b];
    for (const channel of channels)
      for (let k = firstContact[channel]; k < firstContact[channel + 1]; ++k) sums[contactBranch[k]] += contactWeight[k];
    for (let u = 0; u < units; ++u) memory[u] *= memoryKeep[u];
    before.set(hiddenBias);
    addProduct(sums, branches, branchWeight, hidden, before);
    addProduct(memory, units, memoryWeight, hidden, before);
    for (let h = 0; h < hidden; ++h) before[h] = relu ? Math.max(0, before[h]) : before[h] * logistic(before[h]);
    write.set(deltaBias);
    addProduct(before, hidden, deltaWeight, units, write);
    let logOdds = packed.spike.constant, soma_mV = packed.soma.constant;
    for (let u = 0; u < units; ++u) {
      memory[u] += memoryGate[u] * 1.7159 * Math.tanh((2 / 3) * write[u]);
      logOdds += spikeWeight[u] * memory[u];
      soma_mV += somaWeight[u] * memory[u];
    }
    return {soma_mV, spike_probability: logistic(logOdds)};
  }
  function rest() {
    const state = {sums: new Float64Array(branches), memory: new Float64Array(units)};
    for (let t = 0; t < packed.history_ms; ++t) step(state, []);
    return state;
  }
  return {rest, step};
}

const kKept_ms = 64;  // between states that a course goes on from

// What the twin says to the spikes that `spikesIn(ms)` lists, computed as far as somebody asks:
// {soma_mV, spike_probability: [ms], until(ms), again(from ms on: the spikes have changed)}.
function courseOf(twin, spikesIn, duration_ms) {
  const copy = ({sums, memory}) => ({sums: sums.slice(), memory: memory.slice()});
  const course = {soma_mV: new Float64Array(duration_ms), spike_probability: new Float64Array(duration_ms)};
  const kept = [twin.rest()];  // at the beginning of every kKept_ms
  let now = 0, state = copy(kept[0]);
  course.until = (ms) => {
    for (; now < Math.min(ms, duration_ms); ++now) {
      if (now % kKept_ms === 0) kept[now / kKept_ms] = copy(state);
      const said = twin.step(state, spikesIn(now));
      course.soma_mV[now] = said.soma_mV;
      course.spike_probability[now] = said.spike_probability;
    }
  };
  course.again = (from) => {
    if (from >= now) return;
    const k = Math.floor(Math.max(0, from) / kKept_ms);
    now = k * kKept_ms;
    state = copy(kept[k]);
  };
  return course;
}

// The channels of a trial's spikes, excitatory synapses first: of each ms a list.
function channelsByMs(trial, excitatorySynapses) {
  const all = Array.from({length: trial.duration_ms}, () => []);
  for (const [events, first] of [[trial.excitatory, 0], [trial.inhibitory, excitatorySynapses]])
    events.time_ms.forEach((t, i) => { if (t < trial.duration_ms) all[Math.floor(t)].push(first + events.synapse[i]); });
  return all;
}
