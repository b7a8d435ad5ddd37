'use strict';
// Elements, numbers, colours: what every part of the page uses.
const runs = JSON.parse(document.getElementById('data').textContent);

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === 'on') for (const [kind, act] of Object.entries(value)) node.addEventListener(kind, act);
    else if (key === 'text') node.textContent = value;
    else if (value !== undefined && value !== null) node.setAttribute(key, value);
  }
  for (const child of children) if (child !== null && child !== undefined) node.append(child);
  return node;
}
const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

const grouped = value => Math.round(value).toLocaleString('en-US');
const readable = value => value < 1024 ? `${grouped(value)} B`
  : value < 1048576 ? `${(value / 1024).toFixed(1)} KiB`
  : value < 1073741824 ? `${(value / 1048576).toFixed(2)} MiB` : `${(value / 1073741824).toFixed(2)} GiB`;
const percent = share => `${(100 * share).toFixed(1)} %`;
const short = value => value >= 1e6 ? `${+(value / 1e6).toPrecision(4)} M`
  : value >= 1e3 ? `${+(value / 1e3).toPrecision(4)} k` : `${+value.toPrecision(3)}`;
const offChip = run => run.target.dram.kind.toUpperCase();
/// `text` in `most` letters: without what all names of the run begin with, then without its middle.
let sharedStart = '';
function cut(text, most) {
  if (text.length <= most) return text;
  const rest = sharedStart && text.startsWith(sharedStart) ? text.slice(sharedStart.length) : text;
  const tail = Math.floor((most - 1) * .35);
  return rest.length <= most ? rest : `${rest.slice(0, most - 1 - tail)}…${rest.slice(rest.length - tail)}`;
}
/// What all of several names begin with, up to a "/" or ".".
function startOfAll(names) {
  if (names.length < 2) return '';
  let start = names[0];
  for (const name of names) while (!name.startsWith(start)) start = start.slice(0, -1);
  return start.slice(0, Math.max(start.lastIndexOf('/'), start.lastIndexOf('.')) + 1);
}
const titleOf = run => `${run.model.name} on ${run.target.name}`;

/// A colour of viewer.css, for canvases: dark where the reader prefers dark.
const theme = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/// Pixels that a text of the page's font takes.
const ruler = document.createElement('canvas').getContext('2d');
function textWidth(text, size) {
  ruler.font = `${size || 12}px system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif`;
  return ruler.measureText(text).width;
}

/// A drawing that is made anew for the width it has: `draw(width)` gives an element.
function fluid(draw) {
  const holder = el('div', {class: 'fluid'});
  holder.redraw = () => holder.replaceChildren(draw(Math.max(300, holder.clientWidth || 1200)));
  return holder;
}
const redrawFluid = () => { for (const each of document.querySelectorAll('.fluid')) each.redraw(); };

/// The step of about `wanted` ticks over `span`: 1, 2 or 5 times a power of ten.
function roundStep(span, wanted) {
  const raw = span / wanted, power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= raw);
}

// Okabe and Ito's colours, which those who see fewer colours tell apart; patterns and labels too. A
// colour means the same wherever it stands: orange weights, yellow input maps, purple output maps,
// blue the MAC array, light blue the output unit, grey copies, vermilion spilled maps.
const causes = {
  mac: ['#0072b2', '', 'the MAC array computed'],
  output: ['#56b4e9', 'dots', 'the output unit computed while the MAC array had nothing to do'],
  weight_fetch: ['#e69f00', '', 'weights or scales were awaited from memory'],
  ifm_fetch: ['#f0e442', '', 'input feature map data was awaited'],
  ofm_write: ['#cc79a7', '', 'output data waited to be accepted or answered'],
  block_dependency: ['#009e73', 'down', 'BLOCKDEP or the limit of outstanding kernels held a block back'],
  shram_reconfig: ['#7a5230', 'dots', 'the pipeline drained because the SHRAM layout changes'],
  dma_wait: ['#999999', 'up', 'an NPU_OP_DMA_WAIT held the stream'],
  kernel_wait: ['#5f6b76', 'down', 'an NPU_OP_KERNEL_WAIT held the stream'],
  command_fetch: ['#1c2024', 'dots', 'command words were on their way'],
  pipeline: ['#cfd6dc', 'up', 'blocks were set up, filled or drained'],
};
const channels = {
  command: ['#1c2024', 'dots', 'command stream, read'],
  ifm: ['#f0e442', '', 'input feature maps, read'],
  weights: ['#e69f00', '', 'compressed weights, read'],
  scales: ['#e69f00', 'dots', 'bias and scale records, read'],
  dma_read: ['#999999', 'down', 'source of memory-to-memory transfers, read'],
  ofm: ['#cc79a7', '', 'output feature maps, written'],
  dma_write: ['#999999', 'up', 'destination of memory-to-memory transfers, written'],
};
const kinds = {
  feature_map: ['#b9c6e4', '', 'feature map'],
  weight_buffer: ['#e69f00', '', 'buffer that weights are copied to'],
  scratch: ['#c9c9c9', 'dots', 'scratch memory; for a file compiled elsewhere, its whole arena'],
  variable: ['#b9c6e4', 'down', 'feature map kept from inference to inference'],
  spilled: ['#d55e00', 'up', 'SPILLED: a feature map in DRAM because the arena had no room'],
};
const units = {unit: ['#7f93b8', '', 'a unit at work'], port: ['#6f9c8c', '', 'a port at work']};
const fallback = ['#888888', '', ''];

