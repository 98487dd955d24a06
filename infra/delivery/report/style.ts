/** Style of the page: no fonts, images or scripts from anywhere; light or dark as the reader's system is. */
export const style = `
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --ink: #1b2230; --soft: #5b6577; --line: #dfe3ea;
  --good: #1a7f4b; --good-soft: #e3f4ea; --slow: #9a6700; --slow-soft: #fdf3d7; --bad: #b42318; --bad-soft: #fde8e6; --mute: #7b8494; --mute-soft: #eceff3; }
@media (prefers-color-scheme: dark) { :root { --ground: #11151c; --card: #191f29; --ink: #e6e9ef; --soft: #9ba6b8; --line: #2c3442;
  --good: #5cd394; --good-soft: #16301f; --slow: #e8b84a; --slow-soft: #332808; --bad: #ff8b80; --bad-soft: #3a1614; --mute: #8c96a8; --mute-soft: #232a36; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 64px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 20px; margin-bottom: 24px; }
h1 { font-size: 26px; margin: 0; letter-spacing: -0.02em; }
h2 { font-size: 18px; margin: 40px 0 12px; }
h3 { font-size: 13px; margin: 24px 0 6px; color: var(--soft); font-weight: 600; }
p { margin: 0; } small, .soft { color: var(--soft); }
code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px 24px; margin-bottom: 16px; }
.card > h2 { margin: 0; display: flex; align-items: center; gap: 10px; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 16px; }
.numbers .card { margin: 0; } .numbers b { display: block; font-size: 26px; line-height: 1.2; letter-spacing: -0.02em; }
.pill { font-size: 12px; font-weight: 600; padding: 2px 10px; border-radius: 99px; }
.current { color: var(--good); background: var(--good-soft); } .behind { color: var(--slow); background: var(--slow-soft); }
.blocked { color: var(--bad); background: var(--bad-soft); } .unknown { color: var(--mute); background: var(--mute-soft); }
.flow { list-style: none; margin: 20px 0 0; padding: 0; display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); }
.flow li { position: relative; padding-right: 14px; }
.flow li::before { content: ""; position: absolute; top: 13px; left: 0; right: 0; height: 2px; background: var(--line); }
.flow li:last-child::before { display: none; }
.flow .dot { position: relative; display: inline-grid; place-items: center; width: 28px; height: 28px; border-radius: 50%; font-weight: 700; font-size: 14px; box-shadow: 0 0 0 4px var(--card); }
.flow b { display: block; margin-top: 8px; } .flow p { font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; } th, td { text-align: left; padding: 7px 16px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child > * { border-bottom: 0; } .commits td { white-space: nowrap; } .commits td:last-child { width: 100%; white-space: normal; } thead th { color: var(--soft); font-weight: 600; font-size: 13px; } tbody th { font-weight: 600; }
td { font-variant-numeric: tabular-nums; } .differs td { font-weight: 600; } .differs th + th::after { content: " ≠"; color: var(--slow); }
.rules { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 4px 24px; list-style: none; margin: 12px 0 0; padding: 0; }
.rules .mark { display: inline-block; width: 22px; text-align: center; border-radius: 6px; margin-right: 8px; font-weight: 700; }
.problems { margin: 12px 0 0; padding-left: 18px; } .problems li { overflow-wrap: anywhere; }
@media (max-width: 800px) { .flow { grid-auto-flow: row; gap: 14px; } .flow li { padding-left: 42px; min-height: 44px; } .flow b { margin: 0; }
  .flow .dot { position: absolute; left: 0; } .flow li::before { top: 28px; bottom: -14px; left: 13px; right: auto; width: 2px; height: auto; } }
@media print { body { background: #fff; } .card { break-inside: avoid; } }
`;
