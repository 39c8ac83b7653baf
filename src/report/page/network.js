// The page of a network: how each population fires, in one course or in several side by side.
const kCourseColours = ['truth', 'quiet', 'predicted'];  // neurons, perturbed neurons, twins; a single course is a twin's
function courseColour(courses, k) {
  return themeColours()[courses.length === 1 ? 'predicted' : kCourseColours[k] || 'threshold'];
}

// Spikes as dots, a row a neuron, population above population: painted, for they are many.
function rasterImage(raster, course, courses, width, height) {
  const rows = raster.populations.reduce((n, p) => n + p.neurons, 0), c = themeColours();
  return painted(width, height, (context) => {
    let first = 0;
    raster.populations.forEach((p, k) => {
      context.fillStyle = k % 2 ? c.quiet : courseColour(courses, course);
      const tall = Math.max(1, height / rows * 0.8), wide = Math.max(1, width / 900);
      p.time_ms.forEach((t, i) => context.fillRect((t - raster.from_ms) / (raster.until_ms - raster.from_ms) * width, (first + p.neuron[i]) / rows * height, wide, tall));
      first += p.neurons;
    });
  });
}

function rasterChart(data, k) {
  const {courses} = data, course = courses[k], raster = course.raster, rows = raster.populations.reduce((n, p) => n + p.neurons, 0);
  let first = 0;
  const middles = raster.populations.map((p) => { const at = first + p.neurons / 2; first += p.neurons; return {at, name: p.name}; });
  return {
    id: 'raster' + k, group: 'raster', title: courses.length > 1 ? `Spikes: ${course.name}` : 'Spikes', size: 'full', height: 300,
    caption: `Each row a neuron, up to ${Math.max(...raster.populations.map((p) => p.neurons))} of each population: ${raster.populations.map((p) => p.name).join(', ')}, from above.`,
    spec: (width, height) => ({
      $schema: 'vega', width, height, padding: 4, autosize: {type: 'fit', contains: 'padding'},
      scales: [{name: 'x', type: 'linear', domain: [raster.from_ms, raster.until_ms], range: 'width', zero: false, nice: false}, {name: 'y', type: 'linear', domain: [rows, 0], range: 'height', zero: false, nice: false}],
      axes: [{...axisOf('x', 'bottom', {title: 'time (ms)'}, width), grid: false},
             {...axisOf('y', 'left', {title: '', values: middles.map((m) => m.at)}, height), grid: false, ticks: false, encode: {labels: {update: {text: {signal: `[${middles.map((m) => JSON.stringify(m.name))}][indexof([${middles.map((m) => m.at)}], datum.value)]`}}}}}],
      marks: [{type: 'image', encode: {enter: {url: {value: rasterImage(raster, k, courses, 2 * width, 2 * height)}, aspect: {value: false}}, update: {x: {value: 0}, y: {value: 0}, width: {signal: 'width'}, height: {signal: 'height'}}}}],
    }),
    table: {columns: ['time (ms)', 'population', 'neuron'], rows: raster.populations.flatMap((p) => p.time_ms.map((t, i) => [t, p.name, p.neuron[i]]))},
  };
}

// Shares of values in bins of equal width, one outline a course.
function distributionChart(data, population, key, title, xTitle, caption) {
  const lists = data.courses.map((course) => course.populations[population][key] || []);
  if (!lists.some((values) => values.length)) return [];
  const [low, high] = extent(lists.flat()), bins = 30, step = (high - low) / bins || 1;
  const shares = lists.map((values) => {
    const counts = new Array(bins).fill(0);
    for (const v of values) ++counts[Math.min(bins - 1, Math.floor((v - low) / step))];
    return counts.map((n) => n / Math.max(1, values.length));
  });
  const outline = (share) => share.flatMap((y, i) => [{x: low + i * step, y}, {x: low + (i + 1) * step, y}]);
  return [{
    id: `${key}-${population}`, group: 'firing', title: `${title}: ${population}`, size: 'third', height: 220, caption,
    spec: (width, height) => frameSpec({
      width, height, x: {title: xTitle}, y: {title: 'share', zero: true},
      layers: shares.map((share, k) => ({kind: 'line', data: outline(share), colour: courseColour(data.courses, k), width: 2})),
      legend: data.courses.length > 1 ? data.courses.map((course, k) => [course.name, courseColour(data.courses, k)]) : [],
    }),
    table: {columns: [xTitle, ...data.courses.map((course) => course.name)], rows: shares[0].map((_, i) => [low + i * step, ...shares.map((share) => share[i])])},
  }];
}

function spectrumChart(data, population) {
  const spectra = data.courses.map((course) => course.populations[population]).map(({frequency_hz, power_hz2_per_hz}) => frequency_hz.map((x, i) => ({x, y: power_hz2_per_hz[i]})).filter((d) => d.y > 0));
  if (!spectra.some((s) => s.length)) return [];
  const all = extent(spectra.flat().map((d) => d.y));
  return [{
    id: `spectrum-${population}`, group: 'together', title: `Spectrum: ${population}`, size: 'half', height: 260,
    caption: 'Power of the population’s rate per neuron: segments of 1 s under a Hann window. Flat where neurons fire independently of each other.',
    spec: (width, height) => frameSpec({
      width, height, x: {title: 'frequency (Hz)', type: 'log', domain: [1, 500], format: '~g'}, y: {title: 'power (Hz²/Hz)', type: 'log', domain: all[0] < all[1] ? all : [all[0] / 2, all[1] * 2], format: '~g'},
      layers: spectra.map((s, k) => ({kind: 'line', data: s, colour: courseColour(data.courses, k), width: 1.6})),
      legend: data.courses.length > 1 ? data.courses.map((course, k) => [course.name, courseColour(data.courses, k)]) : [],
    }),
    table: {columns: ['frequency (Hz)', ...data.courses.map((course) => course.name)], rows: data.courses[0].populations[population].frequency_hz.map((f, i) => [f, ...data.courses.map((course) => course.populations[population].power_hz2_per_hz[i])])},
  }];
}

