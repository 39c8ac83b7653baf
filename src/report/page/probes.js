// What the hidden layers know of the inside of the neuron (interpretation.json: probes), and which branches' NMDA spikes the twin finds (dendritic_spikes).
const kProbedWords = {v: 'voltage', cai: 'Ca²⁺'};

function probedName(quantity) {
  const [mechanism, part] = quantity.what.split('.');
  if (part === undefined) return `${quantity.place} ${kProbedWords[mechanism] || mechanism}`;
  if (part.startsWith('g_')) return `${quantity.place} ${part.slice(2).toUpperCase()} conductance`;
  return `${quantity.place} ${mechanism} ${part}`;
}

const probeColours = () => { const c = themeColours(); return {trained: c.predicted, untrained: c.quiet, voltage: c.threshold}; };
const kProbeNames = {trained: 'twin', untrained: 'same network, untrained', voltage: 'somatic voltage alone'};

// At most three of the layers: the first, the middle one and the last.
function shownLayers(layers) {
  const last = layers.length - 1;
  return [...new Set([0, Math.floor(last / 2), last])];
}

function probesChart(probes) {
  const quantities = probes.quantities.filter((q) => q.voltage !== null);
  const colours = probeColours();
  const panel = (layer) => {
    const dots = quantities.flatMap((q) => ['voltage', 'untrained', 'trained'].map((kind) => {
      const of = kind === 'voltage' ? q.voltage : q[kind][layer];
      if (!of) return null;
      return {row: probedName(q), x: Math.max(of[0], -0.05), low: Math.max(of[1], -0.05), high: Math.max(of[2], -0.05), colour: colours[kind],
              tip: `${probedName(q)}, ${kProbeNames[kind]}: ${of[0].toFixed(3)}\n95 %: ${of[1].toFixed(3)} to ${of[2].toFixed(3)}`};
    }).filter(Boolean));
    return {title: probes.layers[layer], dots, x: {domain: [-0.05, 1], ticks: 5, title: 'variance explained'}};
  };
  const layers = shownLayers(probes.layers), voltages = probes.voltage_lags_ms.join(', ');
  return {
    id: 'probes', group: 'probes', title: 'What the layers know', size: 'wide', height: 130 + 25 * quantities.length,
    caption: `Each quantity was recorded inside the simulated neuron and read off a layer by a linear regression at the same millisecond: ${probes.trials_fit} test trials to fit, ${probes.trials_score} others to score, with 95 % intervals over these. Beside it the same of a network of this shape that was never trained, and of the true somatic voltage now and up to ${probes.voltage_lags_ms[probes.voltage_lags_ms.length - 1]} ms ago (${voltages}).`,
    spec: (width) => dotsSpec({width, rows: quantities.map(probedName), panels: layers.map(panel)}),
    key: () => ['trained', 'untrained', 'voltage'].map((kind) => [kProbeNames[kind], probeColours()[kind]]),
    table: {columns: ['quantity', 'unit', ...probes.layers.flatMap((l) => [`${l}: twin`, '95 % from', 'to', `${l}: untrained`]), 'somatic voltage'],
            rows: probes.quantities.map((q) => [q.name, q.unit, ...probes.layers.flatMap((_, i) => [...(q.trained[i] || [null, null, null]), q.untrained[i] ? q.untrained[i][0] : null]), q.voltage ? q.voltage[0] : null])},
  };
}

// How each quantity's share grows from layer to layer.
function probesByDepthChart(probes) {
  const quantities = probes.quantities.filter((q) => q.voltage !== null);
  const gained = (kind) => probes.layers.map((_, i) => {
    const values = quantities.map((q) => (q[kind][i] ? q[kind][i][0] : null)).filter((v) => v !== null);
    return {x: i + 1, y: values.reduce((sum, v) => sum + v, 0) / Math.max(1, values.length)};
  });
  const lines = quantities.flatMap((q) => q.trained.map((of, i) => ({x: i + 1, y: of ? of[0] : null, q: probedName(q)})));
  return {
    id: 'probes-depth', group: 'probes', title: 'From layer to layer', size: 'half', height: 280,
    caption: 'Variance explained against depth. Faint: each quantity; bold: their mean in the twin and in the network that was not trained.',
    spec: (width, height) => {
      const c = probeColours();
      return frameSpec({
        width, height, x: {title: 'layer', domain: [0.8, probes.layers.length + 0.2], values: probes.layers.map((_, i) => i + 1), format: 'd'}, y: {title: 'variance explained', domain: [0, 1], clamp: true},
        layers: [
          {kind: 'line', data: lines, by: 'q', colour: c.trained, width: 1, opacity: 0.35},
          {kind: 'points', data: lines.filter((d) => d.y !== null), colour: c.trained, size: 30, opacity: 0.5, tip: "datum.q + ', layer ' + datum.x + ': ' + format(datum.y, '.3f')"},
          {kind: 'line', data: gained('untrained'), colour: c.untrained, width: 2.4, dash: [5, 4], tip: "'untrained, layer ' + datum.x + ': ' + format(datum.y, '.3f')"},
          {kind: 'line', data: gained('trained'), colour: c.trained, width: 2.8, tip: "'twin, layer ' + datum.x + ': ' + format(datum.y, '.3f')"},
        ],
        legend: [['twin', c.trained], ['untrained', c.untrained]],
      });
    },
    table: {columns: ['layer', 'mean, twin', 'mean, untrained'], rows: gained('trained').map((d, i) => [probes.layers[i], d.y, gained('untrained')[i].y])},
  };
}

