// From a short description of a chart to a Vega specification.
//   frame: {width, height, x: axis, y: axis, layers: [...], legend: [[label, colour], ...]}
//   axis:  {title, type: 'linear' | 'log', domain: [low, high] | undefined, grid, format, zero, values: ticks, text: signal of a tick's label}
//   layer: {kind: 'line' | 'area' | 'points' | 'bars' | 'rule' | 'image', data: [{x, y, ...}], colour, ...}
const kExcitatory = '#d55e00', kInhibitory = '#0072b2';
function themeColours() {
  const dark = document.documentElement.dataset.theme === 'dark';
  return {
    ink: dark ? '#e7ebee' : '#1d2329', quiet: dark ? '#9aa7b2' : '#5b6670', line: dark ? '#2c343b' : '#e3e7ea',
    paper: dark ? '#14181c' : '#ffffff', truth: dark ? '#e7ebee' : '#2b3138', predicted: dark ? '#2fc79d' : '#009e73',
    excitatory: dark ? '#ff8a3d' : kExcitatory, inhibitory: dark ? '#55aef0' : kInhibitory, threshold: dark ? '#d99ad0' : '#a3488f',
  };
}

function rgbOf(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);
}

// A matrix as rows of numbers (arrays, typed or not), however report.html holds it: packed into 16-bit integers, or as it is.
function matrixOf(matrix) {
  if (Array.isArray(matrix)) return matrix;
  const text = atob(matrix.int16), {rows, columns} = matrix, all = new Float32Array(rows * columns), step = matrix.most / 32767;
  for (let i = 0; i < all.length; ++i) all[i] = step * (((text.charCodeAt(2 * i + 1) << 24) >> 16) | text.charCodeAt(2 * i));
  return Array.from({length: rows}, (_, r) => all.subarray(r * columns, (r + 1) * columns));
}

function vegaConfig() {
  const c = themeColours();
  const font = 'system-ui, "Segoe UI", "Liberation Sans", sans-serif';
  return {
    background: null,
    axis: {labelColor: c.quiet, titleColor: c.ink, domainColor: c.quiet, tickColor: c.quiet, gridColor: c.line, labelFont: font, titleFont: font, titleFontWeight: 500, labelFontSize: 11, titleFontSize: 12},
    legend: {labelColor: c.ink, labelFont: font, labelFontSize: 12, symbolType: 'square'},
    title: {color: c.ink, font, fontSize: 12, fontWeight: 500, anchor: 'start'},
  };
}

function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const v of values) if (v !== null && isFinite(v)) { if (v < low) low = v; if (v > high) high = v; }
  return low <= high ? [low, high] : [0, 1];
}

function scaleOf(name, axis, values, range) {
  const domain = axis.domain || extent(values);
  return {name, type: axis.type || 'linear', domain, range, nice: !axis.domain, zero: !!axis.zero, clamp: !!axis.clamp};
}

// Powers of ten for a logarithmic axis: Vega's own ticks crowd it with grid lines.
function decades([low, high]) {
  const values = [];
  for (let e = Math.ceil(Math.log10(low) - 1e-9); e <= Math.floor(Math.log10(high) + 1e-9); ++e) values.push(10 ** e);
  return values.length > 1 ? values : undefined;
}

function axisOf(scale, orient, axis, size) {
  return {scale, orient, title: axis.title, grid: axis.grid !== false, tickCount: axis.ticks || Math.max(3, Math.round(size / (orient === 'left' ? 42 : 80))),
          values: axis.values || (axis.type === 'log' && axis.domain ? decades(axis.domain) : undefined), labels: axis.labels !== false, ticks: axis.labels !== false,
          format: axis.format, labelOverlap: axis.text ? false : 'greedy', titlePadding: 6, encode: axis.text ? {labels: {update: {text: {signal: axis.text}}}} : undefined};
}

