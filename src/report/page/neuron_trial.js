// The trial that the neuron plays, as traces under a line that moves with the time: input, output spikes, probability, somatic voltage.
const kTrialPanels = [['input', 62], ['spikes', 54], ['voltage', 120]];
const kPale = 0.4;  // of the twin's traces without added input, where there is some

function voltagesOf(trial) {
  const {step_ms, samples, lowest_mV, highest_mV, levels} = trial.voltages;
  return {step_ms, samples, levels, compartments: levels.length / samples, mV: (level) => lowest_mV + (level / 255) * (highest_mV - lowest_mV)};
}

// One spike for each run of bins above the threshold, at its highest, as in the evaluation.
function spikesAbove(probability, threshold) {
  const spikes = [];
  let best = -1;
  probability.forEach((p, t) => {
    if (p > threshold) { if (best < 0 || p > probability[best]) best = t; }
    if (best >= 0 && (p <= threshold || t + 1 === probability.length)) { spikes.push(best); best = -1; }
  });
  return spikes;
}

// Spikes per ms over all synapses, mean over a few ms: single ones are seen on the neuron.
function inputRate(events, duration_ms) {
  const rate = new Float32Array(duration_ms), half = 2;
  for (const t of events.time_ms) for (let k = Math.max(0, t - half); k <= Math.min(duration_ms - 1, t + half); ++k) rate[k] += 1 / (2 * half + 1);
  return rate;
}

