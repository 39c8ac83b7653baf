// What the twin does with its input (interpretation.json beside its filters): responses to one more spike, attributions, templates,
// and the comparison of one added spike with the simulator.
const kPartNames = ['soma', 'axon', 'basal', 'trunk', 'oblique', 'tuft', 'other'];
// None of them is a colour of excitation, inhibition, neuron, twin or threshold: one colour, one meaning.
function partColours() {
  const dark = document.documentElement.dataset.theme === 'dark';
  const hues = dark ? ['#e7ebee', '#9aa7b2', '#9b8cf0', '#a3c45a', '#e9c46a', '#d09a86', '#9aa7b2'] : ['#2b3138', '#5b6670', '#5a4fcf', '#5c7a29', '#b8860b', '#8a4b36', '#5b6670'];
  return Object.fromEntries(kPartNames.map((name, i) => [name, hues[i]]));
}

const kindDash = (kind) => (kind === 'inhibitory' ? [5, 3] : []);
const short = (v, digits = 3) => (v === null || v === undefined ? '–' : String(+v.toPrecision(digits)));
const between = (interval) => (interval && interval[0] !== null ? `${short(interval[0])} to ${short(interval[1])}` : '');
// What stands in a table in the place of a number that a check speaks against: the reason.
const shapePart = (shape, key) => (shape[key] === null ? shape[key.replace(/(_tau)?_ms$/, '') + '_note'] || null : shape[key]);
const setName = (set) => `${set.part}, ${set.group || set.kind}`;
// Excitation is drawn solid, inhibition dashed: said in the key where both are there.
const partLegend = (sets) => [...new Set(sets.map((s) => s.part))].map((part) => [part, partColours()[part]]);
const dashWords = (sets) => (sets.some((s) => s.kind === 'inhibitory') ? ' Solid: excitatory synapses; dashed: inhibitory.' : '');

function responseChart(response, key, title, unit, words) {
  const sets = response.sets;
  const lags = sets[0][key].mean.length, {lag_ms_50, lag_ms_95, path_um_50, path_um_95} = response.reach[key];
  const far = path_um_95 > 0 ? `; half within ${short(path_um_50)} µm of the soma along the tree and 95 % within ${short(path_um_95)} µm` : '';
  return {
    id: 'response-' + key.replace('_', '-'), group: 'interpretation', title, size: 'half', height: 300,
    caption: `${words} Half of it lies within ${short(lag_ms_50)} ms and 95 % within ${short(lag_ms_95)} ms${far}.${dashWords(sets)}`,
    spec: (width, height) => frameSpec({
      width, height, x: {title: 'ms after the input spike', domain: [0, lags - 1]}, y: {title: unit},
      layers: [
        {kind: 'rule', data: [{x: 0, x2: lags - 1, y: 0, y2: 0}], colour: themeColours().quiet, dash: []},
        ...sets.map((set) => ({kind: 'line', data: set[key].mean.map((v, i) => ({x: i, y: v})), colour: partColours()[set.part], width: 2, dash: kindDash(set.kind), tip: `'${setName(set)}, ' + datum.x + ' ms: ' + format(datum.y, '.3g')`})),
      ],
      legend: partLegend(sets),
    }),
    table: {columns: ['part', 'kind', 'synapses', 'peak', '95 % from', 'to', 'peak after (ms)', '95 % from', 'to', 'half width (ms)', '95 % from', 'to', 'decays with (ms)', '95 % from', 'to', ...Array.from({length: lags}, (_, i) => i + ' ms')],
            rows: sets.map((s) => [s.part, s.group || s.kind, s.synapses, ...['peak', 'peak_lag_ms', 'width_ms', 'decay_tau_ms'].flatMap((k) => [shapePart(s[key], k), ...s[key][k + '_ci95']]), ...s[key].mean])},
  };
}

