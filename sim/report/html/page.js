// The page: summary, charts, roofline, tables; several runs side by side.
const causeNames = run => Object.keys(run.stalls).filter(name => run.stalls[name] > 0)
  .sort((a, b) => run.stalls[b] - run.stalls[a]);
const spillTraffic = run => run.spills.reduce((sum, each) => sum + each.dram_read_bytes + each.dram_write_bytes, 0);

// Null where the NPU runs nothing of the network.
const milliseconds = value => value === null ? 'none' : `${value.toFixed(3)} ms`;
const onNpu = run => run.model.cpu_operators.length
  ? `${run.model.npu_operators} of ${run.model.npu_operators + run.model.cpu_operators.length} operators on the NPU` : 'all operators on the NPU';

// [name, meaning with unit, value(run), shown(value), smaller is better]
const totals = [
  ['latency', 'NPU time plus time outside the NPU, milliseconds', run => run.total.latency_ms, milliseconds, true],
  ['NPU cycles', 'clock cycles in which the NPU was active', run => run.total.cycles, grouped, true],
  ['MACs', 'multiply-accumulates of the network', run => run.model.macs, grouped, null],
  ['MAC utilization', 'MACs over peak MACs a cycle times cycles', run => run.total.mac_utilization, percent, false],
  ['parameters', 'elements of constant weights and biases', run => run.model.parameters, grouped, null],
  ['encoded weights', 'compressed weights and scale records, bytes', run => run.dram.encoded_weight_bytes, readable, true],
  ['SRAM peak', 'highest byte used of the memory behind AXI0', run => run.sram.peak_bytes, readable, true],
  ['SRAM traffic', 'payload read and written over AXI0, bytes', run => run.sram.read_bytes + run.sram.write_bytes, readable, true],
  ['DRAM used', 'model plus activations in the memory behind AXI1, bytes', run => run.dram.used_bytes, readable, true],
  ['DRAM traffic', 'payload read and written over AXI1, bytes', run => run.dram.read_bytes + run.dram.write_bytes, readable, true],
  ['spilled maps', 'feature maps in DRAM because the arena had no room', run => run.spills.length, grouped, true],
  ['spill traffic', 'bytes read and written for spilled maps', spillTraffic, readable, true],
];

function cards(run) {
  const card = (name, value, meaning, more) => el('div', {class: 'card', title: meaning},
    el('span', {text: name}), el('b', {text: value}), el('small', {text: more}));
  const rate = memory => `${((memory.read_bytes + memory.write_bytes) / Math.max(1, run.total.cycles)).toFixed(2)} B/cycle`;
  return el('div', {class: 'cards'},
    card('latency', milliseconds(run.total.latency_ms), totals[0][1], run.total.host_ms ? `${run.total.host_ms.toFixed(3)} ms of it outside the NPU` : onNpu(run)),
    card('NPU cycles', grouped(run.total.cycles), totals[1][1], `at ${run.target.accelerator.clock / 1e6} MHz`),
    card('MAC utilization', percent(run.total.mac_utilization), totals[3][1], `${grouped(run.model.macs)} MACs`),
    card('SRAM peak', readable(run.sram.peak_bytes), totals[6][1], `of ${readable(run.sram.capacity_bytes)}`),
    card('SRAM traffic', readable(run.sram.read_bytes + run.sram.write_bytes), totals[7][1], rate(run.sram)),
    card(`${offChip(run)} used`, readable(run.dram.used_bytes), totals[8][1], run.dram.capacity_bytes ? `of ${readable(run.dram.capacity_bytes)}` : ''),
    card(`${offChip(run)} traffic`, readable(run.dram.read_bytes + run.dram.write_bytes), totals[9][1], rate(run.dram)),
    card('spilled maps', grouped(run.spills.length), totals[10][1], run.spills.length ? `${readable(spillTraffic(run))} of traffic` : 'everything fits'));
}

