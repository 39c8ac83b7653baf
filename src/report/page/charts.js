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
  const groups = curves.calibration_groups;
  const sure = groups ? groups.predicted.map((x, i) => ({x, x2: x, y: Math.max(1e-6, groups.observed_ci95[i][0]), y2: Math.max(1e-6, groups.observed_ci95[i][1])})).filter((d) => d.x > 1e-6 && d.y2 > 1e-6) : [];
  return {
    id: 'calibration', group: 'spikes', title: 'Are the probabilities right?', size: 'half', height: 260,
    caption: 'Bins grouped by predicted probability: how often there really was a spike. On the dashed line a twin that says 10 % is right one time in ten. Upright: 95 % intervals of groups in which equally many spikes are expected.',
    spec: (width, height) => frameSpec({
      width, height, x: {title: 'predicted probability', type: 'log', domain: [1e-6, 1], format: '~g'}, y: {title: 'observed share', type: 'log', domain: [1e-6, 1], format: '~g'},
      layers: [
        {kind: 'line', data: [{x: 1e-6, y: 1e-6}, {x: 1, y: 1}], colour: themeColours().quiet, width: 1, dash: [4, 3]},
        {kind: 'rule', data: sure, colour: themeColours().threshold, width: 1.6, dash: []},
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

function trialRatesChart(curves, size) {
  const {edge_hz, splits, most_spikes, most_hz, share} = curves.trial_rates;
  const names = Object.keys(splits).filter((n) => splits[n].trials > 0);
  const percent = (split) => split.counts.map((n) => (100 * n) / split.trials);
  const test = percent(splits.test), train = percent(splits.train);
  const quantile = (split, q) => split.quantile_hz[share.indexOf(q)].toFixed(2);
  const beyond = most_hz * (most_spikes + 1) / most_spikes, last = edge_hz[edge_hz.length - 1];
  const highest = Math.max(...test, ...train) * 1.08;
  const dropped = names.map((n) => `${splits[n].trials_above_most} of ${splits[n].trials} (${n})`).join(', ');
  return {
    id: 'trial-rates', group: 'statistics', title: 'How busy the trials are', size, height: 250,
    caption: `Share of the trials by the neuron’s own rate; dashed: the mean of the test trials. Mean ${splits.test.mean_hz.toFixed(2)} Hz (test), ${splits.train.mean_hz.toFixed(2)} Hz (training); half of the test trials lie from ${quantile(splits.test, 0.25)} to ${quantile(splits.test, 0.75)} Hz. Trials with more than ${most_spikes} spikes, which the published evaluation drops: ${dropped}.`,
    spec: (width, height) => {
      const c = themeColours(), upright = (x) => [{x, x2: x, y: 0, y2: highest}];
      return frameSpec({
        width, height, x: {title: 'output rate of the trial (Hz)', domain: [0, last]}, y: {title: 'trials (%)', domain: [0, highest]},
        layers: [
          {kind: 'bars', data: test.map((v, i) => ({x: edge_hz[i], x2: edge_hz[i + 1], y: v})).filter((d) => d.y > 0), colour: c.truth, opacity: 0.32, tip: "format(datum.x, '.3~g') + ' to ' + format(datum.x2, '.3~g') + ' Hz: ' + format(datum.y, '.1f') + ' %'"},
          {kind: 'line', data: train.flatMap((v, i) => [{x: edge_hz[i], y: v}, {x: edge_hz[i + 1], y: v}]), colour: c.inhibitory, width: 1.6},
          {kind: 'rule', data: upright(splits.test.mean_hz), colour: c.ink},
          ...(beyond < last ? [{kind: 'rule', data: upright(beyond), colour: c.threshold, width: 1.6, dash: []}] : []),
        ],
        legend: [['test', c.truth], ['training', c.inhibitory], ...(beyond < last ? [[`more than ${most_spikes} spikes`, c.threshold]] : [])],
      });
    },
    table: {columns: ['from (Hz)', 'to (Hz)', ...names.map((n) => `trials, ${n}`)], rows: test.map((_, i) => [edge_hz[i], edge_hz[i + 1], ...names.map((n) => splits[n].counts[i])])},
  };
}

function dendritesChart(m) {
  const of = m['dendrites.variance_explained_of_each'], interval = m['dendrites.variance_explained_of_each_ci95'];
  const components = of.map((v, i) => ({x: i + 1, y: v, low: interval[i][0], high: interval[i][1]})).filter((d) => d.y !== null);
  const range = m['dendrites.variance_explained_ci95'].map((v) => (100 * v).toFixed(1)).join(' to ');
  const low = Math.max(-1, Math.min(0, ...components.map((d) => d.low)));
  return {
    id: 'dendrites', group: 'statistics', title: 'The voltages of the dendrites', size: 'half', height: 250,
    caption: `Share of the variance that the twin explains of each principal component of the dendrites’ voltages, the largest first, on test trials, with 95 % intervals. Mean ${(100 * m['dendrites.variance_explained']).toFixed(1)} % [${range}]; root mean square error ${m['dendrites.rmse'].toFixed(3)} standard deviations.`,
    spec: (width, height) => frameSpec({
      width, height, x: {title: 'component', domain: [0.4, of.length + 0.6], grid: false, values: of.map((_, i) => i + 1), format: 'd'}, y: {title: 'variance explained', domain: [low, 1], clamp: true},
      layers: [
        {kind: 'bars', data: components.map((d) => ({...d, n: d.x, x: d.x - 0.36, x2: d.x + 0.36})), colour: themeColours().predicted, opacity: 0.75, tip: "'component ' + datum.n + ': ' + format(datum.y, '.3f') + ' [' + format(datum.low, '.3f') + ', ' + format(datum.high, '.3f') + ']'"},
        {kind: 'rule', data: components.map((d) => ({x: d.x, x2: d.x, y: d.low, y2: d.high})), colour: themeColours().ink, width: 1.5, dash: []},
      ],
    }),
    table: {columns: ['component', 'variance explained', '95 % from', 'to'], rows: of.map((v, i) => [i + 1, v, ...interval[i]])},
  };
}

// The models that answered the same trials: the twin, then whatever metrics.json holds beside it.
const kModelNames = {rate: 'constant rate', glm: 'linear sum', glm_history: 'linear sum, told spikes', one_unit: 'one linear unit', rate_bins: 'rates in bins', binary: 'binary inputs', k_tree: 'binary tree', published_labels: 'ceiling: exact spike times'};
const kScores = [['spike.auc', 'spike AUC', 4], ['spike.average_precision', 'average precision', 4], ['spike.bits_per_spike', 'bits per spike', 2], ['soma.variance_explained', 'voltage explained', 3]];

function modelsOf(m) {
  const models = [{label: 'twin', prefix: '', kind: 'twin', words: 'the network of this report', parameters: m['twin.parameters']}];
  const known = new Set();
  for (const key of Object.keys(m)) {
    const match = key.match(/^(baseline|ceiling)\.(.+?)\.(spike|soma)\./);
    if (!match || known.has(match[1] + match[2])) continue;
    const [, kind, name] = match, prefix = `${kind}.${name}.`, jitter = name.match(/^jitter_(.+)ms$/);
    known.add(kind + name);
    models.push({label: kModelNames[name] || (jitter ? `ceiling: spikes to ${jitter[1]} ms` : name), prefix, kind, parameters: m[prefix + 'parameters'],
                 words: m[prefix + 'description'] || (jitter ? `an oracle that knows every output spike up to a normal deviate of ${jitter[1]} ms` : name === 'published_labels' ? 'an oracle that knows the spike times, against labels rounded as published' : '')});
  }
  return models.length > 1 ? [models[0], ...models.slice(1).sort((a, b) => (a.kind > b.kind) - (a.kind < b.kind))] : [];
}

function modelsChart(m) {
  const models = modelsOf(m);
  const scores = kScores.filter(([key]) => typeof m[key] === 'number');
  const colour = (model) => ({twin: themeColours().predicted, baseline: themeColours().ink, ceiling: themeColours().threshold})[model.kind];
  const nines = (auc) => -Math.log10(1 - Math.min(auc, 1 - 1e-5));
  const panel = ([key, title, digits]) => {
    const at = key === 'spike.auc' ? nines : (v) => v;
    const dots = models.filter((model) => typeof m[model.prefix + key] === 'number').map((model) => {
      const value = m[model.prefix + key], interval = wholeInterval(m, model.prefix + key);
      const dot = {row: model.label, x: at(value), colour: colour(model), tip: `${model.label}: ${value.toFixed(digits)}` + (interval ? `\n95 %: ${interval.map((v) => v.toFixed(digits)).join(' to ')}` : '')};
      return interval ? {...dot, low: at(interval[0]), high: at(interval[1])} : dot;
    });
    if (key === 'spike.auc') {
      const [, highest] = extent(dots.flatMap((d) => [d.x, d.high === undefined ? d.x : d.high]));
      return {title, dots, x: {domain: [0.2, highest + 0.15], ticks: 8, values: [0.5, 0.9, 0.99, 0.999, 0.9999].map(nines).filter((v) => v <= highest + 0.15), text: "format(1 - pow(10, -datum.value), '.4~f')"}};
    }
    // A model far below zero, as a badly calibrated one may be, must not press the others together.
    const [lowest, highest] = extent(dots.flatMap((d) => [d.x, d.low === undefined ? d.x : d.low, d.high === undefined ? d.x : d.high]));
    const top = Math.max(highest, 1e-3) * 1.04;
    return {title, dots, x: {domain: [Math.min(0, Math.max(lowest, -top / 2)) - 0.03 * top, top], ticks: 4}};
  };
  return {
    id: 'models', group: 'models', title: 'Scores of the same test trials', size: 'wide', height: 180 + 25 * models.length,
    caption: 'A dot is a model’s score, its line the 95 % interval over test trials; further right is better. The axis of the AUC is stretched towards 1, where the good ones are. What is worse than an axis reaches stands at its left end.',
    spec: (width) => dotsSpec({width, rows: models.map((model) => model.label), panels: scores.map(panel)}),
    key: () => [['twin', themeColours().predicted], ['simpler models', themeColours().ink], ...(models.some((model) => model.kind === 'ceiling') ? [['ceilings: what noise leaves to be known', themeColours().threshold]] : [])],
    table: {columns: ['model', ...scores.flatMap(([, title]) => [title, '95 % from', 'to'])],
            rows: models.map((model) => [model.label.replaceAll(',', ''), ...scores.flatMap(([key]) => [m[model.prefix + key], ...(m[model.prefix + key + '_ci95'] || [null, null])].map((v) => (v === undefined ? null : v)))])},
  };
}

function filterChart(interpretation, unit, filters) {
  const kinds = ['excitatory', 'inhibitory'].filter((k) => unit[k]);
  const groups = Object.entries(unit.groups || {});  // named groups of synapses: their means
  const dashes = [[1, 2], [6, 2], [9, 3, 2, 3], [3, 3]];
  const tau = interpretation.membrane_time_constant_ms;
  const time = interpretation.lag_ms.map((l) => -l);
  const ms = (v) => (v === null ? '–' : v.toFixed(1));  // filters of zeros have no time constant
  const words = kinds.map((k) => `${k} ${fitted(unit[k].tau_ms, unit[k].tau_note, (v) => `${ms(v)} ms [${unit[k].tau_ci95.map(ms).join(', ')}]`)}`).join(', ');
  // A thousand faint lines are a grey band, and take seconds to draw: the band itself then.
  const many = kinds.some((k) => (unit.filters[k].rows || unit.filters[k].length) > 200);
  const bands = (all) => {
    const sorted = time.map((_, i) => Float32Array.from(all, (f) => f[i]).sort());
    return [[0.05, 0.95], [0.25, 0.75]].map((shares) => sorted.map((values, i) => {
      const [y, y2] = shares.map((share) => values[Math.round(share * (values.length - 1))]);
      return {x: time[i], y, y2};
    }));
  };
  return {
    id: 'filter' + unit.unit, group: 'filters', title: interpretation.units.length > 1 ? `Unit ${unit.unit + 1}` : 'What one input spike does to the twin', size: 'half', height: 320,
    caption: `The weight of an input spike by how long ago it came. ${many ? 'Bands: half and nine tenths of the synapses; bold: their mean' : 'Faint: every synapse; bold: their mean with its standard deviation'}; dashed: the fitted exponential (time constant: ${words}${tau === undefined ? '' : `; the membrane: ${tau} ms`}).${groups.length ? ` Dotted and dashed in its colour: the mean of each group of synapses (${groups.map(([name, g]) => `${name} ${fitted(g.tau_ms, g.tau_note, (v) => ms(v) + ' ms')}`).join(', ')}).` : ''}`,
    spec: (width, height) => {
      const c = themeColours();
      const layers = [];
      for (const k of kinds) {
        if (many) { for (const data of bands(filters(k))) layers.push({kind: 'area', data, colour: c[k], opacity: 0.16}); continue; }
        const all = filters(k).flatMap((f, s) => Array.from(f, (v, i) => ({x: time[i], y: v, s})));
        layers.push({kind: 'line', data: all, by: 's', colour: c[k], width: 0.6, opacity: 0.16});
      }
      for (const k of kinds) {
        const {mean, sd, amplitude, tau_ms} = unit[k];
        if (!many) layers.push({kind: 'area', data: mean.map((m, i) => ({x: time[i], y: m - sd[i], y2: m + sd[i]})), colour: c[k], opacity: 0.2});
        layers.push({kind: 'line', data: mean.map((m, i) => ({x: time[i], y: m})), colour: c[k], width: 2.6, tip: "-datum.x + ' ms before: ' + format(datum.y, '.3g')"});
        if (tau_ms !== null) layers.push({kind: 'line', data: time.map((t) => ({x: t, y: amplitude * Math.exp(t / tau_ms)})), colour: c.ink, width: 1.2, dash: [5, 4]});
      }
      groups.forEach(([name, {mean, kind}], i) => layers.push({kind: 'line', data: mean.map((m, k) => ({x: time[k], y: m})), colour: c[kind], width: 1.6, dash: dashes[i % dashes.length], tip: `'${name}, ' + -datum.x + ' ms before: ' + format(datum.y, '.3g')`}));
      layers.push({kind: 'rule', data: [{x: time[time.length - 1], x2: 0, y: 0, y2: 0}], colour: c.quiet, dash: []});
      return frameSpec({width, height, x: {title: 'time of the input spike before the output (ms)', domain: [time[time.length - 1], 0]}, y: {title: unit.readout === undefined ? 'weight' : 'weight towards a spike'}, layers,
                        legend: kinds.map((k) => [k, c[k]]).concat(kinds.some((k) => unit[k].tau_ms !== null) ? [['exponential fit', c.ink]] : [])});
    },
    table: {columns: ['lag (ms)', ...kinds.flatMap((k) => [k + ' mean', k + ' sd']), ...groups.flatMap(([name]) => [name + ' mean', name + ' sd'])], rows: interpretation.lag_ms.map((l, i) => [l, ...kinds.flatMap((k) => [unit[k].mean[i], unit[k].sd[i]]), ...groups.flatMap(([, g]) => [g.mean[i], g.sd[i]])])},
  };
}

// [kind] -> filters [synapse][lag], read when they are first asked for.
function filtersOf(unit) {
  const known = {};
  return (kind) => (known[kind] = known[kind] || (unit.filters[kind] ? matrixOf(unit.filters[kind]) : []));
}

function filterMap(interpretation, unit, filters) {
  const lags = interpretation.lag_ms.length, packed = unit.filters.excitatory || [];
  const rows = () => [...filters('excitatory'), ...filters('inhibitory')];
  return {
    id: 'map' + unit.unit, group: 'filters', title: 'The same, synapse by synapse', size: 'half', height: 320, renderer: 'canvas',
    caption: `Rows are synapses: the first ${packed.length === undefined ? packed.rows : packed.length} excite, the others inhibit. Colour is the weight of a spike at that time.`,
    spec: (width, height) => {
      const most = rows().reduce((most_yet, f) => f.reduce((m, v) => Math.max(m, Math.abs(v)), most_yet), 1e-30);
      return mapSpec({width, height, rows: rows().map((f) => f.slice().reverse()), most, title: 'weight', x: {title: 'time before the output (ms)', domain: [-lags + 0.5, 0.5]}, y: {title: 'synapse'}});
    },
    tipAt: (x, y) => {
      const synapse = Math.floor(y), lag = Math.round(-x), first = filters('excitatory').length;
      const filter = synapse < first ? filters('excitatory')[synapse] : filters('inhibitory')[synapse - first];
      return filter && filter[lag] !== undefined ? `synapse ${synapse}, lag ${lag} ms: ${filter[lag].toPrecision(3)}` : null;
    },
    get table() { return {columns: ['synapse', ...interpretation.lag_ms.map((l) => l + ' ms')], rows: rows().map((f, s) => [s, ...Array.from(f, (v) => +v.toPrecision(4))])}; },
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
  // A millisecond's probability is small even where a spike is nearly certain: the axis ends where the curve does.
  const highestProbability = (e) => 1.15 * Math.max(1e-3, 1.5 * (e.threshold || 0), ...e.spike_probability);
  const examples = curves.examples;
  const state = {trial: 0, span: 1000, start: 0};
  // Where neuron and twin spike together most often, and of such windows the one with most spikes.
  const busiest = (e) => {
    const worth = e.true_spikes_ms.map((t) => [t, e.predicted_spikes_ms.some((p) => Math.abs(p - t) <= 2) ? 1 : 1e-3]);
    let best = 0, most = -1;
    for (let s = 0; s + state.span <= e.duration_ms; s += 50) {
      const n = worth.reduce((sum, [t, w]) => sum + (t >= s + 100 && t < s + state.span - 100 ? w : 0), 0);
      if (n > most) { most = n; best = s; }
    }
    return best;
  };
  state.start = busiest(examples[0]);
  const inside = (t) => t >= state.start && t < state.start + state.span;
  const spec = (width) => {
    const c = themeColours(), e = examples[state.trial];
    const first = 1 + Math.max(0, ...e.excitatory.synapse);
    const synapses = first + 1 + Math.max(0, ...e.inhibitory.synapse);
    const trace = (values) => values.slice(state.start, state.start + state.span).map((v, i) => ({x: state.start + i, y: v}));
    const spikes = (times, y) => times.filter(inside).map((t) => ({x: t, y}));
    const rasterHeight = width < 600 ? 150 : 190, rasterWidth = stackWidth(width);
    // As one image: a layer-5 cell gets fourteen thousand input spikes a second.
    const raster = painted(2 * rasterWidth, 2 * rasterHeight, (p) => {
      for (const [events, offset, colour] of [[e.excitatory, 0, c.excitatory], [e.inhibitory, first, c.inhibitory]]) {
        p.fillStyle = colour;
        const tall = Math.max(1.6, Math.min(5, (2 * rasterHeight) / synapses));
        events.time_ms.forEach((t, i) => {
          if (inside(t)) p.fillRect((2 * rasterWidth * (t - state.start)) / state.span, 2 * rasterHeight * (1 - (events.synapse[i] + offset + 1) / synapses), 3.2, tall);
        });
      }
    });
    return stackSpec({
      width, x: {title: 'time in the trial (ms)', domain: [state.start, state.start + state.span], grid: false},
      panels: [
        {title: 'Input spikes', height: rasterHeight, y: {title: 'synapse', domain: [0, synapses], grid: false},
         layers: [{kind: 'image', data: [], url: raster, width: rasterWidth, height: rasterHeight}]},
        {title: 'Output spikes: neuron above, twin below', height: 44, y: {domain: [0, 2], labels: false, grid: false},
         layers: [{kind: 'ticks', data: spikes(e.true_spikes_ms, 1.85), colour: c.truth, height: 16, width: 2, tip: "'neuron: ' + datum.x + ' ms'"}, {kind: 'ticks', data: spikes(e.predicted_spikes_ms, 0.85), colour: c.predicted, height: 16, width: 2, tip: "'twin: ' + datum.x + ' ms'"}]},
        {title: 'Somatic voltage', height: 170, y: {title: 'mV', domain: extent([...e.soma_mV, ...e.predicted_soma_mV.filter((v) => v < -40)])},
         layers: [{kind: 'line', data: trace(e.soma_mV), colour: c.truth, width: 1.4, tip: "datum.x + ' ms: ' + format(datum.y, '.2f') + ' mV'"}, {kind: 'line', data: trace(e.predicted_soma_mV), colour: c.predicted, width: 1.4}]},
        {title: 'Spike probability and threshold', height: 80, y: {title: 'p', domain: [0, highestProbability(e)], format: '~g'},
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
    get table() {
      const e = examples[state.trial];
      return {columns: ['ms', 'voltage (mV)', 'twin (mV)', 'probability'], rows: e.soma_mV.map((v, t) => [t, v, e.predicted_soma_mV[t], e.spike_probability[t]])};
    },
  };
}

function allCharts(data) {
  const {curves, learning, interpretation, metrics, search} = data;
  const charts = [];
  const add = (present, build) => { if (present) charts.push(...[].concat(build())); };
  const c = curves || {};
  add(c.examples && c.examples.length, () => exampleChart(c));
  add(interpretation && interpretation.units.length, () => interpretation.units.filter((u) => u.filters).flatMap((u) => { const filters = filtersOf(u); return [filterChart(interpretation, u, filters), filterMap(interpretation, u, filters)]; }));
  add(interpretation, () => interpretationCharts(interpretation, typeof metrics['spike.auc'] === 'number'));
  add(interpretation, () => probeCharts(interpretation));
  add(c.roc, () => rocChart(c));
  add(c.precision_recall, () => precisionChart(c));
  add(c.cross_correlation, () => crossCorrelationChart(c));
  add(c.calibration, () => calibrationChart(c));
  add(c.voltage, () => histogramChart('voltage', 'Voltages', 'How often each somatic voltage occurs; logarithmic.', 'mV', c.voltage.edge_mV, c.voltage.true, c.voltage.predicted, true));
  add(c.isi, () => histogramChart('isi', 'Intervals between spikes', 'Inter-spike intervals of neuron and twin.', 'ms', c.isi.edge_ms, c.isi.true, c.isi.predicted, false));
  add(c.rates, () => rateChart(c));
  const dendrites = metrics['dendrites.variance_explained_of_each'];
  add(c.trial_rates, () => trialRatesChart(c, dendrites ? 'half' : 'wide'));
  add(dendrites, () => dendritesChart(metrics));
  add(c.generalisation, () => generalisationCharts(c, metrics));
  add(modelsOf(metrics).length, () => modelsChart(metrics));
  add(learning && learning.epochs.length, () => learningCharts(learning));
  add(search, () => searchCharts(search));
  return charts;
}