function shapesChart(response) {
  const sets = response.sets;
  const c = (set) => (set.kind === 'excitatory' ? themeColours().excitatory : themeColours().inhibitory);
  const panel = (key, title) => ({
    title, x: {zero: true, ticks: 5},
    dots: sets.filter((s) => s.soma_mV[key] !== null).map((s) => {
      const [low, high] = s.soma_mV[key + '_ci95'];
      return {row: setName(s), x: s.soma_mV[key], low, high, colour: c(s), tip: `${setName(s)}: ${short(s.soma_mV[key])} ms\n95 %: ${between(s.soma_mV[key + '_ci95'])}`};
    }),
  });
  const parts = [['peak_lag_ms', 'peak'], ['width_ms', 'half width'], ['decay_tau_ms', 'decay']];
  const without = sets.flatMap((s) => parts.filter(([key]) => s.soma_mV[key] === null).map(([key, name]) => `${setName(s)}, ${name}: ${shapePart(s.soma_mV, key) || 'none'}`));
  const withoutWords = without.length ? ` Not drawn, and why: ${without.join('; ')}.` : '';
  return {
    id: 'response-shapes', group: 'interpretation', title: 'When, how long, how it fades', size: 'wide', height: 110 + 25 * sets.length,
    caption: 'Of the responses of the voltage: when each is greatest, how long it is beyond half of that, and the time constant with which it decays from there. Lines: 95 % intervals over synapses.' + withoutWords,
    spec: (width) => dotsSpec({width, rows: sets.map(setName), panels: [panel('peak_lag_ms', 'peak after (ms)'), panel('width_ms', 'half width (ms)'), panel('decay_tau_ms', 'decay time constant (ms)')]}),
    key: () => [['excitatory', themeColours().excitatory], ['inhibitory', themeColours().inhibitory]],
    table: {columns: ['part', 'kind', 'peak after (ms)', 'half width (ms)', 'decays with (ms)', 'fit of the decay (r²)'], rows: sets.map((s) => [s.part, s.group || s.kind, ...parts.map(([key]) => shapePart(s.soma_mV, key)), s.soma_mV.decay_r2])},
  };
}

function addedSpikesCharts(added) {
  const c = themeColours, sets = added.sets;
  const peaks = added.each.filter((e) => e.neuron.peak_mV !== null && e.twin.peak_mV !== null);
  const [low, high] = extent(peaks.flatMap((e) => [e.neuron.peak_mV, e.twin.peak_mV]));
  const room = 0.05 * (high - low), domain = [low - room, high + room];
  const lags = sets[0].neuron.mean.length;
  const table = {columns: ['part', 'kind', 'added spikes', 'correlation', '95 % from', 'to', 'slope', '95 % from', 'to', 'neuron: peak (mV)', 'after (ms)', 'half width (ms)', 'twin: peak (mV)', 'after (ms)', 'half width (ms)'],
                 rows: sets.map((s) => [s.part, s.group || s.kind, s.spikes, s.correlation, ...s.correlation_ci95, s.slope, ...s.slope_ci95, ...[s.neuron, s.twin].flatMap((shape) => [shape.peak_mV, shapePart(shape, 'peak_lag_ms'), shapePart(shape, 'width_ms')])])};
  const agreement = added.correlation === null ? added.note : `Over all milliseconds the twin’s changes correlate with the neuron’s by ${short(added.correlation)} [${between(added.correlation_ci95)}], slope ${short(added.slope)} [${between(added.slope_ci95)}]`;
  return [
    {
      id: 'added-peaks', group: 'interpretation', title: 'One spike more: twin against simulator', size: 'half', height: 320, table,
      caption: `${added.spikes} input spikes were added, one at a time, and the neuron simulated again with each. A dot is the greatest change of the somatic voltage. ${agreement}. ${added.left_out} more were left out, for the neuron spiked.`,
      spec: (width, height) => frameSpec({
        width, height, x: {title: 'neuron (mV)', domain}, y: {title: 'twin (mV)', domain},
        layers: [{kind: 'line', data: [{x: domain[0], y: domain[0]}, {x: domain[1], y: domain[1]}], colour: c().quiet, width: 1, dash: [4, 3]},
                 {kind: 'points', data: peaks.filter((e) => e.excitatory).map((e) => ({x: e.neuron.peak_mV, y: e.twin.peak_mV, n: e.name})), colour: c().excitatory, opacity: 0.6, tip: "datum.n + '\\nneuron ' + format(datum.x, '.3f') + ' mV, twin ' + format(datum.y, '.3f') + ' mV'"},
                 {kind: 'points', data: peaks.filter((e) => !e.excitatory).map((e) => ({x: e.neuron.peak_mV, y: e.twin.peak_mV, n: e.name})), colour: c().inhibitory, opacity: 0.6, tip: "datum.n + '\\nneuron ' + format(datum.x, '.3f') + ' mV, twin ' + format(datum.y, '.3f') + ' mV'"}],
        legend: [['excitatory', c().excitatory], ['inhibitory', c().inhibitory]],
      }),
    },
    {
      id: 'added-traces', group: 'interpretation', title: 'The mean change, part by part', size: 'half', height: 320, table,
      caption: 'What an added excitatory spike does to the soma, on average: thick and pale the simulated neuron, thin the twin.',
      spec: (width, height) => {
        const shown = sets.filter((s) => s.kind === 'excitatory');
        const line = (set, who) => set[who].mean.map((v, i) => ({x: i, y: v}));
        return frameSpec({
          width, height, x: {title: 'ms after the added spike', domain: [0, lags - 1]}, y: {title: 'change of the somatic voltage (mV)'},
          layers: [...shown.map((s) => ({kind: 'line', data: line(s, 'neuron'), colour: partColours()[s.part], width: 5, opacity: 0.3})),
                   ...shown.map((s) => ({kind: 'line', data: line(s, 'twin'), colour: partColours()[s.part], width: 1.6, tip: `'${s.part}, twin, ' + datum.x + ' ms: ' + format(datum.y, '.3g') + ' mV'`}))],
          legend: partLegend(shown),
        });
      },
    },
  ];
}

