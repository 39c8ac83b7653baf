// Lays the page out: header, numbers, charts, tables.
function make(tag, attributes, children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  for (const child of [].concat(children === undefined ? [] : children)) element.append(child);
  return element;
}

function number(value, digits) {
  if (value === null || value === undefined) return '–';
  if (typeof value !== 'number') return String(value);
  if (Number.isInteger(value) && digits === undefined) return value.toLocaleString('en');
  return digits === undefined ? String(+value.toPrecision(5)) : value.toFixed(digits).replace(/^-(?=[0.]+$)/, '');  // no -0.00
}

// The 95 % interval of a metric. One with an end that is not finite, as a few trials may give, is none.
function wholeInterval(m, key) {
  const interval = m[key + '_ci95'];
  return interval && interval.every((v) => v !== null) ? interval : null;
}

function save(name, type, content) {
  const isUrl = typeof content === 'string' && content.startsWith('data:');
  const link = make('a', {href: isUrl ? content : URL.createObjectURL(new Blob([content], {type})), download: name});
  link.click();
}

const tooltip = {
  box: null,
  show(handler, event, item, value) {
    this.box = this.box || document.body.appendChild(make('div', {class: 'tip', role: 'tooltip'}));
    this.box.style.display = value ? 'block' : 'none';
    if (!value) return;
    this.box.textContent = value;
    const {offsetWidth: w, offsetHeight: h} = this.box;
    this.box.style.left = Math.min(event.clientX + 12, innerWidth - w - 8) + 'px';
    this.box.style.top = Math.max(4, event.clientY - h - 10) + 'px';
  },
};

const kPngWidth = 3840;  // of saved pictures: 4K
let vega = null;
const figures = [];

function draw(figure) {
  const {chart, canvas} = figure;
  const width = Math.max(240, Math.floor(canvas.clientWidth));
  vega = vega || loadVega();
  if (figure.view) figure.view.finalize();
  const view = new vega.View(vega.parse(chart.spec(width, chart.height), vegaConfig()), {renderer: chart.renderer || 'svg', container: canvas, hover: true});
  view.tooltip((h, e, i, v) => tooltip.show(h, e, i, v && chart.tipAt ? chart.tipAt(...valuesAt(view, canvas, e)) : v));
  if (figure.key) {
    figure.key.replaceChildren(...chart.key().map(([label, colour]) => make('span', {}, [make('i', {style: `background:${colour}`}), label])));
  }
  figure.view = view;
  figure.width = width;
  view.runAsync().then(() => { canvas.style.minHeight = '0'; canvas.dataset.drawn = 'yes'; });
}

// Where on its axes a view is pointed at.
function valuesAt(view, canvas, event) {
  const box = canvas.querySelector('canvas, svg').getBoundingClientRect(), [left, top] = view.origin(), {left: padLeft, top: padTop} = view.padding();
  return [view.scale('x').invert(event.clientX - box.left - left - padLeft), view.scale('y').invert(event.clientY - box.top - top - padTop)];
}

function figureOf(chart, heading = 'h4') {
  const canvas = make('div', {class: 'canvas', role: 'img', 'aria-label': chart.title + '. ' + chart.caption});
  canvas.style.minHeight = chart.height + 'px';
  const figure = {chart, canvas, view: null, width: 0, near: false};
  const image = (type) => make('button', {type: 'button', title: `save the chart as ${type.toUpperCase()}`}, type.toUpperCase());
  const svg = image('svg'), png = image('png');
  svg.onclick = () => figure.view.toImageURL('svg').then((url) => save(chart.id + '.svg', 'image/svg+xml', url));
  png.onclick = () => figure.view.toImageURL('png', kPngWidth / Math.max(1, figure.view.width())).then((url) => save(chart.id + '.png', 'image/png', url));
  const element = make('figure', {class: chart.size, id: 'chart-' + chart.id}, [
    make(heading, {}, chart.title), make('p', {class: 'caption'}, chart.caption),
    ...(chart.controls ? [chart.controls(() => draw(figure))] : []), ...(chart.key ? [(figure.key = make('div', {class: 'key'}))] : []), canvas, make('div', {class: 'tools'}, [svg, png, dataTable(chart)]),
  ]);
  figures.push(figure);
  return element;
}

