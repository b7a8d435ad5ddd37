'use strict';
// Tables that stand in the page already: their headings sort them, numbers as numbers.
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  const valueOf = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  heads.forEach((head, column) => {
    head.classList.add('sort');
    head.addEventListener('click', () => {
      const rows = [...body.rows], numbers = rows.every(row => valueOf(row, column) === '' || !isNaN(valueOf(row, column)));
      const up = head.getAttribute('aria-sort') !== 'ascending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      // What has no value stays behind what has one.
      rows.sort((a, b) => {
        const x = valueOf(a, column), y = valueOf(b, column);
        if (x === '' || y === '') return (x === '') - (y === '');
        return (up ? 1 : -1) * (numbers ? x - y : x.localeCompare(y, 'en', {numeric: true}));
      });
      body.replaceChildren(...rows);
    });
  });
}