function layerMarks(layer, index, scales) {
  const [sx, sy] = scales;
  const source = 'layer' + index;
  const x = {scale: sx, field: 'x'}, y = {scale: sy, field: 'y'};
  const colour = {value: layer.colour};
  const tip = layer.tip ? {tooltip: {signal: layer.tip}} : {};
  const from = {data: source};
  switch (layer.kind) {
    case 'line': {
      const line = {type: 'line', encode: {enter: {x, y, stroke: colour, strokeWidth: {value: layer.width || 1.7}, strokeDash: {value: layer.dash || []}, opacity: {value: layer.opacity || 1}, interpolate: {value: layer.step || 'linear'}, defined: {signal: 'isValid(datum.y)'}}}};
      if (!layer.by) return [{...line, from}].concat(layer.tip ? [hover(from, x, y, tip)] : []);
      return [{type: 'group', from: {facet: {name: source + 'of', data: source, groupby: layer.by}}, marks: [{...line, from: {data: source + 'of'}}]}];
    }
    case 'area':
      return [{type: 'area', from, encode: {enter: {x, y: {scale: sy, field: 'y'}, y2: {scale: sy, field: 'y2'}, fill: colour, opacity: {value: layer.opacity || 0.25}}}}];
    case 'points':
      return [{type: 'symbol', from, encode: {enter: {x, y, fill: colour, size: {value: layer.size || 22}, opacity: {value: layer.opacity || 0.8}, shape: {value: layer.shape || 'circle'}, ...tip}}}];
    case 'ticks':
      return [{type: 'rect', from, encode: {enter: {x, width: {value: layer.width || 1.6}, y, height: {value: layer.height || 3}, fill: colour, ...tip}}}];
    case 'bars':
      return [{type: 'rect', from, encode: {enter: {x, x2: {scale: sx, field: 'x2'}, y, y2: {scale: sy, value: layer.base || 0}, fill: colour, opacity: {value: layer.opacity || 0.6}, ...tip}}}];
    case 'image':  // {url}, over the whole of a panel
      return [{type: 'image', encode: {enter: {url: {value: layer.url}, aspect: {value: false}, x: {value: 0}, y: {value: 0}, width: {value: layer.width}, height: {value: layer.height}}}}];
    case 'rule':
      return [{type: 'rule', from, encode: {enter: {x, x2: {scale: sx, field: 'x2'}, y, y2: {scale: sy, field: 'y2'}, stroke: colour, strokeWidth: {value: layer.width || 1}, strokeDash: {value: layer.dash || [4, 3]}}}}];
    default:
      throw new Error('unknown layer ' + layer.kind);
  }
}

// Points too small to see that carry a line's tooltips.
function hover(from, x, y, tip) {
  return {type: 'symbol', from, encode: {enter: {x, y, size: {value: 60}, fill: {value: 'transparent'}, ...tip}}};
}

function legendOf(entries) {
  if (!entries || !entries.length) return {};
  return {
    scales: [{name: 'legend', type: 'ordinal', domain: entries.map((e) => e[0]), range: entries.map((e) => e[1])}],
    legends: [{fill: 'legend', orient: 'top', direction: 'horizontal', columns: 0, offset: 2}],
  };
}

function frameSpec(frame) {
  const values = (key) => frame.layers.flatMap((l) => l.data.flatMap((d) => (d[key + '2'] !== undefined ? [d[key], d[key + '2']] : [d[key]])));
  const legend = legendOf(frame.legend);
  return {
    $schema: 'vega', width: frame.width, height: frame.height, padding: 4, autosize: {type: 'fit', contains: 'padding'},
    data: frame.layers.map((l, i) => ({name: 'layer' + i, values: l.data})),
    scales: [scaleOf('x', frame.x, values('x'), 'width'), scaleOf('y', frame.y, values('y'), 'height'), ...(legend.scales || [])],
    axes: [axisOf('x', 'bottom', frame.x, frame.width), axisOf('y', 'left', frame.y, frame.height)],
    legends: legend.legends || [],
    marks: [{type: 'group', clip: true, encode: {enter: {width: {signal: 'width'}, height: {signal: 'height'}}}, marks: frame.layers.flatMap((l, i) => layerMarks(l, i, ['x', 'y']))}],
  };
}

// Frames one under the other over the same x axis: {width, x, panels: [{title, height, y, layers}]}.
const kStackLeft = 58;
function stackWidth(width) {
  return Math.max(120, width - kStackLeft - 18);
}
function stackSpec(stack) {
  const left = kStackLeft, gap = 30, width = stackWidth(stack.width);
  let top = 0, index = 0;
  const data = [], marks = [];
  stack.panels.forEach((panel, p) => {
    const first = index;
    panel.layers.forEach((l) => data.push({name: 'layer' + index++, values: l.data}));
    const y = 'y' + p, last = p + 1 === stack.panels.length;
    marks.push({
      type: 'group', encode: {enter: {y: {value: top}, width: {value: width}, height: {value: panel.height}}},
      scales: [{...scaleOf(y, panel.y, panel.layers.flatMap((l) => l.data.map((d) => d.y)), [panel.height, 0])}],
      axes: [axisOf(y, 'left', panel.y, panel.height), {...axisOf('x', 'bottom', {...stack.x, title: last ? stack.x.title : undefined}, width), labels: last}],
      title: {text: panel.title, offset: 5, frame: 'group'},
      marks: [{type: 'group', clip: true, encode: {enter: {width: {value: width}, height: {value: panel.height}}}, marks: panel.layers.flatMap((l, i) => layerMarks(l, first + i, ['x', y]))}],
    });
    top += panel.height + gap;
  });
  return {$schema: 'vega', width, height: top - gap, padding: {left, right: 18, top: 26, bottom: 38}, autosize: 'none', data,
          scales: [scaleOf('x', stack.x, [], [0, width])], marks};
}

