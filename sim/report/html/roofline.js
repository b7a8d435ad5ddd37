// The roofline: what operators reach against what they need.
const marks = {
  convolution: ['M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0', type => /^(CONV_2D|TRANSPOSE_CONV|CONV)$/.test(type)],
  depthwise: ['M0,-6L6,5L-6,5Z', type => /^DEPTHWISE/.test(type)],
  'fully connected': ['M-5,-5H5V5H-5Z', type => /^FULLY_CONNECTED$|MATMUL|LSTM/.test(type)],
  other: ['M0,-6.5L6.5,0L0,6.5L-6.5,0Z', () => true],
};
const markOf = op => Object.keys(marks).find(name => marks[name][1](op.type));

const peakMacs = run => run.total.peak_macs_per_cycle || run.target.accelerator.macs_per_cycle * run.target.accelerator.cores;
const depthwisePeak = run => run.operators.some(op => markOf(op) === 'depthwise') ? run.total.peak_depthwise_macs_per_cycle || 0 : 0;

/// What limits the bytes a cycle of 'sram', 'dram' or 'both': first what binds all traffic. Reports that do not say it
/// are taken at their target's bandwidth.
function ceilingsOf(run, memory) {
  if (memory === 'both') {
    const lowest = ['sram', 'dram'].map(each => ceilingsOf(run, each)[0]).filter(each => each);
    return lowest.length ? [{bytes_per_cycle: lowest.reduce((sum, each) => sum + each.bytes_per_cycle, 0), text: 'the lowest of both ports together'}] : [];
  }
  if (run[memory].ceilings) return run[memory].ceilings.map(each => ({...each, text: each.channel ? `${each.channel} alone, ${each.text}` : each.text}));
  const rate = run.target.memory.ideal ? 0 : run.target[memory].bandwidth;
  return rate ? [{bytes_per_cycle: rate, text: `bandwidth of the memory, ${rate} B/cycle`}] : [];
}
const ceilingText = each => `${each.bytes_per_cycle.toFixed(2)} B/cycle: ${each.text}`;

/// Scales, both logarithmic, for the operators that have MACs and bytes.
function rooflineScales(run, bytes, slope, box) {
  const peak = peakMacs(run);
  const real = run.operators.filter(op => op.cycles > 0 && op.macs > 0 && bytes(op) > 0);
  const intensities = real.map(op => op.macs / bytes(op));
  const low = Math.min(.1, ...intensities) / 1.5, high = Math.max(peak / (slope || 16) * 10, ...intensities) * 1.5;
  const floor = Math.min(peak / 1000, ...real.map(op => op.macs / op.cycles)) / 1.5;
  return {low, high, floor,
    x: v => box.left + Math.log(v / low) / Math.log(high / low) * (box.width - box.left - box.right),
    y: v => box.height - box.foot - 18 - Math.log(v / floor) / Math.log(peak * 2.2 / floor) * (box.height - box.foot - box.head - 18)};
}

