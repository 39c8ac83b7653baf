// The charts of an architecture search (search.json). Errors are 1 - score, on a logarithmic axis: near a score of 1 differences would not be seen.
const kSearchMeasures = {auc: 'AUC', variance_explained: 'variance explained'};

function searchPoints(search) {
  const measure = search.search.measure;
  return search.trials.filter((t) => t[measure] !== null && t[measure] < 1).map((t) => ({...t, score: t[measure], error: 1 - t[measure], configurationText: configurationText(t.configuration)}));
}

// Recurrent networks, which have no depth and are not chosen from.
const isControl = (trial) => trial.configuration.family === 'recurrent';

function configurationText(c) {
  if (c.family === 'recurrent') return `recurrent, ${c.memory_units} memory units, ${c.branches} branches${c.learn_time_constants ? ', time constants learned' : ''}`;
  return `${c.family.replace('_', ' ')}, width ${c.width.join(', ')}, taps ${c.taps.join(', ')}${c.dilation ? ', dilation ' + c.dilation.join(', ') : ''}${c.residual ? ', residual' : ''}${c.again_of === undefined ? '' : `, trial ${c.again_of} again`}`;
}

const kNetworkTip = "'trial ' + datum.trial + ', rung ' + datum.rung + ': ' + datum.configurationText + '\\n' + format(datum.parameters, ',') + ' parameters, 1 - score ' + format(datum.error, '.2g') + ', learning rate ' + format(datum.configuration.learning_rate, '.2g')";

function searchFrontChart(search, size, title, caption) {
  const networks = searchPoints(search).map((p) => ({...p, x: p[size], y: p.error}));
  const points = networks.filter((p) => !isControl(p)), controls = networks.filter((p) => isControl(p));
  // On the front a network that was trained several times stands at the mean of its trainings; each of these is a point of its own.
  const trainings = (network) => points.filter((p) => p.rung === network.rung && (p.trial === network.trial || p.configuration.again_of === network.trial));
  const ofFront = search.front[size].map((trial) => points.find((p) => p.trial === trial)).filter(Boolean);
  const front = ofFront.map((p) => {
    const all = trainings(p), mean = all.reduce((sum, t) => sum + t.error, 0) / all.length;
    return {...p, y: mean, error: mean};
  });
  const others = points.filter((p) => !ofFront.includes(p) || trainings(p).length > 1);
  const published = search.search.measure === 'auc' ? search.published.filter((p) => p[size] > 0 && p.auc < 1).map((p) => ({x: p[size], y: 1 - p.auc, name: p.name})) : [];
  const name = kSearchMeasures[search.search.measure];
  const domain = size === 'depth' ? [0.5, Math.max(...points.map((p) => p.x), ...published.map((p) => p.x)) + 0.5] : undefined;
  return {
    id: 'search-' + size, group: 'search', title, size: 'half', height: 300,
    caption: caption + (search.search.trainings > 1 ? ' The line is of networks that were trained several times, at the mean of their trainings.' : ''),
    spec: (width, height) => {
      const c = themeColours();
      const all = [...points, ...published, ...controls.filter((p) => p.x !== null)];
      const across = domain || [Math.min(...all.map((p) => p.x)) / 1.3, Math.max(...all.map((p) => p.x)) * 1.3];
      const best = Math.min(...controls.map((p) => p.y));
      const layers = [
        // Without a place on the axis of depth: a line across it.
        size === 'depth' ? {kind: 'rule', data: controls.length ? [{x: across[0], x2: across[1], y: best, y2: best}] : [], colour: c.threshold, width: 1.4}
                         : {kind: 'points', data: controls, colour: c.threshold, size: 60, shape: 'triangle-up', tip: kNetworkTip},
        {kind: 'line', data: front, colour: c.predicted, width: 1.6, step: 'step-after'},
        {kind: 'points', data: others, colour: c.quiet, size: 34, opacity: 0.55, tip: kNetworkTip},
        {kind: 'points', data: front, colour: c.predicted, size: 60, tip: kNetworkTip},
        {kind: 'points', data: published, colour: c.excitatory, size: 90, shape: 'diamond', tip: "datum.name + ', published: 1 - AUC ' + format(datum.y, '.2g')"},
      ];
      const errors = [...all, ...controls].map((p) => p.y);
      return frameSpec({
        width, height, layers,
        x: {title: size.replace('_', '-') + (size === 'depth' ? ' (layers)' : ''), type: size === 'depth' ? 'linear' : 'log', domain: across, format: '~s'},
        y: {title: '1 − validation ' + name, type: 'log', domain: [Math.min(...errors) / 1.2, Math.max(...errors) * 1.2], format: '.1~g'},
        legend: [['front', c.predicted], ['other networks', c.quiet], ...(controls.length ? [[size === 'depth' ? 'best recurrent' : 'recurrent', c.threshold]] : []), ...(published.length ? [['published', c.excitatory]] : [])],
      });
    },
    table: {columns: ['trial', 'rung', 'family', 'depth', 'units', 'parameters', 'multiply-adds per ms', 'validation AUC', 'variance explained', 'RMSE (mV)', 'learning rate', 'soma weight'],
            rows: networks.map((p) => [p.trial, p.rung, p.configuration.family, p.depth, p.units, p.parameters, p.multiply_adds, p.auc, p.variance_explained, p.rmse_mV, p.configuration.learning_rate, p.configuration.soma_weight])},
  };
}