// Contacts that a neuron has from each population.
function wiringTable(data) {
  const rows = data.projections.map((p) => [p.from, p.to, p.rule, p.contacts, p.contacts / data.courses[0].populations[p.to].neurons, p.contacts / data.courses[0].populations[p.from].neurons]);
  return make('div', {class: 'scroll-x', id: 'wiring'}, table(['from', 'to', 'rule', 'contacts', 'to each target', 'of each source'], rows));
}

const kActivity = [['neurons', 'neurons'], ['rate_hz', 'rate (Hz)'], ['rate_sd_hz', 'its sd over neurons'], ['silent_share', 'silent share'], ['cv', 'CV of intervals'], ['correlation', 'correlation'], ['correlation_sd', 'its sd over pairs'], ['fano', 'Fano factor']];
const kDifferences = [['first_divergence_ms', 'first divergence (ms)'], ['median_divergence_ms', 'median (ms)'], ['matched_share', 'spikes matched within 2 ms'], ['rate_correlation', 'rates: r'], ['rate_error_hz', 'rates: mean difference (Hz)'], ['interval_distance', 'intervals: KS'], ['correlation_difference', 'correlation: difference'], ['spectrum_distance_db', 'spectrum (dB)'], ['course_correlation', 'course: r']];
function numbersOf(data, columns, of) {
  const value = (v) => (v === undefined ? null : +v.toPrecision(4));
  const rows = data.courses.flatMap((course) => Object.entries(of(course) || {}).map(([name, p]) => [name, course.name, ...columns.map(([key]) => value(p[key]))]));
  return rows.length ? [make('div', {class: 'scroll-x'}, table(['population', 'course', ...columns.map(([, title]) => title)], rows))] : [];
}

const kNetworkGroups = {
  raster: ['When neurons fire', ''],
  firing: ['How neurons fire', 'Each neuron by itself: its rate, and how irregular the intervals between its spikes are (CV 1 of a Poisson process).'],
  together: ['How they fire together', ''],
};

function showNetwork(data) {
  document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const page = document.getElementById('page');
  const theme = make('button', {type: 'button', id: 'theme', 'aria-label': 'light or dark'}, 'light / dark');
  theme.onclick = () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
  const facts = [`${number(data.ms)} ms`, `the first ${number(data.transient_ms)} ms left out of what is measured`, `seed ${data.seed}`, `counts in bins of ${number(data.bin_ms)} ms`];
  if (data.perturbation_mV) facts.push(`perturbed: somatic voltages moved by draws of ${data.perturbation_mV} mV at ${number(data.transient_ms)} ms`);
  page.append(make('div', {class: 'top'}, [make('div', {}, [make('h1', {}, data.title), make('p', {}, data.courses.length > 1 ? 'The same wiring and external input through detailed neurons, through these from a slightly other state, and through their twins.' : 'A network of neurons or of their twins.')]), theme]),
              make('ul', {class: 'facts'}, facts.map((f) => make('li', {}, f))), make('h2', {id: 'results'}, 'Activity'), ...numbersOf(data, kActivity, (course) => course.populations));
  const differences = numbersOf(data, kDifferences, (course) => course.differences);
  if (differences.length) page.append(make('h2', {}, 'Against the detailed neurons'), make('p', {class: 'quiet'}, 'A network of spiking neurons is chaotic, so nobody’s spikes stay the same for long: the perturbed neurons say for how long anything could follow them, and how much of a difference in the statistics is chance.'), ...differences);
  const names = Object.keys(data.courses[0].populations);
  const charts = [
    ...data.courses.map((_, k) => rasterChart(data, k)),
    ...names.flatMap((name) => [...distributionChart(data, name, 'rates_hz', 'Rates', 'rate (Hz)', 'Of each neuron.'), ...distributionChart(data, name, 'cvs', 'Irregularity', 'CV of intervals', 'Of each neuron with five spikes or more.'), ...distributionChart(data, name, 'correlations', 'Correlations', 'correlation of counts', 'Of pairs of neurons that fire.')]),
    ...names.flatMap((name) => spectrumChart(data, name)),
  ];
  for (const [group, [title, words]] of Object.entries(kNetworkGroups)) {
    const members = charts.filter((c) => c.group === group);
    if (!members.length) continue;
    page.append(make('h2', {}, title));
    if (words) page.append(make('p', {class: 'quiet'}, words));
    page.append(make('div', {class: 'charts'}, members.map((chart) => figureOf(chart, 'h3'))));
  }
  page.append(make('h2', {}, 'Wiring'), wiringTable(data), make('details', {}, [make('summary', {}, 'the network (network.toml)'), make('pre', {}, make('code', {}, data.network))]));
  drawWhatIsSeen();
}