// Cable theory's question: the farther out, the later and the longer?
function addedDistanceChart(added, places) {
  const excitatory = added.each.filter((e) => e.excitatory && ['peak_lag_ms', 'width_ms'].every((key) => e.neuron[key] !== null && e.twin[key] !== null)).map((e) => ({...e, path: places.path_um[e.channel]}));
  const panel = (title, key, height) => ({
    title, height, y: {title: 'ms', zero: true, domain: [0, 1.05 * Math.max(1, ...excitatory.flatMap((e) => [e.neuron[key], e.twin[key]]))]},
    layers: [{kind: 'points', data: excitatory.map((e) => ({x: e.path, y: e.neuron[key], n: e.name})), colour: themeColours().truth, size: 46, opacity: 0.3, tip: "'neuron, ' + datum.n + ': ' + format(datum.y, '.3g') + ' ms'"},
             {kind: 'points', data: excitatory.map((e) => ({x: e.path, y: e.twin[key], n: e.name})), colour: themeColours().predicted, size: 18, tip: "'twin, ' + datum.n + ': ' + format(datum.y, '.3g') + ' ms'"}],
  });
  return {
    id: 'added-distance', group: 'interpretation', title: 'The farther out, the later and the longer?', size: 'wide', height: 380,
    caption: 'Of each added excitatory spike: when its effect on the soma is greatest, and for how long it is beyond half of that, by the distance of the synapse along the tree. Pale: the simulated neuron; small: the twin.',
    spec: (width) => stackSpec({width, x: {title: 'path to the soma (µm)', domain: [0, 1.03 * Math.max(1, ...excitatory.map((e) => e.path))]}, panels: [panel('Peak after the spike', 'peak_lag_ms', 130), panel('Half width', 'width_ms', 130)]}),
    key: () => [['neuron', themeColours().truth], ['twin', themeColours().predicted]],
    table: {columns: ['part', 'path (µm)', 'kind', 'neuron: peak (mV)', 'after (ms)', 'half width (ms)', 'twin: peak (mV)', 'after (ms)', 'half width (ms)'],
            rows: added.each.map((e) => [places.part[e.channel], places.path_um[e.channel], e.excitatory ? 'excitatory' : 'inhibitory', ...[e.neuron, e.twin].flatMap((shape) => [shape.peak_mV, shapePart(shape, 'peak_lag_ms'), shapePart(shape, 'width_ms')])])},
  };
}

function attributionChart(attribution) {
  const sets = attribution.sets;
  const dots = (when, colour, name) => sets.map((s) => ({row: setName(s), x: s[when].sum, low: s[when].sum_ci95[0], high: s[when].sum_ci95[1], colour, tip: `${setName(s)}, before ${name}: ${short(s[when].sum)}\n95 %: ${between(s[when].sum_ci95)}`}));
  return {
    id: 'attribution', group: 'interpretation', title: 'What brought the spikes about', size: 'half', height: 110 + 25 * sets.length,
    caption: `Integrated gradients: how much the input spikes of each part add to the log-odds of an output spike, before ${attribution.spikes} output spikes, and before as many moments of silence with as much input. All together add ${short(attribution.mean_before_spikes)} before spikes and ${short(attribution.mean_before_silences)} before silences, counted from no input at all. Lines: 95 % intervals over moments.${attribution.note ? ' ' + attribution.note : ''}`,
    spec: (width) => dotsSpec({width, rows: sets.map(setName), panels: [{title: 'log-odds added', x: {ticks: 6}, dots: [...dots('before_silences', themeColours().quiet, 'silence'), ...dots('before_spikes', themeColours().threshold, 'spikes')]}]}),
    key: () => [['before output spikes', themeColours().threshold], ['before matched silence', themeColours().quiet]],
    table: {columns: ['part', 'kind', 'synapses', 'before spikes', '95 % from', 'to', 'before silences', '95 % from', 'to'], rows: sets.map((s) => [s.part, s.group || s.kind, s.synapses, s.before_spikes.sum, ...s.before_spikes.sum_ci95, s.before_silences.sum, ...s.before_silences.sum_ci95])},
  };
}

