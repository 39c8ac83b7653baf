// The neuron in 3-D: tubes along the compartments' lines, coloured compartment by compartment, and a dot at each synapse that can light up.
// Only colours and lights change from frame to frame: both are small buffers, the shape is sent to the graphics card once.
const kSides = 7;            // of a tube
const kTexels = 256;         // compartments' colours lie in rows of so many

const kTubeVertex = `
  attribute vec3 axis; attribute float radius; attribute vec2 texel;
  uniform float umPerPixel; uniform sampler2D colours; uniform vec2 depths;
  varying vec3 tint; varying vec3 side; varying float far;
  void main() {
    // From afar thicker than they are, or a dendrite of 1 um on a neuron of 1200 were not to be seen, nor told from a trunk.
    float r = radius > 0.0 ? radius * (1.0 + min(1.0, 0.5 * umPerPixel)) + 0.65 * umPerPixel : 0.0;
    vec4 at = modelViewMatrix * vec4(axis + normal * r, 1.0);
    tint = texture2D(colours, texel).rgb;
    side = normalMatrix * normal;
    far = clamp((-at.z - depths.x) / (depths.y - depths.x), 0.0, 1.0);
    gl_Position = projectionMatrix * at;
  }`;
const kTubeFragment = `
  precision mediump float;
  varying vec3 tint; varying vec3 side; varying float far;
  uniform vec3 paper;
  void main() {
    float light = 0.66 + 0.34 * abs(normalize(side).z);
    gl_FragColor = vec4(mix(tint * light, paper, 0.45 * far), 1.0);
  }`;
const kDotVertex = `
  attribute float glow; attribute vec3 tint;
  uniform float size;
  varying vec4 shade;
  void main() {
    shade = vec4(tint, glow);
    gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
    gl_PointSize = size * (0.35 + 0.65 * glow);
    if (glow < 0.03) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  }`;
const kDotFragment = `
  precision mediump float;
  varying vec4 shade;
  void main() {
    float r = 2.0 * length(gl_PointCoord - 0.5);
    if (r > 1.0) discard;
    gl_FragColor = vec4(shade.rgb, shade.a * (1.0 - r * r * r));
  }`;

// Of each compartment its points [{x, y, z, r}].
function linesOf(neuron) {
  const {points, x_um, y_um, z_um, diameter_um} = neuron.lines;
  let at = 0;
  return points.map((n) => Array.from({length: n}, () => ({x: x_um[at], y: y_um[at], z: z_um[at], r: diameter_um[at++] / 2})));
}

const distance = (p, q) => Math.hypot(p.x - q.x, p.y - q.y, p.z - q.z);

// A soma is traced as a cylinder or as a stack of them: its ends are rounded off here.
function roundedSoma(lines, compartments) {
  const of = compartments.map((c) => lines[c]);
  const whole = of.reduce((sum, line) => sum + line.slice(1).reduce((s, p, i) => s + distance(p, line[i]), 0), 0);
  const end = Math.min(whole / 2, Math.max(...of.flat().map((p) => p.r)));
  const step = end / 8;
  let gone = 0;
  compartments.forEach((c, k) => {
    const line = of[k], fine = [];
    line.slice(1).forEach((q, i) => {
      const p = line[i], length = distance(p, q), pieces = Math.max(1, Math.ceil(length / step));
      for (let j = i ? 1 : 0; j <= pieces; ++j) {
        const f = j / pieces, mix = (key) => p[key] + f * (q[key] - p[key]);
        const inward = Math.min(1, Math.min(gone + f * length, whole - gone - f * length) / end);
        fine.push({x: mix('x'), y: mix('y'), z: mix('z'), r: Math.max(0, mix('r') * Math.sqrt(Math.max(0, 1 - (1 - inward) ** 2)))});
      }
      gone += length;
    });
    lines[c] = fine;
  });
}