// The numbers under a chart: made when asked for (chart.table may be a getter), for they are many.
function dataTable(chart) {
  const csv = make('button', {type: 'button', title: 'save the numbers as CSV'}, 'CSV');
  csv.onclick = () => {
    const {columns, rows} = chart.table;
    save(chart.id + '.csv', 'text/csv', [columns, ...rows].map((r) => r.join(',')).join('\n') + '\n');
  };
  const details = make('details', {}, make('summary', {}, 'numbers'));
  details.addEventListener('toggle', () => {
    if (!details.open || details.children.length > 1) return;
    const {columns, rows} = chart.table, shown = rows.slice(0, 400);
    details.append(make('div', {class: 'scroll', tabindex: 0}, table(columns, shown)));
    if (shown.length < rows.length) details.append(make('p', {class: 'caption'}, `The first ${shown.length} of ${rows.length} rows; the CSV has all.`));
  });
  const box = make('span', {style: 'display:contents'}, [csv, details]);
  return box;
}

function table(columns, rows) {
  const numeric = columns.map((_, i) => rows.every((r) => r[i] === null || typeof r[i] === 'number'));
  const cell = (tag, value, i) => make(tag, numeric[i] ? {class: 'n'} : {}, typeof value === 'number' ? number(value) : value === null ? '–' : value);
  return make('table', {}, [make('thead', {}, make('tr', {}, columns.map((c, i) => cell('th', c, i)))), make('tbody', {}, rows.map((r) => make('tr', {}, r.map((v, i) => cell('td', v, i)))))]);
}

function intervalWords(interval) {
  if (!interval) return '';
  return interval.some(Array.isArray) ? interval.map(intervalWords).join(', ') : interval.map((v) => number(v)).join(' to ');
}

function withInterval(m, key, digits) {
  const interval = wholeInterval(m, key);
  const words = interval ? `[${interval.map((v) => number(v, digits)).join(', ')}]` : '';
  return make('span', {class: 'score'}, [number(m[key], digits) + ' ', make('small', {}, words)]);
}

// The chart of the models in words and numbers, for those who would rather read.
function modelsTable(m) {
  const scores = kScores.filter(([key]) => typeof m[key] === 'number');
  const rows = modelsOf(m).map((model) => [model.label, model.words, model.parameters === undefined ? null : model.parameters, ...scores.map(([key, , digits]) => withInterval(m, model.prefix + key, digits))]);
  return [make('div', {class: 'scroll-x long', tabindex: 0}, table(['model', 'what it is', 'parameters', ...scores.map(([, title]) => title + ' [95\u00a0%]')], rows))];
}

function conventions(m) {
  const rows = [['spike.auc', 'spike AUC', 5], ['spike.tpr_at_fpr_0.0025', 'TPR, asked: 0.25 % FPR', 4], ['spike.fpr_at_fpr_0.0025', '  its FPR on the test set', 5], ['spike.tpr_at_fpr_0.01', 'TPR, asked: 1 % FPR', 4], ['spike.fpr_at_fpr_0.01', '  its FPR on the test set', 5], ['soma.rmse_mV', 'voltage RMSE (mV)', 3], ['soma.variance_explained', 'voltage variance explained', 4]]
    .filter(([key]) => m['published.' + key] !== undefined || (key.startsWith('spike.fpr') && m[key] !== undefined))
    .map(([key, label, digits]) => [label, withInterval(m, key, digits), key.startsWith('spike.fpr') ? 'as asked' : number(m['published.' + key], digits)]);
  if (!rows.length) return [];
  return [make('h3', {}, 'Honest numbers and published conventions'),
          make('p', {class: 'quiet'}, 'Left: all bins of all test trials, raw predictions, thresholds from the validation set. Right: the same twin under the conventions of Beniaguev, Segev and London 2021: the first 500 ms of each trial and trials with more than 24 spikes dropped, voltage clipped at −55 mV, the prediction shifted and scaled to the test set’s own mean and standard deviation, rates read off the test set’s own ROC curve.'),
          make('div', {class: 'scroll-x'}, table(['', 'honest [95 %]', 'published convention'], rows))];
}