// {canvas, resize(), redraw(t): everything anew, move(t): the line only, answer(added, t): the twin's answer to added spikes (added_input.js), or null}.
// `seek(t)` is called where the user points.
function trialTraces(trial, threshold, seek) {
  const canvas = make('canvas', {class: 'traces', role: 'img', 'aria-label': 'Traces of the trial: input spikes per ms, output spikes and their predicted probability, somatic voltage of neuron and twin'});
  const still = document.createElement('canvas');
  const duration = trial.duration_ms, left = 46, right = 8, top = 18, gap = 24;
  const excitation = inputRate(trial.excitatory, duration), inhibition = inputRate(trial.inhibitory, duration);
  const predictedSpikes = threshold === undefined ? [] : spikesAbove(trial.predicted_spike_probability, threshold);
  const most = Math.max(1e-3, ...excitation, ...inhibition);
  // A millisecond's probability is small even where a spike is nearly certain: the axis ends where the curve does.
  let mostLikely = 1.1 * Math.max(1e-3, 1.5 * (threshold || 0), ...trial.predicted_spike_probability);
  // Output spikes would press all else together: cut off a little above what the twin predicts.
  let [low, highest] = extent([...trial.soma_mV, ...trial.predicted_soma_mV]), high = Math.min(highest, Math.max(-50, extent(trial.predicted_soma_mV)[1]) + 8);
  const height = top + kTrialPanels.reduce((sum, [, h]) => sum + h + gap, 0) + 4;
  let width = 1, ratio = 1, span = 1000, start = -1, answer = null;

  const x = (t) => left + ((t - start) / span) * (width - left - right);
  const pageOf = (t) => Math.min(Math.floor(t / span) * span, Math.max(0, duration - 1));

  // The axes grow with what the twin says to added spikes.
  function makeRoom(last) {
    if (!answer) return;
    answer.with.until(last);
    mostLikely = Math.max(mostLikely, 1.1 * extent(answer.with.spike_probability.subarray(start, last))[1]);
    const [lowest, most_mV] = extent(answer.with.soma_mV.subarray(start, last));
    low = Math.min(low, lowest);
    high = Math.max(high, most_mV + 2);
  }

  function paint() {
    const c = themeColours(), p = still.getContext('2d');
    makeRoom(Math.min(duration, start + span));
    p.setTransform(ratio, 0, 0, ratio, 0, 0);
    p.clearRect(0, 0, width, height);
    p.font = '11px system-ui, "Segoe UI", "Liberation Sans", sans-serif';
    const last = Math.min(duration, start + span);
    const text = (words, tx, ty, align, colour) => { p.fillStyle = colour; p.textAlign = align; p.fillText(words, tx, ty); };
    const line = (values, y, colour, lineWidth, alpha = 1) => {
      p.globalAlpha = alpha;
      p.beginPath();
      for (let t = start; t < last; ++t) p.lineTo(x(t), y(values[t]));
      p.strokeStyle = colour; p.lineWidth = lineWidth; p.lineJoin = 'round'; p.stroke();
      p.globalAlpha = 1;
    };
    // The twin's answer, and paler what it said without the added spikes.
    const twinLine = (without, withThem, y) => {
      line(without, y, c.predicted, 1.4, answer ? kPale : 1);
      if (answer) line(withThem, y, c.predicted, 1.6);
    };
    let y0 = top;
    for (const [name, h] of kTrialPanels) {
      const scale = (a, b) => (v) => y0 + h - ((v - a) / (b - a)) * h;
      p.strokeStyle = c.line; p.lineWidth = 1;
      p.strokeRect(left, y0 + 0.5, width - left - right, h);
      p.save();
      p.beginPath(); p.rect(left, y0 - 1, width - left - right, h + 2); p.clip();
      if (name === 'input') {
        const y = scale(-most, most);
        for (const [rate, sign, colour] of [[excitation, 1, c.excitatory], [inhibition, -1, c.inhibitory]]) {
          p.beginPath(); p.moveTo(x(start), y(0));
          for (let t = start; t < last; ++t) p.lineTo(x(t), y(sign * rate[t]));
          p.lineTo(x(last - 1), y(0)); p.fillStyle = colour; p.globalAlpha = 0.8; p.fill(); p.globalAlpha = 1;
        }
        for (const {channel, ms} of answer ? answer.spikes() : []) {
          const excites = channel < answer.excitatorySynapses;
          p.fillStyle = excites ? c.excitatory : c.inhibitory;
          if (ms >= start && ms < last) p.fillRect(x(ms) - 1, excites ? y0 + 1 : y0 + h - 9, 2, 9);
        }
      } else if (name === 'spikes') {
        const y = scale(0, 1.9 * mostLikely);
        if (threshold !== undefined) {
          p.setLineDash([5, 4]); p.beginPath(); p.moveTo(x(start), y(threshold)); p.lineTo(x(last), y(threshold)); p.strokeStyle = c.threshold; p.lineWidth = 1; p.stroke(); p.setLineDash([]);
        }
        twinLine(trial.predicted_spike_probability, answer && answer.with.spike_probability, y);
        const tick = (t, from, to, colour) => { p.fillStyle = colour; p.fillRect(x(t) - 1, from, 2, to - from); };
        for (const t of trial.spikes_ms) if (t >= start && t < last) tick(t, y0 + 3, y0 + 13, c.truth);
        p.globalAlpha = answer ? kPale : 1;
        for (const t of predictedSpikes) if (t >= start && t < last) tick(t + 0.5, y0 + 15, y0 + 25, c.predicted);
        p.globalAlpha = 1;
        for (const t of answer && threshold !== undefined ? spikesAbove(answer.with.spike_probability.subarray(0, last), threshold) : [])
          if (t >= start) tick(t + 0.5, y0 + 15, y0 + 25, c.predicted);
      } else {
        const y = scale(low - 1, high);
        line(trial.soma_mV, y, c.truth, 1.4);
        twinLine(trial.predicted_soma_mV, answer && answer.with.soma_mV, y);
      }
      p.restore();
      const title = {input: 'Input spikes per ms: excitatory above, inhibitory below', spikes: threshold === undefined ? 'Output spikes: neuron, twin; its probability' : 'Output spikes: neuron, twin; its probability and the threshold (dashed)', voltage: `Somatic voltage (mV): neuron, twin${high < highest ? '; spikes are cut off' : ''}`}[name];
      text(title, left, y0 - 5, 'left', c.ink);
      if (name === 'input') { text(most.toPrecision(2), left - 5, y0 + 9, 'right', c.quiet); text('0', left - 5, y0 + h / 2 + 4, 'right', c.quiet); text(most.toPrecision(2), left - 5, y0 + h, 'right', c.quiet); }
      if (name === 'spikes') { text(mostLikely.toPrecision(2), left - 5, y0 + h - h / 1.9 + 4, 'right', c.quiet); text('0', left - 5, y0 + h, 'right', c.quiet); }
      if (name === 'voltage') { text(high.toFixed(0), left - 5, y0 + 9, 'right', c.quiet); text(low.toFixed(0), left - 5, y0 + h, 'right', c.quiet); }
      y0 += h + gap;
    }
    const every = [50, 100, 200, 250, 500, 1000].find((step) => (step / span) * (width - left - right) >= 62) || 1000;
    for (let t = start; t <= start + span; t += every) text(t === start ? `${t} ms` : String(t), Math.min(x(t), width - 15), y0 - gap + 15, 'center', c.quiet);
  }

  const traces = {canvas};
  traces.move = (t) => {
    const page = pageOf(t);
    if (page !== start) { start = page; paint(); }
    const p = canvas.getContext('2d'), c = themeColours();
    p.setTransform(1, 0, 0, 1, 0, 0);
    p.clearRect(0, 0, canvas.width, canvas.height);
    p.drawImage(still, 0, 0);
    p.setTransform(ratio, 0, 0, ratio, 0, 0);
    p.fillStyle = c.threshold;
    p.fillRect(x(t) - 0.75, top, 1.5, height - top - gap);
  };
  traces.resize = (t) => {
    width = Math.max(200, canvas.parentElement.clientWidth);
    ratio = Math.min(devicePixelRatio || 1, 2);
    span = Math.min(width < 520 ? 500 : 1000, duration);
    for (const it of [canvas, still]) { it.width = width * ratio; it.height = height * ratio; }
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
    traces.redraw(t);
  };
  traces.shown = () => [start, Math.min(duration, start + span)];
  traces.answer = (added, t) => { answer = added; traces.redraw(t); };
  traces.redraw = (t) => { start = -1; traces.move(t); };
  const point = (event) => seek(Math.max(0, Math.min(duration - 1, Math.round(start + ((event.offsetX - left) / (width - left - right)) * span))));
  canvas.addEventListener('pointerdown', (event) => { canvas.setPointerCapture(event.pointerId); point(event); });
  canvas.addEventListener('pointermove', (event) => { if (event.buttons & 1) point(event); });
  return traces;
}
