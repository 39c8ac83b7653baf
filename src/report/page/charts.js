// The charts of the report. Each: {id, group, title, caption, size, height, spec(width, height), table: {columns, rows}} and, if wanted,
// controls(redraw) -> element, key() -> [[label, colour], ...], renderer.
const zip = (x, y) => x.map((v, i) => ({x: v, y: y[i]}));

function rocChart(curves) {
  const {fpr, tpr} = curves.roc;
  const c = themeColours;
  const points = curves.operating_points || [];
  return {
    id: 'roc', group: 'spikes', title: 'ROC curve', size: 'half', height: 300,
    caption: 'Share of spikes found against share of spike-free bins called spikes, on a logarithmic axis: at 1 spike a second, only the left end matters. Dots: thresholds chosen on the validation set.',
    spec: (width, height) => frameSpec({
      width, height, x: {title: 'false-positive rate', type: 'log', domain: [1e-5, 1], clamp: true, format: '~g'}, y: {title: 'true-positive rate', domain: [0, 1]},
      layers: [
        {kind: 'line', data: fpr.map((f, i) => ({x: Math.max(f, 1e-5), y: tpr[i]})), colour: c().predicted, width: 2.2, tip: "'FPR ' + format(datum.x, '.2g') + '\\nTPR ' + format(datum.y, '.3f')"},
        {kind: 'line', data: Array.from({length: 101}, (_, i) => ({x: 10 ** (-5 + i / 20), y: 10 ** (-5 + i / 20)})), colour: c().quiet, width: 1, dash: [4, 3]},
        {kind: 'points', data: points.map((p) => ({x: Math.max(p.fpr, 1e-5), y: p.tpr, t: p.threshold, a: p.target_fpr})), colour: c().threshold, size: 50, tip: "'asked: FPR ' + datum.a + '\\nmet: FPR ' + format(datum.x, '.2g') + ', TPR ' + format(datum.y, '.3f') + '\\nthreshold ' + format(datum.t, '.3g')"},
      ],
      legend: [['twin', c().predicted], ['chance', c().quiet], ['validation thresholds', c().threshold]],
    }),
    table: {columns: ['false-positive rate', 'true-positive rate'], rows: fpr.map((f, i) => [f, tpr[i]])},
  };
}

function precisionChart(curves) {
  const {recall, precision} = curves.precision_recall;
  return {
    id: 'precision', group: 'spikes', title: 'Precision and recall', size: 'half', height: 300,
    caption: 'Of the bins called spikes, the share that are; against the share of spikes found. No tolerance: one millisecond off is wrong twice.',
    spec: (width, height) => frameSpec({
      width, height, x: {title: 'recall', domain: [0, 1]}, y: {title: 'precision', domain: [0, 1]},
      layers: [{kind: 'line', data: zip(recall, precision).slice(1), colour: themeColours().predicted, width: 2.2, tip: "'recall ' + format(datum.x, '.3f') + '\\nprecision ' + format(datum.y, '.3f')"}],
    }),
    table: {columns: ['recall', 'precision'], rows: recall.map((r, i) => [r, precision[i]])},
  };
}

function crossCorrelationChart(curves) {
  const {lag_ms, predicted_rate_hz, base_rate_hz} = curves.cross_correlation;
  return {
    id: 'crosscorrelation', group: 'spikes', title: 'When predicted spikes come', size: 'half', height: 260,
    caption: 'Rate of predicted spikes around a true one at 0 ms. A perfect twin has a single bar of 1000 Hz; the dashed line is its mean rate.',
    spec: (width, height) => frameSpec({
      width, height, x: {title: 'predicted − true (ms)', domain: [-50, 51]}, y: {title: 'predicted rate (Hz)', zero: true},
      layers: [
        {kind: 'bars', data: lag_ms.map((l, i) => ({x: l - 0.5, x2: l + 0.5, y: predicted_rate_hz[i], l})), colour: themeColours().predicted, opacity: 0.9, tip: "datum.l + ' ms: ' + format(datum.y, '.3g') + ' Hz'"},
        {kind: 'rule', data: [{x: -50, x2: 51, y: base_rate_hz, y2: base_rate_hz}], colour: themeColours().quiet},
      ],
    }),
    table: {columns: ['lag (ms)', 'predicted rate (Hz)'], rows: lag_ms.map((l, i) => [l, predicted_rate_hz[i]])},
  };
}

