// Scores on inputs from other distributions than the twin was trained on, the test set's first. The sets' names are in curves.json, their scores in
// metrics.json under "generalisation.NAME."; the linear sum's have "baseline.glm." after that.
const kGeneralisationScores = [['spike.auc', 'spike AUC', 4], ['soma.variance_explained', 'voltage explained', 3]];

// Where a score stands on its axis: that of the AUC is stretched towards 1, where the good ones are.
function placeOfScore(key, value) {
  return key === 'spike.auc' ? -Math.log10(1 - Math.min(value, 1 - 1e-5)) : value;
}

function generalisationAxis(key, dots) {
  const [lowest, highest] = extent(dots.flatMap((d) => [d.x, d.low, d.high].filter((v) => v !== undefined)));
  if (key === 'spike.auc') {
    const ticks = [0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999].map((v) => placeOfScore(key, v));
    const domain = [Math.max(0, lowest - 0.1), highest + 0.1];
    return {domain, ticks: 8, values: ticks.filter((v) => v >= domain[0] && v <= domain[1]), text: "format(1 - pow(10, -datum.value), '.4~f')"};
  }
  // A model far below zero must not press the others together.
  const top = Math.max(highest, 1e-3) * 1.04;
  return {domain: [Math.min(0, Math.max(lowest, -top / 2)) - 0.03 * top, top], ticks: 4};
}

function generalisationCharts(curves, m) {
  const sets = [{label: 'test set', prefix: '', words: 'the training distribution'}];
  for (const {name, words} of curves.generalisation.sets) sets.push({label: name.replaceAll('_', ' '), prefix: `generalisation.${name}.`, words});
  const models = [{label: 'twin', prefix: '', colour: () => themeColours().predicted}, {label: 'linear sum', prefix: 'baseline.glm.', colour: () => themeColours().ink}]
    .filter((model) => sets.some((set) => typeof m[set.prefix + model.prefix + 'soma.variance_explained'] === 'number'));
  const panel = ([key, title, digits]) => {
    const shown = (set) => !key.startsWith('spike.') || !m[set.prefix + 'note'];  // not the score of a single spike
    const dots = [...models].reverse().flatMap((model) => sets.filter((set) => typeof m[set.prefix + model.prefix + key] === 'number' && shown(set)).map((set) => {
      const value = m[set.prefix + model.prefix + key], interval = m[set.prefix + model.prefix + key + '_ci95'];
      const known = interval && interval[0] !== null;
      const dot = {row: set.label, x: placeOfScore(key, value), colour: model.colour(),
                   tip: `${set.label}, ${model.label}: ${value.toFixed(digits)}` + (known ? `\n95 %: ${interval.map((v) => v.toFixed(digits)).join(' to ')}` : '') + `\n${set.words}`};
      return known ? {...dot, low: placeOfScore(key, interval[0]), high: placeOfScore(key, interval[1])} : dot;
    }));
    return {title, dots, x: generalisationAxis(key, dots)};
  };
  const scores = kGeneralisationScores.filter(([key]) => sets.some((set) => typeof m[set.prefix + key] === 'number'));
  const silent = sets.filter((set) => m[set.prefix + 'note']).map((set) => `${set.label}: ${m[set.prefix + 'note']}`);
  const columns = [['spikes', 'output spikes', ''], ['spike.base_rate_hz', 'rate (Hz)', ''], ['spike.expected_rate_hz', 'rate the twin expects (Hz)', ''], ['spike.auc', 'spike AUC', 'i'], ['drop.spike.auc', 'its drop', 'i'],
                   ['spike.tpr_at_fpr_0.0025', 'spikes found', 'i'], ['spike.fpr_at_fpr_0.0025', 'at a false-positive rate of', 'i'], ['spike.false_positives_per_s_at_fpr_0.0025', 'false positives per s', 'i'], ['soma.rmse_mV', 'voltage RMSE (mV)', 'i'], ['soma.variance_explained', 'voltage explained', 'i'],
                   ['drop.soma.variance_explained', 'its drop', 'i'], ['baseline.glm.spike.auc', 'linear sum: AUC', 'i'], ['baseline.glm.soma.variance_explained', 'linear sum: voltage explained', 'i']];
  const value = (set, key) => m[set.prefix === '' && key === 'spikes' ? 'data.test_spikes' : set.prefix + key];
  const cells = (set) => columns.flatMap(([key, , interval]) => [value(set, key), ...(interval ? value(set, key + '_ci95') || [null, null] : [])].map((v) => (v === undefined ? null : v)));
  return {
    id: 'generalisation', group: 'generalisation', title: 'On inputs it was not trained on', size: 'wide', height: 120 + 25 * sets.length,
    caption: `Each set of trials comes from another input distribution than the training data. A dot is a score, its line the 95 % interval over trials; further right is better, and what is worse than an axis reaches stands at its left end. The numbers hold what each set is, the spikes found and the false positives at the validation set’s threshold.${silent.map((words) => ` ${words[0].toUpperCase()}${words.slice(1)}.`).join('')}`,
    spec: (width) => dotsSpec({width, rows: sets.map((set) => set.label), panels: scores.map(panel)}),
    key: () => models.map((model) => [model.label, model.colour()]),
    table: {columns: ['set', 'what is other', ...columns.flatMap(([, title, interval]) => (interval ? [title, '95 % from', 'to'] : [title]))],
            rows: sets.map((set) => [set.label, set.words.replaceAll(',', ';'), ...cells(set)])},
  };
}