function causesSection(run) {
  const names = causeNames(run);
  return section('causes', 'Where the time goes', 'Every cycle has one cause: the most useful thing the machine did in it. Width is the share of all cycles.',
    stackedBar('cause', causes, names.map(name => [name, run.stalls[name]]), run.total.cycles, 1380, 34, true),
    legend('cause', causes, names, name => `${name} ${percent(run.stalls[name] / run.total.cycles)}: ${causes[name][2]}`));
}

function timeSections(run) {
  const sections = [];
  if (run.timeline) {
    const used = [...new Set(run.timeline.bandwidth.series.map(each => each.channel))];
    const coarse = run.timeline.resolution_cycles
      ? ` Gaps up to ${run.timeline.resolution_cycles} cycles are closed; the height of a span is the share of its cycles in which the unit was busy.` : '';
    sections.push(section('timeline', 'Units over time',
      `A row a unit; a span is work for one operator, its shade changes from operator to operator.${coarse} The row of operators has the pattern of what bounds each.`,
      zoomBar(), unitsChart(run), legend('cause', causes, [...new Set(run.operators.map(op => op.bound_by))].filter(name => name))));
    sections.push(section('bandwidth', 'Bandwidth of both ports',
      `Payload in bytes a cycle, in steps of ${grouped(run.timeline.bandwidth.step_cycles)} cycles; reads and writes on top of each other. A memory grants its bandwidth by periods, so a step may pass the dashed line.`,
      portChart(run, 0), portChart(run, 1), legend('channel', channels, used)));
  }
  if (run.live_ranges.length) {
    const used = [...new Set(run.live_ranges.map(each => each.spilled ? 'spilled' : each.kind))];
    sections.push(section('arena', 'Memory over time',
      'Who lives where from when to when: address in bytes upward, NPU cycles to the right. Constants are left out.',
      run.timeline ? null : zoomBar(), memoryChart(run, 'sram'), memoryChart(run, 'dram'),
      legend('kind', kinds, used, name => kinds[name][2])));
  }
  return sections;
}

const marks = {
  convolution: ['M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0', type => /^(CONV_2D|TRANSPOSE_CONV|CONV)$/.test(type)],
  depthwise: ['M0,-6L6,5L-6,5Z', type => /^DEPTHWISE/.test(type)],
  'fully connected': ['M-5,-5H5V5H-5Z', type => /^FULLY_CONNECTED$|MATMUL|LSTM/.test(type)],
  other: ['M0,-6.5L6.5,0L0,6.5L-6.5,0Z', () => true],
};
const markOf = op => Object.keys(marks).find(name => marks[name][1](op.type));