function calibrationChart(curves) {
  const {predicted, observed, bins} = curves.calibration;
  const shown = predicted.map((p, i) => ({x: p, y: observed[i], n: bins[i]})).filter((d) => d.y > 0 && d.x > 1e-6);
  return {
    id: 'calibration', group: 'spikes', title: 'Are the probabilities right?', size: 'half', height: 260,
    caption: 'Bins grouped by predicted probability: how often there really was a spike. On the dashed line a twin that says 10 % is right one time in ten.',
    spec: (width, height) => frameSpec({
      width, height, x: {title: 'predicted probability', type: 'log', domain: [1e-6, 1], format: '~g'}, y: {title: 'observed share', type: 'log', domain: [1e-6, 1], format: '~g'},
      layers: [
        {kind: 'line', data: [{x: 1e-6, y: 1e-6}, {x: 1, y: 1}], colour: themeColours().quiet, width: 1, dash: [4, 3]},
        {kind: 'line', data: shown, colour: themeColours().predicted},
        {kind: 'points', data: shown, colour: themeColours().predicted, size: 40, tip: "'said ' + format(datum.x, '.2g') + '\\nwas ' + format(datum.y, '.2g') + '\\n' + format(datum.n, ',') + ' bins'"},
      ],
    }),
    table: {columns: ['predicted', 'observed', 'bins'], rows: predicted.map((p, i) => [p, observed[i], bins[i]])},
  };
}

function histogramChart(id, title, caption, xTitle, edges, truth, predicted, log) {
  const bars = (counts) => counts.map((n, i) => ({x: edges[i], x2: edges[i + 1], y: n})).filter((d) => d.y > 0);
  const steps = (counts) => counts.flatMap((n, i) => [{x: edges[i], y: Math.max(n, log ? 0.5 : 0)}, {x: edges[i + 1], y: Math.max(n, log ? 0.5 : 0)}]);
  const most = Math.max(...truth, ...predicted, 1);
  return {
    id, group: 'statistics', title, caption, size: 'third', height: 230,
    spec: (width, height) => frameSpec({
      width, height, x: {title: xTitle, domain: extent(edges)}, y: {title: 'count', type: log ? 'log' : 'linear', domain: [log ? 0.5 : 0, most * 1.1], format: '~s'},
      layers: [
        {kind: 'bars', base: log ? 0.5 : 0, data: bars(truth), colour: themeColours().truth, opacity: 0.32, tip: "format(datum.x, '.4g') + ' to ' + format(datum.x2, '.4g') + ': ' + format(datum.y, ',')"},
        {kind: 'line', data: steps(predicted), colour: themeColours().predicted, width: 1.8},
      ],
      legend: [['neuron', themeColours().truth], ['twin', themeColours().predicted]],
    }),
    table: {columns: ['from', 'to', 'neuron', 'twin'], rows: truth.map((n, i) => [edges[i], edges[i + 1], n, predicted[i]])},
  };
}

function rateChart(curves) {
  const {true_hz, predicted_hz} = curves.rates;
  const most = Math.max(...true_hz, ...predicted_hz, 1) * 1.05;
  return {
    id: 'rates', group: 'statistics', title: 'Rate of each test trial', size: 'third', height: 230,
    caption: 'Expected number of spikes against the true one; a dot is a trial.',
    spec: (width, height) => frameSpec({
      width, height, x: {title: 'neuron (Hz)', domain: [0, most]}, y: {title: 'twin (Hz)', domain: [0, most]},
      layers: [
        {kind: 'line', data: [{x: 0, y: 0}, {x: most, y: most}], colour: themeColours().quiet, width: 1, dash: [4, 3]},
        {kind: 'points', data: zip(true_hz, predicted_hz), colour: themeColours().predicted, opacity: 0.45, tip: "'neuron ' + format(datum.x, '.2f') + ' Hz\\ntwin ' + format(datum.y, '.2f') + ' Hz'"},
      ],
    }),
    table: {columns: ['neuron (Hz)', 'twin (Hz)'], rows: true_hz.map((t, i) => [t, predicted_hz[i]])},
  };
}

