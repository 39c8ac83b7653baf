// What report/packed.cpp has deflated becomes what it was, before the page is built.
async function inflated(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))).arrayBuffer());
}

// {time_ms, synapse} of `spikes` input spikes: the lowest bytes of all waits in microseconds, the next ones, ..., and so of the synapses.
async function unpackEvents(events) {
  if (!events || events.deflated === undefined) return;
  const n = events.spikes, bytes = await inflated(events.deflated);
  const number = (plane, i) => bytes[plane * n + i] + 256 * (bytes[(plane + 1) * n + i] + 256 * (bytes[(plane + 2) * n + i] + 256 * bytes[(plane + 3) * n + i]));
  events.time_ms = []; events.synapse = [];
  for (let i = 0, us = 0; i < n; ++i) {
    us += number(0, i);
    events.time_ms.push(us / 1000);
    events.synapse.push(number(4, i));
  }
  delete events.deflated;
}

// The levels of all compartments, sample by sample.
async function unpackVoltages(voltages) {
  if (!voltages || voltages.deflated === undefined) return;
  const levels = await inflated(voltages.deflated), places = levels.length / voltages.samples;
  for (let i = places; i < levels.length; ++i) levels[i] += levels[i - places];
  voltages.levels = levels;
  delete voltages.deflated;
}

async function showReport(data) {
  const trials = [...((data.curves && data.curves.examples) || []), ...(data.neuron && data.neuron.trial ? [data.neuron.trial] : [])];
  try {
    for (const trial of trials) {
      await unpackEvents(trial.excitatory);
      await unpackEvents(trial.inhibitory);
      await unpackVoltages(trial.voltages);
    }
  } catch (error) {
    document.getElementById('page').append(make('p', {}, `This browser cannot unpack the report's data (${error.message}). A newer one can: Chrome 80, Firefox 113 or Safari 16.4, or later. All numbers are in metrics.json beside it.`));
    return;
  }
  showPage(data);
}