// What one number over all bins hides.
const kFiner = [
  ['soma.rmse_away_from_spikes_mV', 'voltage RMSE away from spikes (mV)', 3], ['soma.variance_explained_away_from_spikes', 'voltage variance explained away from spikes', 4],
  ...[[0, 4], [4, 13], [13, 30], [30, 100], [100, 500]].map(([low, high]) => [`soma.power_explained_${low}_to_${high}_hz`, `power of the voltage explained, ${low} to ${high} Hz`, 4]),
  ['spike.f1_mean_0_to_5ms', 'F1, mean over tolerances of 0 to 5 ms', 4], ['spike.hits_2ms', 'spikes found within 2 ms', 0], ['spike.misses_2ms', 'spikes missed', 0], ['spike.false_alarms_2ms', 'false alarms', 0],
  ['spike.trial_count_variance_explained', 'number of spikes of a trial: variance explained', 4], ['spike.calibration_error_per_spike', 'calibration error, per spike', 4],
  ['response.added_spike.power_explained', 'one excitatory spike added: power of the response explained', 4], ['response.silenced_synapse.power_explained', 'one synapse silenced: power of the response explained', 4],
];

function byRate(m) {
  const groups = [['0_hz', 'none'], ['0_to_2_hz', 'up to 2 Hz'], ['2_to_5_hz', 'up to 5 Hz'], ['5_to_10_hz', 'up to 10 Hz'], ['over_10_hz', 'more']].filter(([name]) => m[`by_rate.${name}.seconds`] !== undefined);
  const columns = [['spike.auc', 'spike AUC', 4], ['spike.f1_2ms', 'F1 within 2 ms', 3], ['spike.false_alarms_per_s', 'false alarms per s', 3], ['spike.base_rate_hz', 'neuron (Hz)', 2], ['spike.expected_rate_hz', 'twin expects (Hz)', 2], ['soma.rmse_away_from_spikes_mV', 'RMSE away from spikes (mV)', 2]];
  if (!groups.length) return [];
  const rows = groups.map(([name, words]) => [words, m[`by_rate.${name}.seconds`], ...columns.map(([key, , digits]) => withInterval(m, `by_rate.${name}.${key}`, digits))]);
  return [make('h4', {}, 'By the neuron’s own rate'), make('p', {class: 'caption'}, 'Test trials in stretches of 1 s, grouped by how often the neuron spiked in them.'),
          make('div', {class: 'scroll-x', tabindex: 0}, table(['spikes in the second', 'seconds', ...columns.map(([, title]) => title + ' [95\u00a0%]')], rows))];
}

function finerScores(m) {
  const rows = kFiner.filter(([key]) => typeof m[key] === 'number').map(([key, label, digits]) => [label, withInterval(m, key, digits)]);
  if (!rows.length) return [];
  const [before, after] = (m['soma.away_from_spikes_ms'] || []).map(Math.abs);
  return [make('h3', {}, 'What one number hides'),
          make('p', {class: 'quiet'}, `Away from spikes: without the ${before} ms before and ${after} ms after each spike of the neuron. Power explained: 1 less the power of the error over that of the voltage. Spikes are counted at the threshold of the F1.`),
          make('div', {class: 'scroll-x', id: 'finer'}, table(['', 'test trials [95\u00a0%]'], rows)), ...byRate(m)];
}

