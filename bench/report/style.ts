/** The page's style sheet: light and dark, no font and no picture from elsewhere. */
export const style = `
:root { color-scheme: light dark; --paper: #fff; --card: #f7f7f5; --ink: #1d1d1f; --soft: #6a6a70; --line: #e3e3df;
  --ours: #4453d6; --interp: #9aa3f0; --host: #8b8b92; --javascript: #d98a2b; --native: #3b9b75; --good: #26794f; --wrong: #c2352b; }
@media (prefers-color-scheme: dark) { :root { --paper: #16171a; --card: #1f2024; --ink: #ececee; --soft: #9a9aa3; --line: #34353b;
  --ours: #8994ff; --interp: #5a63b8; --host: #85858d; --javascript: #e0a050; --native: #55b98f; --good: #6bcf9d; --wrong: #ff7a6e; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
header, main { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 40px; }
h1 { font-size: 30px; margin: 0; letter-spacing: -0.02em; } h1 span { font-weight: 400; color: var(--soft); }
h2 { font-size: 20px; margin: 44px 0 4px; letter-spacing: -0.01em; }
h3 { font-size: 15px; margin: 0; } small { color: var(--soft); font-weight: 400; font-size: 12px; margin-left: 4px; }
p { margin: 4px 0 10px; max-width: 80ch; } .sub, header p { color: var(--soft); } .sub { font-size: 13px; }
.note { display: inline-block; border-left: 3px solid var(--javascript); padding-left: 10px; }
.legend { list-style: none; padding: 0; margin: 20px 0 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); gap: 2px 24px; font-size: 13px; }
.legend b { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 7px; } .legend span { color: var(--soft); }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 16px; margin-top: 12px; }
article { background: var(--card); border-radius: 10px; padding: 16px 18px 10px; min-width: 0; }
.bar, .axis { display: grid; grid-template-columns: 138px 1fr 92px; gap: 10px; align-items: center; }
.bar { height: 22px; font-size: 13px; } .bar .name { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.bar.reference .name { color: var(--soft); }
.value { font-variant-numeric: tabular-nums; white-space: nowrap; }
.track { position: relative; display: block; height: 12px; }
.track b { position: absolute; top: 0; bottom: 0; border-radius: 2px; min-width: 1px; }
.track u { position: absolute; top: -5px; bottom: -5px; width: 1px; background: var(--soft); opacity: .55; }
.track i { position: absolute; top: 50%; height: 1px; min-width: 1px; background: var(--ink); opacity: .6; }
b.ours { background: var(--ours); } b.ours.interp { background: var(--interp); } b.host { background: var(--host); }
b.javascript { background: var(--javascript); } b.native { background: var(--native); }
.axis div { position: relative; height: 18px; font-size: 11px; color: var(--soft); border-top: 1px solid var(--line); }
.axis div span { position: absolute; transform: translateX(-50%); padding-top: 2px; }
.scroll { overflow-x: auto; }
/* Room for the tips of the last rows, which would be cut off. */
.scroll:has(.cases) { padding-bottom: 120px; margin-bottom: -110px; }
section { position: relative; } section:has(.cases):hover { z-index: 1; }
table { border-collapse: collapse; font-size: 13px; } th { text-align: left; font-weight: 500; }
thead th { color: var(--soft); font-size: 12px; padding: 4px 8px; border-bottom: 1px solid var(--line); vertical-align: bottom; }
thead small { display: block; margin: 0; }
.plain td, .plain th { padding: 4px 20px 4px 0; border-bottom: 1px solid var(--line); } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.cases { width: 100%; table-layout: fixed; min-width: 760px; } .cases th:first-child { width: 150px; padding-left: 0; }
.cases tbody th, .cases td { padding: 5px 8px; border-bottom: 1px solid var(--line); position: relative; }
.cases tbody th { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; padding-left: 0; }
.cases tr.group th { padding-top: 22px; font-size: 14px; font-weight: 600; overflow: visible; }
.cases .track { height: 5px; margin-top: 2px; } .cases .track u { top: -1px; bottom: -1px; } .cases .track i { top: 2px; }
em { font-style: normal; } .bad, .missed { color: var(--wrong); font-weight: 600; } .failed, .timeout { color: var(--javascript); }
.unsupported { color: var(--soft); } .met { color: var(--good); font-weight: 600; }
td[data-tip]:hover, td[data-tip]:focus { background: var(--card); outline: none; }
td[data-tip]:hover::after, td[data-tip]:focus::after { content: attr(data-tip); position: absolute; z-index: 2; left: 0; top: calc(100% - 2px); white-space: pre-wrap;
  width: max-content; max-width: 340px; background: var(--ink); color: var(--paper); font-size: 12px; line-height: 1.45; padding: 7px 10px; border-radius: 6px; pointer-events: none; }
td[data-tip]:nth-last-child(-n + 3):hover::after, td[data-tip]:nth-last-child(-n + 3):focus::after { left: auto; right: 0; }
.about { padding-bottom: 60px; color: var(--soft); } .about h2 { color: var(--ink); } .about ul { padding-left: 18px; }
@media (max-width: 600px) { .bar, .axis { grid-template-columns: 92px 1fr 80px; gap: 6px; } header, main { padding: 0 14px; } }
`;