/// MACs a cycle against MACs a byte. Operators without MACs or without bytes stand at the edge.
function rooflinePlot(run, memory) {
  const width = 1380, height = 460, left = 76, right = 120, foot = 46, head = 14;
  const bytes = op => memory === 'both' ? op.sram_bytes + op.dram_bytes : op[`${memory}_bytes`];
  const peak = run.target.accelerator.macs_per_cycle * run.target.accelerator.cores;
  const rates = {sram: run.target.sram.bandwidth, dram: run.target.dram.bandwidth};
  const slope = run.target.memory.ideal ? 0 : memory === 'both' ? rates.sram + rates.dram : rates[memory];
  const real = run.operators.filter(op => op.cycles > 0 && op.macs > 0 && bytes(op) > 0);
  const intensities = real.map(op => op.macs / bytes(op));
  const [low, high] = [Math.min(.1, ...intensities) / 1.5, Math.max(peak / (slope || 16) * 10, ...intensities) * 1.5];
  const floor = Math.min(peak / 1000, ...real.map(op => op.macs / op.cycles)) / 1.5;
  const x = v => left + Math.log(v / low) / Math.log(high / low) * (width - left - right);
  const y = v => height - foot - 18 - Math.log(v / floor) / Math.log(peak * 1.6 / floor) * (height - foot - head - 18);
  const plot = svg('svg', {viewBox: `0 0 ${width} ${height}`, class: 'plot', role: 'img', 'aria-label': 'Roofline of all operators'});
  const line = (x1, y1, x2, y2, colour, extra) => plot.append(svg('line', {x1, y1, x2, y2, stroke: colour, ...extra}));
  const word = (text, at, up, extra) => plot.append(svg('text', {x: at, y: up, text, ...extra}));
  for (let p = Math.ceil(Math.log10(low)); 10 ** p < high; ++p) {
    line(x(10 ** p), head, x(10 ** p), height - foot, '#e1e5e9');
    word(short(10 ** p), x(10 ** p), height - foot + 16, {'text-anchor': 'middle', class: 'soft'});
  }
  for (let p = Math.ceil(Math.log10(floor)); 10 ** p < peak * 1.6; ++p) {
    line(left, y(10 ** p), width - right, y(10 ** p), '#e1e5e9');
    word(short(10 ** p), left - 8, y(10 ** p) + 4, {'text-anchor': 'end', class: 'soft'});
  }
  line(left, height - foot, width, height - foot, '#8a949e');
  line(width - right, head, width - right, height - foot, '#8a949e', {'stroke-dasharray': '2 4'});
  word('no bytes here', width - right + 10, head + 10, {class: 'soft'});
  word('no MACs', left - 8, height - foot - 4, {'text-anchor': 'end', class: 'soft'});
  word(`MACs a byte of ${memory === 'both' ? 'SRAM and DRAM' : memory === 'dram' ? offChip(run) : 'SRAM'} traffic`, (left + width - right) / 2, height - 6, {'text-anchor': 'middle'});
  word('MACs a cycle', 0, 0, {transform: `translate(14,${height / 2}) rotate(-90)`, 'text-anchor': 'middle'});
  line(slope ? x(Math.max(low, peak / slope)) : left, y(peak), width, y(peak), '#d55e00', {'stroke-width': 2});
  word(`peak: ${peak} MACs a cycle`, width - right - 8, y(peak) - 7, {'text-anchor': 'end', fill: '#a34700'});
  if (slope) {
    const from = Math.max(low, floor / slope), to = peak / slope;
    if (to > from) {
      line(x(from), y(from * slope), x(to), y(peak), '#d55e00', {'stroke-width': 2});
      const tilt = Math.atan2(y(peak) - y(from * slope), x(to) - x(from)) * 180 / Math.PI;
      word(`${+slope.toPrecision(4)} B/cycle`, 0, 0, {fill: '#a34700', 'text-anchor': 'end', transform: `translate(${x(to) - 14},${y(peak) + 4}) rotate(${tilt})`, dy: -6});
    }
  }
  const most = Math.max(1, ...run.operators.map(op => op.cycles));
  const order = run.operators.map((op, index) => index).sort((a, b) => run.operators[b].cycles - run.operators[a].cycles);
  const edge = {x: 0, y: 0};
  for (const index of order) {
    const op = run.operators[index], moved = bytes(op), rate = op.cycles ? op.macs / op.cycles : 0;
    const at = moved && op.macs ? x(op.macs / moved) : moved ? left + 14 + 17 * edge.y++ % (width - left - right - 30) : width - right + 16 + 17 * (edge.x++ % 6);
    const up = rate ? y(rate) : height - foot - 8;
    const size = .75 + 1.5 * Math.sqrt(op.cycles / most);
    plot.append(svg('path', {class: 'op', 'data-index': index, d: marks[markOf(op)][0], transform: `translate(${at.toFixed(1)},${up.toFixed(1)}) scale(${size.toFixed(2)})`,
      fill: `url(#cause-${op.bound_by || 'pipeline'})`, stroke: '#1c2024', 'stroke-width': .7, 'fill-opacity': .9,
      on: hover(`${op.name} (${op.type})\n${rate.toFixed(1)} MACs a cycle of ${peak}, ${moved ? `${(op.macs / moved).toFixed(2)} MACs a byte` : 'no bytes of this memory'}\n` +
        `${grouped(op.cycles)} cycles, ${grouped(op.macs)} MACs, ${readable(moved)}\nbound by ${op.bound_by || 'nothing: no cycles'}`)}));
  }
  return plot;
}

