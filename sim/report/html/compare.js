// Several runs side by side.
function change(value, base, smaller) {
  if (!base || value === base) return null;
  const share = value / base - 1;
  const good = smaller === null || Math.abs(share) < .0005 ? '' : (share < 0) === smaller ? 'better' : 'worse';
  return el('span', {class: good, text: ` ${share > 0 ? '+' : ''}${(100 * share).toFixed(1)} %`});
}

/// The operators of every run on one axis of cycles; null unless all runs kept a timeline.
function jointTimeline(names) {
  if (!runs.every(run => run.timeline)) return null;
  return el('div', {}, el('p', {class: 'soft', text: 'Operators over time, NPU cycles on one axis; the pattern says what bounds each.'}),
    fluid(width => jointPlot(names, width)));
}

function jointPlot(names, width) {
  const longest = Math.max(...runs.map(run => run.total.cycles)), left = 26, high = 30;
  const x = cycle => left + cycle / longest * (width - left);
  const plot = svg('svg', {viewBox: `0 0 ${width} ${runs.length * high + 20}`, width, height: runs.length * high + 20, class: 'plot', id: 'joint', role: 'img', 'aria-label': 'Operators of all runs over time'});
  runs.forEach((run, index) => {
    const top = index * high;
    plot.append(svg('text', {x: 4, y: top + 18, text: names[index][0]}));
    for (const span of run.timeline.tracks[0].spans) {
      const op = run.operators[span[2]], wide = x(span[0] + span[1]) - x(span[0]);
      plot.append(svg('rect', {class: 'span', x: x(span[0]).toFixed(2), y: top + 2, width: Math.max(wide, .4).toFixed(2), height: high - 8,
        fill: `url(#cause-${op.bound_by || 'pipeline'})`, 'stroke-width': wide > 3 ? .6 : 0,
        on: hover(`${names[index]}\n${op.name} (${op.type}), bound by ${op.bound_by}\ncycles ${grouped(span[0])} to ${grouped(span[0] + span[1])}`)}));
      if (wide > 7 * op.name.length + 14) plot.append(...boxed(op.name, x(span[0]) + 6, top + 17));
    }
  });
  for (let at = 0; at < longest * .98; at += roundStep(longest, Math.max(2, width / 110))) {
    plot.append(svg('text', {class: 'soft', x: x(at), y: runs.length * high + 14, 'text-anchor': at ? 'middle' : 'start', text: short(at)}));
  }
  return plot;
}

/// A field's value as people read it: bytes of memories with their unit.
const settingText = (key, value) => /\.size$/.test(key) && Number.isFinite(value) ? readable(value) : String(value);

/// A name a run: its letter, network and target, and where others have both too, what else differs.
function runNames() {
  const fields = runs.map(run => flat(run.target, '').filter(([key]) => key !== 'name'));
  return runs.map((run, index) => {
    const same = runs.map((other, at) => at).filter(at => titleOf(runs[at]) === titleOf(run));
    const differing = same.length < 2 ? [] : fields[index].filter(([key, value]) => same.some(at => fields[at].some(([name, other]) => name === key && other !== value)));
    const more = differing.slice(0, 2).map(([key, value]) => `${key} ${settingText(key, value)}`).join(', ');
    return `${String.fromCharCode(65 + index % 26)}: ${titleOf(run)}${more ? `, ${more}` : ''}`;
  });
}

/// All runs beside each other, the first one being what the others are compared with.
function comparison() {
  const names = runNames();
  const longest = Math.max(...runs.map(run => run.total.cycles));
  const head = el('tr', {}, el('th', {text: ''}), ...names.map(name => el('th', {class: 'n', text: name})));
  const body = totals.map(([name, meaning, value, shown, smaller]) => el('tr', {title: meaning}, el('td', {text: name}),
    ...runs.map((run, index) => el('td', {class: 'n'}, shown(value(run)), index ? change(value(run), value(runs[0]), smaller) : null))));
  const settings = runs.map(run => new Map(flat(run.target, '')));
  for (const key of settings[0].keys()) {
    if (settings.every(each => each.get(key) === settings[0].get(key))) continue;
    body.push(el('tr', {title: 'a field of the target that is not the same everywhere'}, el('td', {text: `target: ${key}`}),
      ...settings.map(each => el('td', {class: 'n', text: settingText(key, each.get(key))}))));
  }
  const bars = runs.map((run, index) => el('div', {}, el('div', {class: 'soft', text: `${names[index]}: ${grouped(run.total.cycles)} cycles`}),
    fluid(width => stackedBar('cause', causes, causeNames(run).map(name => [name, run.stalls[name]]), longest, width, 28, true))));
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