function filterChart(interpretation, unit) {
  const kinds = ['excitatory', 'inhibitory'].filter((k) => unit[k]);
  const tau = interpretation.membrane_time_constant_ms;
  const time = interpretation.lag_ms.map((l) => -l);
  const words = kinds.map((k) => `${k} ${unit[k].tau_ms.toFixed(1)} ms [${unit[k].tau_ci95.map((v) => v.toFixed(1)).join(', ')}]`).join(', ');
  return {
    id: 'filter' + unit.unit, group: 'filters', title: interpretation.units.length > 1 ? `Unit ${unit.unit + 1}` : 'What one input spike does to the twin', size: 'half', height: 320,
    caption: `The weight of an input spike by how long ago it came. Faint: every synapse; bold: their mean with its standard deviation; dashed: the fitted exponential (${words}${tau === undefined ? '' : `; the membrane: ${tau} ms`}).`,
    spec: (width, height) => {
      const c = themeColours();
      const layers = [];
      for (const k of kinds) {
        const all = unit.filters[k].flatMap((f, s) => f.map((v, i) => ({x: time[i], y: v, s})));
        layers.push({kind: 'line', data: all, by: 's', colour: c[k], width: 0.6, opacity: 0.16});
      }
      for (const k of kinds) {
        const {mean, sd, amplitude, tau_ms} = unit[k];
        layers.push({kind: 'area', data: mean.map((m, i) => ({x: time[i], y: m - sd[i], y2: m + sd[i]})), colour: c[k], opacity: 0.2});
        layers.push({kind: 'line', data: mean.map((m, i) => ({x: time[i], y: m})), colour: c[k], width: 2.6, tip: "-datum.x + ' ms before: ' + format(datum.y, '.3g')"});
        layers.push({kind: 'line', data: time.map((t) => ({x: t, y: amplitude * Math.exp(t / tau_ms)})), colour: c.ink, width: 1.2, dash: [5, 4]});
      }
      layers.push({kind: 'rule', data: [{x: time[time.length - 1], x2: 0, y: 0, y2: 0}], colour: c.quiet, dash: []});
      return frameSpec({width, height, x: {title: 'time of the input spike before the output (ms)', domain: [time[time.length - 1], 0]}, y: {title: 'weight towards a spike'}, layers,
                        legend: kinds.map((k) => [k, c[k]]).concat([['exponential fit', c.ink]])});
    },
    table: {columns: ['lag (ms)', ...kinds.flatMap((k) => [k + ' mean', k + ' sd'])], rows: interpretation.lag_ms.map((l, i) => [l, ...kinds.flatMap((k) => [unit[k].mean[i], unit[k].sd[i]])])},
  };
}

function filterMap(interpretation, unit) {
  const rows = [...(unit.filters.excitatory || []), ...(unit.filters.inhibitory || [])];
  const cells = rows.flatMap((f, s) => f.map((v, i) => ({x: -interpretation.lag_ms[i] - 0.5, y: s, v})));
  const most = Math.max(...rows.map((f) => Math.max(...f.map(Math.abs))));
  return {
    id: 'map' + unit.unit, group: 'filters', title: 'The same, synapse by synapse', size: 'half', height: 320, renderer: 'canvas',
    caption: `Rows are synapses: the first ${(unit.filters.excitatory || []).length} excite, the others inhibit. Colour is the weight of a spike at that time.`,
    spec: (width, height) => mapSpec({width, height, rows: rows.length, cells, most, title: 'weight', x: {title: 'time before the output (ms)', domain: [-interpretation.lag_ms.length + 0.5, 0.5]}, y: {title: 'synapse'}}),
    table: {columns: ['synapse', ...interpretation.lag_ms.map((l) => l + ' ms')], rows: rows.map((f, s) => [s, ...f])},
  };
}