function patternMarks(pattern) {
  if (pattern === 'up') return 'M-2,8L8,-2M3,8L8,3M-2,3L3,-2';
  if (pattern === 'down') return 'M-2,-2L8,8M-2,3L3,8M3,-2L8,3';
  return pattern === 'dots' ? 'M1.5,3h1.5M4.5,0h1.5' : '';
}

/// The <defs> that SVG fills refer to; once a page.
function patterns() {
  const defs = svg('defs');
  for (const [set, table] of Object.entries({cause: causes, channel: channels, kind: kinds, unit: units})) {
    for (const [name, [colour, pattern]] of Object.entries(table)) {
      defs.append(svg('pattern', {id: `${set}-${name}`, width: 6, height: 6, patternUnits: 'userSpaceOnUse'},
        svg('rect', {width: 6, height: 6, fill: colour}),
        svg('path', {d: patternMarks(pattern), stroke: '#fff', 'stroke-width': pattern === 'dots' ? 1.5 : 1,
          'stroke-opacity': .75, fill: 'none'})));
    }
  }
  return svg('svg', {width: 0, height: 0, style: 'position:absolute', 'aria-hidden': 'true'}, defs);
}

/// The same fill for a canvas.
const canvasFills = new Map();
function canvasFill(context, [colour, pattern]) {
  if (!pattern) return colour;
  const key = colour + pattern;
  if (!canvasFills.has(key)) {
    const tile = document.createElement('canvas');
    tile.width = tile.height = 6;
    const pen = tile.getContext('2d');
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 6, 6);
    pen.strokeStyle = 'rgba(255,255,255,.75)';
    pen.stroke(new Path2D(patternMarks(pattern)));
    canvasFills.set(key, context.createPattern(tile, 'repeat'));
  }
  return canvasFills.get(key);
}

/// `press`, where given, makes each entry a button.
function legend(set, table, names, note, press) {
  return el('div', {class: 'legend'}, ...names.map(name => {
    const swatch = svg('svg', {viewBox: '0 0 16 13'}, svg('rect', {width: 16, height: 13, fill: `url(#${set}-${name})`}));
    const text = note ? note(name) : `${name}: ${(table[name] || fallback)[2]}`;
    if (!press) return el('span', {title: (table[name] || fallback)[2]}, swatch, text);
    return el('button', {class: 'entry', 'data-name': name, title: `operators by their ${name} cycles`, on: {click: () => press(name)}}, swatch, text);
  }));
}

// One box follows the pointer. Whatever is drawn says its name, figures and units there.
const tip = el('div', {id: 'tip', role: 'tooltip'});
function showTip(event, text) {
  tip.style.display = text ? 'block' : 'none';
  if (!text) return;
  tip.textContent = text;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 6))}px`;
  tip.style.top = `${event.clientY + 18 + box.height > innerHeight ? event.clientY - box.height - 12 : event.clientY + 18}px`;
}
const hover = text => ({mousemove: event => showTip(event, text), mouseleave: event => showTip(event, '')});

function section(id, title, meaning, ...children) {
  return el('section', {id}, el('h2', {text: title}), meaning ? el('p', {class: 'soft', text: meaning}) : null, ...children);
}

/// Shares of a whole as one bar; parts: [name, value]. With `labels` it is as wide as its place.
function stackedBar(set, table, parts, whole, width, height, labels, press) {
  const bar = svg('svg', {viewBox: `0 0 ${width} ${height}`, width, height, class: labels ? 'plot' : 'mini', preserveAspectRatio: 'none'});
  let x = 0;
  for (const [name, value] of parts) {
    if (!value || !whole) continue;
    const w = width * value / whole;
    bar.append(svg('rect', {x, width: w, height, fill: `url(#${set}-${name})`, class: press ? 'link' : null,
      on: {...hover(`${name}: ${grouped(value)} cycles, ${percent(value / whole)}\n${(table[name] || fallback)[2]}`), ...(press ? {click: () => press(name)} : {})}}));
    if (labels && w > textWidth(name) + 16) bar.append(...boxed(name, x + 7, height / 2 + 4));
    x += w;
  }
  return bar;
}

/// A text on a ground of its own, for drawings that it lies on.
function boxed(text, x, y, extra) {
  return [svg('rect', {x: x - 3, y: y - 12, width: textWidth(text) + 6, height: 16, rx: 3, class: 'ground', 'pointer-events': 'none'}),
    svg('text', {x, y, 'pointer-events': 'none', text, ...extra})];
}
