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
  : value < 1048576 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / 1048576).toFixed(2)} MiB`;
const percent = share => `${(100 * share).toFixed(1)} %`;
const short = value => value >= 1e6 ? `${+(value / 1e6).toPrecision(4)} M`
  : value >= 1e3 ? `${+(value / 1e3).toPrecision(4)} k` : `${+value.toPrecision(3)}`;
const offChip = run => run.target.dram.kind.toUpperCase();
const titleOf = run => `${run.model.name} on ${run.target.name}`;

/// The step of about `wanted` ticks over `span`: 1, 2 or 5 times a power of ten.
function roundStep(span, wanted) {
  const raw = span / wanted, power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= raw);
}

// Okabe and Ito's colours, which those who see fewer colours tell apart; patterns and labels too.
const causes = {
  mac: ['#0072b2', '', 'the MAC array computed'],
  output: ['#56b4e9', 'dots', 'the output unit computed while the MAC array had nothing to do'],
  weight_fetch: ['#e69f00', '', 'weights or scales were awaited from memory'],
  ifm_fetch: ['#f0e442', 'up', 'input feature map data was awaited'],
  ofm_write: ['#cc79a7', '', 'output data waited to be accepted or answered'],
  block_dependency: ['#009e73', 'down', 'BLOCKDEP or the limit of outstanding kernels held a block back'],
  shram_reconfig: ['#7a5230', 'dots', 'the pipeline drained because the SHRAM layout changes'],
  dma_wait: ['#999999', 'up', 'an NPU_OP_DMA_WAIT held the stream'],
  kernel_wait: ['#555555', 'down', 'an NPU_OP_KERNEL_WAIT held the stream'],
  command_fetch: ['#000000', '', 'command words were on their way'],
  pipeline: ['#cfd6dc', '', 'blocks were set up, filled or drained'],
};
const channels = {
  command: ['#000000', '', 'command stream, read'],
  ifm: ['#56b4e9', '', 'input feature maps, read'],
  weights: ['#e69f00', 'up', 'compressed weights, read'],
  scales: ['#f0e442', '', 'bias and scale records, read'],
  dma_read: ['#999999', 'down', 'source of memory-to-memory transfers, read'],
  ofm: ['#cc79a7', 'dots', 'output feature maps, written'],
  dma_write: ['#009e73', 'up', 'destination of memory-to-memory transfers, written'],
};
const kinds = {
  feature_map: ['#9ad0f0', '', 'feature map'],
  weight_buffer: ['#f3c766', 'dots', 'buffer that weights are copied to'],
  scratch: ['#bdbdbd', '', 'scratch memory; for a file compiled elsewhere, its whole arena'],
  variable: ['#7fd1b3', 'down', 'state kept from inference to inference'],
  spilled: ['#d55e00', 'up', 'SPILLED: a feature map in DRAM because the arena had no room'],
};
const fallback = ['#888888', '', ''];

function patternMarks(pattern) {
  if (pattern === 'up') return 'M-2,8L8,-2M3,8L8,3M-2,3L3,-2';
  if (pattern === 'down') return 'M-2,-2L8,8M-2,3L3,8M3,-2L8,3';
  return pattern === 'dots' ? 'M1.5,3h1.5M4.5,0h1.5' : '';
}

/// The <defs> that SVG fills refer to; once a page.
function patterns() {
  const defs = svg('defs');
  for (const [set, table] of Object.entries({cause: causes, channel: channels, kind: kinds})) {
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

function legend(set, table, names, note) {
  return el('div', {class: 'legend'}, ...names.map(name =>
    el('span', {title: (table[name] || fallback)[2]},
      svg('svg', {viewBox: '0 0 16 13'}, svg('rect', {width: 16, height: 13, fill: `url(#${set}-${name})`})),
      note ? note(name) : `${name}: ${(table[name] || fallback)[2]}`)));
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

/// A table whose headings sort it. Columns: {title, meaning, value(row), text(row), number, node(row)}.
function sortable(id, columns, rows, press) {
  const body = el('tbody');
  const lines = rows.map((row, index) => {
    const line = el('tr', {class: 'row', 'data-index': index, on: press ? {click: () => press(row)} : {}});
    for (const column of columns) {
      const shown = column.node ? column.node(row) : (column.text || column.value)(row);
      const cell = el('td', {class: column.number ? 'n' : column.wrap ? 'wrap' : column.title === 'name' ? 'name' : null});
      cell.append(shown);
      if (column.title === 'name') cell.title = shown;
      line.append(cell);
    }
    body.append(line);
    return {line, row, index};
  });
  const heads = columns.map(column => {
    const head = el('th', {class: column.number ? 'n sort' : 'sort', title: column.meaning, text: column.title, scope: 'col'});
    head.addEventListener('click', () => {
      const down = head.getAttribute('aria-sort') === 'descending' || (!column.number && !head.hasAttribute('aria-sort'));
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'ascending' : 'descending');
      const sign = down ? 1 : -1;
      lines.sort((a, b) => {
        const x = column.value(a.row), y = column.value(b.row);
        const order = column.number ? x - y : String(x).localeCompare(String(y), 'en');
        return sign * order || a.index - b.index;
      });
      body.replaceChildren(...lines.map(each => each.line));
    });
    return head;
  });
  return el('div', {class: 'scroll'}, el('table', {id}, el('thead', {}, el('tr', {}, ...heads)), body));
}

/// Shares of a whole as one bar; parts: [name, value].
function stackedBar(set, table, parts, whole, width, height, labels) {
  const bar = svg('svg', {viewBox: `0 0 ${width} ${height}`, class: labels ? 'plot' : 'mini', preserveAspectRatio: 'none'});
  let x = 0;
  for (const [name, value] of parts) {
    if (!value || !whole) continue;
    const w = width * value / whole;
    bar.append(svg('rect', {x, width: w, height, fill: `url(#${set}-${name})`,
      on: hover(`${name}: ${grouped(value)} cycles, ${percent(value / whole)}\n${(table[name] || fallback)[2]}`)}));
    if (labels && w > 8 * name.length + 10) {
      bar.append(svg('rect', {x: x + 4, y: height / 2 - 9, width: 7.4 * name.length + 8, height: 18, rx: 3, fill: '#ffffffd8', 'pointer-events': 'none'}),
        svg('text', {x: x + 7, y: height / 2 + 4, 'pointer-events': 'none', text: name}));
    }
    x += w;
  }
  return bar;
}
