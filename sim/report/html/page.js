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
    card('latency', milliseconds(run.total.latency_ms), totals[0][1], [onNpu(run), run.total.host_ms ? `${run.total.host_ms.toFixed(3)} ms of it outside the NPU` : null].filter(each => each).join('; ')),
    run.inference ? card('whole inference', milliseconds(run.inference.ms), 'NPU, calls and CPU operators', `${run.inference.low_ms.toFixed(3)} to ${run.inference.high_ms.toFixed(3)} ms`) : null,
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
  return section('causes', 'Where the time goes', 'Every cycle has one cause: the most useful thing the machine did in it. Width is the share of all cycles. Press a cause for its operators.',
    fluid(width => stackedBar('cause', causes, names.map(name => [name, run.stalls[name]]), run.total.cycles, width, 34, true, showCause)),
    legend('cause', causes, names, name => `${name} ${percent(run.stalls[name] / run.total.cycles)}: ${causes[name][2]}`, showCause));
}

function timeSections(run) {
  const sections = [];
  if (run.timeline) {
    const used = [...new Set(run.timeline.bandwidth.series.map(each => each.channel))];
    const coarse = run.timeline.resolution_cycles
      ? ` Gaps up to ${run.timeline.resolution_cycles} cycles are closed; the height of a span is the share of its cycles in which the unit was busy.` : '';
    sections.push(section('timeline', 'Units over time',
      `A row a unit; a span is work for one operator.${coarse} The row of operators has the pattern of what bounds each.`,
      zoomBar(), unitsChart(run), legend('cause', causes, [...new Set(run.operators.map(op => op.bound_by))].filter(name => name), null, showCause),
      // Not coarsened, ports have the colours of what they carry.
      legend('unit', units, run.timeline.resolution_cycles ? ['unit', 'port'] : ['unit'], name => units[name][2]),
      run.timeline.resolution_cycles ? null : legend('channel', channels, used)));
    sections.push(section('bandwidth', 'Bandwidth of both ports',
      `Payload in bytes a cycle, in steps of ${grouped(run.timeline.bandwidth.step_cycles)} cycles; reads and writes on top of each other. The dashed line is what binds, for the whole run's mix of bursts: a step with longer ones may pass it` +
      `${run.timeline.bandwidth.step_cycles < (run.timeline.bandwidth.steady_cycles || 0) ? `, and these steps are shorter than the ${grouped(run.timeline.bandwidth.steady_cycles)} cycles after which the memories are steady` : ''}.`,
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

function show(index) {
  const run = runs[index], main = document.getElementById('run');
  charts = [];
  sharedStart = startOfAll(run.operators.map(op => op.name));
  view = {from: 0, to: run.total.cycles, total: Math.max(1, run.total.cycles)};
  main.replaceChildren(
    el('h1', {text: titleOf(run)}),
    el('div', {class: 'soft', text: `${run.target.accelerator.cores > 1 ? `${run.target.accelerator.cores} cores x ` : ''}${run.target.accelerator.macs_per_cycle} MACs a cycle, ${run.target.memory.mode}, off-chip memory: ${offChip(run)}; ` +
      `compiled by ${run.model.producer}, simulated by u65sim ${run.u65sim_version}, content ${run.model.content_hash}`}),
    cards(run), causesSection(run), ...[inferenceSection(run)].filter(each => each), ...timeSections(run), rooflineSection(run), tableSection(run), spillSection(run), notes(run));
  document.querySelectorAll('.tabs button').forEach((button, at) => button.setAttribute('aria-pressed', at === index));
  redrawFluid();
  setView(0, run.total.cycles);
}

document.title = runs.map(titleOf).join(', ');
document.body.append(patterns(), tip);
if (runs.length > 1) {
  document.body.append(comparison(), el('h2', {text: 'One run at a time'}), el('div', {class: 'tabs'},
    ...runNames().map((name, index) => el('button', {text: name, on: {click: () => show(index)}}))));
}
document.body.append(el('main', {id: 'run'}));
show(0);
function redrawAll() {
  redrawFluid();
  for (const chart of charts) chart.draw();
}
let pending = 0;
addEventListener('resize', () => {
  cancelAnimationFrame(pending);
  pending = requestAnimationFrame(redrawAll);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawAll);