// The difference between spikes and silences over the lag, per ms of lag, so that wide bins do not look large.
function attributionLagChart(attribution) {
  const ends = attribution.lag_ends_ms, begins = [0, ...ends.slice(0, -1)];
  const sets = attribution.sets;
  const steps = (s) => ends.flatMap((end, i) => { const y = (s.before_spikes.by_lag[i] - s.before_silences.by_lag[i]) / (end - begins[i]); return [{x: begins[i] + 1, y}, {x: end + 1, y}]; });
  return {
    id: 'attribution-lag', group: 'interpretation', title: 'When it came', size: 'half', height: 110 + 25 * sets.length,
    caption: 'The same, by how long before the output the input spikes came: what they add before spikes less what they add before silences, for each ms of lag.' + dashWords(sets),
    spec: (width, height) => frameSpec({
      width, height, x: {title: 'ms before the output, and 1', type: 'log', domain: [1, ends[ends.length - 1] + 1], format: '~g', values: [1, 2, 5, 10, 20, 50, 100, 200].filter((v) => v <= ends[ends.length - 1])}, y: {title: 'log-odds a ms'},
      layers: [{kind: 'rule', data: [{x: 1, x2: ends[ends.length - 1] + 1, y: 0, y2: 0}], colour: themeColours().quiet, dash: []},
               ...sets.map((s) => ({kind: 'line', data: steps(s), colour: partColours()[s.part], width: 2, dash: kindDash(s.kind)}))],
      legend: partLegend(sets),
    }),
    table: {columns: ['part', 'kind', 'when', ...ends.map((e, i) => `${begins[i]} to ${e - 1} ms`)], rows: sets.flatMap((s) => ['before_spikes', 'before_silences'].map((w) => [s.part, s.group || s.kind, w.replace('_', ' '), ...s[w].by_lag]))},
  };
}

function templateCharts(templates) {
  return templates.templates.map((t, k) => {
    const where = Object.entries(t.by_part).map(([part, loading]) => `${part} ${short(loading)}`).join(', ');
    return {
      id: 'template' + k, group: 'interpretation', title: `Template ${k + 1}: ${t.part === 'mixed' ? 'mixed' : 'mostly ' + t.part}`, size: 'half', height: 230,
      caption: `${(100 * t.share).toFixed(0)} % of what the first layer’s filters have in common. Mean loading of a branch, by part: ${where}.${t.part_note ? ` No part is told from the next: ${t.part_note}.` : ''}` + (k === 0 ? ` Filters of ${templates.units} units on ${templates.branches.length} branches, each as a sum of these ${templates.templates.length} patterns that only add up (non-negative factorisation); ${(100 * templates.unexplained).toFixed(1)} % of the squares are left unexplained.` : ''),
      spec: (width, height) => {
        const c = themeColours(), lags = t.excitatory.length, kinds = ['excitatory', 'inhibitory'].filter((k) => t[k].some((v) => v !== 0));
        return frameSpec({
          width, height, x: {title: 'time of the input spike before the output (ms)', domain: [1 - lags, 0]}, y: {title: 'weight'},
          layers: [{kind: 'rule', data: [{x: 1 - lags, x2: 0, y: 0, y2: 0}], colour: c.quiet, dash: []},
                   ...kinds.map((k) => ({kind: 'line', data: t[k].map((y, i) => ({x: -i, y})), colour: c[k], width: 2.2, tip: "-datum.x + ' ms before: ' + format(datum.y, '.3g')"}))],
          legend: kinds.map((k) => [k, c[k]]),
        });
      },
      table: {columns: ['branch: part', 'section', 'path (µm)', 'loading'], rows: templates.branches.map((b, i) => [b.part, b.section, b.path_um, t.by_branch[i]])},
    };
  });
}

function interpretationCharts(interpretation, spikes) {
  const {response, attribution, added_spikes: added, templates, places} = interpretation;
  const charts = [];
  if (response) {
    charts.push(responseChart(response, 'soma_mV', 'What one more spike does to the voltage', 'mV', 'The twin’s mean response to an input spike: its gradient by the input, over many moments of test trials.'));
    if (spikes) charts.push(responseChart(response, 'spike_log_odds', 'What it does to the chance of an output spike', 'log-odds', 'The same of the log-odds of an output spike.'));
    charts.push(shapesChart(response));
  }
  if (added && added.spikes > 0) {
    for (const e of added.each) {
      e.excitatory = places.excitatory[e.channel];
      e.name = `${places.part[e.channel]}, ${places.path_um[e.channel]} µm`;
    }
    charts.push(...addedSpikesCharts(added));
    if (places.path_um.some((um) => um > 0)) charts.push(addedDistanceChart(added, places));
  }
  if (attribution && attribution.spikes > 0) charts.push(attributionChart(attribution), attributionLagChart(attribution));
  if (templates) charts.push(...templateCharts(templates));
  return charts;
}