function dendriticSpikesChart(found) {
  const branches = found.branches.filter((b) => b.auc !== null);
  const colour = (part) => ({basal: themeColours().excitatory, tuft: themeColours().inhibitory}[part] || themeColours().threshold);
  const parts = [...new Set(branches.map((b) => b.part))];
  const at = (branch, key) => ({x: branch.path_um, y: branch[key][0], low: branch[key][1], high: branch[key][2], branch: branch.section, part: branch.part, hz: branch.spikes_hz});
  const tip = "datum.branch + ' (' + datum.part + '): ' + format(datum.y, '.3f') + ' [' + format(datum.low, '.3f') + ', ' + format(datum.high, '.3f') + ']\\n' + format(datum.hz, '.2f') + ' NMDA spikes a second'";
  return {
    id: 'dendritic-spikes', group: 'probes', title: 'Whose NMDA spikes the twin finds', size: 'half', height: 280,
    caption: `Of each dendrite that ends: how well the voltage that the twin predicts there tells the milliseconds of NMDA spikes (at least ${found.least_ms} ms above ${found.threshold_mV} mV) from others, as area under the ROC curve, against its distance from the soma. Grey: the same of the true somatic voltage. Milliseconds from ${found.before_soma_spike_ms} before to ${found.after_soma_spike_ms} after a spike of the soma do not count; ${found.trials} test trials, ${branches.length} of ${found.branches.length} branches had NMDA spikes.`,
    spec: (width, height) => frameSpec({
      width, height, x: {title: 'distance from the soma (µm)', zero: true}, y: {title: 'AUC', domain: [Math.min(0.45, ...branches.map((b) => b.auc[1])), 1]},
      layers: [
        {kind: 'points', data: branches.map((b) => at(b, 'soma_auc')), colour: themeColours().quiet, size: 24, opacity: 0.6, tip: "'somatic voltage, ' + " + tip},
        {kind: 'rule', data: branches.map((b) => ({x: b.path_um, x2: b.path_um, y: b.auc[1], y2: b.auc[2]})), colour: themeColours().quiet, dash: []},
        ...parts.map((part) => ({kind: 'points', data: branches.filter((b) => b.part === part).map((b) => at(b, 'auc')), colour: colour(part), size: 46, tip})),
      ],
      legend: [...parts.map((part) => [part, colour(part)]), ['somatic voltage', themeColours().quiet]],
    }),
    table: {columns: ['branch', 'part', 'distance (um)', 'NMDA spikes (Hz)', 'share of time', 'AUC', '95 % from', 'to', 'AUC, true components', 'AUC, somatic voltage'],
            rows: found.branches.map((b) => [b.section, b.part, b.path_um, b.spikes_hz, b.share_of_time, ...(b.auc || [b.note || null, null, null]), b.components_auc ? b.components_auc[0] : null, b.soma_auc ? b.soma_auc[0] : null])},
  };
}

function probeCharts(interpretation) {
  const {probes, dendritic_spikes} = interpretation;
  const charts = [];
  if (probes && probes.quantities.some((q) => q.voltage !== null)) {
    charts.push(probesChart(probes));
    if (probes.layers.length > 1) charts.push(probesByDepthChart(probes));
  }
  if (dendritic_spikes && dendritic_spikes.branches && dendritic_spikes.branches.some((b) => b.auc !== null)) charts.push(dendriticSpikesChart(dendritic_spikes));
  return charts;
}