// One colour for each depth, from the first to the last; the control, which has none, has its own.
function depthColours(all) {
  const c = themeColours(), depths = all.filter((d) => d !== null);
  const hues = [c.inhibitory, '#56b4e9', c.predicted, '#b5a800', '#e69f00', c.excitatory, '#a3488f', '#7a4a2b'];
  return new Map([...depths.map((d, i) => [d, hues[Math.round(i * (hues.length - 1) / Math.max(1, depths.length - 1))]]), [null, c.quiet]]);
}

const depthName = (depth) => (depth === null ? 'recurrent' : `${depth}`);

function searchCurvesChart(search) {
  const curves = search.curves.filter((c) => c.epochs.some((e) => e.valid_auc !== null && e.valid_auc < 1));
  if (!curves.length) return [];
  const rows = curves.flatMap((c) => c.epochs.filter((e) => e.valid_auc !== null && e.valid_auc < 1).map((e) => ({x: e.seen_s / 3600, y: 1 - e.valid_auc, trial: c.trial, depth: c.depth, valid_loss: e.valid_loss})));
  const depths = [...new Set(rows.map((r) => r.depth))].sort((a, b) => a - b);
  return [{
    id: 'search-curves', group: 'search', title: 'Learning curves', size: 'half', height: 300,
    caption: 'Every network, by its depth. At the start of a rung the learning rate rises again, and the error with it.',
    spec: (width, height) => {
      const colours = depthColours(depths);
      return frameSpec({
        width, height,
        x: {title: 'hours of simulated neuron seen', type: 'log', domain: extent(rows.map((r) => r.x)), format: '~g'}, y: {title: '1 − validation AUC', type: 'log', domain: extent(rows.map((r) => r.y)), format: '.1~g'},
        layers: depths.map((d) => ({kind: 'line', by: ['trial'], data: rows.filter((r) => r.depth === d), colour: colours.get(d), width: 1.1, opacity: 0.7})),
        legend: depths.map((d) => [depthName(d), colours.get(d)]),
      });
    },
    table: {columns: ['trial', 'depth', 'hours seen', 'validation loss', '1 - validation AUC'], rows: rows.map((r) => [r.trial, r.depth, r.x, r.valid_loss, r.y])},
  }];
}

function searchRatesChart(search) {
  const rows = search.learning_rate.flatMap((l) => l.learning_rate_and_score.filter(([, score]) => score !== null && score < 1).map(([rate, score]) => ({x: rate, y: 1 - score, depth: l.depth, name: l.depth === null ? 'recurrent' : l.depth + ' layers'})));
  if (!rows.length) return [];
  const depths = [...new Set(rows.map((r) => r.depth))];
  return [{
    id: 'search-rates', group: 'search', title: 'Was each of them tuned?', size: 'half', height: 300,
    caption: 'Every network after the first rung, at its own learning rate, by its depth.',
    spec: (width, height) => {
      const colours = depthColours(depths);
      return frameSpec({
        width, height,
        x: {title: 'learning rate', type: 'log', domain: [Math.min(...rows.map((r) => r.x)) / 1.2, Math.max(...rows.map((r) => r.x)) * 1.2], format: '.1~g'},
        y: {title: '1 − score after rung 0', type: 'log', domain: [Math.min(...rows.map((r) => r.y)) / 1.1, Math.max(...rows.map((r) => r.y)) * 1.1], format: '.1~g'},
        layers: depths.map((d) => ({kind: 'points', data: rows.filter((r) => r.depth === d), colour: colours.get(d), size: 45, tip: "datum.name + ', rate ' + format(datum.x, '.2g') + ': ' + format(datum.y, '.3g')"})),
        legend: depths.map((d) => [depthName(d), colours.get(d)]),
      });
    },
    table: {columns: ['depth', 'learning rate', '1 - score'], rows: rows.map((r) => [r.depth, r.x, r.y])},
  }];
}

function searchCharts(search) {
  if (!searchPoints(search).some((p) => !isControl(p))) return [];
  return [
    searchFrontChart(search, 'depth', 'Accuracy against depth', 'Every network at the end of the last rung it reached. The line is the best at every depth or below.'),
    searchFrontChart(search, 'parameters', 'Accuracy against parameters', 'The same networks by the numbers they learned, and the best of every number or below.'),
    ...searchCurvesChart(search), ...searchRatesChart(search),
  ];
}

const kSizeWords = {depth: 'layers', units: 'units', parameters: 'parameters', multiply_adds: 'multiply-adds per ms'};