function operatingPoints(curves) {
  if (!curves || !curves.operating_points) return [];
  const short = (v) => +v.toPrecision(3);
  const rows = curves.operating_points.map((p) => [p.target_fpr, short(p.threshold), short(p.fpr), short(p.false_positives_per_s), short(p.tpr), short(p.tpr_at_test_fpr)]);
  return [make('h4', {}, 'Thresholds'), make('p', {class: 'caption'}, 'Each is the predicted probability that the given share of spike-free validation bins exceeds. What it does on the test set stands beside it; last, what is found at exactly that rate on the test set’s own curve, which no threshold chosen beforehand promises.'),
          make('div', {class: 'scroll-x'}, table(['asked for: FPR', 'threshold (validation)', 'test FPR', 'false alarms per s', 'test TPR', 'TPR at exactly the asked FPR (test curve)'], rows))];
}

function header(run, m) {
  const theme = make('button', {type: 'button', id: 'theme', 'aria-label': 'light or dark'}, 'light / dark');
  theme.onclick = () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
  const verdict = verdictWords(m);
  return [
    make('div', {class: 'top'}, [make('h1', {}, run.title), theme]),
    ...(verdict ? [make('p', {class: 'verdict'}, verdict)] : []),
    make('p', {class: 'quiet'}, `A ${run.cell || 'neuron'}, and the network that learned to do its job: ${run.twin || 'its twin'}. Simulated neuron: ${run.data || 'see below'}.`),
  ];
}

// What repeats the run, on which machine it was made, and how long that took.
function makingOf(run, m) {
  const command = make('pre', {}, make('code', {}, run.command));
  const copy = make('button', {type: 'button'}, 'copy');
  copy.onclick = () => navigator.clipboard.writeText(run.command).then(() => { copy.textContent = 'copied'; });
  const time = ['simulate', 'train', 'evaluate'].filter((s) => typeof m[`timing.${s}_s`] === 'number').map((s) => `${s} ${m[`timing.${s}_s`].toFixed(1)} s`).join(', ');
  const facts = [`seed ${run.seed}`, `neurontwin ${run.version}`, run.machine, run.finished, time].filter(Boolean);
  return [make('div', {class: 'command'}, [command, copy]), make('ul', {class: 'facts'}, facts.map((f) => make('li', {}, f)))];
}

const kLinks = [['paper', 'https://doi.org/10.1016/j.neuron.2021.07.002', 'Beniaguev, Segev and London 2021, the idea that this program follows']];

// Where the reader is stays marked.
function contents(sections) {
  const links = sections.map(([id, title]) => make('a', {href: '#' + id}, title));
  const nav = make('nav', {class: 'contents', 'aria-label': 'Sections'}, [...links, ...kLinks.map(([words, href, title]) => make('a', {href, title, class: 'away'}, words))]);
  const watcher = new IntersectionObserver((entries) => entries.forEach((entry) => {
    const link = links.find((l) => l.getAttribute('href') === '#' + entry.target.id);
    if (entry.isIntersecting) { links.forEach((l) => l.removeAttribute('aria-current')); link.setAttribute('aria-current', 'true'); }
  }), {rootMargin: '-15% 0px -75% 0px'});
  sections.forEach(([, , section]) => watcher.observe(section));
  return nav;
}

let neuron = null;  // in 3-D, of a neuron that has a shape

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  for (const figure of figures) if (figure.view) draw(figure);
  if (neuron) neuron.setTheme();
}

// Paper is white, and nobody scrolls on it: before printing all charts are drawn, in the light theme.
function printWhole() {
  let before = null;
  addEventListener('beforeprint', () => {
    before = document.documentElement.dataset.theme;
    if (before !== 'light') setTheme('light');
    if (neuron) neuron.still();
    figures.forEach((f) => { if (!f.view) draw(f); });
  });
  addEventListener('afterprint', () => {
    if (before !== 'light') setTheme(before);
    if (neuron) neuron.resize();
  });
}

