// Runs beside each other on the same test trials: scores with the intervals of their differences, and curves over each other.
const kCompared = [
  ['spike.auc', 'spike AUC', 5], ['spike.average_precision', 'average precision', 4], ['spike.bits_per_spike', 'bits per spike', 3], ['spike.tpr_at_test_fpr_0.0025', 'spikes found at 0.25 % FPR', 4],
  ['spike.f1_2ms', 'F1 within 2 ms', 4], ['spike.f1_mean_0_to_5ms', 'F1, mean over 0 to 5 ms', 4], ['spike.trial_count_variance_explained', 'spike counts explained', 4], ['spike.rate_error_hz', 'rate error (Hz)', 3, true],
  ['spike.calibration_error_per_spike', 'calibration error per spike', 4, true], ['soma.variance_explained', 'voltage explained', 4], ['soma.rmse_mV', 'voltage RMSE (mV)', 4, true], ['soma.rmse_away_from_spikes_mV', 'voltage RMSE away from spikes (mV)', 4, true],
];
const kRunColours = [['#2b3138', '#e7ebee'], ['#009e73', '#2fc79d'], ['#5a4fcf', '#9b8cf0'], ['#b8860b', '#e9c46a'], ['#8a4b36', '#d09a86'], ['#5b6670', '#9aa7b2']];
const runColour = (k) => kRunColours[k % kRunColours.length][document.documentElement.dataset.theme === 'dark' ? 1 : 0];

function differencesTable(one) {
  const rows = kCompared.filter(([key]) => one.scores[key]).map(([key, label, digits, lower]) => {
    const s = one.scores[key], [low, high] = s.difference_ci95, sure = low > 0 || high < 0;
    return [label, number(s.a, digits), number(s.b, digits), number(s.difference, digits), `[${number(low, digits)}, ${number(high, digits)}]`, !sure ? '' : (s.difference > 0) !== !!lower ? 'better' : 'worse'];
  });
  return make('div', {class: 'scroll-x'}, table(['', 'A', 'B', 'B − A', '95\u00a0% interval', 'B is'], rows));
}

function overlaid(id, title, caption, x, y, runs, points) {
  const lines = () => runs.map((run, k) => ({kind: 'line', data: points(run), colour: runColour(k), width: 2, tip: `'${run.name.replaceAll("'", '’')}: ' + format(datum.y, '.4g')`})).filter((l) => l.data.length);
  return {id, title, caption, size: 'half', height: 300, group: 'curves',
          spec: (width, height) => frameSpec({width, height, x, y, layers: lines(), legend: runs.map((run, k) => [run.name, runColour(k)])}),
          table: {columns: ['run', 'x', 'y'], rows: runs.flatMap((run) => points(run).map((p) => [run.name, p.x, p.y]))}};
}

function showCompare(data) {
  document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const page = document.getElementById('page'), theme = make('button', {type: 'button', id: 'theme', 'aria-label': 'light or dark'}, 'light / dark');
  theme.onclick = () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
  page.append(make('div', {class: 'top'}, [make('h1', {}, 'Twins compared'), theme]),
              make('p', {class: 'quiet'}, `${plural(data.comparison.test_trials, 'test trial')}, the same for all; ${number(data.comparison.resamples)} resamples of these give the intervals of the differences.`));
  data.comparison.comparisons.forEach((one, k) => page.append(make('h2', k ? {} : {id: 'results'}, `${one.b} (B) against ${data.comparison.a} (A)`), differencesTable(one)));
  const runs = data.runs, charts = [
    overlaid('compare-roc', 'ROC curves', 'Share of spikes found against share of spike-free bins called spikes.', {title: 'false-positive rate', type: 'log', domain: [1e-5, 1], clamp: true, format: '~g'}, {title: 'true-positive rate', domain: [0, 1]},
             runs, (run) => (run.roc ? run.roc.fpr.map((f, i) => ({x: Math.max(f, 1e-5), y: run.roc.tpr[i]})) : [])),
    overlaid('compare-learning', 'Learning', 'Validation loss after each epoch.', {title: 'hours of neuron seen in training', zero: true}, {title: 'validation loss', type: 'log', format: '~g'},
             runs, (run) => run.epochs.filter((e) => e.valid_loss !== null).map((e) => ({x: e.seen_s / 3600, y: e.valid_loss}))),
  ].filter((chart) => chart.table.rows.length);
  if (charts.length) page.append(make('h2', {}, 'Curves'), make('div', {class: 'charts'}, charts.map((chart) => figureOf(chart, 'h3'))));
  drawWhatIsSeen();
}
