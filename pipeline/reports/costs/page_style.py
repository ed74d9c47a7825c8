"""The look of the cost page: one style sheet, light and dark, for screens of any width and for paper."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2127; --soft: #59636e; --paper: #fff; --panel: #f5f6f8; --line: #d8dce1;
  --spent: #2563a8; --wasted: #c4501b; --mark: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a3abb5; --paper: #14171b; --panel: #1d2126;
  --line: #363c44; --spent: #6ea8e6; --wasted: #f08a55; --mark: #e5b75a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 2px solid var(--line); }
h3 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; }
.scroll:focus-visible { outline: 3px solid var(--spent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th.name, td.name { text-align: left; }
tbody th { text-align: left; font-weight: 500; overflow-wrap: anywhere; white-space: normal;
  width: 30%; min-width: 9rem; }
thead th { background: var(--panel); color: var(--soft); font-weight: 600; }
tfoot th, tfoot td { font-weight: 700; background: var(--panel); border-bottom: 0; }
tfoot th { text-align: left; }
tbody th svg { display: block; width: 100%; height: .4rem; margin-top: .15rem; }
.spent { fill: var(--spent); } .wasted { fill: var(--wasted); }
figure { margin: 0 0 1rem; padding: 1rem; background: var(--panel); border-radius: .5rem; }
figure svg { display: block; width: 100%; height: 10rem; border-bottom: 1px solid var(--soft); }
figure .ends { display: flex; justify-content: space-between; gap: 1rem; color: var(--soft); font-size: .85rem; }
.keys { color: var(--soft); font-size: .85rem; }
.key { display: inline-block; width: .75em; height: .75em; border-radius: .15em; margin-inline: 0 .3em; }
.key.spent { background: var(--spent); } .key.wasted { background: var(--wasted); }
@media (max-width: 40rem) { body { padding: 1rem .75rem 3rem; } h1 { font-size: 1.35rem; }
  th, td { padding: .3rem .5rem; } }
@media print { .scroll { overflow: visible; border: 0; } body { max-width: none; } }
"""