// Rings around the points of every line; each line is closed at both ends.
function tubes(THREE, lines) {
  const axis = [], normal = [], radius = [], texel = [], index = [];
  const rows = Math.ceil(lines.length / kTexels);
  const d = new THREE.Vector3(), u = new THREE.Vector3(), v = new THREE.Vector3();
  lines.forEach((line, c) => {
    const s = ((c % kTexels) + 0.5) / kTexels, t = (Math.floor(c / kTexels) + 0.5) / rows;
    u.set(0.36, 0.48, 0.8);  // any direction that no dendrite is likely to have
    const rings = [{...line[0], r: 0}, ...line, {...line[line.length - 1], r: 0}];
    const first = radius.length;
    rings.forEach((p, i) => {
      const j = Math.max(0, Math.min(i - 1, line.length - 1)), from = line[Math.max(0, j - 1)], to = line[Math.min(line.length - 1, j + 1)];
      d.set(to.x - from.x, to.y - from.y, to.z - from.z);
      if (d.lengthSq() > 0) d.normalize(); else d.set(0, 1, 0);
      u.addScaledVector(d, -u.dot(d)).normalize();  // the same frame carried along: no twist
      v.crossVectors(d, u);
      for (let k = 0; k < kSides; ++k) {
        const a = (2 * Math.PI * k) / kSides, cos = Math.cos(a), sin = Math.sin(a);
        axis.push(p.x, p.y, p.z);
        normal.push(cos * u.x + sin * v.x, cos * u.y + sin * v.y, cos * u.z + sin * v.z);
        radius.push(p.r);
        texel.push(s, t);
        if (i === 0) continue;
        const a0 = first + (i - 1) * kSides + k, b0 = first + (i - 1) * kSides + (k + 1) % kSides;
        index.push(a0, b0, a0 + kSides, b0, b0 + kSides, a0 + kSides);
      }
    });
  });
  const geometry = new THREE.BufferGeometry();
  const add = (name, values, size) => geometry.setAttribute(name, new THREE.BufferAttribute(new Float32Array(values), size));
  add('axis', axis, 3);
  add('position', axis, 3);
  add('normal', normal, 3);
  add('radius', radius, 1);
  add('texel', texel, 2);
  geometry.setIndex(new THREE.BufferAttribute(new Uint32Array(index), 1));
  return geometry;
}

// A dot beside the middle of the compartment that each synapse is on: excitatory ones on one side, inhibitory ones on the other.
function synapseDots(THREE, neuron, middles) {
  const {excitatory_compartment, inhibitory_compartment} = neuron.synapses;
  const place = [];
  excitatory_compartment.concat(inhibitory_compartment).forEach((c, s) => {
    const m = middles[c], side = s < excitatory_compartment.length ? 1 : -1, angle = 2.4 * c, aside = m.r + 1.5;
    place.push(m.x + side * aside * Math.cos(angle), m.y, m.z + side * aside * Math.sin(angle));
  });
  const geometry = new THREE.BufferGeometry(), synapses = place.length / 3;
  geometry.setAttribute('position', new THREE.BufferAttribute(new Float32Array(place), 3));
  geometry.setAttribute('tint', new THREE.BufferAttribute(new Float32Array(3 * synapses), 3));
  geometry.setAttribute('glow', new THREE.BufferAttribute(new Float32Array(synapses), 1));
  return geometry;
}