// A canvas of width x height pixels, painted by `paint(context)`, as an address that an image may have.
function painted(width, height, paint) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  paint(canvas.getContext('2d', {willReadFrequently: true}));  // in memory: it is read back at once
  return canvas.toDataURL('image/png');
}

// A matrix as an image, a pixel a value: a mark for each of a hundred thousand would stall the page.
function matrixImage(rows, most) {
  const c = themeColours(), [low, middle, high] = [c.inhibitory, c.paper, c.excitatory].map(rgbOf);
  return painted(rows[0].length, rows.length, (context) => {
    const image = context.createImageData(rows[0].length, rows.length);
    let at = 0;
    for (const row of rows) for (const v of row) {
      const f = Math.min(1, Math.abs(v) / most), end = v < 0 ? low : high;
      for (let k = 0; k < 3; ++k) image.data[at++] = 255 * (middle[k] + f * (end[k] - middle[k]));
      image.data[at++] = 255;
    }
    context.putImageData(image, 0, 0);
  });
}

// A matrix as colours around 0: {width, height, rows: [[value, ...], ...], most, title, x, y}; columns lie evenly over x's domain.
// Its tooltips are the chart's tipAt(x, y).
function mapSpec(map) {
  return {
    $schema: 'vega', width: map.width, height: map.height, padding: 4, autosize: {type: 'fit', contains: 'padding'},
    scales: [
      {name: 'x', type: 'linear', domain: map.x.domain, range: 'width', zero: false, nice: false},
      {name: 'y', type: 'linear', domain: [map.rows.length, 0], range: 'height', zero: false, nice: false},
      {name: 'c', type: 'linear', domain: [-map.most, 0, map.most], range: [themeColours().inhibitory, themeColours().paper, themeColours().excitatory], clamp: true, zero: false},
    ],
    axes: [{...axisOf('x', 'bottom', map.x, map.width), grid: false}, {...axisOf('y', 'left', map.y, map.height), grid: false}],
    legends: [{fill: 'c', orient: 'right', title: map.title, titleColor: themeColours().ink, gradientLength: Math.min(160, map.height - 30), titleFontWeight: 500}],
    marks: [{type: 'image', encode: {enter: {url: {value: matrixImage(map.rows, map.most)}, aspect: {value: false}, smooth: {value: map.rows.length > map.height}, tooltip: {value: ' '}},
                                     update: {x: {value: 0}, y: {value: 0}, width: {signal: 'width'}, height: {signal: 'height'}}}}],
  };
}

// Rows of dots with intervals, a panel for each score: {width, rows: [label, ...], panels: [{title, x, dots: [{row, x, low, high, colour, tip}]}]}.
// `low` and `high` may be missing. The panels stand side by side where there is room, else one under the other.
function dotsSpec(dots) {
  const columns = dots.width >= 900 ? dots.panels.length : dots.width >= 560 ? 2 : 1;
  const left = 168, gap = 26, below = 66, width = Math.floor((dots.width - left - 14 - gap * (columns - 1)) / columns), height = 25 * dots.rows.length;
  const lines = Math.ceil(dots.panels.length / columns);
  const marks = dots.panels.map((panel, p) => {
    const x = 'x' + p, y = 'rows', from = {data: 'dots' + p}, row = {scale: y, field: 'row'};
    return {
      type: 'group', encode: {enter: {x: {value: (p % columns) * (width + gap)}, y: {value: Math.floor(p / columns) * (height + below)}, width: {value: width}, height: {value: height}}},
      signals: [{name: 'width', value: width}, {name: 'height', value: height}],  // the length of grid lines
      scales: [scaleOf(x, {...panel.x, clamp: true}, panel.dots.flatMap((d) => [d.x, d.low, d.high].filter((v) => v !== undefined)), [0, width]), {name: y, type: 'point', domain: dots.rows, range: [0, height], padding: 0.5}],
      axes: [axisOf(x, 'bottom', panel.x, width), {scale: y, orient: 'left', labels: p % columns === 0, ticks: false, domain: false, grid: true, labelLimit: left - 12, labelPadding: 8}],
      title: {text: panel.title, offset: 5, frame: 'group'},
      marks: [
        {type: 'rule', from, encode: {enter: {x: {scale: x, field: 'low'}, x2: {scale: x, field: 'high'}, y: row, stroke: {field: 'colour'}, strokeWidth: {value: 2}, opacity: {signal: 'isValid(datum.low) ? 0.65 : 0'}}}},
        {type: 'symbol', from, encode: {enter: {x: {scale: x, field: 'x'}, y: row, fill: {field: 'colour'}, size: {value: 70}, tooltip: {field: 'tip'}}}},
      ],
    };
  });
  return {$schema: 'vega', width: dots.width - left - 14, height: lines * (height + below) - below, padding: {left, right: 14, top: 26, bottom: 40}, autosize: 'none',
          data: dots.panels.map((panel, p) => ({name: 'dots' + p, values: panel.dots})), marks};
}