/// MACs a cycle against MACs a byte. Operators without MACs or without bytes stand at the edge.
function rooflinePlot(run, memory, width) {
  const narrow = width < 700;
  const box = {width, height: narrow ? 360 : 460, left: narrow ? 52 : 76, right: narrow ? 48 : 120, foot: 46, head: 14};
  const {height, left, right, foot, head} = box;
  const bytes = op => memory === 'both' ? op.sram_bytes + op.dram_bytes : op[`${memory}_bytes`];
  const peak = peakMacs(run), depthwise = depthwisePeak(run), ceilings = ceilingsOf(run, memory);
  const slope = ceilings.length ? ceilings[0].bytes_per_cycle : 0;
  const {low, high, floor, x, y} = rooflineScales(run, bytes, slope, box);
  const plot = svg('svg', {viewBox: `0 0 ${width} ${height}`, width, height, class: 'plot', role: 'img', 'aria-label': 'Roofline of all operators'});
  const taken = [];  // boxes of texts, so that none is printed on another
  const line = (x1, y1, x2, y2, kind, extra) => plot.append(svg('line', {x1, y1, x2, y2, class: kind, ...extra}));
  const word = (text, at, up, extra) => plot.append(svg('text', {x: at, y: up, text, ...extra}));
  const every = narrow ? 2 : 1;
  for (let p = Math.ceil(Math.log10(low)); 10 ** p < high; p += every) {
    line(x(10 ** p), head, x(10 ** p), height - foot, 'grid');
    word(short(10 ** p), x(10 ** p), height - foot + 16, {'text-anchor': 'middle', class: 'soft'});
  }
  for (let p = Math.ceil(Math.log10(floor)); 10 ** p < peak * 2; ++p) {
    line(left, y(10 ** p), width - right, y(10 ** p), 'grid');
    word(short(10 ** p), left - 8, y(10 ** p) + 4, {'text-anchor': 'end', class: 'soft'});
  }
  line(left, height - foot, width, height - foot, 'axis');
  line(width - right, head, width - right, height - foot, 'axis', {'stroke-dasharray': '2 4'});
  word(narrow ? '0 B' : 'no bytes here', width - right + 8, height - foot + 16, {class: 'soft'});
  word(narrow ? '0' : 'no MACs', left - 8, height - foot - 4, {'text-anchor': 'end', class: 'soft'});
  word(`MACs a byte of ${memory === 'both' ? 'both memories' : memory === 'dram' ? offChip(run) : 'SRAM'} traffic`, (left + width - right) / 2, height - 6, {'text-anchor': 'middle'});
  word('MACs a cycle', 0, 0, {transform: `translate(12,${height / 2}) rotate(-90)`, 'text-anchor': 'middle'});
  line(slope ? x(Math.max(low, peak / slope)) : left, y(peak), width, y(peak), 'roof');
  // Beside the plot, where no operator with bytes stands.
  const roofs = [];
  const roofText = (text, rate) => roofs.push(...boxed(narrow ? `${rate}` : text, width - right + 6, y(rate) - 5));
  roofText(`peak: ${peak}`, peak);
  if (depthwise) {
    line(slope ? x(Math.max(low, depthwise / slope)) : left, y(depthwise), width, y(depthwise), 'roof other');
    roofText(`depthwise: ${depthwise}`, depthwise);
  }
  ceilings.forEach((each, index) => {
    const rate = each.bytes_per_cycle, from = Math.max(low, floor / rate), to = peak / rate;
    if (to > from) line(x(from), y(from * rate), x(to), y(peak), index ? 'roof other' : 'roof', {on: hover(ceilingText(each))});
  });
  const order = run.operators.map((op, index) => index).sort((a, b) => run.operators[b].cycles - run.operators[a].cycles);
  const places = placeMarks(run, order, bytes, box, x, y);
  nameSlope(plot, slope, {x, y, from: Math.max(low, floor / slope), to: peak / slope}, places, taken, box);
  for (const index of order) plot.append(rooflineMark(run, index, bytes(run.operators[index]), places[index]));
  nameMarks(plot, run, order, places, taken, box);
  plot.append(...roofs);
  return plot;
}

/// Where the mark of each operator stands, and how large.
function placeMarks(run, order, bytes, box, x, y) {
  const most = Math.max(1, ...run.operators.map(op => op.cycles)), edge = {x: 0, y: 0}, places = [];
  const room = box.width - box.left - box.right - 30, columns = Math.max(1, Math.floor((box.right - 20) / 17));
  for (const index of order) {
    const op = run.operators[index], moved = bytes(op);
    places[index] = {
      x: moved && op.macs ? x(op.macs / moved) : moved ? box.left + 14 + 17 * edge.y++ % room : box.width - box.right + 16 + 17 * (edge.x++ % columns),
      y: op.cycles && op.macs ? y(op.macs / op.cycles) : box.height - box.foot - 8,
      size: .75 + 1.5 * Math.sqrt(op.cycles / most)};
  }
  return places;
}

function rooflineMark(run, index, moved, place) {
  const op = run.operators[index], rate = op.cycles ? op.macs / op.cycles : 0;
  const depthwise = markOf(op) === 'depthwise' && depthwisePeak(run);
  const roof = depthwise || peakMacs(run);
  return svg('path', {class: 'op', 'data-index': index, d: marks[markOf(op)][0],
    transform: `translate(${place.x.toFixed(1)},${place.y.toFixed(1)}) scale(${place.size.toFixed(2)})`,
    fill: `url(#cause-${op.bound_by || 'pipeline'})`, 'fill-opacity': .9,
    on: hover(`${op.name} (${op.type})\n${rate.toFixed(1)} MACs a cycle of ${roof}${depthwise ? ' that depthwise operators reach' : ''}, ` +
      `${moved ? `${(op.macs / moved).toFixed(2)} MACs a byte` : 'no bytes of this memory'}\n` +
      `${grouped(op.cycles)} cycles, ${grouped(op.macs)} MACs, ${readable(moved)}\nbound by ${op.bound_by || 'nothing: no cycles'}`)});
}

