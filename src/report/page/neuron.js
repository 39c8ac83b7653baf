// The neuron of the report: its shape in 3-D, what colours it, and one trial played on it.

// What a compartment may be coloured by: {name, unit, values: [compartment], null for none} or {name, categories} or {name, unit, playing: true}.
function neuronQuantities(neuron) {
  const c = neuron.compartments, {excitatory_compartment, inhibitory_compartment} = neuron.synapses;
  const perCompartment = (values, compartments) => {  // the mean over the synapses that are on it
    const sum = c.region.map(() => 0), count = c.region.map(() => 0);
    values.forEach((v, s) => { if (v !== null) { sum[compartments[s]] += v; ++count[compartments[s]]; } });
    return sum.map((v, i) => (count[i] ? v / count[i] : null));
  };
  const list = neuron.trial && neuron.trial.voltages ? [{name: 'voltage while the trial plays', unit: 'mV', playing: true}] : [];
  list.push({name: 'region', categories: c.region});
  list.push({name: 'path distance from the soma', unit: 'µm', values: c.path_um}, {name: 'diameter', unit: 'µm', values: c.diameter_um}, {name: 'membrane area', unit: 'µm²', values: c.area_um2});
  for (const q of neuron.quantities) {
    const categories = q.values.some((v) => typeof v === 'string');
    if (categories && q.per === 'compartment') { list.push({name: q.name, categories: q.values}); continue; }
    if (categories) continue;
    if (q.per === 'compartment') { list.push({name: q.name, unit: q.unit, values: q.values}); continue; }
    const first = excitatory_compartment.length;
    for (const [kind, values, on] of [['excitatory', q.values.slice(0, first), excitatory_compartment], ['inhibitory', q.values.slice(first), inhibitory_compartment]])
      if (values.some((v) => v !== null)) list.push({name: `${q.name}, ${kind} synapses`, unit: q.unit, values: perCompartment(values, on)});
  }
  return list;
}

// Stops of a scale, from low to high. On white, high is dark; on black, high is light.
function scaleStops(signed) {
  const dark = document.documentElement.dataset.theme === 'dark', c = themeColours();
  if (signed) return [c.inhibitory, dark ? '#4a545d' : '#c9d0d6', c.excitatory];
  return dark ? ['#46566e', '#5f67b8', '#a455b4', '#ea6079', '#ff9f4a', '#fff0a0'] : ['#b4c2d3', '#7c97c9', '#6f5bb0', '#b5348a', '#d9402c', '#7a1200'];
}
// Parts have the colours that they have in the charts.
const regionColours = () => ({...partColours(), apical: partColours().trunk});
const kMoreColours = [['#009e73', '#2fc79d'], ['#d55e00', '#ff8a3d'], ['#56708f', '#a8c4e6'], ['#8c564b', '#c99a8e'], ['#bb2222', '#ff7777']];

function rgbTable(stops) {
  const of = stops.map(rgbOf), table = new Uint8Array(3 * 256);
  for (let i = 0; i < 256; ++i) {
    const at = (i / 255) * (of.length - 1), k = Math.min(of.length - 2, Math.floor(at)), f = at - k;
    for (let j = 0; j < 3; ++j) table[3 * i + j] = Math.round(255 * (of[k][j] + f * (of[k + 1][j] - of[k][j])));
  }
  return table;
}

// The range that a quantity's colours cover: all but a fiftieth at either end, so that one soma does not make all dendrites alike.
function rangeOf(values) {
  const sorted = values.filter((v) => v !== null && isFinite(v)).sort((a, b) => a - b);
  if (!sorted.length) return {low: 0, high: 1};
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  let low = at(0.02), high = at(0.98);
  if (low < 0 && high > 0) { high = Math.max(-low, high); return {low: -high, high, signed: true}; }
  if (low > 0 && low < 0.4 * high) low = 0;
  return {low, high: high > low ? high : low + 1};
}