const kGroups = {
  example: ['An example', ''],
  spikes: ['How well it predicts spikes', ''],
  models: ['Beside simpler models', 'Each was fitted on the training trials and is scored as the twin is. What only the twin gets right is what its layers are for.'],
  statistics: ['Does it behave like the neuron?', ''],
  generalisation: ['On other input', ''],
  filters: ['Its filters', 'The first layer gives every synapse a filter over time: how much a spike counts, by how long ago it came.'],
  interpretation: ['What it does with its input', 'Read off the trained twin, by where on the neuron an input spike comes, and checked against the simulated neuron.'],
  probes: ['What it knows of the inside of the neuron', ''],
  learning: ['How it learned', ''],
  search: ['How small can it be?', ''],
};

// The page in its order: what it is, how good, where it fails, what it learned, how it was made.
const kSections = [
  ['good', 'How good it is', ['example', 'spikes', 'models']],
  ['fails', 'Where it fails', ['statistics', 'generalisation']],
  ['learned', 'What it learned', ['filters', 'interpretation', 'probes', 'search']],
  ['made', 'How it was made', ['learning']],
];

function groupParts(group, charts, data) {
  const [title, words] = kGroups[group], members = charts.filter((c) => c.group === group), m = data.metrics;
  if (!members.length) return [];
  const more = {spikes: () => operatingPoints(data.curves), models: () => modelsTable(m), search: () => searchTables(data.search)}[group];
  return [make('h3', {}, title), ...(words ? [make('p', {class: 'quiet'}, words)] : []), make('div', {class: 'charts'}, members.map((chart) => figureOf(chart))), ...(more ? more() : [])];
}

function everythingElse(data) {
  const m = data.metrics;
  const plain = Object.entries(m).filter(([key]) => !key.endsWith('_ci95')).map(([key, value]) => [key, Array.isArray(value) ? value.map((v) => number(v)).join(', ') : typeof value === 'number' ? number(value) : value, intervalWords(m[key + '_ci95'])]);
  return [make('h3', {}, 'Everything else'),
          make('details', {}, [make('summary', {}, `all ${plain.length} numbers (metrics.json)`), make('div', {class: 'scroll-x'}, table(['key', 'value', '95 % interval'], plain))]),
          make('details', {}, [make('summary', {}, 'the resolved configuration (experiment.toml)'), make('pre', {}, make('code', {}, data.experiment))])];
}

function showPage(data) {
  document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const page = document.getElementById('page');
  const m = data.metrics, charts = allCharts(data), sections = [];
  page.append(...header(data.run, m));
  const overview = make('section', {id: 'overview'});
  page.append(overview);
  sections.push(['overview', 'Overview', overview]);
  if (data.neuron) {
    neuron = neuronSection(data.neuron, m);
    overview.append(neuron.section);
    requestAnimationFrame(() => setTimeout(neuron.start));  // after the first paint
  }
  overview.append(cards(m, data.run));
  const extras = {fails: () => finerScores(m), made: () => [...conventions(m), ...everythingElse(data)]};
  for (const [id, title, groups] of kSections) {
    const parts = [...(id === 'made' ? makingOf(data.run, m) : []), ...groups.flatMap((group) => groupParts(group, charts, data)), ...(extras[id] ? extras[id]() : [])];
    if (!parts.length) continue;
    const section = make('section', {id}, [make('h2', {}, title), ...parts]);
    page.append(section);
    sections.push([id, title, section]);
  }
  overview.before(contents(sections));
  drawWhatIsSeen();
}

// Charts are drawn when they come into sight, and again when the window is resized.
function drawWhatIsSeen() {
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const figure = figures.find((f) => f.canvas === entry.target);
      if (entry.isIntersecting && !figure.view) draw(figure);
    }
  }, {rootMargin: '400px'});
  figures.forEach((f) => watcher.observe(f.canvas));
  printWhole();
  let waiting = null, width = innerWidth;
  addEventListener('resize', () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      figures.forEach((f) => { if (f.view && Math.abs(f.canvas.clientWidth - f.width) > 4) draw(f); });
      if (neuron && innerWidth !== width) neuron.resize();
      width = innerWidth;
    }, 150);
  });
}
