// Input spikes that the reader adds to the played trial, and what the twin says to them: live, in the page.

const kBursts = [['1 spike', 1, 1], ['5 spikes in 10 ms', 5, 10], ['20 spikes in 20 ms', 20, 20]];
const kKinds = {excite: 'excitatory', inhibit: 'inhibitory'};

// The synapses of each compartment, by kind: numbers among all, excitatory ones first.
function synapsesByCompartment(neuron) {
  const {excitatory_compartment, inhibitory_compartment} = neuron.synapses, places = neuron.compartments.region.map(() => ({excite: [], inhibit: []}));
  excitatory_compartment.forEach((c, s) => places[c].excite.push(s));
  inhibitory_compartment.forEach((c, s) => places[c].inhibit.push(excitatory_compartment.length + s));
  return places;
}

// A burst on synapses side by side, one after the other: [{channel, ms}], as far as it falls into the trial.
function burstOn(synapses, at_ms, [, spikes, over_ms], duration_ms) {
  const all = Array.from({length: spikes}, (_, k) => ({channel: synapses[k % synapses.length], ms: Math.floor(at_ms) + Math.floor((k * over_ms) / spikes)}));
  return all.filter(({ms}) => ms < duration_ms);
}

// Strokes of added spikes over a trial, and the twin's courses with them and without: {spikes(), begin() a stroke, add(spikes), undo(), clear(), with, without}.
function addedSpikes(twin, trial, excitatorySynapses) {
  const given = channelsByMs(trial, excitatorySynapses), extra = new Map();
  let strokes = [];
  const without = courseOf(twin, (ms) => given[ms], trial.duration_ms);
  const withThem = courseOf(twin, (ms) => (extra.has(ms) ? given[ms].concat(extra.get(ms)) : given[ms]), trial.duration_ms);
  const spikes = () => strokes.flat();
  function take(changed) {
    extra.clear();
    for (const {channel, ms} of spikes()) { if (!extra.has(ms)) extra.set(ms, []); extra.get(ms).push(channel); }
    if (changed.length) withThem.again(Math.min(...changed.map(({ms}) => ms)));
  }
  return {
    spikes, with: withThem, without, excitatorySynapses,
    begin() { strokes = strokes.filter((s) => s.length); strokes.push([]); },
    add(more) { if (!strokes.length) strokes.push([]); strokes[strokes.length - 1].push(...more); take(more); },
    undo() { strokes = strokes.filter((s) => s.length); take(strokes.pop() || []); },
    clear() { const gone = spikes(); strokes = []; take(gone); },
  };
}

// What the added spikes change from the first of them to `until`, in words.
function answerWords(added, until, threshold) {
  const spikes = added.spikes(), from = Math.min(...spikes.map(({ms}) => ms));
  const total = `${plural(spikes.length, 'input spike')} added. `;
  if (from >= until) return total + 'They lie after what the traces show.';
  const changes = (key) => {
    let at = from;
    const change = (t) => added.with[key][t] - added.without[key][t];
    for (let t = from; t < until; ++t) if (Math.abs(change(t)) > Math.abs(change(at))) at = t;
    return {at, change: change(at)};
  };
  const signed = (v, digits) => (v < 0 ? '−' : '+') + Math.abs(v).toFixed(digits);
  const volts = changes('soma_mV'), chance = changes('spike_probability');
  let words = `${total}Greatest change on these traces: ${signed(volts.change, 2)} mV at ${volts.at} ms; spike probability ${signed(100 * chance.change, 1)} points at ${chance.at} ms.`;
  if (threshold !== undefined) {
    const count = (course) => spikesAbove(course.spike_probability.subarray(0, until), threshold).filter((t) => t >= from).length;
    words += ` Output spikes of the twin from then on: ${count(added.with)}, without them ${count(added.without)}.`;
  }
  return words;
}