function neuronSection(neuron, metrics) {
  const quantities = neuronQuantities(neuron), trial = neuron.trial && neuron.trial.voltages ? neuron.trial : null;
  const compartments = neuron.compartments.region.length, rgb = new Uint8Array(3 * compartments);
  const state = {t: 0, playing: false, turning: !matchMedia('(prefers-reduced-motion: reduce)').matches, shown: quantities[0], visible: true};
  const voltages = trial && voltagesOf(trial);
  const voltageRange = voltages && (() => {
    const sample = Array.from(voltages.levels.filter((_, i) => i % 37 === 0), voltages.mV).sort((a, b) => a - b);
    const at = (share) => sample[Math.floor(share * (sample.length - 1))];
    return {low: 5 * Math.floor(at(0.01) / 5), high: 5 * Math.ceil(at(0.999) / 5)};
  })();
  if (trial) state.t = trial.opens_ms;
  let view = null, palette = null, overlays = [];

  const scene = make('div', {class: 'scene', tabindex: 0, role: 'group', 'aria-label': 'The neuron in three dimensions. Arrow keys turn it, plus and minus zoom, shift with arrows moves it, Home shows all of it, space plays the trial.'});
  const choose = make('select', {id: 'colour-by'}, quantities.map((q, i) => make('option', {value: i}, q.unit ? `${q.name} (${q.unit})` : q.name)));
  const legend = make('div', {class: 'legend'});
  const button = (words, title, action) => { const b = make('button', {type: 'button', title, 'aria-label': title}, words); b.onclick = action; return b; };

  function colour() {
    const q = state.shown, stops = palette.table, none = rgbOf(themeColours().line).map((v) => Math.round(255 * v));
    if (q.playing) {
      const from = Math.min(voltages.samples - 1, Math.floor(state.t / voltages.step_ms)) * compartments, {low, high} = voltageRange;
      for (let c = 0; c < compartments; ++c) {
        const i = 3 * Math.max(0, Math.min(255, Math.round((255 * (voltages.mV(voltages.levels[from + c]) - low)) / (high - low))));
        for (let k = 0; k < 3; ++k) rgb[3 * c + k] = stops[i + k];
      }
    } else if (q.categories) {
      q.categories.forEach((name, c) => rgb.set(palette.of.get(name), 3 * c));
    } else {
      const {low, high} = palette.range;
      q.values.forEach((v, c) => {
        if (v === null) return rgb.set(none, 3 * c);
        const i = 3 * Math.max(0, Math.min(255, Math.round((255 * (v - low)) / (high - low))));
        rgb.set(stops.subarray(i, i + 3), 3 * c);
      });
    }
    if (view) view.setColours(rgb);
  }

  function choosePalette() {
    const q = state.shown, dark = document.documentElement.dataset.theme === 'dark' ? 1 : 0;
    if (q.categories) {
      const names = [...new Set(q.categories)], regions = regionColours(), more = names.filter((n) => !regions[n]);
      const hex = (n) => regions[n] || kMoreColours[more.indexOf(n) % kMoreColours.length][dark];
      palette = {of: new Map(names.map((n) => [n, rgbOf(hex(n)).map((v) => Math.round(255 * v))]))};
      legend.replaceChildren(make('div', {class: 'key'}, names.map((n) => make('span', {}, [make('i', {style: `background:${hex(n)}`}), n]))));
    } else {
      const range = q.playing ? voltageRange : rangeOf(q.values), stops = scaleStops(range.signed);
      palette = {range, table: rgbTable(stops)};
      const ticks = [0, 0.25, 0.5, 0.75, 1].map((f) => range.low + f * (range.high - range.low));
      const missing = q.values && q.values.includes(null);
      legend.replaceChildren(
        make('div', {class: 'bar', style: `background:linear-gradient(to right, ${stops.join(', ')})`}), make('div', {class: 'ticks'}, ticks.map((v) => make('span', {}, String(+v.toPrecision(3))))),
        make('div', {class: 'caption'}, (q.unit || '') + (missing ? `${q.unit ? '; ' : ''}faint: no such synapse` : '')));
    }
  }

  // Input spikes light up and fade within some ms of the trial's time.
  const kFade_ms = 6;
  function light() {
    if (!view || !trial) return;
    view.glow.fill(0);
    if (added) added.light(view.glow);
    if (!state.shown.playing && !state.playing) return view.touch();  // nothing moves: they would hide what is shown
    const first = neuron.synapses.excitatory_compartment.length;
    for (const [events, offset] of [[trial.excitatory, 0], [trial.inhibitory, first]]) {
      let low = 0, high = events.time_ms.length;
      const from = state.t - 4 * kFade_ms;
      while (low < high) { const middle = (low + high) >> 1; if (events.time_ms[middle] < from) low = middle + 1; else high = middle; }
      for (; low < events.time_ms.length && events.time_ms[low] <= state.t; ++low) view.glow[offset + events.synapse[low]] = Math.exp(-(state.t - events.time_ms[low]) / kFade_ms);
    }
    view.touch();
  }

  // --- the trial's controls
  let traces = null, slider = null, label = null, playButton = null, speed = null, added = null;
  const traceBox = make('div', {class: 'trace-box'});
  function showTime() {
    if (!trial) return;
    slider.value = Math.floor(state.t);
    label.textContent = `${Math.floor(state.t)} ms`;
    traces.move(state.t);
    light();
    if (added) sayAnswer();
    if (state.shown.playing) colour();
    wake();
  }
  // Other input than before: the twin's answer on what the traces show, at once.
  let said = '';
  function sayAnswer(anew) {
    const until = traces.shown()[1];
    if (!anew && said === until) return;
    said = until;
    added.say(until);
  }
  function answer() {
    if (added.mode() !== 'turn') state.turning = false;
    scene.classList.toggle('painting', added.mode() !== 'turn');
    traces.answer(added.answer(), state.t);
    trialParts.key();
    sayAnswer(true);
    light();
    wake();
  }
  function play(on) {
    state.playing = on && trial !== null;
    light();
    if (playButton) playButton.textContent = state.playing ? 'pause' : 'play';
    wake();
  }
  const seek = (t) => { state.t = t; showTime(); };
  const trialParts = [];
  if (trial) {
    traces = trialTraces(trial, metrics['spike.threshold'], (t) => { play(false); seek(t); });
    playButton = button('play', 'play or pause the trial', () => play(!state.playing));
    playButton.id = 'play';
    slider = make('input', {type: 'range', id: 'trial-time', min: 0, max: trial.duration_ms - 1, step: 1, 'aria-label': 'time in the trial in ms'});
    slider.oninput = () => seek(+slider.value);
    label = make('output', {class: 'time', id: 'trial-label'});
    speed = make('select', {'aria-label': 'speed'}, [[10, '1/100'], [20, '1/50'], [50, '1/20'], [100, '1/10'], [250, '1/4']].map(([v, words]) => make('option', {value: v, ...(v === 50 ? {selected: ''} : {})}, `${words} of real time`)));
    traceBox.append(traces.canvas);
    const key = make('div', {class: 'key'});
    trialParts.push(
      make('h2', {}, `Test trial ${trial.trial}: ${plural(trial.spikes_ms.length, 'output spike')}`),
      make('p', {class: 'caption'}, 'Never trained on. Dots light up where input spikes arrive; colours are the simulated voltages of the dendrites. Point at the traces to go there.'),
      make('div', {class: 'controls'}, [playButton, slider, label, speed]), traceBox, key);
    if (neuron.twin && !neuron.twin.why_not) {
      added = addedInput(neuron, trial, metrics['spike.threshold'], () => state.t, answer);
    } else if (neuron.twin) {
      trialParts.push(make('p', {class: 'caption added', id: 'added-why-not'}, `This twin does not run in the page. ${neuron.twin.why_not}`));
    }
    trialParts.key = () => {
      const c = themeColours();
      key.replaceChildren(...[['excitatory input', c.excitatory], ['inhibitory input', c.inhibitory], ...(added && added.answer() ? [['neuron, without the added input', c.truth], ['twin', c.predicted], ['twin without it', c.predicted, kPale]] : [['neuron', c.truth], ['twin', c.predicted]]), ['now', c.threshold]].map(([words, hex, opacity = 1]) => make('span', {}, [make('i', {style: `background:${hex};opacity:${opacity}`}), words])));
    };
  }

  const c = neuron.compartments, one = quantities.filter((q) => q.values);
  const numbers = dataTable({id: 'neuron', get table() {
    return {columns: ['compartment', 'section', 'x', 'region', 'length (um)', ...one.map((q) => (q.unit ? `${q.name.replaceAll(',', '')} (${q.unit})` : q.name.replaceAll(',', '')))],
            rows: c.section.map((name, i) => [i, name, c.x[i], c.region[i], c.length_um[i], ...one.map((q) => q.values[i])])};
  }});
  const turnButton = button('turn', 'turn by itself, or stop', () => { state.turning = !state.turning; wake(); });
  // What the traces show, from its start to its end, at the speed that is chosen.
  let filming = null;
  const filmButton = button('film', 'play what the traces show and save it as a video', () => {
    if (filming) return endFilm();
    const [from, to] = traces.shown();
    seek(from);
    filming = film([view.canvas, traces.canvas], (blob, type) => save(`trial.${type.startsWith('video/mp4') ? 'mp4' : 'webm'}`, type, blob));
    if (!filming) return;
    filming.until = to;
    filmButton.textContent = 'stop';
    play(true);
  });
  function endFilm() {
    filming.stop();
    filming = null;
    filmButton.textContent = 'film';
    play(false);
  }
  const tools = make('div', {class: 'tools'}, [
    button('+', 'zoom in', () => { view.zoom(1.3); wake(); }), button('−', 'zoom out', () => { view.zoom(1 / 1.3); wake(); }), button('all', 'show all of it', () => { view.reset(); wake(); }), turnButton,
    button('SVG', 'save the picture as SVG', () => { view.draw(); save('neuron.svg', 'image/svg+xml', neuronAsSvg(view, rgb)); }),
    button('PNG', 'save the picture as PNG', () => save('neuron.png', 'image/png', view.picture(kPngWidth))), ...(trial && window.MediaRecorder ? [filmButton] : []), numbers]);
  const section = make('section', {class: 'neuron', 'aria-label': 'The neuron'}, [
    make('div', {class: 'neuron-picture'}, [scene, tools, ...(added ? [added.element] : [])]),
    make('div', {class: 'neuron-side'}, [make('div', {class: 'controls'}, [make('label', {for: 'colour-by'}, 'colour by'), choose]), legend, ...trialParts]),
  ]);
  choose.onchange = () => { state.shown = quantities[+choose.value]; choosePalette(); colour(); light(); wake(); };

  // --- the loop: only while something moves and the neuron is in sight
  let waiting = false, last = 0;
  function wake() {
    const moving = view ? view.dirty || (state.visible && (state.turning || state.playing)) : state.playing;
    if (waiting || !moving) return;
    waiting = true;
    requestAnimationFrame(frame);
  }
  function frame(now) {
    waiting = false;
    if (!state.playing && !(view && view.dirty) && now - last < 30) return wake();  // turning slowly needs no more pictures
    const passed = Math.min(100, now - last);
    last = now;
    if (state.playing && passed > 0) {
      state.t += (passed / 1000) * +speed.value;
      if (filming && state.t >= filming.until) { state.t = filming.until - 1; endFilm(); }
      if (state.t >= trial.duration_ms) state.t = 0;
      showTime();
    }
    if (view && state.turning && state.visible) view.turn((passed / 45000) * 2 * Math.PI, 0);
    if (view && view.dirty) {
      view.draw();
      overlays.forEach((o) => o.update());
      if (!scene.dataset.drawn) { scene.dataset.drawn = 'yes'; performance.mark('neuron-drawn'); }
    }
    wake();
  }

  // --- mouse, touch and keys on the picture
  function listen() {
    let held = null, painting = false;
    scene.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      if (added && added.mode() !== 'turn') {
        const box = scene.getBoundingClientRect(), at = view.pick(event.clientX - box.left, event.clientY - box.top);
        painting = true;
        scene.setPointerCapture(event.pointerId);
        if (at >= 0) added.press(at);
        return;
      }
      held = [event.clientX, event.clientY];
      state.turning = false;
      scene.setPointerCapture(event.pointerId);
    });
    scene.addEventListener('pointermove', (event) => {
      if (held) {
        const dx = event.clientX - held[0], dy = event.clientY - held[1];
        held = [event.clientX, event.clientY];
        if (event.shiftKey) view.pan(dx, dy); else view.turn(-dx / 150, dy / 150);
        return wake();
      }
      const box = scene.getBoundingClientRect(), at = view.pick(event.clientX - box.left, event.clientY - box.top);
      if (painting && at >= 0) added.paint(at);
      const q = state.shown;
      const value = at < 0 ? '' : q.playing ? `${voltages.mV(voltages.levels[Math.min(voltages.samples - 1, Math.floor(state.t / voltages.step_ms)) * compartments + at]).toFixed(0)} mV` : q.categories ? q.categories[at] : q.values[at] === null ? 'none' : `${+q.values[at].toPrecision(4)} ${q.unit || ''}`;
      tooltip.show(null, event, null, at < 0 ? null : `${c.section[at]}(${+c.x[at].toFixed(3)}), ${c.region[at]}, ${c.path_um[at].toFixed(0)} µm from the soma` + (q.categories === c.region ? '' : `\n${value}`));
    });
    for (const end of ['pointerup', 'pointercancel']) scene.addEventListener(end, () => { held = null; painting = false; });
    scene.addEventListener('pointerleave', (event) => tooltip.show(null, event, null, null));
    scene.addEventListener('dblclick', (event) => {
      if (added && added.mode() !== 'turn') return;
      const box = scene.getBoundingClientRect(), at = view.pick(event.clientX - box.left, event.clientY - box.top);
      if (at >= 0) { view.lookAt(at); view.zoom(2); wake(); }
    });
    scene.addEventListener('wheel', (event) => {  // else the page scrolls, as people expect of a page
      if (document.activeElement !== scene && !event.ctrlKey) return;
      event.preventDefault();
      view.zoom(Math.exp(-event.deltaY / 500));
      wake();
    }, {passive: false});
    scene.addEventListener('keydown', (event) => {
      const step = 0.12, move = event.shiftKey;
      const keys = {ArrowLeft: () => (move ? view.pan(30, 0) : view.turn(-step, 0)), ArrowRight: () => (move ? view.pan(-30, 0) : view.turn(step, 0)), ArrowUp: () => (move ? view.pan(0, 30) : view.turn(0, step)), ArrowDown: () => (move ? view.pan(0, -30) : view.turn(0, -step)),
                    '+': () => view.zoom(1.2), '=': () => view.zoom(1.2), '-': () => view.zoom(1 / 1.2), Home: () => view.reset(), ' ': () => play(!state.playing)};
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key !== ' ') state.turning = false;
      event.preventDefault();
      keys[event.key]();
      wake();
    });
  }

  function resize() {
    if (view) { view.resize(); view.draw(); }
    if (traces) traces.resize(state.t);
  }
  return {
    section,
    // Once the section is in the page and that has been painted: the graphics card may take its time.
    start() {
      choosePalette();
      if (trial) { trialParts.key(); traces.resize(state.t); }
      view = neuronView(neuron);
      if (!view) {
        scene.classList.add('without');
        scene.append(make('p', {}, 'The neuron is not drawn, for this browser offers no WebGL. Its numbers are in the table below and in neuron.json.'));
        tools.querySelectorAll(':scope > button').forEach((b) => b.remove());
        scene.removeAttribute('tabindex');
        if (added) added.withoutPicture();
      } else {
        const parts = neuron.quantities.find((q) => q.per === 'compartment' && q.name === 'part');
        overlays = [scaleBar(view), partLabels(view, parts ? parts.values : c.region, c.path_um)];
        scene.append(make('div', {class: 'stage'}, [view.canvas, ...overlays.map((o) => o.element)]));
        view.resize();
        listen();
        new IntersectionObserver(([entry]) => { state.visible = entry.isIntersecting; wake(); }).observe(scene);
        colour();
      }
      if (trial) showTime();
      wake();
    },
    setTheme() {
      choosePalette();
      if (view) view.setTheme();
      if (trial) { trialParts.key(); traces.redraw(state.t); }
      colour();
      if (view) view.draw();
    },
    resize,
    view: () => view,
    added: () => added && added.ready(),
    still() { play(false); state.turning = false; resize(); },
  };
}
