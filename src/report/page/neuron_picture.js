// What lies over and leaves the neuron's scene: a scale bar, names of its parts, pictures and a video to save.

// The longest round length (1, 2 or 5 times a power of ten) of at most so many um.
function roundLength(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [5, 2, 1].map((f) => f * power).find((length) => length <= most);
}

// {element, update()}: how long a bar of the scene's depth is. Lengths and places are shares of the picture, which paper shows smaller.
function scaleBar(view) {
  const bar = make('i'), words = make('span'), element = make('div', {class: 'scale-bar', 'aria-hidden': 'true'}, [bar, words]);
  return {element, update() {
    const um = roundLength(90 * view.umPerPixel());
    bar.style.width = `${(100 * um) / view.umPerPixel() / view.size()[0]}%`;
    words.textContent = `${um} µm`;
  }};
}

// {element, update()}: each part's name beside a compartment in its outer half, by the distance from the soma.
function partLabels(view, names, path_um) {
  const parts = [...new Set(names)].filter((name) => name && name !== 'other');
  const labels = parts.map((name) => {
    const of = names.map((n, c) => c).filter((c) => names[c] === name).sort((a, b) => path_um[a] - path_um[b]);
    return {at: of[Math.floor(0.75 * of.length)], span: make('span', {}, name)};
  });
  const element = make('div', {class: 'part-labels', 'aria-hidden': 'true'}, labels.map((l) => l.span));
  return {element, update() {
    const taken = [], [width, height] = view.size();
    for (const {at, span} of labels) {
      let [x, y] = view.place(at);
      while (taken.some(([tx, ty]) => Math.abs(tx - x) < 60 && Math.abs(ty - y) < 15)) y += 5;  // below a name that is there already
      taken.push([x, y]);
      span.style.left = `${(100 * x) / width}%`;
      span.style.top = `${(100 * y) / height}%`;
    }
  }};
}

// The scene as strokes, the far ones first. `rgb`: of each compartment.
function neuronAsSvg(view, rgb) {
  const {width, height, strokes} = view.strokes(), paper = themeColours().paper;
  const lines = strokes.sort((a, b) => b.depth - a.depth).map(({compartment: c, from, to, width: w}) =>
    `<path d="M${from[0].toFixed(2)} ${from[1].toFixed(2)}L${to[0].toFixed(2)} ${to[1].toFixed(2)}" stroke="rgb(${rgb[3 * c]},${rgb[3 * c + 1]},${rgb[3 * c + 2]})" stroke-width="${w.toFixed(2)}"/>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" stroke-linecap="round"><rect width="100%" height="100%" fill="${paper}"/>\n${lines.join('\n')}\n</svg>\n`;
}

// Films canvases side by side until `over()`: {stop()}. `done(blob, type)` gets the film; null where the browser films nothing.
function film(canvases, done) {
  const type = window.MediaRecorder && ['video/webm;codecs=vp9', 'video/webm', 'video/mp4'].find((t) => MediaRecorder.isTypeSupported(t));
  if (!type) return null;
  const tall = 720, sizes = canvases.map((c) => ({c, wide: Math.round((tall * c.width) / c.height)}));
  const sheet = document.createElement('canvas'), gap = 24;
  sheet.height = tall;
  sheet.width = sizes.reduce((sum, s) => sum + s.wide + gap, -gap);
  const p = sheet.getContext('2d'), pieces = [];
  const recorder = new MediaRecorder(sheet.captureStream(30), {mimeType: type, videoBitsPerSecond: 6e6});
  recorder.ondataavailable = (event) => pieces.push(event.data);
  recorder.onstop = () => done(new Blob(pieces, {type}), type);
  let filming = true;
  const draw = () => {
    p.fillStyle = themeColours().paper;
    p.fillRect(0, 0, sheet.width, tall);
    let x = 0;
    for (const {c, wide} of sizes) { p.drawImage(c, x, 0, wide, tall); x += wide + gap; }
    if (filming) requestAnimationFrame(draw);
  };
  draw();
  recorder.start();
  return {stop() { filming = false; recorder.stop(); }};
}
