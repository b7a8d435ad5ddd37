// The whole inference: NPU, calls and CPU operators with their ranges.
function inferenceSection(run) {
  if (!run.inference) return null;
  const all = run.inference, ms = value => value.toFixed(3);
  const rows = [['NPU', 'simulated', all.npu], ['driver and runtime', 'calls', all.calls], ['CPU', all.cpu_operators.length ? 'operators left to it' : 'nothing is left to it', all.cpu],
    ...all.cpu_operators.map(op => [`\u00a0\u00a0${op.name}`, `${op.type}${op.work ? `, as ${op.work}` : ''}`, op])];
  const heads = ['part', 'what', 'ms', 'from', 'to', 'numbers are'];
  return section('inference', `The whole inference: ${ms(all.ms)} ms, from ${ms(all.low_ms)} to ${ms(all.high_ms)}`,
    'What a clock beside the board shows. Ranges: every number of the target at its fast end, and at its slow end; the NPU\'s also what the simulator itself may be off.',
    el('div', {class: 'scroll fitting'}, el('table', {class: 'parts'}, el('thead', {}, el('tr', {}, ...heads.map(text => el('th', {text})))),
      el('tbody', {}, ...rows.map(([name, what, part]) => el('tr', {}, el('td', {text: name}), el('td', {text: what}),
        ...[part.ms, part.low_ms, part.high_ms].map(value => el('td', {class: 'n', text: ms(value)})), el('td', {text: part.high_ms ? part.source : ''})))))));
}