function rooflineSection(run) {
  const holder = el('div', {class: 'holder'});
  const choice = el('select', {id: 'roofline-memory', title: 'whose bytes the horizontal axis counts', on: {change: () => holder.replaceChildren(rooflinePlot(run, choice.value))}},
    el('option', {value: 'dram', text: `${offChip(run)} (AXI1)`}), el('option', {value: 'sram', text: 'SRAM (AXI0)'}), el('option', {value: 'both', text: 'both'}));
  holder.append(rooflinePlot(run, 'dram'));
  const shapes = el('div', {class: 'legend'}, ...Object.keys(marks).map(name => el('span', {},
    svg('svg', {viewBox: '-8 -7 16 14'}, svg('path', {d: marks[name][0], fill: '#fff', stroke: '#1c2024'})), name)), el('span', {text: 'area: cycles'}));
  return section('roofline', 'Roofline', 'A mark an operator: what it reached (MACs a cycle) against what it needs (MACs a byte). The line is what array and memory allow.',
    el('div', {class: 'bar'}, el('label', {text: 'bytes of ', for: 'roofline-memory'}), choice), holder, shapes,
    legend('cause', causes, [...new Set(run.operators.map(op => op.bound_by))].filter(name => name), name => `bound by ${name}`));
}

/// [key, value] of everything in an object, keys dotted.
const flat = (value, key) => typeof value === 'object' && value !== null
  ? Object.entries(value).flatMap(([name, inner]) => flat(inner, key ? `${key}.${name}` : name)) : [[key, value]];

const number = (title, meaning, value, text) => ({title, meaning, value, text: row => (text || grouped)(value(row)), number: true});
const plain = (title, meaning, value, wrap) => ({title, meaning, value, wrap});

function tableSection(run) {
  const rows = run.operators.map((op, index) => ({...op, index}));
  const columns = [
    number('#', 'position in order of first issue', op => op.index + 1),
    plain('name', 'operator of the network', op => op.name), plain('type', 'TensorFlow Lite operator', op => op.type),
    number('start', 'NPU cycle of its first data', op => op.start_cycle),
    number('cycles', 'NPU cycles it accounts for: its kernel was the oldest unfinished one', op => op.cycles),
    number('share', 'its cycles of all cycles', op => op.cycles / Math.max(1, run.total.cycles), percent),
    number('MACs', 'multiply-accumulates', op => op.macs),
    number('MAC use', 'MACs over peak MACs a cycle times its cycles', op => op.mac_utilization, percent),
    plain('bound by', 'the cause with the most of its cycles', op => op.bound_by),
    {title: 'causes', meaning: 'its cycles by cause', value: op => op.bound_by,
      node: op => stackedBar('cause', causes, causeNames(op).map(name => [name, op.stalls[name]]), op.cycles, 150, 12, false)},
    plain('block', 'OFM block of its largest kernel, height x width x depth in elements', op => op.block),
    number('SRAM bytes', 'payload over AXI0, bytes', op => op.sram_bytes), number('DRAM bytes', 'payload over AXI1, bytes', op => op.dram_bytes),
    number('kernels', 'kernel operations', op => op.kernels), number('DMAs', 'memory-to-memory transfers', op => op.dmas),
  ];
  return section('table', `Operators: ${run.operators.length}`, 'Press a heading to sort, a row to see it in the charts over time.',
    sortable('operators', columns, rows, op => setView(op.start_cycle - (op.end_cycle - op.start_cycle) / 10, op.end_cycle + (op.end_cycle - op.start_cycle) / 10)));
}

function spillSection(run) {
  if (!run.spills.length) return section('spills', 'Spills', 'None: every feature map found room.');
  return section('spills', `Spills: ${run.spills.length}`, 'Feature maps in DRAM because the arena had no room.', sortable('spilled', [
    plain('feature map', 'tensor of the network', s => s.tensor), number('bytes', 'its size, bytes', s => s.bytes),
    number('at cycle', 'NPU cycle of its first byte to DRAM', s => s.start_cycle),
    number('written', 'bytes written to DRAM', s => s.dram_write_bytes), number('read', 'bytes read from DRAM', s => s.dram_read_bytes),
    plain('made by', 'operator', s => s.producer), plain('used by', 'operators', s => s.consumers.join(', '), true), plain('why', 'what had no room', s => s.reason, true)], run.spills));
}