function learningCharts(learning) {
  const epochs = learning.epochs;
  const series = (key) => epochs.filter((e) => e[key] !== null).map((e) => ({x: e.seen_s / 3600, y: e[key], e: e.epoch}));
  const best = epochs.filter((e) => e.best).slice(-1);
  const tip = "'epoch ' + datum.e + ': ' + format(datum.y, '.5g')";
  const x = {title: 'hours of neuron seen in training', zero: true};
  const table = {columns: ['epoch', 'hours seen', 'train loss', 'validation loss', 'validation spike loss', 'validation voltage loss', 'validation AUC', 'learning rate'],
                 rows: epochs.map((e) => [e.epoch, e.seen_s / 3600, e.train_loss, e.valid_loss, e.valid_spike_loss, e.valid_soma_loss, e.valid_auc, e.learning_rate])};
  return [
    {id: 'loss', group: 'learning', title: 'Loss', size: 'half', height: 240, table,
     caption: 'Training and validation loss after each epoch. Where they part, the twin learns its data by heart.',
     spec: (width, height) => frameSpec({width, height, x, y: {title: 'loss', type: 'log', format: '~g'},
       layers: [{kind: 'line', data: series('train_loss'), colour: themeColours().quiet, tip}, {kind: 'line', data: series('valid_loss'), colour: themeColours().predicted, width: 2.2, tip},
                {kind: 'points', data: best.map((e) => ({x: e.seen_s / 3600, y: e.valid_loss, e: e.epoch})), colour: themeColours().threshold, size: 60, tip}],
       legend: [['training', themeColours().quiet], ['validation', themeColours().predicted], ['kept', themeColours().threshold]]})},
    {id: 'auc', group: 'learning', title: 'Validation AUC', size: 'half', height: 240, table,
     caption: 'How well spikes are told from silence on trials never trained on.',
     spec: (width, height) => frameSpec({width, height, x, y: {title: 'AUC', format: '.4f'}, layers: [{kind: 'line', data: series('valid_auc'), colour: themeColours().predicted, width: 2.2, tip}]})},
  ];
}