function searchTables(search) {
  const s = search.search;
  const stopped = {front: `the front had not moved by more than ${s.epsilon} in ${s.quiet_rungs} rungs`, budget_minutes: `the budget of ${s.budget_minutes} min ended`,
                   budget_samples_h: `the budget of ${s.budget_samples_h} h of simulated neuron ended`, trials: 'all configurations asked for were tried',
                   trainings: `half of the budget went into trying networks, and those that may be the answer were trained ${s.trainings} times`}[search.stopped_by];
  const criterion = {smallest_not_worse: `the smallest network whose validation ${kSearchMeasures[s.measure]} is not worse than the best found by more than ${s.epsilon}, by a paired bootstrap over trials${s.trainings > 1 ? ' and trainings' : ''} at ${100 * s.confidence} % confidence`,
                     target: `the smallest network that reaches ${s.target_auc ? 'an AUC of ' + s.target_auc : ''}${s.target_auc && s.target_variance_explained ? ' and ' : ''}${s.target_variance_explained ? s.target_variance_explained + ' of the variance' : ''} at ${100 * s.confidence} % confidence`,
                     complexity_index: 'the functional complexity index of a network of 3 × 128 units'}[s.criterion];
  // Of a network that was trained several times, the range of its trainings.
  const spread = (n) => (n.trainings.length < 2 ? '' : `${n.trainings.length}: ${extent(n.trainings.map((t) => t[s.measure])).map((v) => number(v)).join(' to ')}`);
  const ends = (interval) => interval.map((v) => (v === null ? 'none' : number(v))).join(' to ');
  const out = [make('p', {class: 'quiet'}, `Criterion: ${criterion}. The search stopped because ${stopped}: ${s.trials} networks, ${s.finished_rungs} rungs, ${number(+s.samples_h.toPrecision(3))} h of simulated neuron, ${number(+s.wall_minutes.toPrecision(3))} min.`)];
  if (search.answers.length) {
    out.push(make('div', {class: 'scroll-x'}, table(['criterion', 'size', 'smallest', 'interval', 'not decided for'],
      search.answers.map((a) => [a.criterion.replaceAll('_', ' '), kSizeWords[a.size], a.smallest, ends(a.interval), a.undecided_below.join(', ')]))));
    out.push(make('div', {class: 'scroll-x'}, table(['layers', 'trial', 'rung', 'AUC', 'variance explained', ...(s.trainings > 1 ? ['trainings'] : []), 'below the best', 'interval', 'good enough'],
      search.answers[0].networks.map((n) => [n.size, n.trial, n.rung, n.auc, n.variance_explained, ...(s.trainings > 1 ? [spread(n)] : []), n.below_best, ends(n.below_best_interval), n.good + (n.trained_less ? ' (trained less)' : '')]))));
  } else if (search.answer) {
    out.push(make('p', {}, `Complexity index: ${number(search.answer.complexity_index, 3)} (${ends(search.answer.interval)}).`));
  }
  if (search.control) {
    const c = search.control;
    out.push(make('p', {class: 'caption'}, 'The control: the best network that keeps memory in recurrent units and has no depth. No criterion chooses it.'));
    out.push(make('div', {class: 'scroll-x'}, table(['trial', 'rung', 'network', 'parameters', 'multiply-adds per ms', 'AUC', 'variance explained', 'below the best', 'interval'],
      [[c.trial, c.rung, c.network, c.parameters, c.multiply_adds, c.auc, c.variance_explained, c.below_best, ends(c.below_best_interval)]])));
  }
  if (search.width_or_depth.length) {
    out.push(make('p', {class: 'caption'}, 'Width or depth? What twice the depth does to the error at the same number of parameters, and twice the parameters at the same depth; below 1 is better.'));
    out.push(make('div', {class: 'scroll-x'}, table(['rung', 'networks', 'twice the depth', 'interval', 'twice the parameters', 'interval'],
      search.width_or_depth.map((w) => [w.rung, w.networks, w.error_factor_of_twice_the_depth, ends(w.depth_interval), w.error_factor_of_twice_the_parameters, ends(w.parameters_interval)]))));
  }
  if (search.generalisation && search.generalisation.length) {
    out.push(make('p', {class: 'caption'}, 'The best network of every depth on inputs that none was trained on; below the best of that set.'));
    out.push(make('div', {class: 'scroll-x'}, table(['inputs', 'layers', 'AUC', 'variance explained', 'below the best', 'interval'],
      search.generalisation.flatMap((set) => set.networks.map((n) => [set.name.replaceAll('_', ' '), depthName(n.depth), n.auc, n.variance_explained, n.below_best, ends(n.below_best_interval)])))));
  }
  if (search.test.length) {
    out.push(make('p', {class: 'caption'}, 'The test set, looked at once for each chosen network.'));
    out.push(make('div', {class: 'scroll-x'}, table(['trial', 'rung', 'AUC', 'interval', 'variance explained', 'RMSE (mV)'], search.test.map((t) => [t.trial, t.rung, t.auc, ends(t.auc_interval), t.variance_explained, t.rmse_mV]))));
  }
  return out;
}