// The controls and what they do: {element, mode(), press(compartment), paint(compartment), lights(glow), answer(), say(until), withoutPicture()}.
// `now()`: where the trial stands; `changed()`: other spikes are to be shown.
function addedInput(neuron, trial, threshold, now, changed) {
  const c = neuron.compartments, places = synapsesByCompartment(neuron);
  let added = null;  // the twin is unpacked when it is first asked
  const ready = () => (added = added || addedSpikes(liveTwin(neuron.twin), trial, neuron.synapses.excitatory_compartment.length));
  let mode = 'turn', touched = new Set();

  const says = make('output', {id: 'added-says', class: 'caption', 'aria-live': 'polite'}, 'Nothing is added yet.');
  const radio = (value, words) => {
    const input = make('input', {type: 'radio', name: 'added-mode', value, ...(value === mode ? {checked: ''} : {})});
    input.onchange = () => { mode = value; changed(); };
    return make('label', {}, [input, words]);
  };
  const modes = make('fieldset', {class: 'modes'}, [make('legend', {}, 'A click on the neuron'), radio('turn', 'turns it'), radio('excite', 'excites'), radio('inhibit', 'inhibits')]);
  const burst = make('select', {id: 'added-burst'}, kBursts.map(([words], i) => make('option', {value: i, ...(i === 1 ? {selected: ''} : {})}, words)));
  const first = Math.max(0, places.findIndex((p) => p.excite.length));
  const number = make('input', {type: 'number', id: 'added-compartment', min: 0, max: places.length - 1, step: 1, value: first});
  const where = make('span', {class: 'caption'});
  const nameOf = (k) => `${c.section[k]}(${+c.x[k].toFixed(3)}), ${c.region[k]}, ${c.path_um[k].toFixed(0)} µm`;
  const show = (k) => { where.textContent = nameOf(k); };
  number.oninput = () => { if (places[+number.value]) show(+number.value); };
  show(first);
  const button = (id, words, title, action) => { const b = make('button', {type: 'button', id, title}, words); b.onclick = action; return b; };
  const shown = make('input', {type: 'checkbox', id: 'added-with', checked: ''});
  shown.onchange = () => changed();

  function put(kind, compartment) {
    const synapses = places[compartment] && places[compartment][kind];
    if (!synapses) { says.textContent = `There is no compartment ${number.value}; they are counted from 0 to ${places.length - 1}.`; return; }
    number.value = compartment;
    show(compartment);
    if (!synapses.length) { says.textContent = `There is no ${kKinds[kind]} synapse on ${nameOf(compartment)} from the soma.`; return; }
    shown.checked = true;
    ready().add(burstOn(synapses, now(), kBursts[+burst.value], trial.duration_ms));
    changed();
  }
  const once = (kind) => () => { ready().begin(); put(kind, number.value === '' ? -1 : +number.value); };
  const undo = button('added-undo', 'undo', 'take the last burst or stroke away', () => { ready().undo(); changed(); });
  const clear = button('added-clear', 'clear', 'take all added spikes away', () => { ready().clear(); changed(); });
  const element = make('div', {class: 'added'}, [
    make('h2', {}, 'Ask the twin'),
    make('p', {class: 'caption'}, 'Let clicks excite or inhibit, then click the neuron or paint over its dendrites: each place gets a burst of input spikes at the time shown, and the twin, which runs in this page, answers at once.'),
    make('div', {class: 'controls'}, [modes, make('label', {}, ['with', burst])]),
    says,
    make('div', {class: 'controls'}, [undo, clear, make('label', {}, [shown, 'replay with the added input'])]),
    make('div', {class: 'controls'}, [make('label', {}, ['or without a mouse: compartment', number]), where, button('added-excite', 'excite', 'add excitation to this compartment', once('excite')), button('added-inhibit', 'inhibit', 'add inhibition to this compartment', once('inhibit'))])]);
  // What takes longest the first time is done before the first click.
  for (const event of ['pointerenter', 'focusin']) element.addEventListener(event, () => { ready().without.until(now()); added.with.until(now()); }, {once: true});
  return {
    element,
    mode: () => mode,
    ready,
    press(compartment) { ready().begin(); touched = new Set([compartment]); put(mode, compartment); },
    paint(compartment) { if (!touched.has(compartment)) { touched.add(compartment); put(mode, compartment); } },
    any: () => added !== null && added.spikes().length > 0,
    // The answer to show; null: that of the trial as it was.
    answer: () => (added && shown.checked && added.spikes().length ? added : null),
    // Added spikes stay lit, that one sees where they are.
    light(glow) { if (added && shown.checked) for (const {channel} of added.spikes()) glow[channel] = Math.max(glow[channel], 0.85); },
    say(until) {
      if (!added || !added.spikes().length) { says.textContent = 'Nothing is added yet.'; return; }
      added.with.until(until);
      added.without.until(until);
      says.textContent = answerWords(added, until, threshold);
    },
    withoutPicture() { modes.remove(); },
  };
}