function notes(run) {
  return section('notes', 'What the figures take for granted', null,
    el('ul', {}, ...run.assumptions.map(text => el('li', {text}))),
    run.model.cpu_operators.length ? el('p', {text: `Left to the CPU: ${run.model.cpu_operators.map(op => `${op.name} (${op.type}: ${op.reason})`).join('; ')}`}) : null,
    el('details', {}, el('summary', {text: 'target: every field'}), el('table', {style: 'width:auto'}, ...flat(run.target, '').map(([key, value]) =>
      el('tr', {}, el('td', {text: key}), el('td', {class: 'n', text: String(value)}))))),
    el('details', {}, el('summary', {text: 'PMU counters'}), el('table', {style: 'width:auto'}, ...Object.entries(run.pmu).map(([key, value]) =>
      el('tr', {}, el('td', {text: key}), el('td', {class: 'n', text: grouped(value)}))))));
}

function change(value, base, smaller) {
  if (!base || value === base) return null;
  const share = value / base - 1;
  const good = smaller === null ? '' : (share < 0) === smaller ? 'better' : 'worse';
  return el('span', {class: good, text: ` ${share > 0 ? '+' : ''}${(100 * share).toFixed(1)} %`});
}

/// The operators of every run on one axis of cycles; null unless all runs kept a timeline.
function jointTimeline(names) {
  if (!runs.every(run => run.timeline)) return null;
  const longest = Math.max(...runs.map(run => run.total.cycles)), width = 1380, left = 26, high = 30;
  const x = cycle => left + cycle / longest * (width - left);
  const plot = svg('svg', {viewBox: `0 0 ${width} ${runs.length * high + 20}`, class: 'plot', id: 'joint', role: 'img', 'aria-label': 'Operators of all runs over time'});
  runs.forEach((run, index) => {
    const top = index * high;
    plot.append(svg('text', {x: 4, y: top + 18, text: names[index][0]}));
    for (const span of run.timeline.tracks[0].spans) {
      const op = run.operators[span[2]], wide = x(span[0] + span[1]) - x(span[0]);
      plot.append(svg('rect', {class: 'span', x: x(span[0]).toFixed(2), y: top + 2, width: Math.max(wide, .4).toFixed(2), height: high - 8,
        fill: `url(#cause-${op.bound_by || 'pipeline'})`, stroke: '#fff', 'stroke-width': wide > 3 ? .6 : 0,
        on: hover(`${names[index]}\n${op.name} (${op.type}), bound by ${op.bound_by}\ncycles ${grouped(span[0])} to ${grouped(span[0] + span[1])}`)}));
      if (wide > 8 * op.name.length + 12) {
        plot.append(svg('rect', {x: x(span[0]) + 3, y: top + 5, width: 7.2 * op.name.length + 8, height: 16, rx: 3, fill: '#ffffffd8', 'pointer-events': 'none'}),
          svg('text', {x: x(span[0]) + 6, y: top + 17, 'pointer-events': 'none', text: op.name}));
      }
    }
  });
  for (let at = 0; at < longest * .98; at += roundStep(longest, 8)) {
    plot.append(svg('text', {class: 'soft', x: x(at), y: runs.length * high + 14, 'text-anchor': at ? 'middle' : 'start', text: short(at)}));
  }
  return el('div', {}, el('p', {class: 'soft', text: 'Operators over time, NPU cycles on one axis; the pattern says what bounds each.'}), plot);
}

