'use strict';
// Vega comes as modules that ask for each other by name, three.js as one that asks for none; this is all the loader they need.
const modules = {};
const loadedModules = {};
function requireModule(name) {
  const key = name === 'vega-selections' ? 'vega-selection' : name;
  if (!loadedModules[key]) {
    const module = {exports: (loadedModules[key] = {})};
    modules[key].call(window, module.exports, requireModule, module);
  }
  return loadedModules[key];
}
function loadVega() {
  const vega = {};
  for (const name of ['util', 'dataflow', 'scale', 'scenegraph', 'loader', 'format', 'functions', 'parser', 'runtime', 'view']) {
    Object.assign(vega, requireModule('vega-' + name));
  }
  for (const name of ['transforms', 'view-transforms', 'encode']) {
    Object.assign(requireModule('vega-dataflow').transforms, requireModule('vega-' + name));
  }
  return vega;
}