// {canvas, setColours(rgb bytes [compartment][3]), glow (Float32Array [synapse], then touch()), setTheme(), resize(), turn(dx, dy), pan(dx, dy),
//  zoom(factor), reset(), pick(x, y) -> compartment or -1, lookAt(compartment), draw(), dirty}; null where the browser has no WebGL.
function neuronView(neuron) {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('webgl', {alpha: true, antialias: true, preserveDrawingBuffer: true});  // kept: a canvas can be printed and saved
  if (!context) return null;
  const THREE = requireModule('three');
  const lines = linesOf(neuron);
  const soma = lines.map((_, c) => c).filter((c) => neuron.compartments.region[c] === 'soma');
  if (soma.length) roundedSoma(lines, soma);
  const middles = lines.map((line) => {
    const k = (line.length - 1) / 2, p = line[Math.floor(k)], q = line[Math.ceil(k)];
    return {x: (p.x + q.x) / 2, y: (p.y + q.y) / 2, z: (p.z + q.z) / 2, r: Math.max(p.r, q.r)};
  });

  const rows = Math.ceil(lines.length / kTexels), bytes = new Uint8Array(4 * rows * kTexels);
  const colours = new THREE.DataTexture(bytes, kTexels, rows, THREE.RGBAFormat);
  const uniforms = {umPerPixel: {value: 1}, colours: {value: colours}, depths: {value: new THREE.Vector2()}, paper: {value: new THREE.Vector3()}};
  const mesh = new THREE.Mesh(tubes(THREE, lines), new THREE.ShaderMaterial({uniforms, vertexShader: kTubeVertex, fragmentShader: kTubeFragment, side: THREE.DoubleSide}));
  const dots = synapseDots(THREE, neuron, middles);
  const dotUniforms = {size: {value: 8}};
  const points = new THREE.Points(dots, new THREE.ShaderMaterial({uniforms: dotUniforms, vertexShader: kDotVertex, fragmentShader: kDotFragment, transparent: true, depthWrite: false}));
  mesh.frustumCulled = points.frustumCulled = false;
  const scene = new THREE.Scene();
  scene.add(mesh, points);
  const renderer = new THREE.WebGLRenderer({canvas, context, antialias: true, alpha: true, preserveDrawingBuffer: true});
  renderer.setClearColor(0, 0);

  // What has to fit whichever way it is turned: a cylinder around the upright axis.
  const all = lines.flat();
  const [low, high] = extent(all.map((p) => p.y)), [left, right] = extent(all.map((p) => p.x)), [back, front] = extent(all.map((p) => p.z));
  const middle = new THREE.Vector3((left + right) / 2, (low + high) / 2, (back + front) / 2);
  const height = Math.max(high - low, 1), breadth = 2 * Math.max(1, ...all.map((p) => Math.hypot(p.x - middle.x, p.z - middle.z)));
  const camera = new THREE.PerspectiveCamera(24, 1, 1, 1e5), tan = Math.tan((12 * Math.PI) / 180);
  const view = {canvas, dirty: true, yaw: 0, pitch: 0, glow: dots.attributes.glow.array};
  const target = new THREE.Vector3();
  let distance_um = 1, whole_um = 1, width = 1, heightPx = 1;

  view.reset = () => {
    target.copy(middle);
    whole_um = 1.04 * Math.max(height / (2 * tan), breadth / (2 * tan * camera.aspect)) + breadth / 2;
    distance_um = whole_um;
    view.yaw = 0.4;
    view.pitch = 0.08;
    view.dirty = true;
  };
  view.resize = () => {
    width = Math.max(1, canvas.parentElement.clientWidth);
    heightPx = Math.max(1, canvas.parentElement.clientHeight);
    renderer.setPixelRatio(Math.min(devicePixelRatio || 1, 2));
    renderer.setSize(width, heightPx, false);
    camera.aspect = width / heightPx;
    const share = distance_um / whole_um, {yaw, pitch} = view, at = target.clone(), fresh = whole_um === 1;
    view.reset();
    if (!fresh) { target.copy(at); distance_um = share * whole_um; view.yaw = yaw; view.pitch = pitch; }
  };
  view.turn = (dx, dy) => {
    view.yaw += dx;
    view.pitch = Math.max(-1.5, Math.min(1.5, view.pitch + dy));
    view.dirty = true;
  };
  view.zoom = (factor) => {
    distance_um = Math.max(whole_um / 60, Math.min(1.6 * whole_um, distance_um / factor));
    view.dirty = true;
  };
  view.pan = (dx, dy) => {
    const perPixel = (2 * tan * distance_um) / heightPx;
    const right3 = new THREE.Vector3(Math.cos(view.yaw), 0, -Math.sin(view.yaw));
    target.addScaledVector(right3, -dx * perPixel);
    target.y += dy * perPixel;
    view.dirty = true;
  };
  view.setColours = (rgb) => {
    for (let c = 0; c < lines.length; ++c) {
      for (let k = 0; k < 3; ++k) bytes[4 * c + k] = rgb[3 * c + k];
      bytes[4 * c + 3] = 255;
    }
    colours.needsUpdate = true;
    view.dirty = true;
  };
  view.touch = () => { dots.attributes.glow.needsUpdate = true; view.dirty = true; };
  view.setTheme = () => {
    const c = themeColours(), excitatory = rgbOf(c.excitatory), inhibitory = rgbOf(c.inhibitory);
    uniforms.paper.value.set(...rgbOf(c.paper));
    const tint = dots.attributes.tint, first = neuron.synapses.excitatory_compartment.length;
    for (let s = 0; s < tint.count; ++s) tint.setXYZ(s, ...(s < first ? excitatory : inhibitory));
    tint.needsUpdate = true;
    view.dirty = true;
  };
  view.draw = () => {
    const flat = Math.cos(view.pitch) * distance_um;
    camera.position.set(target.x + Math.sin(view.yaw) * flat, target.y + Math.sin(view.pitch) * distance_um, target.z + Math.cos(view.yaw) * flat);
    camera.near = Math.max(0.5, distance_um - whole_um);
    camera.far = distance_um + 2 * whole_um;
    camera.updateProjectionMatrix();
    camera.lookAt(target);
    uniforms.umPerPixel.value = (2 * tan * distance_um) / heightPx;
    uniforms.depths.value.set(distance_um - breadth / 2, distance_um + breadth / 2);
    dotUniforms.size.value = renderer.getPixelRatio() * Math.min(22, 7 * Math.sqrt(whole_um / distance_um));
    renderer.render(scene, camera);
    view.dirty = false;
  };
  const seen = new THREE.Vector3();
  const onScreen = (p) => {
    seen.set(p.x, p.y, p.z).project(camera);
    return [((seen.x + 1) / 2) * width, ((1 - seen.y) / 2) * heightPx];
  };
  view.pick = (x, y) => {  // the compartment whose line passes within a few pixels
    let best = -1, nearest = 9;
    lines.forEach((line, c) => {
      let [px, py] = onScreen(line[0]);
      for (let i = 1; i < line.length; ++i) {
        const [qx, qy] = onScreen(line[i]), dx = qx - px, dy = qy - py, square = dx * dx + dy * dy;
        const f = square > 0 ? Math.max(0, Math.min(1, ((x - px) * dx + (y - py) * dy) / square)) : 0;
        const off = Math.hypot(x - px - f * dx, y - py - f * dy) - (line[i].r / uniforms.umPerPixel.value) * 0.8;
        if (off < nearest) { nearest = off; best = c; }
        px = qx; py = qy;
      }
    });
    return best;
  };
  view.umPerPixel = () => uniforms.umPerPixel.value;
  view.size = () => [width, heightPx];  // of the scene, in pixels
  view.place = (c) => onScreen(middles[c]);  // a compartment's middle, in pixels of the scene
  // The lines of all compartments as they are seen: {width, height, strokes: [{compartment, from, to, width, depth}]}.
  view.strokes = () => {
    const strokes = [];
    lines.forEach((line, compartment) => {
      for (let i = 1; i < line.length; ++i) {
        const from = onScreen(line[i - 1]), to = onScreen(line[i]);
        strokes.push({compartment, from, to, depth: seen.z, width: Math.max(0.6, (line[i - 1].r + line[i].r) / view.umPerPixel())});
      }
    });
    return {width, height: heightPx, strokes};
  };
  // The scene as a PNG so many pixels wide, as a data URL.
  view.picture = (wide) => {
    const ratio = renderer.getPixelRatio(), draw = (r) => { renderer.setPixelRatio(r); renderer.setSize(width, heightPx, false); view.draw(); };
    draw(wide / width);
    const url = canvas.toDataURL('image/png');
    draw(ratio);
    return url;
  };
  view.lookAt = (c) => { target.set(middles[c].x, middles[c].y, middles[c].z); view.dirty = true; };
  view.setTheme();
  return view;
}