/// All runs beside each other, the first one being what the others are compared with.
function comparison() {
  const names = runs.map((run, index) => `${String.fromCharCode(65 + index % 26)}: ${titleOf(run)}`);
  const longest = Math.max(...runs.map(run => run.total.cycles));
  const head = el('tr', {}, el('th', {text: ''}), ...names.map(name => el('th', {class: 'n', text: name})));
  const body = totals.map(([name, meaning, value, shown, smaller]) => el('tr', {title: meaning}, el('td', {text: name}),
    ...runs.map((run, index) => el('td', {class: 'n'}, shown(value(run)), index ? change(value(run), value(runs[0]), smaller) : null))));
  const settings = runs.map(run => new Map(flat(run.target, '')));
  for (const key of settings[0].keys()) {
    if (settings.every(each => each.get(key) === settings[0].get(key))) continue;
    body.push(el('tr', {title: 'a field of the target that is not the same everywhere'}, el('td', {text: `target: ${key}`}),
      ...settings.map(each => el('td', {class: 'n', text: String(each.get(key))}))));
  }
  const bars = runs.map((run, index) => el('div', {}, el('div', {class: 'soft', text: `${names[index]}: ${grouped(run.total.cycles)} cycles`}),
    stackedBar('cause', causes, causeNames(run).map(name => [name, run.stalls[name]]), longest, 1380, 28, true)));
  const all = new Map();
  runs.forEach((run, index) => run.operators.forEach(op => {
    if (!all.has(op.name)) all.set(op.name, {name: op.name, type: op.type, cycles: Array(runs.length).fill(0), bound: Array(runs.length).fill('')});
    const row = all.get(op.name);
    row.cycles[index] += op.cycles;
    row.bound[index] = op.bound_by;
  }));
  const columns = [plain('name', 'operator of the network', row => row.name), plain('type', 'TensorFlow Lite operator', row => row.type)];
  runs.forEach((run, index) => {
    const letter = names[index][0];
    columns.push(number(`cycles ${letter}`, `NPU cycles in ${names[index]}; none where it has no such operator`, row => row.cycles[index]));
    columns.push(plain(`bound by ${letter}`, 'the cause with the most of its cycles', row => row.bound[index]));
    if (index) columns.push(number(`${letter} - A`, 'difference in NPU cycles', row => row.cycles[index] - row.cycles[0], v => (v > 0 ? '+' : '') + grouped(v)));
  });
  const used = [...new Set(runs.flatMap(causeNames))];
  return section('comparison', `${runs.length} runs side by side`, 'Percentages are against the first run. Bars are as long as their cycles.',
    el('div', {class: 'scroll'}, el('table', {id: 'totals'}, el('thead', {}, head), el('tbody', {}, ...body))),
    el('div', {style: 'margin-top:14px'}, ...bars), jointTimeline(names), legend('cause', causes, used),
    sortable('compared', columns, [...all.values()].sort((a, b) => Math.abs(b.cycles[1] - b.cycles[0]) - Math.abs(a.cycles[1] - a.cycles[0]))));
}

function show(index) {
  const run = runs[index], main = document.getElementById('run');
  charts = [];
  view = {from: 0, to: run.total.cycles, total: Math.max(1, run.total.cycles)};
  main.replaceChildren(
    el('h1', {text: titleOf(run)}),
    el('div', {class: 'soft', text: `${run.target.accelerator.cores > 1 ? `${run.target.accelerator.cores} cores x ` : ''}${run.target.accelerator.macs_per_cycle} MACs a cycle, ${run.target.memory.mode}, off-chip memory: ${offChip(run)}; ` +
      `compiled by ${run.model.producer}, simulated by u65sim ${run.u65sim_version}, content ${run.model.content_hash}`}),
    cards(run), causesSection(run), ...[inferenceSection(run)].filter(each => each), ...timeSections(run), rooflineSection(run), tableSection(run), spillSection(run), notes(run));
  document.querySelectorAll('.tabs button').forEach((button, at) => button.setAttribute('aria-pressed', at === index));
  setView(0, run.total.cycles);
}

document.title = runs.map(titleOf).join(', ');
document.body.append(patterns(), tip);
if (runs.length > 1) {
  document.body.append(comparison(), el('h2', {text: 'One run at a time'}), el('div', {class: 'tabs'},
    ...runs.map((run, index) => el('button', {text: `${String.fromCharCode(65 + index % 26)}: ${titleOf(run)}`, on: {click: () => show(index)}}))));
}
document.body.append(el('main', {id: 'run'}));
show(0);
let pending = 0;
addEventListener('resize', () => {
  cancelAnimationFrame(pending);
  pending = requestAnimationFrame(() => { for (const chart of charts) chart.draw(); });
});