// A trial in a window of time: input raster, output spikes, voltage, probability.
function exampleChart(curves) {
  const examples = curves.examples;
  const state = {trial: 0, span: 1000, start: 0};
  const busiest = (e) => {
    let best = 0, most = -1;
    for (let s = 0; s + state.span <= e.duration_ms; s += 50) {
      const n = e.true_spikes_ms.filter((t) => t >= s + 100 && t < s + state.span - 100).length;
      if (n > most) { most = n; best = s; }
    }
    return best;
  };
  state.start = busiest(examples[0]);
  const inside = (t) => t >= state.start && t < state.start + state.span;
  const spec = (width) => {
    const c = themeColours(), e = examples[state.trial];
    const raster = (events, offset) => events.time_ms.map((t, i) => ({x: t, y: events.synapse[i] + offset})).filter((d) => inside(d.x));
    const first = 1 + Math.max(0, ...e.excitatory.synapse);
    const synapses = first + 1 + Math.max(0, ...e.inhibitory.synapse);
    const trace = (values) => values.slice(state.start, state.start + state.span).map((v, i) => ({x: state.start + i, y: v}));
    const spikes = (times, y) => times.filter(inside).map((t) => ({x: t, y}));
    const rasterHeight = width < 600 ? 150 : 190;
    return stackSpec({
      width, x: {title: 'time in the trial (ms)', domain: [state.start, state.start + state.span], grid: false},
      panels: [
        {title: 'Input spikes', height: rasterHeight, y: {title: 'synapse', domain: [0, synapses], grid: false},
         layers: [{kind: 'ticks', data: raster(e.excitatory, 0), colour: c.excitatory, height: 2.4, width: 2}, {kind: 'ticks', data: raster(e.inhibitory, first), colour: c.inhibitory, height: 2.4, width: 2}]},
        {title: 'Output spikes: neuron above, twin below', height: 44, y: {domain: [0, 2], labels: false, grid: false},
         layers: [{kind: 'ticks', data: spikes(e.true_spikes_ms, 1.85), colour: c.truth, height: 16, width: 2, tip: "'neuron: ' + datum.x + ' ms'"}, {kind: 'ticks', data: spikes(e.predicted_spikes_ms, 0.85), colour: c.predicted, height: 16, width: 2, tip: "'twin: ' + datum.x + ' ms'"}]},
        {title: 'Somatic voltage', height: 170, y: {title: 'mV', domain: extent([...e.soma_mV, ...e.predicted_soma_mV.filter((v) => v < -40)])},
         layers: [{kind: 'line', data: trace(e.soma_mV), colour: c.truth, width: 1.4, tip: "datum.x + ' ms: ' + format(datum.y, '.2f') + ' mV'"}, {kind: 'line', data: trace(e.predicted_soma_mV), colour: c.predicted, width: 1.4}]},
        {title: 'Spike probability and threshold', height: 80, y: {title: 'p', domain: [0, 1]},
         layers: [{kind: 'line', data: trace(e.spike_probability), colour: c.predicted, width: 1.4, tip: "datum.x + ' ms: ' + format(datum.y, '.3f')"}, {kind: 'rule', data: [{x: 0, x2: e.duration_ms, y: e.threshold, y2: e.threshold}], colour: c.threshold}]},
      ],
    });
  };
  const controls = (redraw) => {
    const box = make('div', {class: 'controls'});
    const choose = make('select', {'aria-label': 'test trial'}, examples.map((e, i) => make('option', {value: i}, `trial ${e.trial}: ${e.true_spikes_ms.length} spikes`)));
    const slide = make('input', {type: 'range', min: 0, step: 10, 'aria-label': 'start of the window in ms'});
    const reset = () => { slide.max = examples[state.trial].duration_ms - state.span; slide.value = state.start; };
    choose.onchange = () => { state.trial = +choose.value; state.start = busiest(examples[state.trial]); reset(); redraw(); };
    slide.oninput = () => { state.start = +slide.value; redraw(); };
    reset();
    box.append(choose, 'time', slide);
    return box;
  };
  return {
    id: 'example', group: 'example', title: 'Neuron and twin, side by side', size: 'wide', spec, controls, height: 640,
    caption: 'A test trial, never trained on. Move the slider to play through it.',
    key: () => { const c = themeColours(); return [['excitatory input', c.excitatory], ['inhibitory input', c.inhibitory], ['neuron', c.truth], ['twin', c.predicted], ['threshold', c.threshold]]; },
    table: {columns: ['ms', 'voltage (mV)', 'twin (mV)', 'probability'], rows: examples[0].soma_mV.map((v, t) => [t, v, examples[0].predicted_soma_mV[t], examples[0].spike_probability[t]])},
  };
}

function allCharts(data) {
  const {curves, learning, interpretation} = data;
  const charts = [];
  const add = (present, build) => { if (present) charts.push(...[].concat(build())); };
  const c = curves || {};
  add(c.examples && c.examples.length, () => exampleChart(c));
  add(interpretation && interpretation.units.length, () => interpretation.units.slice(0, 8).flatMap((u) => [filterChart(interpretation, u), filterMap(interpretation, u)]));
  add(c.roc, () => rocChart(c));
  add(c.precision_recall, () => precisionChart(c));
  add(c.cross_correlation, () => crossCorrelationChart(c));
  add(c.calibration, () => calibrationChart(c));
  add(c.voltage, () => histogramChart('voltage', 'Voltages', 'How often each somatic voltage occurs; logarithmic.', 'mV', c.voltage.edge_mV, c.voltage.true, c.voltage.predicted, true));
  add(c.isi, () => histogramChart('isi', 'Intervals between spikes', 'Inter-spike intervals of neuron and twin.', 'ms', c.isi.edge_ms, c.isi.true, c.isi.predicted, false));
  add(c.rates, () => rateChart(c));
  add(learning && learning.epochs.length, () => learningCharts(learning));
  return charts;
}
