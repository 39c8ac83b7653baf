// How good the twin is, in one sentence and in cards: beside each number that of a linear sum, of the ceiling and of the paper.
const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)} %`;
const plural = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`;

// "It finds 83 % of the neuron's spikes to the millisecond at 2.1 false alarms per second and explains 95 % of the voltage; a linear sum
// finds 51 % and explains 85 %."
function verdictWords(m) {
  const kSpikes = 'spike.tpr_at_fpr_0.0025', kVoltage = 'soma.variance_explained', alarms = m['spike.false_positives_per_s_at_fpr_0.0025'];
  const known = (key) => typeof m[key] === 'number', found = known(kSpikes) && typeof alarms === 'number';
  const parts = [], linear = [];
  if (found) parts.push(`finds ${percent(m[kSpikes])} of the neuron’s spikes to the millisecond, at ${+alarms.toPrecision(2)} false alarms per second,`);
  if (known(kVoltage)) parts.push(`explains ${percent(m[kVoltage], m[kVoltage] > 0.985 ? 1 : 0)} of the variance of the voltage`);
  if (found && known('baseline.glm.' + kSpikes)) linear.push(`finds ${percent(m['baseline.glm.' + kSpikes])}`);
  if (known(kVoltage) && known('baseline.glm.' + kVoltage)) linear.push(`explains ${percent(m['baseline.glm.' + kVoltage])}`);
  if (!parts.length) return '';
  return `On trials that it was never trained on, the twin ${parts.join(' and ')}${linear.length ? `; a linear sum of the same input ${linear.join(' and ')}` : ''}.`;
}

// The best that any twin can do, where an oracle with spike times of this precision was scored.
function ceilingOf(m, key) {
  const names = Object.keys(m).map((k) => k.match(/^ceiling\.(jitter_([\d.]+)ms)\./)).filter(Boolean);
  if (!names.length) return null;
  const [, name, sd] = names.sort((a, b) => +a[2] - +b[2])[0], value = m[`ceiling.${name}.${key}`];
  return typeof value === 'number' ? {value, words: `spikes known to ${sd} ms`} : null;
}

// Lines under a card's number: what else reaches how much.
function besides(m, run, key, words) {
  const rows = [], linear = m[`baseline.glm.${key}`], ceiling = ceilingOf(m, key), paper = (run.published || []).find((p) => p.scores && typeof p.scores[key] === 'number');
  if (typeof linear === 'number') rows.push(['linear sum', words(linear)]);
  if (ceiling) rows.push([ceiling.words, words(ceiling.value)]);
  if (paper) rows.push([`published, ${paper.name}`, words(paper.scores[key])]);
  return rows;
}

function card(label, value, interval, meaning, rows = []) {
  const beside = rows.length ? [make('dl', {class: 'beside'}, rows.flatMap(([name, words]) => [make('dt', {}, name), make('dd', {}, words)]))] : [];
  return make('div', {class: 'card'}, [make('div', {class: 'label'}, label), make('div', {class: 'value'}, value), make('div', {class: 'interval'}, interval), ...beside, make('p', {class: 'meaning'}, meaning)]);
}

// A threshold chosen on one set lets another share of another set through.
function realisedWords(m, rate) {
  const fpr = m[`spike.fpr_at_fpr_${rate}`], alarms = m[`spike.false_positives_per_s_at_fpr_${rate}`], exact = m[`spike.tpr_at_test_fpr_${rate}`];
  if (typeof fpr !== 'number' || typeof alarms !== 'number') return '';
  const own = typeof exact === 'number' ? ` At exactly ${100 * rate} % on the test set’s own curve: ${(100 * exact).toFixed(1)} %.` : '';
  return `On the test set: ${+(100 * fpr).toPrecision(3)} % FPR, ${+alarms.toPrecision(3)} false alarms per second.${own}`;
}

// A number of a fit, or the reason why there is none in its place.
const fitted = (value, note, words) => (typeof value === 'number' ? words(value) : note || '–');

function cards(m, run) {
  const list = [];
  const interval = (key, digits, scale) => (wholeInterval(m, key) ? `95 %: ${m[key + '_ci95'].map((v) => number(v * scale, digits)).join(' to ')}` : '');
  const add = (key, label, digits, meaning, unit = '', scale = 1) => {
    const words = (v) => (v * scale).toFixed(digits) + unit;
    if (typeof m[key] === 'number') list.push(card(label, words(m[key]), interval(key, digits, scale), meaning, besides(m, run, key, words)));
  };
  add('spike.auc', 'Spike AUC', 4, 'The chance that a bin with a spike gets a higher probability than a bin without one.');
  add('soma.variance_explained', 'Voltage explained', 1, 'Variance of the somatic voltage that the raw prediction explains.', ' %', 100);
  add('spike.f1_2ms', 'F1 within 2 ms', 3, 'Predicted spikes paired with those of the neuron: the harmonic mean of the share found and the share that is right.');
  add('soma.rmse_mV', 'Voltage RMSE', 2, 'Root mean square error over all bins.', ' mV');
  add('spike.tpr_at_fpr_0.0025', 'Spikes found, asked: 0.25 % FPR', 1, `To the millisecond, at the threshold of the validation set. ${realisedWords(m, '0.0025')}`, ' %', 100);
  add('spike.tpr_at_fpr_0.01', 'Spikes found, asked: 1 % FPR', 1, `The same with a lower threshold. ${realisedWords(m, '0.01')}`, ' %', 100);
  add('dendrites.variance_explained', 'Dendrites explained', 1, 'Variance of the components of the dendrites’ voltages, mean over these.', ' %', 100);
  if (m['filter.excitatory_tau_ms'] !== undefined && typeof m['filter.true_tau_ms'] === 'number') {
    const tau = (kind) => (m[`filter.${kind}_tau_ms`] === undefined ? [] : [fitted(m[`filter.${kind}_tau_ms`], m[`filter.${kind}_tau_note`], (v) => `${v.toFixed(1)} ms`)]);
    list.push(card('Time constants', [...tau('excitatory'), ...tau('inhibitory')].join(' | '), `the membrane: ${number(m['filter.true_tau_ms'])} ms`, 'Of the excitatory and the inhibitory filters.'));
  }
  if (m['twin.parameters']) list.push(card('Size of the twin', number(m['twin.parameters']), `${plural(m['twin.depth'], 'layer')} of ${plural(m['twin.width'], 'unit')}`, `Weights. It sees ${m['twin.window_ms']} ms of input.`));
  return make('div', {class: 'cards', id: 'results'}, list);
}