/// Whether a text's box, [left, top, right, bottom], covers a mark.
const coversMark = ([left, top, right, bottom], places, but) => places.some((place, index) => index !== but &&
  place.x + 6 * place.size > left && place.x - 6 * place.size < right && place.y + 6 * place.size > top && place.y - 6 * place.size < bottom);

/// The figure of the lowest ceiling beside its line, where it covers no mark.
function nameSlope(plot, slope, line, places, taken, box) {
  if (!slope || line.to <= line.from) return;
  const text = `${slope.toFixed(2)} B/cycle`, wide = textWidth(text);
  const spots = [.5, .4, .6, .3, .7, .2, .8].flatMap(part => {
    const at = line.from * (line.to / line.from) ** part, x = line.x(at), y = line.y(at * slope);
    return [[x - 10 - wide, y - 6], [x + 10, y + 16]];
  });
  const boxOf = ([at, up]) => [at - 2, up - 12, at + wide + 2, up + 3];
  const spot = spots.find(each => each[0] > box.left + 4 && each[0] + wide < box.width - box.right && !coversMark(boxOf(each), places)) || spots[0];
  taken.push(boxOf(spot));
  plot.append(svg('text', {class: 'limit', x: spot[0], y: spot[1], text}));
}

/// Names of the operators with the most cycles, where they cover no other name and no mark.
function nameMarks(plot, run, order, places, taken, box) {
  let left = Math.max(3, Math.floor(box.width / 130));
  for (const index of order.slice(0, 40)) {
    if (!left || !run.operators[index].cycles) return;
    const {x, y, size} = places[index], name = cut(run.operators[index].name, 22), wide = textWidth(name, 11.5), gap = 7 * size + 3;
    const spots = [[x + gap, y + 4], [x - gap - wide, y + 4], [x - wide / 2, y - gap - 2], [x - wide / 2, y + gap + 11]];
    const spot = spots.find(([at, up]) => at > box.left && at + wide < box.width - box.right && up - 11 > 0 && up < box.height - box.foot - 14 &&
      !taken.some(([a, b, c, d]) => at < c && at + wide > a && up - 11 < d && up + 3 > b) &&
      !coversMark([at - 2, up - 11, at + wide + 2, up + 3], places, index));
    if (!spot) continue;
    taken.push([spot[0], spot[1] - 11, spot[0] + wide, spot[1] + 3]);
    plot.append(svg('text', {class: 'named', x: spot[0], y: spot[1], text: name, 'pointer-events': 'none'}));
    --left;
  }
}

function rooflineSection(run) {
  let memory = 'dram';
  const lines = el('ul', {class: 'soft'});
  const holder = fluid(width => {
    lines.replaceChildren(...ceilingsOf(run, memory).map((each, index) => el('li', {text: `${ceilingText(each)}${index ? '' : ' (thick line)'}`})));
    return rooflinePlot(run, memory, width);
  });
  const choice = el('select', {id: 'roofline-memory', title: 'whose bytes the horizontal axis counts', on: {change: () => { memory = choice.value; holder.redraw(); }}},
    el('option', {value: 'dram', text: `${offChip(run)} (AXI1)`}), el('option', {value: 'sram', text: 'SRAM (AXI0)'}), el('option', {value: 'both', text: 'both'}));
  const shapes = el('div', {class: 'legend'}, ...Object.keys(marks).map(name => el('span', {},
    svg('svg', {viewBox: '-8 -7 16 14'}, svg('path', {d: marks[name][0], class: 'shape'})), name)), el('span', {text: 'area: cycles'}));
  return section('roofline', 'Roofline', 'A mark an operator: what it reached (MACs a cycle) against what it needs (MACs a byte). Thick lines are what the array and the lowest ' +
    'ceiling of the memory allow. Ceilings are of the whole run\'s mix of bursts: an operator with longer ones may pass them.',
    el('div', {class: 'bar'}, el('label', {text: 'bytes of ', for: 'roofline-memory'}), choice), holder, lines, shapes,
    legend('cause', causes, [...new Set(run.operators.map(op => op.bound_by))].filter(name => name), name => `bound by ${name}`, showCause));
}
